//! What this machine is called, and where it is reached.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use address::Domain;

/// The machine's name where it is one that can be a host's and resolves, else `localhost`.
pub(crate) fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    named(name.trim(), |name| (name, 0).to_socket_addrs().is_ok())
}

/// Some machines have a name that DNS does not allow (`my_laptop`).
fn named(name: &str, resolves: impl Fn(&str) -> bool) -> String {
    match name.parse::<Domain>() {
        Ok(_) if resolves(name) => name.to_owned(),
        _ => "localhost".to_owned(),
    }
}

/// Every address of the machine that another may know it by, loopback among them; none
/// that only means something on one link (`fe80::`).
pub(crate) fn addresses() -> Vec<IpAddr> {
    let v4 = fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    let v6 = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let mut found = vec![
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ];
    found.extend(own_v4(&v4).into_iter().map(IpAddr::from));
    found.extend(own_v6(&v6).into_iter().map(IpAddr::from));
    found.sort_unstable();
    found.dedup();
    found
}

/// The kernel's table of IPv4 routes has each address of the machine's own as a line with
/// the address, followed by `/32 host LOCAL`.
fn own_v4(table: &str) -> Vec<Ipv4Addr> {
    let lines = table.lines().zip(table.lines().skip(1));
    let own = lines.filter(|(_, next)| next.trim() == "/32 host LOCAL");
    own.filter_map(|(line, _)| line.trim().strip_prefix("|-- ")?.parse().ok())
        .collect()
}

/// Each line begins with an address as 32 hexadecimal digits.
fn own_v6(table: &str) -> Vec<Ipv6Addr> {
    let address = |line: &str| {
        let digits = line.split_whitespace().next()?;
        let address = Ipv6Addr::from(u128::from_str_radix(digits, 16).ok()?);
        (!address.is_unicast_link_local()).then_some(address)
    };
    table.lines().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let v4 = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 192.0.2.7\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n";
        assert_eq!(own_v4(v4), [Ipv4Addr::new(192, 0, 2, 7)]);
        let v6 = "20010db8000000000000000000000007 02 40 00 80 eth0\nfe800000000000000000000000000001 02 40 20 80 eth0\n";
        assert_eq!(own_v6(v6), ["2001:db8::7".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn a_name_that_is_no_hosts_is_not_taken() {
        assert_eq!(named("mail.a.test", |_| true), "mail.a.test");
        for (name, resolves) in [("mail.a.test", false), ("", true), ("my laptop", true)] {
            assert_eq!(named(name, |_| resolves), "localhost");
        }
    }

    #[test]
    fn loopback_is_always_there() {
        assert!(addresses().contains(&IpAddr::from(Ipv4Addr::LOCALHOST)));
    }
}
