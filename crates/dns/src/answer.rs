//! What a question is answered with.

use thiserror::Error;

/// Records that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The records, at least one.
    pub records: Vec<T>,
    /// Whether DNSSEC vouches for all of them, and for every alias on the way to them.
    pub secure: bool,
    /// The name that has them: another than the one asked for when that is an alias
    /// (CNAME). Lower case, without the final dot.
    pub name: String,
}

/// Where mail for a domain goes. RFC 5321 section 5.1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mx {
    /// The lowest is tried first.
    pub preference: u16,
    /// The host, lower case, without the final dot; none in the record that says that the
    /// domain takes no mail. RFC 7505 section 3.
    pub host: Option<String>,
}

/// What a service's certificate must be, or be vouched for by. RFC 6698 section 2.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tlsa {
    /// Whose certificate it is. RFC 6698 section 2.1.1.
    pub usage: u8,
    /// What of it counts. RFC 6698 section 2.1.2.
    pub selector: u8,
    /// How it is told. RFC 6698 section 2.1.3.
    pub matching: u8,
    /// What it is compared with.
    pub data: Vec<u8>,
}

/// Where a service is. RFC 2782.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Srv {
    /// The lowest is tried first.
    pub priority: u16,
    /// Among those of one priority: how large a part of the work.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host, lower case, without the final dot; none when the service is not there.
    pub host: Option<String>,
}

/// Why there are no records.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DnsError {
    /// No such name (NXDOMAIN). RFC 8020.
    #[error("the name is not in the DNS")]
    NoName {
        /// Whether DNSSEC vouches for that.
        secure: bool,
    },
    /// The name is there, without such records (NODATA). RFC 2308 section 2.2.
    #[error("the name has no such records")]
    NoRecords {
        /// Whether DNSSEC vouches for that.
        secure: bool,
    },
    /// What was asked for can't be a name in the DNS: it is too long, say.
    #[error("that can't be a name in the DNS")]
    NotAName,
    /// The answer is signed and its signatures are not right: it is forged, expired, or
    /// some of what proves it was kept back.
    #[error("the answer does not bear the signatures that it must bear (DNSSEC)")]
    Bogus,
    /// Nothing is known; another time it may be.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Why nothing is known for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Trouble {
    /// No answer came in time.
    #[error("no answer came in time")]
    Timeout,
    /// The server said that it could not find out (SERVFAIL).
    #[error("the name server could not find out (SERVFAIL)")]
    ServerFailed,
    /// The server does not answer us (REFUSED).
    #[error("the name server refused to answer (REFUSED)")]
    Refused,
    /// No server could be reached, or what it said could not be read.
    #[error("no name server could be talked to")]
    Unreachable,
    /// No server has answered lately; it is asked in the background.
    #[error("no name server has answered lately")]
    Down,
    /// There is no server to ask.
    #[error("no name server is known")]
    NoServer,
}

impl DnsError {
    /// Whether it is certain that there are no such records, as far as whoever does
    /// without DNSSEC can be.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::NoName { .. } | Self::NoRecords { .. })
    }

    /// Whether another time may tell more.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Bogus | Self::Trouble(_))
    }
}
