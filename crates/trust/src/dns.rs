//! What is asked of the DNS, by whoever can ask it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why there are no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The name is not there.
    NoName,
    /// The name has no such records.
    NoRecords,
    /// It could not be found out; another time it may be.
    Unknown,
}

/// The DNS. Names are given as they stand in a message or a record; what can't be a name
/// is one that is not there ([`Missing::NoName`]).
pub trait Dns: Sync {
    /// The texts of a name, the parts of each put together.
    fn txt(&self, name: &str) -> impl Future<Output = Result<Vec<Vec<u8>>, Missing>> + Send;
    /// The IPv4 addresses of a host.
    fn ipv4(&self, host: &str) -> impl Future<Output = Result<Vec<Ipv4Addr>, Missing>> + Send;
    /// The IPv6 addresses of a host.
    fn ipv6(&self, host: &str) -> impl Future<Output = Result<Vec<Ipv6Addr>, Missing>> + Send;
    /// The hosts that take mail for a domain, the first to be tried at the beginning.
    fn mx(&self, domain: &str) -> impl Future<Output = Result<Vec<String>, Missing>> + Send;
    /// The names that an address claims.
    fn reverse(&self, ip: IpAddr) -> impl Future<Output = Result<Vec<String>, Missing>> + Send;
}

/// The addresses of a host of the same family as this one.
pub(crate) async fn addresses_like(
    dns: &impl Dns,
    ip: IpAddr,
    host: &str,
) -> Result<Vec<IpAddr>, Missing> {
    match ip {
        IpAddr::V4(_) => {
            let found = dns.ipv4(host).await?;
            Ok(found.into_iter().map(IpAddr::V4).collect())
        }
        IpAddr::V6(_) => {
            let found = dns.ipv6(host).await?;
            Ok(found.into_iter().map(IpAddr::V6).collect())
        }
    }
}
