//! What one customer of a provider holds.

use std::net::IpAddr;

/// Bits of an IPv4 address that are one network's: the least that is routed on the internet,
/// and what whoever spreads his mail over many addresses rents.
const V4_BITS: u32 = 24;
/// Bits of an IPv6 address that are one network's: what a provider gives to a customer by
/// habit (RFC 6177 section 2). A server alone has 64; where a whole hoster shares 48, all of
/// its customers would answer for one.
const V6_BITS: u32 = 56;

/// Addresses that are taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    /// Of IPv4, the rest zero.
    V4(u32),
    /// Of IPv6, the rest zero.
    V6(u128),
}

impl Network {
    /// The one of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(u32::from(ip) & (u32::MAX << (32 - V4_BITS))),
            IpAddr::V6(ip) => Self::V6(u128::from(ip) & (u128::MAX << (128 - V6_BITS))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_and_others_are_not() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("192.0.2.255"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.7"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:ff:1::"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:100::1"));
    }
}
