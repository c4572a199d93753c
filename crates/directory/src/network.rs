//! What counts as one network when many want to connect or sign in at once.

use std::net::{IpAddr, Ipv4Addr};

/// Whoever shares a place in a queue, or a number of places: all that one subscriber
/// usually has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// One IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of an IPv6 address: what one line gets (RFC 6177, RFC 4291
    /// section 2.5.4).
    V6(u64),
    /// Pages and command lines that set a password.
    Ourselves,
}

impl From<IpAddr> for Network {
    fn from(ip: IpAddr) -> Self {
        // A socket that takes both kinds gives IPv4 peers as mapped addresses.
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> Network {
        ip.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn one_line_is_one_network() {
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.2"), network("192.0.2.1"));
    }
}
