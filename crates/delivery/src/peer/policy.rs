//! Where to, how, and why it failed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use address::Domain;
use net::{ConnectError, Gate};
use smtp::client::{self, Credentials, StartTls};
use tls::{Caller, HandshakeError, Trust};

/// What every connection outwards goes through.
#[derive(Clone, Debug)]
pub struct Doors {
    /// Which addresses may be gone to.
    pub gate: Gate,
    /// TLS as the client.
    pub caller: Caller,
}

/// One host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name, as the MX record or the route has it; told to it in TLS.
    pub host: String,
    /// Its address and port.
    pub address: SocketAddr,
}

/// What is demanded of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When TLS begins.
    pub tls: Tls,
    /// What is asked of the host's certificate.
    pub trust: Trust,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Never: for a host that failed at it, where that is allowed.
    Never,
    /// Where the host offers it.
    IfOffered,
    /// Before anything of a message is said.
    Demanded,
    /// With the first octet. RFC 8314 section 3.3, for a smarthost.
    AtOnce,
}

impl Policy {
    /// What is done where nobody promised anything: TLS if it is offered, with any
    /// certificate. RFC 7435.
    pub fn opportunistic() -> Policy {
        Policy {
            tls: Tls::IfOffered,
            trust: Trust::Anyone,
        }
    }

    /// No TLS.
    pub fn in_clear() -> Policy {
        Policy {
            tls: Tls::Never,
            trust: Trust::Anyone,
        }
    }

    /// Whether, after this failure, a new connection may go without TLS: nothing was
    /// demanded, and TLS is what failed.
    pub fn may_go_in_clear(&self, failure: &Failure) -> bool {
        let of_tls = matches!(failure, Failure::Handshake(_) | Failure::SilentHandshake);
        of_tls && *self == Policy::opportunistic()
    }

    pub(super) fn starttls(&self) -> StartTls {
        match self.tls {
            Tls::Never | Tls::AtOnce => StartTls::Never,
            Tls::IfOffered => StartTls::IfOffered,
            Tls::Demanded => StartTls::Demanded,
        }
    }
}

/// Who we are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name, for EHLO. The address that we go out from should lead to it and back.
    pub hello: Domain,
    /// The address of ours to go out from to IPv4 hosts; else the system chooses.
    pub source_v4: Option<Ipv4Addr>,
    /// The same for IPv6 hosts.
    pub source_v6: Option<Ipv6Addr>,
    /// The account at a smarthost.
    pub credentials: Option<Credentials>,
}

impl Settings {
    /// Which address of ours to go out from to this one.
    pub(crate) fn source(&self, to: IpAddr) -> Option<IpAddr> {
        match to {
            IpAddr::V4(_) => self.source_v4.map(IpAddr::V4),
            IpAddr::V6(_) => self.source_v6.map(IpAddr::V6),
        }
    }
}

/// Why a connection is not ready for a message.
#[derive(Debug)]
pub enum Failure {
    /// There is none.
    Connect(ConnectError),
    /// It broke before TLS began.
    Broken(io::Error),
    /// TLS came to nothing.
    Handshake(HandshakeError),
    /// TLS came to no end within [`net::HANDSHAKE`].
    SilentHandshake,
    /// The host said no, or nothing that makes sense.
    Smtp(client::Failure),
    /// It is closed, and nobody said why.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_that_nobody_demanded_is_done_without() {
        let failed = || Failure::Handshake(HandshakeError::Failed(io::Error::other("alert")));
        assert!(Policy::opportunistic().may_go_in_clear(&failed()));
        assert!(Policy::opportunistic().may_go_in_clear(&Failure::SilentHandshake));
        assert!(!Policy::opportunistic().may_go_in_clear(&Failure::Closed));
        for tls in [Tls::Demanded, Tls::AtOnce, Tls::Never] {
            let trust = Trust::Anyone;
            assert!(!Policy { tls, trust }.may_go_in_clear(&failed()), "{tls:?}");
        }
    }

    #[test]
    fn each_family_has_an_address_of_its_own() {
        let settings = Settings {
            hello: "mail.exemple.fr".parse().unwrap(),
            source_v4: Some(Ipv4Addr::LOCALHOST),
            source_v6: None,
            credentials: None,
        };
        let source = |to: &str| settings.source(to.parse().unwrap());
        assert_eq!(source("192.0.2.1"), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(source("2001:db8::1"), None);
    }
}
