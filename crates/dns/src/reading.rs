//! What hickory found, read as an answer or as the reason why there is none.
//!
//! hickory (0.26) calls bogus, besides what is, some of what it can't prove: records made
//! of a wildcard under NSEC, and whatever is behind an alias into another zone that needs a
//! proof of its own. It has then still checked each signature, which is kept with the
//! records. So such an answer is looked at again here: an alias is followed by a question of
//! its own, and what a wildcard needs is proved. What none of this proves stays bogus.

use std::time::Duration;

use hickory_resolver::net::{DnsError as Failure, NetError};
use hickory_resolver::proto::dnssec::Proof;
use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::op::{DnsResponse, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use crate::answer::{DnsError, Trouble};
use crate::cache::{FAILURE, LONGEST, LONGEST_NONE};
use crate::wildcard;

/// What is known of a question, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) found: Result<Found, DnsError>,
    pub(crate) keep: Duration,
}

/// Records of the type that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) records: Vec<RData>,
    pub(crate) secure: bool,
    pub(crate) name: String,
}

/// What one response leads to.
#[derive(Debug)]
pub(crate) enum Step {
    /// The end.
    Done(Reading),
    /// The name is an alias of this one.
    Alias(Alias),
}

/// Where aliases have led so far.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    pub(crate) to: Name,
    pub(crate) secure: bool,
    pub(crate) keep: Duration,
}

impl Reading {
    /// That nothing could be found out.
    pub(crate) fn trouble(trouble: Trouble) -> Self {
        Self::failure(trouble.into())
    }

    fn failure(why: DnsError) -> Self {
        Self {
            found: Err(why),
            keep: FAILURE,
        }
    }

    /// Whether no server said anything.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(
            self.found,
            Err(DnsError::Trouble(Trouble::Timeout | Trouble::Unreachable))
        )
    }

    /// The same, found behind aliases.
    fn behind(mut self, way: &Alias) -> Self {
        self.keep = self.keep.min(way.keep);
        match &mut self.found {
            Ok(found) => found.secure &= way.secure,
            Err(DnsError::NoName { secure } | DnsError::NoRecords { secure }) => {
                *secure &= way.secure;
            }
            Err(_) => {}
        }
        self
    }
}

impl Alias {
    /// The beginning of the way: the name itself.
    pub(crate) fn none(name: Name) -> Self {
        Self {
            to: name,
            secure: true,
            keep: LONGEST,
        }
    }

    /// Reads what was answered to the question for records of the name at its end.
    pub(crate) fn read(&self, kind: RecordType, result: Result<DnsResponse, NetError>) -> Step {
        let response = match result {
            Ok(response) => Response::new(&response, Proof::Secure),
            Err(NetError::Dns(Failure::Nsec {
                response, proof, ..
            })) => Response::new(&response, proof),
            Err(NetError::Dns(Failure::NoRecordsFound(none))) => Response {
                code: none.response_code,
                answers: Vec::new(),
                authorities: none.authorities.as_deref().unwrap_or_default().to_vec(),
                proved: Proof::Insecure,
            },
            Err(other) => return Step::Done(failure(&other).behind(self)),
        };
        match response.step(&self.to, kind) {
            Step::Done(reading) => Step::Done(reading.behind(self)),
            Step::Alias(next) => Step::Alias(Alias {
                to: next.to,
                secure: self.secure && next.secure,
                keep: self.keep.min(next.keep),
            }),
        }
    }
}

fn failure(error: &NetError) -> Reading {
    match error {
        NetError::Dns(Failure::DnssecBogus) => Reading::failure(DnsError::Bogus),
        NetError::Dns(Failure::ResponseCode(ResponseCode::Refused)) => {
            Reading::trouble(Trouble::Refused)
        }
        NetError::Dns(_) => Reading::trouble(Trouble::ServerFailed),
        NetError::Timeout => Reading::trouble(Trouble::Timeout),
        _ => Reading::trouble(Trouble::Unreachable),
    }
}

/// What matters of a response.
struct Response {
    code: ResponseCode,
    answers: Vec<Record>,
    authorities: Vec<Record>,
    /// How hickory judged the response as a whole, each record apart.
    proved: Proof,
}

impl Response {
    fn new(response: &DnsResponse, proved: Proof) -> Self {
        Self {
            code: response.response_code,
            answers: response.answers.clone(),
            authorities: response.authorities.clone(),
            proved,
        }
    }

    fn step(&self, name: &Name, kind: RecordType) -> Step {
        for (wanted, is_alias) in [(kind, false), (RecordType::CNAME, true)] {
            let set: Vec<&Record> = self.of(name, wanted).collect();
            if set.is_empty() {
                continue;
            }
            let Some(secure) = self.judge(name, wanted, &set) else {
                return Step::Done(Reading::failure(DnsError::Bogus));
            };
            let ttl = set.iter().map(|record| record.ttl).min().unwrap_or(0);
            let keep = Duration::from_secs(ttl.into()).min(LONGEST);
            return match set.first().map(|record| &record.data) {
                Some(RData::CNAME(to)) if is_alias => Step::Alias(Alias {
                    to: to.0.clone(),
                    secure,
                    keep,
                }),
                _ => Step::Done(found(name, &set, secure, keep)),
            };
        }
        Step::Done(self.nothing())
    }

    /// The records of a name and a type.
    fn of<'a>(&'a self, name: &'a Name, kind: RecordType) -> impl Iterator<Item = &'a Record> {
        let is_it = move |record: &&Record| record.record_type() == kind && record.name == *name;
        self.answers.iter().filter(is_it)
    }

    /// Whether DNSSEC vouches for these records; none when they are bogus.
    fn judge(&self, name: &Name, kind: RecordType, set: &[&Record]) -> Option<bool> {
        if set.iter().any(|record| record.proof == Proof::Bogus) {
            return None;
        }
        if set.iter().any(|record| record.proof != Proof::Secure) {
            return Some(false);
        }
        let proved = self.proved != Proof::Bogus || {
            let signatures = self.of(name, RecordType::RRSIG);
            let mut labels = signatures.filter_map(|record| match &record.data {
                RData::DNSSEC(DNSSECRData::RRSIG(rrsig)) => Some(rrsig.input()),
                _ => None,
            });
            let signature = labels.find(|input| input.type_covered == kind)?;
            wildcard::is_proved(name, signature.num_labels, &self.authorities)
        };
        proved.then_some(true)
    }

    fn nothing(&self) -> Reading {
        if self.proved == Proof::Bogus || self.proved == Proof::Indeterminate {
            return Reading::failure(DnsError::Bogus);
        }
        // hickory lets such a response through when the records that deny (NSEC, NSEC3) prove
        // it, or when that part of the tree is not signed; so their own verdict tells which.
        let denies = |record: &Record| {
            record.proof == Proof::Secure
                && matches!(record.record_type(), RecordType::NSEC | RecordType::NSEC3)
        };
        let secure = self.proved == Proof::Secure && self.authorities.iter().any(denies);
        let why = match self.code {
            ResponseCode::NXDomain => DnsError::NoName { secure },
            ResponseCode::NoError => DnsError::NoRecords { secure },
            _ => return Reading::trouble(Trouble::ServerFailed),
        };
        // RFC 2308 section 5: the lesser of the record's own time and its last field.
        let said = self
            .authorities
            .iter()
            .find_map(|record| match &record.data {
                RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
                _ => None,
            });
        let keep = said.map_or(FAILURE, |seconds| Duration::from_secs(seconds.into()));
        Reading {
            found: Err(why),
            keep: keep.min(LONGEST_NONE),
        }
    }
}

fn found(name: &Name, set: &[&Record], secure: bool, keep: Duration) -> Reading {
    Reading {
        found: Ok(Found {
            records: set.iter().map(|record| record.data.clone()).collect(),
            secure,
            name: plain(name),
        }),
        keep,
    }
}

impl Found {
    /// About what it takes in memory.
    pub(crate) fn octets(&self) -> usize {
        self.records.iter().map(octets).sum()
    }
}

fn octets(data: &RData) -> usize {
    let inside = match data {
        RData::TXT(txt) => txt.txt_data.iter().map(|part| part.len() + 16).sum(),
        RData::TLSA(tlsa) => tlsa.cert_data.len(),
        // A name; an address is part of what follows.
        _ => 64,
    };
    size_of::<RData>() + inside
}

/// A name as mail writes it: lower case, without the final dot.
pub(crate) fn plain(name: &Name) -> String {
    let mut text = name.to_lowercase().to_ascii();
    if text.ends_with('.') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_instead_of_an_answer_is_told() {
        let said = |code| NetError::Dns(Failure::ResponseCode(code));
        for (error, trouble) in [
            (said(ResponseCode::Refused), Trouble::Refused),
            (said(ResponseCode::ServFail), Trouble::ServerFailed),
            (said(ResponseCode::NotImp), Trouble::ServerFailed),
            (NetError::Timeout, Trouble::Timeout),
            (NetError::NoConnections, Trouble::Unreachable),
        ] {
            let way = Alias::none(Name::root());
            let Step::Done(reading) = way.read(RecordType::A, Err(error)) else {
                panic!("{trouble:?}");
            };
            assert_eq!(reading, Reading::trouble(trouble));
            assert_eq!(reading.keep, FAILURE);
            let silent = matches!(trouble, Trouble::Timeout | Trouble::Unreachable);
            assert_eq!(reading.is_silence(), silent);
        }
    }
}
