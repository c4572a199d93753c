//! What a delivery is made of.

use std::collections::HashMap;
use std::time::Duration;

use address::Domain;
use directory::Directory;
use dns::Resolver;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use net::Gate;
use queue::Queue;
use service::fan_out::FanOut;
use service::sending::Sending;
use smtp::client::Credentials;
use store::Store;
use tls::Caller;

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our own name, said to other hosts.
    pub host: Domain,
    /// The port of other hosts. RFC 5321 section 4.5.4.2 has 25.
    pub port: u16,
    /// The port at which the promises of domains are asked for. RFC 8461 section 3.3 has that of
    /// HTTPS, 443.
    pub https_port: u16,
    /// For how long a message is tried. RFC 5321 section 4.5.4.1 has four or five days at
    /// least.
    pub patience: Duration,
    /// The zone in which reports tell times.
    pub zone: TimeZone,
    /// Addresses of ours to go out from, of either family; without one the system chooses.
    pub from: Vec<std::net::IpAddr>,
    /// A host that takes all mail from here and sends it on.
    pub smarthost: Option<Smarthost>,
    /// Hosts that take all mail for one domain each, before any smarthost.
    pub routes: HashMap<Domain, Smarthost>,
    /// Whether other nodes share the queue.
    pub shared: bool,
}

impl Settings {
    /// The host that takes all mail for a domain, whatever the DNS says of that; none if the DNS
    /// tells.
    pub(crate) fn route(&self, domain: &Domain) -> Option<&Smarthost> {
        self.routes.get(domain).or(self.smarthost.as_ref())
    }
}

/// A host that takes all mail from here, or all for a domain, and sends it on. Nothing is said to it but under TLS,
/// with a certificate that has its name.
#[derive(Clone, Debug)]
pub struct Smarthost {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS begins with the first octet, not by STARTTLS.
    pub at_once: bool,
    /// Our account there.
    pub credentials: Option<Credentials>,
}

/// What it works with.
#[derive(Clone)]
pub struct Rooms {
    /// What waits.
    pub queue: Queue,
    /// Its messages.
    pub store: Store,
    /// Who is here.
    pub directory: Directory,
    /// What brings reports to accounts here.
    pub fan_out: FanOut,
    /// What accounts send.
    pub sending: Sending,
    /// Where hosts are.
    pub resolver: Resolver,
    /// Which addresses may be gone to.
    pub gate: Gate,
    /// TLS as the client.
    pub caller: Caller,
    /// What tells the time.
    pub clock: fn() -> Timestamp,
}
