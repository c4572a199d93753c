//! The table of endpoints: said once, read by all (ARCHITECTURE.md, invariant 10).
//!
//! The listeners open what stands here, the pages and guides print it, the quick start
//! lists it. A port cannot be right in one place and wrong in another. [`ENDPOINTS`]
//! holds the defaults; the running table comes from the configuration, most often
//! [`Endpoints::standard`] or [`Endpoints::from_base`].

/// What is served at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Mail from other servers. RFC 5321.
    Transfer,
    /// Mail from signed-in users. RFC 6409.
    Submission,
    /// Reading by IMAP. RFC 3501 and RFC 9051.
    Imap,
    /// Reading by POP3. RFC 1939.
    Pop3,
    /// Pages for people.
    Pages,
}

impl Service {
    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transfer | Self::Submission => "SMTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Pages => "HTTP",
        }
    }
}

/// How a connection to a port is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tls {
    /// From the first byte. RFC 8314.
    Implicit,
    /// Begun in the clear, and encrypted when the peer asks (STARTTLS, STLS).
    StartTls,
    /// Never: the port only points to an encrypted one.
    Never,
}

/// One port and what is found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What is served.
    pub service: Service,
    /// The TCP port.
    pub port: u16,
    /// How it is encrypted.
    pub tls: Tls,
}

/// The standard ports of everything that the service serves.
pub const ENDPOINTS: [Endpoint; 9] = [
    Endpoint {
        service: Service::Transfer,
        port: 25,
        tls: Tls::StartTls,
    },
    Endpoint {
        service: Service::Submission,
        port: 465,
        tls: Tls::Implicit,
    },
    Endpoint {
        service: Service::Submission,
        port: 587,
        tls: Tls::StartTls,
    },
    Endpoint {
        service: Service::Imap,
        port: 993,
        tls: Tls::Implicit,
    },
    Endpoint {
        service: Service::Imap,
        port: 143,
        tls: Tls::StartTls,
    },
    Endpoint {
        service: Service::Pop3,
        port: 995,
        tls: Tls::Implicit,
    },
    Endpoint {
        service: Service::Pop3,
        port: 110,
        tls: Tls::StartTls,
    },
    Endpoint {
        service: Service::Pages,
        port: 443,
        tls: Tls::Implicit,
    },
    Endpoint {
        service: Service::Pages,
        port: 80,
        tls: Tls::Never,
    },
];

/// A table of endpoints in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints(Vec<Endpoint>);

impl Endpoints {
    /// The standard ports.
    pub fn standard() -> Self {
        Self(ENDPOINTS.to_vec())
    }

    /// The standard ports with `base` added to each, so that 10000 makes 993 into
    /// 10993. None if a port would pass 65535.
    pub fn from_base(base: u16) -> Option<Self> {
        let moved = |endpoint: &Endpoint| {
            let port = endpoint.port.checked_add(base)?;
            Some(Endpoint { port, ..*endpoint })
        };
        ENDPOINTS.iter().map(moved).collect::<Option<_>>().map(Self)
    }

    /// A table as the configuration gives it.
    pub fn new(endpoints: Vec<Endpoint>) -> Self {
        Self(endpoints)
    }

    /// All of them, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Endpoint> + '_ {
        self.0.iter().copied()
    }

    /// The port of a service with that encryption; the first, if there are several.
    /// None if it is not served.
    pub fn port(&self, service: Service, tls: Tls) -> Option<u16> {
        self.iter()
            .find(|e| e.service == service && e.tls == tls)
            .map(|e| e.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_moves_every_port_or_none() {
        let moved = Endpoints::from_base(10_000).unwrap();
        assert_eq!(moved.port(Service::Imap, Tls::Implicit), Some(10_993));
        assert_eq!(moved.port(Service::Pages, Tls::Never), Some(10_080));
        assert_eq!(Endpoints::from_base(0), Some(Endpoints::standard()));
        assert_eq!(Endpoints::from_base(65_000), None);
    }

    #[test]
    fn no_two_share_a_port_and_no_service_is_there_twice() {
        for (at, one) in ENDPOINTS.iter().enumerate() {
            for other in &ENDPOINTS[at + 1..] {
                assert_ne!(one.port, other.port);
                assert_ne!((one.service, one.tls), (other.service, other.tls));
            }
        }
    }

    #[test]
    fn what_is_not_served_has_no_port() {
        assert_eq!(
            Endpoints::new(Vec::new()).port(Service::Imap, Tls::Implicit),
            None
        );
    }
}
