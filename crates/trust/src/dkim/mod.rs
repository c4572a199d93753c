//! Whether a domain has signed a message. RFC 6376, with RFC 8301 and RFC 8463.
//!
//! A signature covers the header and, by a hash, the body. The two are checked apart: the
//! header as soon as it is there, with the key from the DNS, the body's hash when all of it
//! has passed ([`crate::Watch`]). So nothing of a body is kept, and what the DNS has to say
//! is known before the body ends.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | [`Claim`]: a signature that is to be checked; [`Checked`]: one that was |
//! | `tags.rs` | lists of tags |
//! | `signature.rs` | what a signature says |
//! | `key.rs` | keys, and what they have signed |

mod key;
mod signature;
pub(crate) mod tags;

use aws_lc_rs::digest::{SHA256, digest};
use events::{DkimFlaw, DkimVerdict, Finding};
use message::canonical::{Canonicalization, last_fields, write_field};
use message::{Field, fields};

use crate::dns::{Dns, Missing};
use crate::watch::BodyHashes;
pub(crate) use key::Key;
pub(crate) use signature::Algorithm;
use signature::Signature;
use tags::Tags;

/// Signatures of one message that are looked at, from the top. RFC 6376 section 6.1 leaves
/// the number to us; lists and forwarders add one or two.
pub const SIGNATURES: usize = 8;

/// Letters of a signature that tell it from others. RFC 6008 section 4.
const SHOWN_LETTERS: usize = 8;
/// The longest text of a signature that is shown where it is no name.
const SHOWN_OCTETS: usize = 64;

/// A signature that a header claims to have.
#[derive(Clone, Debug)]
pub struct Claim {
    verdict: DkimVerdict,
    signature: Option<Signature>,
    /// Its field, as it stands and with no signature in it.
    unsigned: Vec<u8>,
}

/// A signature of which all is known but the body.
#[derive(Clone, Debug)]
pub struct Checked {
    verdict: DkimVerdict,
    /// What the body's hash must be; none where it no longer matters.
    body: Option<Body>,
}

#[derive(Clone, Debug)]
struct Body {
    canonicalization: Canonicalization,
    hash: Vec<u8>,
    partial: bool,
}

pub(crate) fn sha256(octets: &[u8]) -> Vec<u8> {
    digest(&SHA256, octets).as_ref().to_vec()
}

/// The signatures of a header, at most [`SIGNATURES`] of them.
pub(crate) fn claims(header: &[u8]) -> Vec<Claim> {
    let signatures = fields(header).filter(|field| field.is("DKIM-Signature"));
    signatures
        .take(SIGNATURES)
        .map(|field| Claim::read(&field))
        .collect()
}

impl Claim {
    fn read(field: &Field<'_>) -> Self {
        Self::read_as(field, Signature::read)
    }

    /// The signature of a set of ARC, which says the same but for two tags.
    pub(crate) fn of_arc(field: &Field<'_>) -> Self {
        Self::read_as(field, Signature::read_of_arc)
    }

    fn read_as(
        field: &Field<'_>,
        read: impl FnOnce(&Tags<'_>) -> Result<Signature, DkimFlaw>,
    ) -> Self {
        let tags = Tags::read(field.value).ok();
        let text = |name| {
            let value = tags
                .as_ref()
                .and_then(|tags| tags.get(name))
                .unwrap_or_default();
            shown(value)
        };
        let read = tags.as_ref().ok_or(DkimFlaw::Malformed).and_then(read);
        let mut letters = text("b");
        letters.truncate(SHOWN_LETTERS);
        let verdict = DkimVerdict {
            finding: Finding::Pass,
            domain: match &read {
                Ok(signature) => signature.domain.to_string(),
                Err(_) => text("d").to_ascii_lowercase(),
            },
            selector: text("s"),
            algorithm: text("a"),
            signature: letters,
            flaw: None,
        };
        Self {
            verdict: match &read {
                Ok(_) => verdict,
                Err(flaw) => with_flaw(verdict, *flaw),
            },
            signature: read.ok(),
            unsigned: unsigned(field),
        }
    }

    /// Who claims to have signed; none where the signature is not one.
    pub fn domain(&self) -> Option<&str> {
        self.signature
            .as_ref()
            .map(|signature| signature.domain.as_str())
    }

    /// How the body is to be hashed; none where that does not matter.
    pub(crate) fn body(&self) -> Option<Canonicalization> {
        self.signature.as_ref().map(|signature| signature.body)
    }

    /// Checks it against the header that it stands in. The time is in seconds since 1970.
    pub async fn check(&self, dns: &impl Dns, header: &[u8], now: u64) -> Checked {
        let Some(signature) = &self.signature else {
            return self.flawed(self.verdict.flaw.unwrap_or(DkimFlaw::Malformed));
        };
        match self.verify(signature, dns, header, now).await {
            Ok(()) => Checked {
                verdict: self.verdict.clone(),
                body: Some(Body {
                    canonicalization: signature.body,
                    hash: signature.body_hash.clone(),
                    partial: signature.partial,
                }),
            },
            Err(flaw) => self.flawed(flaw),
        }
    }

    /// What it is when its key could not be had in time.
    pub fn unknown(&self) -> Checked {
        self.flawed(self.verdict.flaw.unwrap_or(DkimFlaw::KeyUnknown))
    }

    fn flawed(&self, flaw: DkimFlaw) -> Checked {
        Checked {
            verdict: with_flaw(self.verdict.clone(), flaw),
            body: None,
        }
    }

    async fn verify(
        &self,
        signature: &Signature,
        dns: &impl Dns,
        header: &[u8],
        now: u64,
    ) -> Result<(), DkimFlaw> {
        if signature.expires.is_some_and(|end| now > end) {
            return Err(DkimFlaw::Expired);
        }
        let texts = dns
            .txt(&signature.key_name())
            .await
            .map_err(|missing| match missing {
                Missing::NoName | Missing::NoRecords => DkimFlaw::NoKey,
                Missing::Unknown => DkimFlaw::KeyUnknown,
            })?;
        let key = Key::find(&texts)?;
        if key.strict && signature.agent != signature.domain {
            return Err(DkimFlaw::BadKey);
        }
        let octets = self.signed_octets(signature, header);
        key.verify(signature.algorithm, &octets, &signature.signature)
    }

    /// What was signed. RFC 6376 section 3.7.
    fn signed_octets(&self, signature: &Signature, header: &[u8]) -> Vec<u8> {
        let mut octets = Vec::new();
        for field in last_fields(header, &signature.fields) {
            write_field(&field, signature.header, &mut octets);
            octets.extend_from_slice(b"\r\n");
        }
        if let Some(own) = fields(&self.unsigned).next() {
            write_field(&own, signature.header, &mut octets);
        }
        octets
    }
}

impl Checked {
    /// The verdict with this body, or with the one that was signed if that is not known yet.
    pub fn with(&self, hashes: Option<&BodyHashes>) -> DkimVerdict {
        let (Some(body), Some(hashes)) = (&self.body, hashes) else {
            return self.verdict.clone();
        };
        if hashes.get(body.canonicalization) == Some(body.hash.as_slice()) {
            return self.verdict.clone();
        }
        let flaw = match body.partial {
            true => DkimFlaw::Partial,
            false => DkimFlaw::Body,
        };
        with_flaw(self.verdict.clone(), flaw)
    }
}

fn with_flaw(verdict: DkimVerdict, flaw: DkimFlaw) -> DkimVerdict {
    DkimVerdict {
        finding: finding(flaw),
        flaw: Some(flaw),
        ..verdict
    }
}

/// RFC 8601 section 2.7.1.
fn finding(flaw: DkimFlaw) -> Finding {
    match flaw {
        DkimFlaw::Body | DkimFlaw::Header | DkimFlaw::Expired => Finding::Fail,
        DkimFlaw::Partial => Finding::Policy,
        DkimFlaw::KeyUnknown => Finding::TempError,
        DkimFlaw::Malformed
        | DkimFlaw::Algorithm
        | DkimFlaw::FromUnsigned
        | DkimFlaw::NoKey
        | DkimFlaw::Revoked
        | DkimFlaw::BadKey => Finding::PermError,
    }
}

/// Of a text that a stranger wrote, what can stand anywhere.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().filter(char::is_ascii_graphic).collect();
    shown.truncate(SHOWN_OCTETS);
    shown
}

/// The field without the value of its `b=`, white space around it included. RFC 6376
/// section 3.5.
pub(crate) fn unsigned(field: &Field<'_>) -> Vec<u8> {
    let name = field.raw.len().saturating_sub(field.value.len());
    let mut octets = field.raw.get(..name).unwrap_or_default().to_vec();
    for (index, tag) in field.value.split(|octet| *octet == b';').enumerate() {
        if index > 0 {
            octets.push(b';');
        }
        let equals = tag.iter().position(|octet| *octet == b'=');
        let (name, _) = tag
            .split_at_checked(equals.unwrap_or(0))
            .unwrap_or_default();
        match equals {
            Some(at) if name.trim_ascii() == b"b" => {
                octets.extend_from_slice(tag.get(..=at).unwrap_or_default());
            }
            _ => octets.extend_from_slice(tag),
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str) -> String {
        let field = fields(text.as_bytes()).next().unwrap();
        String::from_utf8(unsigned(&field)).unwrap()
    }

    #[test]
    fn a_signature_is_not_signed_itself() {
        assert_eq!(
            without("DKIM-Signature: v=1; b= AA\r\n\tBB== ; bh=b=c\r\n"),
            "DKIM-Signature: v=1; b=; bh=b=c\r\n"
        );
        assert_eq!(
            without("dkim-signature :a=b;\r\n b=AA=\r\n"),
            "dkim-signature :a=b;\r\n b="
        );
        assert_eq!(
            without("DKIM-Signature: no tags\r\n"),
            "DKIM-Signature: no tags\r\n"
        );
    }

    #[test]
    fn of_many_signatures_the_first_are_looked_at() {
        let header = "DKIM-Signature: v=1\r\n".repeat(100);
        let claims = claims(header.as_bytes());
        assert_eq!(claims.len(), SIGNATURES);
        assert!(claims.iter().all(|claim| claim.domain().is_none()));
        let verdict = claims[0].unknown().with(None);
        assert_eq!(verdict.flaw, Some(DkimFlaw::Malformed));
        assert_eq!(verdict.finding, Finding::PermError);
    }
}
