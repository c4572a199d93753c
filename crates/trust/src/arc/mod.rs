//! What those say through whose hands a message has gone. RFC 8617.
//!
//! Each of them puts a *set* of three fields on top: what it had found out about the message
//! (`ARC-Authentication-Results`), a signature of the message as it left (`ARC-Message-
//! Signature`) and a seal on all sets so far (`ARC-Seal`). The chain of sets is whole when
//! every seal holds and the last signature too. That alone proves nothing but who they are:
//! whether one is believed is for the operator to say ([`CheckedChain::vouched`]).
//!
//! Like a signature of DKIM the chain is checked without the body, and the body's hash at
//! the end.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | [`Chain`]: what a header has; [`CheckedChain`]: what it is worth |
//! | `set.rs` | one set, and its seal |
//! | `claims.rs` | what a set says that was found out |

mod claims;
mod set;

use address::Domain;
use events::{ArcVerdict, DkimFlaw, Finding};
use futures_util::future::join_all;
use message::Field;
use message::canonical::{Canonicalization, write_field};
use message::fields;

use crate::dkim::{Checked, Claim, Key};
use crate::dns::{Dns, Missing};
use crate::watch::BodyHashes;
use claims::says_dmarc_passed;
use set::{Kind, Seal, Set, Sets};

/// Sets that a chain may have. RFC 8617 section 4.2.1.
pub const SETS: usize = 50;

/// The sets of a header.
#[derive(Clone, Debug)]
pub enum Chain {
    /// There are none.
    None,
    /// They are no chain: one is missing, or says what it may not.
    Broken,
    /// A chain whose signatures are still to be checked.
    Claimed(Vec<Set>),
}

/// A chain of which all is known but the body.
#[derive(Clone, Debug)]
pub struct CheckedChain {
    finding: Finding,
    /// The last signature, which covers the body.
    last: Option<Checked>,
    /// Who sealed, from the first on, and for which domain each says that DMARC passed.
    sealers: Vec<(Domain, Option<String>)>,
}

impl Chain {
    /// Reads the sets of a header.
    pub(crate) fn read(header: &[u8]) -> Self {
        let mut sets = Sets::default();
        let mut any = false;
        for field in fields(header) {
            let Some(kind) = Kind::of(&field) else {
                continue;
            };
            any = true;
            if sets.add(kind, &field).is_none() {
                return Self::Broken;
            }
        }
        match (any, sets.chain()) {
            (false, _) => Self::None,
            (true, None) => Self::Broken,
            (true, Some(chain)) => Self::Claimed(chain),
        }
    }

    /// How the body is to be hashed for the last signature; none where that does not matter.
    pub(crate) fn body(&self) -> Option<Canonicalization> {
        match self {
            Self::Claimed(sets) => sets.last()?.signature.body(),
            Self::None | Self::Broken => None,
        }
    }

    /// Checks seals and the last signature, with the header that they stand in. The time is
    /// in seconds since 1970.
    pub async fn check(&self, dns: &impl Dns, header: &[u8], now: u64) -> CheckedChain {
        let (sets, last) = match self {
            Self::None => return CheckedChain::without(Finding::None),
            Self::Broken => return CheckedChain::without(Finding::Fail),
            Self::Claimed(sets) => match sets.last() {
                Some(last) => (sets, last),
                None => return CheckedChain::without(Finding::None),
            },
        };
        let seals = seals(sets).map(|(seal, octets)| check_seal(dns, seal, octets));
        let (last, seals) =
            futures_util::future::join(last.signature.check(dns, header, now), join_all(seals))
                .await;
        let unknown = seals.contains(&Err(DkimFlaw::KeyUnknown));
        let holds =
            |seal: &Result<(), DkimFlaw>| matches!(seal, Ok(()) | Err(DkimFlaw::KeyUnknown));
        let finding = match (seals.iter().all(holds), unknown) {
            (false, _) => Finding::Fail,
            (true, true) => Finding::TempError,
            (true, false) => Finding::Pass,
        };
        CheckedChain {
            finding,
            last: Some(last),
            sealers: sealers(sets),
        }
    }

    /// What it is when the keys could not be had in time.
    pub fn unknown(&self) -> CheckedChain {
        match self {
            Self::None => CheckedChain::without(Finding::None),
            Self::Broken => CheckedChain::without(Finding::Fail),
            Self::Claimed(sets) => CheckedChain {
                sealers: sealers(sets),
                ..CheckedChain::without(Finding::TempError)
            },
        }
    }
}

impl CheckedChain {
    fn without(finding: Finding) -> Self {
        Self {
            finding,
            last: None,
            sealers: Vec::new(),
        }
    }

    /// The verdict with this body, or with the one that was signed if that is not known yet.
    pub fn with(&self, hashes: Option<&BodyHashes>) -> ArcVerdict {
        let last = self.last.as_ref().map(|last| last.with(hashes).finding);
        let finding = match (self.finding, last) {
            (Finding::Pass, Some(last @ (Finding::Pass | Finding::TempError))) => last,
            (finding, None | Some(Finding::Pass | Finding::TempError)) => finding,
            (_, Some(_)) => Finding::Fail,
        };
        let sealer = self.sealers.last().map(|(domain, _)| domain.to_string());
        ArcVerdict {
            finding,
            sealer: sealer.unwrap_or_default(),
            sets: self.sealers.len(),
        }
    }

    /// Who of those whose word counts here says that the domain in `From` stood by the
    /// message: the last one that sealed, or one before it if all after it are trusted too.
    /// It is worth something for a chain that passes.
    pub fn vouched(&self, trusted: &[Domain], from: &str) -> Option<&Domain> {
        let trusted = self
            .sealers
            .iter()
            .rev()
            .take_while(|(sealer, _)| trusted.contains(sealer));
        let mut vouching = trusted.filter(|(_, passed)| passed.as_deref() == Some(from));
        vouching.next().map(|(sealer, _)| sealer)
    }
}

fn sealers(sets: &[Set]) -> Vec<(Domain, Option<String>)> {
    let sealer = |set: &Set| {
        (
            set.seal.domain.clone(),
            says_dmarc_passed(set.results_value()),
        )
    };
    sets.iter().map(sealer).collect()
}

/// Each seal, and the octets that it is on. RFC 8617 section 5.1.1.
fn seals(sets: &[Set]) -> impl Iterator<Item = (&Seal, Vec<u8>)> {
    let mut before = Vec::new();
    sets.iter().map(move |set| {
        for raw in [&set.results, &set.signature_field] {
            write_raw(raw, &mut before);
            before.extend_from_slice(b"\r\n");
        }
        let mut octets = before.clone();
        write_raw(&set.seal.unsigned, &mut octets);
        write_raw(&set.seal_field, &mut before);
        before.extend_from_slice(b"\r\n");
        (&set.seal, octets)
    })
}

fn write_raw(raw: &[u8], octets: &mut Vec<u8>) {
    let own: Option<Field<'_>> = fields(raw).next();
    if let Some(own) = own {
        write_field(&own, Canonicalization::Relaxed, octets);
    }
}

async fn check_seal(dns: &impl Dns, seal: &Seal, octets: Vec<u8>) -> Result<(), DkimFlaw> {
    let texts = dns
        .txt(&seal.key_name())
        .await
        .map_err(|missing| match missing {
            Missing::NoName | Missing::NoRecords => DkimFlaw::NoKey,
            Missing::Unknown => DkimFlaw::KeyUnknown,
        })?;
    Key::find(&texts)?.verify(seal.algorithm, &octets, &seal.signature)
}

/// The signature of a set, read as one of DKIM.
fn signature(field: &Field<'_>) -> Claim {
    Claim::of_arc(field)
}
