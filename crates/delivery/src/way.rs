//! The way to a domain: which hosts take its mail, where they are, and what is demanded of
//! them.
//!
//! What DNSSEC vouches for is believed: hosts that a signed MX record names, and whose TLSA
//! records say what their certificates are, must have those (DANE, RFC 7672). Where that can't
//! be found out, or is forged, a host is as one that can't be reached: else whoever forges it
//! would have mail go in the clear.
//!
//! Of a host of which DNSSEC says nothing, that is demanded which its domain has promised on a
//! page (MTA-STS, RFC 8461); where DNSSEC does say something, that alone counts (section 2
//! there).

use std::net::{IpAddr, SocketAddr};

use address::Domain;
use dns::{DnsError, Resolver};
use queue::{Status, TlsWish, Trouble};
use rand::seq::SliceRandom;
use smtp::client::Credentials;
use tls::Trust;
use trust::sts;

use crate::hosts::{Exchange, Exchanges, Hosts, hosts};
use crate::peer::{Policy, Tls};
use crate::settings::Smarthost;

/// Addresses of one host that are tried.
const ADDRESSES: usize = 4;

/// The hosts that take a domain's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// In the order in which they are tried.
    pub(crate) hosts: Vec<String>,
    /// DNSSEC vouches for it.
    secure: bool,
}

/// A host that mail may be handed to.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Its name: what its certificate and its TLSA records are about.
    pub(crate) name: String,
    /// Where it is, at least one place.
    pub(crate) addresses: Vec<SocketAddr>,
    /// What is demanded of it.
    pub(crate) policy: Policy,
    /// It is demanded since the domain has promised it by MTA-STS.
    pub(crate) by_promise: bool,
    /// Our account there.
    pub(crate) credentials: Option<Credentials>,
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
pub(crate) async fn way(
    resolver: &Resolver,
    domain: &Domain,
    is_ours: impl Fn(&str) -> bool,
) -> Result<Way, Trouble> {
    let (exchanges, secure) = match resolver.mx(domain).await {
        Ok(answer) => {
            let exchange = |mx: dns::Mx| Exchange {
                preference: mx.preference,
                host: mx.host,
            };
            let found = answer.records.into_iter().map(exchange).collect();
            (Exchanges::Found(found), answer.secure)
        }
        Err(DnsError::NoRecords { secure }) => (Exchanges::None, secure),
        Err(error) => return Err(unknown(domain.as_str(), &error)),
    };
    let shuffle = |names: &mut [String]| names.shuffle(&mut rand::rng());
    match hosts(domain, exchanges, is_ours, shuffle) {
        Hosts::Some(hosts) => Ok(Way { hosts, secure }),
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

impl Way {
    /// One of its hosts: where it is, and what is demanded of it, for mail that asks for this, to
    /// a domain that has promised that.
    ///
    /// # Errors
    /// Why that is not known. A host without an address is trouble that may pass: it may be a
    /// slip of whoever looks after it (RFC 5321 section 5.1).
    pub(crate) async fn host(
        &self,
        resolver: &Resolver,
        domain: &Domain,
        host: &str,
        port: u16,
        (wish, promise): (TlsWish, Option<&sts::Policy>),
    ) -> Result<Host, Trouble> {
        let found = resolver.addresses(host).await;
        let found = found.map_err(|error| match host == domain.as_str() {
            true => unknown(host, &error),
            false => astray(host, &error),
        })?;
        let mut name = host.to_owned();
        let mut policy = Policy::opportunistic();
        // Without these nobody could say whose the records are (RFC 7672 section 2.2).
        if self.secure && found.secure && wish != TlsWish::Waived {
            for base in bases(&found.name, host) {
                if let Some(records) = tlsa(resolver, port, base).await? {
                    name = base.to_owned();
                    let names = vec![name.clone(), host.to_owned(), domain.as_str().to_owned()];
                    policy = Policy {
                        tls: Tls::Demanded,
                        trust: Trust::Dane { records, names },
                    };
                    break;
                }
            }
        }
        let promise = promise.filter(|promise| match wish {
            TlsWish::Usual => promise.mode == sts::Mode::Enforce,
            TlsWish::Required => true,
            TlsWish::Waived => false,
        });
        let promise = promise.filter(|_| !is_proved(&policy.trust));
        if let Some(promise) = promise {
            policy = promised(promise, domain, host)?;
        } else if wish == TlsWish::Required && !is_proved(&policy.trust) {
            policy = self.required(domain, host)?;
        }
        let place = |address| SocketAddr::new(address, port);
        let addresses = mixed(found.records).into_iter().take(ADDRESSES).map(place);
        Ok(Host {
            name,
            addresses: addresses.collect(),
            policy,
            by_promise: promise.is_some(),
            credentials: None,
        })
    }
}

impl Way {
    /// What is demanded of a host, where nothing is promised of it, for mail that goes by TLS
    /// alone. It must be certain that the host is the domain's. RFC 8689 section 4.2.1.
    fn required(&self, domain: &Domain, host: &str) -> Result<Policy, Trouble> {
        if self.secure || host == domain.as_str() {
            return Ok(verified(host));
        }
        let text = format!(
            "nothing proves that {host} takes the mail of {domain} (neither DNSSEC nor MTA-STS), \
             and the message is to go by TLS alone (REQUIRETLS)"
        );
        Err(trouble(ENCRYPTION_NEEDED, text))
    }
}

/// What is demanded of a host that must show who it is.
fn verified(host: &str) -> Policy {
    Policy {
        tls: Tls::Demanded,
        trust: Trust::Names(vec![host.to_owned()]),
    }
}

/// The message is to go by TLS alone, and can't. RFC 8689 section 4.2.1.
pub(crate) const ENCRYPTION_NEEDED: Status = Status(5, 7, 10);

/// Whether DNSSEC says what the certificate must be.
fn is_proved(trust: &Trust) -> bool {
    match trust {
        Trust::Dane { records, .. } => records.iter().any(tls::Tlsa::is_usable),
        Trust::Names(_) | Trust::Anyone => false,
    }
}

/// What a domain's promise demands of one of its hosts. RFC 8461 section 4.
fn promised(promise: &sts::Policy, domain: &Domain, host: &str) -> Result<Policy, Trouble> {
    if promise.names(host) {
        return Ok(verified(host));
    }
    let text = format!("{domain} promises (MTA-STS) that {host} is none of its hosts");
    Err(trouble(NOT_AS_PROMISED, text))
}

/// What a domain promised of its hosts is not so. RFC 3463 section 3.8: cryptographic failure;
/// it may pass.
pub(crate) const NOT_AS_PROMISED: Status = Status(4, 7, 5);

/// Where a smarthost is, and what is demanded of it.
///
/// # Errors
/// Why that is not known. It never stays so: somebody set it up, and mail waits until it is
/// there.
pub(crate) async fn smarthost(resolver: &Resolver, smarthost: &Smarthost) -> Result<Host, Trouble> {
    let Smarthost { host, port, .. } = smarthost;
    let addresses = match host.parse() {
        Ok(address) => vec![address],
        Err(_) => match resolver.addresses(host).await {
            Ok(answer) => answer.records,
            Err(error) => {
                let text = format!("looking up the smarthost {host}: {error}");
                return Err(trouble(Status(4, 4, 3), text));
            }
        },
    };
    let place = |address| SocketAddr::new(address, *port);
    Ok(Host {
        name: host.clone(),
        addresses: mixed(addresses)
            .into_iter()
            .take(ADDRESSES)
            .map(place)
            .collect(),
        policy: Policy {
            tls: match smarthost.at_once {
                true => Tls::AtOnce,
                false => Tls::Demanded,
            },
            trust: Trust::Names(vec![host.clone()]),
        },
        by_promise: false,
        credentials: smarthost.credentials.clone(),
    })
}

/// The names below which a host's TLSA records may be: of what it is an alias of, then its own
/// (RFC 7672 section 2.2.3).
fn bases<'a>(alias_of: &'a str, host: &'a str) -> impl Iterator<Item = &'a str> {
    let differs = !alias_of.eq_ignore_ascii_case(host);
    [differs.then_some(alias_of), Some(host)]
        .into_iter()
        .flatten()
}

/// What DNSSEC says of a host's certificate; none if it says nothing.
async fn tlsa(
    resolver: &Resolver,
    port: u16,
    host: &str,
) -> Result<Option<Vec<tls::Tlsa>>, Trouble> {
    match resolver.tlsa(port, host).await {
        Ok(answer) if answer.secure => {
            let record = |found: dns::Tlsa| tls::Tlsa {
                usage: found.usage,
                selector: found.selector,
                matching: found.matching,
                data: found.data,
            };
            Ok(Some(answer.records.into_iter().map(record).collect()))
        }
        Ok(_) => Ok(None),
        Err(error) if error.is_none() => Ok(None),
        Err(error) => {
            let text = format!("looking up what the certificate of {host} must be: {error}");
            Err(trouble(Status(4, 4, 3), text))
        }
    }
}

/// Addresses of both families in turn, so that one family that leads nowhere does not use up
/// all tries.
pub(crate) fn mixed(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
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

/// Of a host that the domain's records name: whatever is wrong with it, those may be mended.
/// RFC 3463 section 3.5: unable to route.
fn astray(host: &str, error: &DnsError) -> Trouble {
    let found = unknown(host, error);
    match found.status.is_for_good() {
        true => trouble(Status(4, 4, 4), found.text),
        false => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_comes_before_the_name_it_was_found_under() {
        let of = |alias_of, host| bases(alias_of, host).collect::<Vec<_>>();
        assert_eq!(of("mail.b.fr", "mx.a.fr"), ["mail.b.fr", "mx.a.fr"]);
        assert_eq!(of("mx.a.fr", "MX.a.fr"), ["MX.a.fr"]);
    }

    #[test]
    fn a_name_that_is_not_there_is_for_good_unless_a_record_names_it() {
        let gone = DnsError::NoName { secure: false };
        assert_eq!(unknown("b.fr", &gone).status, Status(5, 1, 2));
        assert_eq!(astray("mx.b.fr", &gone).status, Status(4, 4, 4));
        assert_eq!(astray("mx.b.fr", &DnsError::Bogus).status, Status(4, 4, 3));
    }

    #[test]
    fn what_goes_by_tls_alone_goes_to_hosts_that_are_proved() {
        let way = |secure| Way {
            hosts: Vec::new(),
            secure,
        };
        let domain = "b.fr".parse().unwrap();
        let required = |secure, host| way(secure).required(&domain, host);
        assert_eq!(required(true, "mx.a.fr"), Ok(verified("mx.a.fr")));
        assert_eq!(required(false, "b.fr"), Ok(verified("b.fr")));
        let refused = required(false, "mx.a.fr").unwrap_err();
        assert_eq!(refused.status, ENCRYPTION_NEEDED);
        let promise = "version: STSv1\nmode: testing\nmx: mx.a.fr\nmax_age: 1";
        let promise = sts::Policy::read(promise.as_bytes()).unwrap();
        assert_eq!(
            promised(&promise, &domain, "mx.a.fr"),
            Ok(verified("mx.a.fr"))
        );
        let refused = promised(&promise, &domain, "mx.b.fr").unwrap_err();
        assert_eq!(refused.status, NOT_AS_PROMISED);
    }

    #[test]
    fn both_families_have_their_turn() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let all = ["::1", "::2", "::3", "192.0.2.1"].map(ip).to_vec();
        let turns = ["::1", "192.0.2.1", "::2", "::3"].map(ip).to_vec();
        assert_eq!(mixed(all), turns);
        assert_eq!(mixed(vec![]), Vec::<IpAddr>::new());
    }
}
