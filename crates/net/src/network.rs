//! Networks of IP addresses, and which addresses are anybody's.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// All addresses that begin with the same bits: `10.0.0.0/8`, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// What stands before the `/` is no address.
    #[error("it is no IP address")]
    Address,
    /// What stands behind it is no number of bits of such an address.
    #[error("the number of bits is wrong")]
    Bits,
    /// The address has bits beyond the network's: a slip of the pen that would name
    /// another network than was meant.
    #[error("the address has more bits than the network")]
    Beyond,
}

impl Network {
    /// Whether an address is in it. An IPv4 address is in no IPv6 network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = u32::from(own) ^ u32::from(other);
                differs.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = u128::from(own) ^ u128::from(other);
                differs.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let (all, zeros) = match address {
            IpAddr::V4(address) => (32, u32::from(address).trailing_zeros()),
            IpAddr::V6(address) => (128, u128::from(address).trailing_zeros()),
        };
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_| NetworkError::Bits)?,
            None => all,
        };
        if bits > all {
            return Err(NetworkError::Bits);
        }
        if zeros < u32::from(all - bits) {
            return Err(NetworkError::Beyond);
        }
        Ok(Network { address, bits })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Network, String> {
        text.parse().map_err(|why| format!("{text:?}: {why}"))
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Whether an address is one that hosts on the internet have: none that is this machine's,
/// a private network's, reserved, or for many at once. By IANA's registries of special
/// addresses (RFC 6890 and after).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !match address.octets() {
        // This network, private, loopback. RFC 791, RFC 1918, RFC 1122.
        [0 | 10 | 127, ..] => true,
        // Shared by a provider's customers. RFC 6598.
        [100, second, ..] => second & 0xc0 == 64,
        // Link-local. RFC 3927.
        [169, 254, ..] => true,
        [172, second, ..] => second & 0xf0 == 16,
        // Protocols, documentation, the old relays to IPv6. RFC 6890, RFC 5737, RFC 7526.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [192, 168, ..] => true,
        // Benchmarks. RFC 2544.
        [198, 18 | 19, ..] => true,
        [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast and reserved, all ones too. RFC 5771, RFC 1112.
        [first, ..] => first >= 224,
    }
}

/// Only 2000::/3 has been given to anybody (RFC 4291 section 2.4). An address with an IPv4
/// address in it, mapped or by way of 6to4, is no host of its own.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // What a translator makes of IPv4, for hosts that have no other way there.
        // RFC 6052 section 2.1.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocols, Teredo among them. RFC 2928.
        [0x2001, second, ..] if second < 0x200 => false,
        // Documentation, 6to4. RFC 3849, RFC 3056, RFC 9637.
        [0x2001, 0xdb8, ..] | [0x2002, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn no_special_address_is_anybodys() {
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(special), "{special}");
        }
    }

    #[test]
    fn what_hosts_have_is_theirs() {
        for host in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2a00:1450::1",
            "3ffe::1",
            "64:ff9b::8.8.8.8",
            "2606:4700::1111",
        ] {
            assert!(public(host), "{host}");
        }
    }

    #[test]
    fn networks_are_read_and_hold_what_they_should() {
        let network = |text: &str| text.parse::<Network>();
        let holds = |text, address: &str| network(text).unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("127.0.0.1", "127.0.0.1"));
        assert!(!holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        assert!(!holds("0.0.0.0/0", "::ffff:8.8.8.8"));
        assert!(holds("::/0", "::1"));
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(!holds("fd00::/8", "fc12::1"));
        assert_eq!(network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("10.0.0.1/8"), Err(NetworkError::Beyond));
        assert_eq!(network("10.0.0.0/33"), Err(NetworkError::Bits));
        assert_eq!(network("10.0.0.0/"), Err(NetworkError::Bits));
        assert_eq!(network("10.0.0/8"), Err(NetworkError::Address));
        assert_eq!(network("mx.test"), Err(NetworkError::Address));
    }
}
