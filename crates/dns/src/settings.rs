//! What is set of a resolver.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The port of DNS. RFC 1035 section 4.2.
pub const PORT: u16 = 53;

/// How a resolver works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whom to ask; none: whom the system asks (`/etc/resolv.conf`).
    pub servers: Vec<Server>,
    /// Whether answers are validated. Without, none is secure and none is bogus.
    pub dnssec: bool,
    /// A file of DNSKEY records that are trusted beside those of the root.
    pub trust_anchors: Option<PathBuf>,
    /// The most time that one lookup may take.
    pub patience: Duration,
}

/// Where a server of the DNS is: an address, and a port if it is not [`PORT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Server(pub SocketAddr);

/// A text that names no server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no IP address, nor one with a port behind it")]
pub struct NoServer(String);

/// Why there can be no resolver.
#[derive(Debug, Error)]
pub enum Unusable {
    /// The file of trust anchors.
    #[error("{}: it can't be read as DNSKEY records: {}", .0.display(), .1)]
    TrustAnchors(PathBuf, String),
    /// What hickory says.
    #[error("DNS can't be asked: {0}")]
    Resolver(String),
}

impl FromStr for Server {
    type Err = NoServer;

    fn from_str(text: &str) -> Result<Self, NoServer> {
        let alone = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT));
        alone
            .or_else(|_| text.parse())
            .map(Self)
            .map_err(|_| NoServer(text.to_owned()))
    }
}

impl TryFrom<String> for Server {
    type Error = NoServer;

    fn try_from(text: String) -> Result<Self, NoServer> {
        text.parse()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.port() {
            PORT => self.0.ip().fmt(f),
            _ => self.0.fmt(f),
        }
    }
}

impl From<Server> for String {
    fn from(server: Server) -> String {
        server.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_written_as_it_is_read() {
        for text in [
            "192.0.2.1",
            "192.0.2.1:5353",
            "2001:db8::1",
            "[2001:db8::1]:5353",
        ] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), text);
        }
        let usual = "192.0.2.1:53".parse::<Server>().unwrap();
        assert_eq!(usual.to_string(), "192.0.2.1");
        for text in ["", "dns.example", "192.0.2.1:", "2001:db8::1]:53"] {
            assert_eq!(text.parse::<Server>(), Err(NoServer(text.to_owned())));
        }
    }
}
