//! Whether the domain in `From` stands by a message. RFC 9989.
//!
//! A domain does, when SPF or a signature passes for a domain that is *aligned* with it:
//! the same, or one of the same organisation. Whose organisation is whose is found by
//! walking up the DNS, without a list of public suffixes.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | [`Authors`]: what the DNS says of the domains in `From`, and what follows |
//! | `record.rs` | the language of records |

mod record;

use address::Domain;
use events::{DkimVerdict, DmarcPolicy, DmarcVerdict, Finding, SpfVerdict};
use futures_util::future::join_all;
use message::{SenderField, Senders};

use crate::dns::{Dns, Missing};
use record::{Record, Whose};

/// Names that are asked on the way up from a domain. RFC 9989 section 4.10.
const STEPS: usize = 8;
/// Domains in `From` that are looked up. RFC 5322 allows several authors; hardly anybody
/// has seen a message with two.
const AUTHORS: usize = 4;

/// What the DNS says of the domains in `From`.
#[derive(Clone, Debug)]
pub struct Authors(Vec<Author>);

#[derive(Clone, Debug)]
struct Author {
    domain: String,
    known: Known,
}

#[derive(Clone, Debug)]
enum Known {
    /// It publishes nothing.
    Nothing,
    /// It could not be found out in time.
    Unknown,
    /// It can't be looked up: it is no domain, or one of too many.
    Unfit,
    Published {
        policy: DmarcPolicy,
        /// Domains that may speak for it by SPF, and by DKIM.
        spf: Vec<String>,
        dkim: Vec<String>,
    },
}

/// The domains that a message says it is from, each once: those that are one, and the text
/// of those that are none. Of very many, the first.
pub fn author_domains(senders: &Senders) -> Vec<Result<Domain, String>> {
    let mut domains = Vec::new();
    let authors = senders.found.iter();
    // One more than is looked up tells that there are too many.
    for sender in authors.filter(|sender| sender.field == SenderField::From && !sender.in_name) {
        let domain = match &sender.who {
            Ok(address) => Ok(address.domain().clone()),
            Err(text) => last_domain(text).ok_or_else(|| text.clone()),
        };
        if domains.len() <= AUTHORS && !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

/// What a careless reader would take for the domain of a text.
fn last_domain(text: &str) -> Option<Domain> {
    let (_, after) = text.rsplit_once('@')?;
    let inside = |c: char| c.is_alphanumeric() || "-._".contains(c);
    let end = after.find(|c| !inside(c)).unwrap_or(after.len());
    after.get(..end)?.parse().ok()
}

impl Authors {
    /// Asks the DNS what these domains want, and which of the others may speak for them.
    pub async fn find(dns: &impl Dns, authors: &[Result<Domain, String>], others: &[&str]) -> Self {
        let find = |(index, author): (usize, &Result<Domain, String>)| {
            let author = author.clone();
            async move {
                let known = match &author {
                    Ok(domain) if index < AUTHORS => known(dns, domain.as_str(), others)
                        .await
                        .unwrap_or(Known::Unknown),
                    _ => Known::Unfit,
                };
                Author {
                    domain: author.map_or_else(|text| text, |domain| domain.to_string()),
                    known,
                }
            }
        };
        Self(join_all(authors.iter().enumerate().map(find)).await)
    }

    /// What is known of these domains when nothing could be found out in time.
    pub fn unknown(authors: &[Result<Domain, String>]) -> Self {
        let unknown = |author: &Result<Domain, String>| Author {
            domain: match author {
                Ok(domain) => domain.to_string(),
                Err(text) => text.clone(),
            },
            known: Known::Unknown,
        };
        Self(authors.iter().map(unknown).collect())
    }

    /// The verdict. Of several domains, it is the one of that which takes it worst: whoever
    /// names a second author is not to hide the first (RFC 7489 section 6.6.1).
    pub fn judge(&self, spf: &SpfVerdict, dkim: &[DkimVerdict]) -> DmarcVerdict {
        let verdicts = self.0.iter().map(|author| author.judge(spf, dkim));
        let worst = verdicts.max_by_key(|verdict| {
            let asked = match verdict.finding {
                Finding::Fail => verdict.policy,
                _ => DmarcPolicy::None,
            };
            (asked, verdict.finding != Finding::Pass)
        });
        worst.unwrap_or(DmarcVerdict {
            finding: Finding::None,
            domain: String::new(),
            policy: DmarcPolicy::None,
        })
    }
}

impl Author {
    fn judge(&self, spf: &SpfVerdict, dkim: &[DkimVerdict]) -> DmarcVerdict {
        let (finding, policy) = match &self.known {
            Known::Nothing => (Finding::None, DmarcPolicy::None),
            Known::Unknown => (Finding::TempError, DmarcPolicy::None),
            Known::Unfit => (Finding::PermError, DmarcPolicy::None),
            Known::Published {
                policy,
                spf: by_spf,
                dkim: by_dkim,
            } => {
                let spf = by_spf.contains(&spf.domain).then_some(spf.finding);
                let dkim = dkim.iter().filter(|one| by_dkim.contains(&one.domain));
                let aligned: Vec<Finding> = dkim.map(|one| one.finding).chain(spf).collect();
                (of_aligned(&aligned), *policy)
            }
        };
        DmarcVerdict {
            finding,
            domain: self.domain.clone(),
            policy,
        }
    }
}

fn of_aligned(findings: &[Finding]) -> Finding {
    if findings.contains(&Finding::Pass) {
        Finding::Pass
    } else if findings.contains(&Finding::TempError) {
        // It may yet be a pass. RFC 9989 section 5.3.6.
        Finding::TempError
    } else {
        Finding::Fail
    }
}

/// What the DNS says of one domain.
async fn known(dns: &impl Dns, domain: &str, others: &[&str]) -> Result<Known, Missing> {
    let records = walk(dns, domain).await?;
    let Some((organisation, of_organisation)) = organisation(&records, domain) else {
        return Ok(Known::Nothing);
    };
    let own = records.iter().find(|(name, _)| *name == domain);
    let (record, whose) = match own {
        Some((_, record)) => (*record, Whose::Own),
        None if !of_organisation.tells_missing() => (of_organisation, Whose::Below),
        None => (of_organisation, whose(dns, domain).await?),
    };
    let mut same = Vec::new();
    for other in others {
        if *other == domain || is_same(dns, other, organisation).await? {
            same.push((*other).to_owned());
        }
    }
    let aligned = |strict: bool| {
        let fits = |other: &&String| !strict || *other == domain;
        same.iter().filter(fits).cloned().collect()
    };
    Ok(Known::Published {
        policy: record.policy(whose),
        spf: aligned(record.strict_spf),
        dkim: aligned(record.strict_dkim),
    })
}

/// The records on the way up from a domain, its own first.
async fn walk<'d>(dns: &impl Dns, domain: &'d str) -> Result<Vec<(&'d str, Record)>, Missing> {
    let names = steps(domain);
    let ask = |name: &'d str| async move {
        match dns.txt(&format!("_dmarc.{name}")).await {
            Ok(texts) => Ok(Record::find(&texts).map(|record| (name, record))),
            // What a whole country's servers don't tell just now, nobody's mail waits for.
            Err(Missing::Unknown) if name.contains('.') => Err(Missing::Unknown),
            Err(_) => Ok(None),
        }
    };
    let mut records = Vec::new();
    for found in join_all(names.into_iter().map(ask)).await {
        let Some((name, record)) = found? else {
            continue;
        };
        records.push((name, record));
        // Nobody above has a say. RFC 9989 section 4.10.
        if record.is_public == Some(false) || (record.is_public == Some(true) && name != domain) {
            break;
        }
    }
    Ok(records)
}

/// The names that are asked: the domain, then from its last seven labels up.
fn steps(domain: &str) -> Vec<&str> {
    let mut names = vec![domain];
    let mut rest = domain;
    while let Some((_, above)) = rest.split_once('.') {
        rest = above;
        if above.split('.').count() < STEPS {
            names.push(above);
        }
    }
    names
}

/// The organisation that a domain belongs to, and its record. RFC 9989 section 4.10.2.
fn organisation<'d>(records: &[(&'d str, Record)], domain: &'d str) -> Option<(&'d str, Record)> {
    let (name, record) = records.last().copied()?;
    match record.is_public {
        // The one below it on the way to the domain.
        Some(true) if name != domain => {
            let below = domain.strip_suffix(name)?.strip_suffix('.')?;
            let label = below.rsplit('.').next()?;
            let own = domain.get(domain.len().checked_sub(label.len() + 1 + name.len())?..)?;
            Some((own, record))
        }
        _ => Some((name, record)),
    }
}

/// Whether a domain is of this organisation: in it, and not said to be apart.
async fn is_same(dns: &impl Dns, other: &str, of: &str) -> Result<bool, Missing> {
    if other == of {
        return Ok(true);
    }
    let is_inside = other
        .strip_suffix(of)
        .is_some_and(|rest| rest.ends_with('.'));
    if !is_inside {
        return Ok(false);
    }
    let records = walk(dns, other).await?;
    Ok(organisation(&records, other).is_none_or(|(name, _)| name == of))
}

/// Whether a domain that publishes nothing is there at all.
async fn whose(dns: &impl Dns, domain: &str) -> Result<Whose, Missing> {
    match dns.ipv4(domain).await {
        Err(Missing::NoName) => Ok(Whose::Missing),
        Err(Missing::Unknown) => Err(Missing::Unknown),
        Ok(_) | Err(Missing::NoRecords) => Ok(Whose::Below),
    }
}
