//! The seal of whoever sends a message on: what was found out about it, a signature of it as
//! it leaves, and a seal on that and on those before. RFC 8617 section 5.1.

use jiff::Timestamp;
use message::canonical::{Canonicalization, write_field};
use message::{Field, fields};

use crate::names::names;
use crate::sign::{Folded, signature, signed};
use crate::{KeyError, Signer};

/// The three fields of a set, in the order in which a seal is on them.
const FIELDS: [&str; 3] = [
    "ARC-Authentication-Results",
    "ARC-Message-Signature",
    "ARC-Seal",
];
/// Signatures of others that ours is over, so that they are known to have been there.
const SIGNATURES: usize = 5;

/// What a message has of seals, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// How many sets it has, which were found to be whole.
    pub before: usize,
    /// What was found out: the value of `Authentication-Results`, folded as it stands there.
    pub results: String,
}

/// The set of fields that seals a message as it leaves, to be put on top of it. Header and
/// hash are as for [`sign`](crate::sign()).
///
/// # Errors
/// [`KeyError::Failed`].
pub fn seal(
    header: &[u8],
    body_hash: &[u8],
    chain: &Chain,
    signer: &Signer<'_>,
    now: Timestamp,
) -> Result<String, KeyError> {
    let number = chain.before + 1;
    let results = format!("{}: i={number}; {}\r\n", FIELDS[0], chain.results);
    let others = fields(header).filter(|field| field.is("DKIM-Signature"));
    let mut names = names(header);
    names.extend(others.take(SIGNATURES).map(|_| "DKIM-Signature"));
    let begin = format!("{}: i={number};", FIELDS[1]);
    let message = signature(&begin, &names, header, body_hash, signer, now)?;
    let seal = unsigned(number, signer, now);
    let mut octets = Vec::new();
    for number in 1..=chain.before {
        for name in FIELDS {
            let of_set = fields(header).find(|field| field.is(name) && is_of(field, number));
            of_set.iter().for_each(|field| write(field, &mut octets));
        }
    }
    for own in [&results, &message] {
        fields(own.as_bytes()).for_each(|field| write(&field, &mut octets));
    }
    for own in fields(seal.as_bytes()) {
        write_field(&own, Canonicalization::Relaxed, &mut octets);
    }
    Ok(signed(seal, &octets, signer)? + &message + &results)
}

fn unsigned(number: usize, signer: &Signer<'_>, now: Timestamp) -> String {
    let mut field = Folded::after(format!("{}: i={number};", FIELDS[2]));
    field.word(&format!("a={};", signer.key.algorithm().tag()));
    // Whoever seals on top of a broken chain seals nothing.
    field.word(match number {
        1 => "cv=none;",
        _ => "cv=pass;",
    });
    field.signer(signer, now);
    field.word("b=");
    field.so_far()
}

fn write(field: &Field<'_>, octets: &mut Vec<u8>) {
    write_field(field, Canonicalization::Relaxed, octets);
    octets.extend_from_slice(b"\r\n");
}

/// Whether a field is of this set, in a chain that was found to be whole.
fn is_of(field: &Field<'_>, number: usize) -> bool {
    let number = number.to_string();
    field.value.split(|octet| *octet == b';').any(|tag| {
        let text = std::str::from_utf8(tag).unwrap_or_default();
        let (name, value) = text.split_once('=').unwrap_or_default();
        name.trim() == "i" && value.trim() == number
    })
}
