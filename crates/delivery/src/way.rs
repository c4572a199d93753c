//! The way to a domain: which hosts take its mail, and where they are.

use std::net::{IpAddr, SocketAddr};

use address::Domain;
use dns::{DnsError, Resolver};
use queue::{Status, Trouble};
use rand::seq::SliceRandom;

use crate::hosts::{Exchange, Exchanges, Hosts, hosts};

/// Addresses of one host that are tried.
const ADDRESSES: usize = 4;

/// One address of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// The host's name.
    pub(crate) host: String,
    /// Where it is.
    pub(crate) address: SocketAddr,
}

/// What stops mail for a domain before any host was asked.
///
/// The text is for whoever reads a report; it says no more than is known.
fn trouble(status: Status, text: String) -> Trouble {
    Trouble::ours(status, text)
}

/// The hosts that take mail for a domain, by the name service.
///
/// # Errors
/// Why there are none, for now or for good.
pub(crate) async fn hosts_of(
    resolver: &Resolver,
    domain: &Domain,
    is_ours: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Trouble> {
    let exchanges = match resolver.mx(domain).await {
        Ok(answer) => {
            let exchange = |mx: dns::Mx| Exchange {
                preference: mx.preference,
                host: mx.host,
            };
            Exchanges::Found(answer.records.into_iter().map(exchange).collect())
        }
        Err(DnsError::NoRecords { .. }) => Exchanges::None,
        Err(error) => return Err(unknown(domain.as_str(), &error)),
    };
    let shuffle = |names: &mut [String]| names.shuffle(&mut rand::rng());
    match hosts(domain, exchanges, is_ours, shuffle) {
        Hosts::Some(hosts) => Ok(hosts),
        Hosts::NullMx => {
            let text = format!("the domain {domain} takes no mail (its MX record says so)");
            Err(trouble(Status(5, 1, 10), text))
        }
        Hosts::Here => {
            let text =
                format!("the records of {domain} lead to this very host, which does not serve it");
            Err(trouble(Status(5, 4, 6), text))
        }
    }
}

/// Where a host is.
///
/// # Errors
/// Why that is not known. A host without an address is trouble that may pass: it may be a
/// slip of whoever looks after it (RFC 5321 section 5.1).
pub(crate) async fn stops(
    resolver: &Resolver,
    host: &str,
    port: u16,
) -> Result<Vec<Stop>, Trouble> {
    let addresses: Vec<IpAddr> = match host.parse() {
        Ok(address) => vec![address],
        Err(_) => match resolver.addresses(host).await {
            Ok(answer) => answer.records,
            Err(error) => return Err(unknown(host, &error)),
        },
    };
    let stop = |address| Stop {
        host: host.to_owned(),
        address: SocketAddr::new(address, port),
    };
    Ok(mixed(addresses)
        .into_iter()
        .take(ADDRESSES)
        .map(stop)
        .collect())
}

/// Addresses of both families in turn, so that one family that leads nowhere does not use up
/// all tries.
fn mixed(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut mixed = Vec::new();
    loop {
        let two = [six.next(), four.next()];
        if two == [None, None] {
            return mixed;
        }
        mixed.extend(two.into_iter().flatten());
    }
}

/// What the name service did not tell. That a name is not there is for good: RFC 5321 section
/// 5.1.
fn unknown(name: &str, error: &DnsError) -> Trouble {
    match error {
        DnsError::NoName { .. } | DnsError::NotAName => {
            trouble(Status(5, 1, 2), format!("there is no {name} in the DNS"))
        }
        DnsError::NoRecords { .. } => {
            trouble(Status(5, 1, 2), format!("{name} has no address in the DNS"))
        }
        error => trouble(Status(4, 4, 3), format!("looking up {name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_have_their_turn() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let all = ["::1", "::2", "::3", "192.0.2.1"].map(ip).to_vec();
        let turns = ["::1", "192.0.2.1", "::2", "::3"].map(ip).to_vec();
        assert_eq!(mixed(all), turns);
        assert_eq!(mixed(vec![]), Vec::<IpAddr>::new());
    }
}
