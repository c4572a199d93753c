//! One set of a chain. RFC 8617 section 4.1.

use address::Domain;
use message::{Field, fields};

use super::SETS;
use crate::dkim::tags::{Tags, base64};
use crate::dkim::{Algorithm, Claim, unsigned};

/// Which of the three fields one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Results,
    Signature,
    Seal,
}

impl Kind {
    pub(super) fn of(field: &Field<'_>) -> Option<Self> {
        let kinds = [
            ("ARC-Authentication-Results", Self::Results),
            ("ARC-Message-Signature", Self::Signature),
            ("ARC-Seal", Self::Seal),
        ];
        let found = kinds.iter().find(|(name, _)| field.is(name));
        found.map(|(_, kind)| *kind)
    }
}

/// A set that is complete.
#[derive(Clone, Debug)]
pub struct Set {
    pub(super) results: Vec<u8>,
    pub(super) signature_field: Vec<u8>,
    pub(super) signature: Claim,
    pub(super) seal_field: Vec<u8>,
    pub(super) seal: Seal,
}

impl Set {
    /// What its results say, without the field's name.
    pub(super) fn results_value(&self) -> &[u8] {
        let field = fields(&self.results).next();
        field.map_or(&[], |field| field.value)
    }
}

/// An `ARC-Seal`.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    pub(super) algorithm: Algorithm,
    pub(super) signature: Vec<u8>,
    pub(super) domain: Domain,
    selector: Domain,
    /// What whoever sealed found the chain before to be.
    before: Before,
    /// The field, with no signature in it.
    pub(super) unsigned: Vec<u8>,
}

/// `cv=`. RFC 8617 section 4.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    None,
    Pass,
}

impl Seal {
    fn read(field: &Field<'_>) -> Option<Self> {
        let tags = Tags::read(field.value).ok()?;
        // RFC 8617 section 4.1.3: it says what is sealed, and no other list of fields.
        if tags.get("h").is_some() {
            return None;
        }
        let before = match tags.get("cv")?.to_ascii_lowercase().as_str() {
            "none" => Before::None,
            "pass" => Before::Pass,
            // Whoever sealed found it broken; so it stays.
            _ => return None,
        };
        Some(Self {
            algorithm: Algorithm::read(tags.get("a")?).ok()?,
            signature: base64(tags.get("b")?)?,
            domain: tags.get("d")?.parse().ok()?,
            selector: tags.get("s")?.parse().ok()?,
            before,
            unsigned: unsigned(field),
        })
    }

    /// Where its key is. RFC 8617 section 4.1.3 has it where DKIM's is.
    pub(super) fn key_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }
}

/// Sets that are gathered.
#[derive(Default)]
pub(super) struct Sets(Vec<Gathered>);

#[derive(Default)]
struct Gathered {
    results: Option<Vec<u8>>,
    signature: Option<(Vec<u8>, Claim)>,
    seal: Option<(Vec<u8>, Seal)>,
}

impl Sets {
    /// Adds a field; none where it can't be one of a chain.
    pub(super) fn add(&mut self, kind: Kind, field: &Field<'_>) -> Option<()> {
        let place = instance(kind, field)?.checked_sub(1)?;
        if place >= SETS {
            return None;
        }
        if self.0.len() <= place {
            self.0.resize_with(place + 1, Gathered::default);
        }
        let set = self.0.get_mut(place)?;
        let raw = field.raw.to_vec();
        match kind {
            Kind::Results => once(&mut set.results, raw),
            Kind::Signature => once(&mut set.signature, (raw, super::signature(field))),
            Kind::Seal => once(&mut set.seal, (raw, Seal::read(field)?)),
        }
    }

    /// The chain, if they make one: none is missing, and each seal but the first says that
    /// what was before it was whole. RFC 8617 section 5.2, step 3.
    pub(super) fn chain(self) -> Option<Vec<Set>> {
        let sets = self.0.into_iter().enumerate().map(|(place, gathered)| {
            let (signature_field, signature) = gathered.signature?;
            let (seal_field, seal) = gathered.seal?;
            let first = match place {
                0 => Before::None,
                _ => Before::Pass,
            };
            (seal.before == first).then_some(())?;
            Some(Set {
                results: gathered.results?,
                signature_field,
                signature,
                seal_field,
                seal,
            })
        });
        sets.collect()
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    match place {
        Some(_) => None,
        None => {
            *place = Some(value);
            Some(())
        }
    }
}

/// Which set a field is of: `i=`.
fn instance(kind: Kind, field: &Field<'_>) -> Option<usize> {
    let number = |text: &str| match text.bytes().all(|octet| octet.is_ascii_digit()) {
        true => text.parse().ok(),
        false => None,
    };
    match kind {
        // The rest of it is no list of tags.
        Kind::Results => {
            let first = field.value.split(|octet| *octet == b';').next()?;
            let (name, value) = std::str::from_utf8(first).ok()?.split_once('=')?;
            (name.trim() == "i").then(|| number(value.trim()))?
        }
        Kind::Signature | Kind::Seal => number(Tags::read(field.value).ok()?.get("i")?),
    }
}
