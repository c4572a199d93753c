//! Whether an address may send for a domain, as the domain says in the DNS. RFC 7208.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | the function `check_host` |
//! | `record.rs` | the language of records |
//! | `text.rs` | names that are made of what is known of the message |

mod record;
mod text;

use std::net::IpAddr;
use std::pin::Pin;

use address::{Domain, ReversePath};
use events::{Finding, SpfVerdict};

use crate::dns::{Dns, Missing, addresses_like};
use record::{Lengths, Mechanism, Record, is_record};
use text::{Known, Text};

/// Terms of a record, and of those that it leads to, that ask the DNS. RFC 7208 section
/// 4.6.4.
const LOOKUPS: u32 = 10;
/// How many of their questions may have no answer. The same section.
const VOID_LOOKUPS: u32 = 2;
/// Hosts of one `mx`, and names of one `ptr`, that are looked up. The same section.
const HOSTS: usize = 10;

/// Checks whether the peer at this address may send for the envelope's sender or, where
/// there is none, for the host that the peer says it is (RFC 7208 sections 2.3 and 2.4).
pub async fn spf(dns: &impl Dns, ip: IpAddr, helo: &str, from: &ReversePath) -> SpfVerdict {
    let (local, domain) = identity(helo, from);
    let helo = helo.to_ascii_lowercase();
    let mut check = Check {
        dns,
        known: Known {
            local: &local,
            sender: &domain,
            domain: &domain,
            ip: ip.to_canonical(),
            helo: &helo,
        },
        lookups: 0,
        voids: 0,
    };
    SpfVerdict {
        finding: check
            .host(&domain, Role::First)
            .await
            .unwrap_or_else(|stop| stop.0),
        helo: *from == ReversePath::Null,
        domain: domain.clone(),
    }
}

/// What a verdict is when nothing could be found out in time.
pub fn spf_unknown(helo: &str, from: &ReversePath) -> SpfVerdict {
    SpfVerdict {
        finding: Finding::TempError,
        helo: *from == ReversePath::Null,
        domain: identity(helo, from).1,
    }
}

/// The sender to be checked: local part, and domain.
fn identity(helo: &str, from: &ReversePath) -> (String, String) {
    match from {
        ReversePath::Address(address) => (
            address.local().as_str().to_owned(),
            address.domain().as_str().to_owned(),
        ),
        ReversePath::Null => ("postmaster".to_owned(), helo.to_ascii_lowercase()),
    }
}

/// One evaluation.
struct Check<'a, D> {
    dns: &'a D,
    known: Known<'a>,
    lookups: u32,
    voids: u32,
}

/// Why a record is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    First,
    Included,
    Redirected,
}

/// The end of it all, whatever record is being read.
#[derive(Debug)]
struct Stop(Finding);

const TEMPORARY: Stop = Stop(Finding::TempError);
const PERMANENT: Stop = Stop(Finding::PermError);

type Evaluated<'f> = Pin<Box<dyn Future<Output = Result<Finding, Stop>> + Send + 'f>>;

impl<'a, D: Dns> Check<'a, D> {
    /// What the record of a domain says. Boxed, as it may lead to others.
    fn host<'f>(&'f mut self, domain: &'f str, role: Role) -> Evaluated<'f>
    where
        'a: 'f,
    {
        Box::pin(async move {
            let Some(record) = self.record(domain, role).await? else {
                return match role {
                    Role::First => Ok(Finding::None),
                    // RFC 7208 sections 5.2 and 6.1.
                    Role::Included | Role::Redirected => Err(PERMANENT),
                };
            };
            for directive in &record.directives {
                if self.matches(&directive.mechanism, domain).await? {
                    return Ok(directive.finding);
                }
            }
            match &record.redirect {
                Some(redirect) => {
                    self.count_lookup()?;
                    let to = self.fill(redirect, domain);
                    self.host(&to, Role::Redirected).await
                }
                None => Ok(Finding::Neutral),
            }
        })
    }

    /// RFC 7208 sections 4.3 to 4.5.
    async fn record(&mut self, domain: &str, role: Role) -> Result<Option<Record>, Stop> {
        if !is_name(domain) {
            return Ok(None);
        }
        let texts = match self.dns.txt(domain).await {
            Ok(texts) => texts,
            Err(Missing::Unknown) => return Err(TEMPORARY),
            Err(_) => {
                if role != Role::First {
                    self.count_void()?;
                }
                return Ok(None);
            }
        };
        let mut records = texts.iter().filter(|text| is_record(text));
        match (records.next(), records.next()) {
            (None, _) => Ok(None),
            (Some(text), None) => Record::read(text).map(Some).map_err(|_| PERMANENT),
            // Of two, nobody can tell which is meant.
            (Some(_), Some(_)) => Err(PERMANENT),
        }
    }

    async fn matches(&mut self, mechanism: &Mechanism, domain: &str) -> Result<bool, Stop> {
        let ip = self.known.ip;
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Network(network, bits) => Ok(is_within(ip, *network, *bits)),
            Mechanism::Include(name) => {
                self.count_lookup()?;
                let name = self.fill(name, domain);
                let included = self.host(&name, Role::Included).await?;
                Ok(included == Finding::Pass)
            }
            Mechanism::A(name, lengths) => {
                self.count_lookup()?;
                let host = self.fill_or(name.as_ref(), domain);
                self.has_address(&host, *lengths).await
            }
            Mechanism::Mx(name, lengths) => {
                self.count_lookup()?;
                let name = self.fill_or(name.as_ref(), domain);
                self.has_mx(&name, *lengths).await
            }
            Mechanism::Ptr(name) => {
                self.count_lookup()?;
                let name = self.fill_or(name.as_ref(), domain);
                Ok(self.is_named(&name).await)
            }
            Mechanism::Exists(name) => {
                self.count_lookup()?;
                let name = self.fill(name, domain);
                let found = match is_name(&name) {
                    true => self.dns.ipv4(&name).await.map(drop),
                    false => Err(Missing::NoName),
                };
                self.there(found).map(|there| there.is_some())
            }
        }
    }

    async fn has_address(&mut self, host: &str, lengths: Lengths) -> Result<bool, Stop> {
        let ip = self.known.ip;
        let bits = match ip {
            IpAddr::V4(_) => lengths.four,
            IpAddr::V6(_) => lengths.six,
        };
        let found = match is_name(host) {
            true => addresses_like(self.dns, ip, host).await,
            false => Err(Missing::NoName),
        };
        let found = self.there(found)?.unwrap_or_default();
        Ok(found.iter().any(|network| is_within(ip, *network, bits)))
    }

    async fn has_mx(&mut self, domain: &str, lengths: Lengths) -> Result<bool, Stop> {
        let hosts = match is_name(domain) {
            true => self.dns.mx(domain).await,
            false => Err(Missing::NoName),
        };
        let hosts = self.there(hosts)?.unwrap_or_default();
        if hosts.len() > HOSTS {
            return Err(PERMANENT);
        }
        for host in &hosts {
            if self.has_address(host, lengths).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the address has a name within this domain. What can't be found out there is
    /// no match. RFC 7208 section 5.5.
    async fn is_named(&mut self, domain: &str) -> bool {
        let ip = self.known.ip;
        let names = self.dns.reverse(ip).await.unwrap_or_default();
        for name in names
            .iter()
            .take(HOSTS)
            .filter(|name| is_inside(name, domain))
        {
            let found = addresses_like(self.dns, ip, name).await;
            if found.is_ok_and(|found| found.contains(&ip)) {
                return true;
            }
        }
        false
    }

    fn fill(&self, name: &Text, domain: &str) -> String {
        name.fill(&Known {
            domain,
            ..self.known
        })
    }

    fn fill_or(&self, name: Option<&Text>, domain: &str) -> String {
        name.map_or_else(|| domain.to_owned(), |name| self.fill(name, domain))
    }

    fn count_lookup(&mut self) -> Result<(), Stop> {
        self.lookups += 1;
        (self.lookups <= LOOKUPS).then_some(()).ok_or(PERMANENT)
    }

    fn count_void(&mut self) -> Result<(), Stop> {
        self.voids += 1;
        (self.voids <= VOID_LOOKUPS).then_some(()).ok_or(PERMANENT)
    }

    /// What was found; none where there is nothing, which may be so twice.
    fn there<T>(&mut self, found: Result<T, Missing>) -> Result<Option<T>, Stop> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Missing::Unknown) => Err(TEMPORARY),
            Err(Missing::NoName | Missing::NoRecords) => self.count_void().map(|()| None),
        }
    }
}

/// Whether it is a name of at least two labels. RFC 7208 section 4.3.
fn is_name(text: &str) -> bool {
    text.parse::<Domain>()
        .is_ok_and(|domain| domain.as_str().contains('.'))
}

/// Whether a name is this domain or in it.
fn is_inside(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let rest = name.strip_suffix(&domain);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether the first bits of both are the same.
pub(crate) fn is_within(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |one: u128, other: u128, width: u32| {
        let shift = width.saturating_sub(bits.into());
        // A shift by all bits leaves nothing to differ.
        one.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
    };
    match (ip, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            same(u32::from(one).into(), u32::from(other).into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.into(), other.into(), 128),
        _ => false,
    }
}
