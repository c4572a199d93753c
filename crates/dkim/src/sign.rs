//! The signature: a field, made over the others and the body. RFC 6376 sections 3.5 to 3.7.

use address::Domain;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use message::canonical::{Canonicalization, last_fields, write_field};
use message::fields;

use crate::names::names;
use crate::{KeyError, PrivateKey, Selector};

/// Where the field is folded. RFC 5322 section 2.1.1.
const COLUMNS: usize = 76;

/// Who signs, and with which key.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The domain that answers for the message.
    pub domain: &'a Domain,
    /// The name of its key.
    pub selector: &'a Selector,
    /// That key.
    pub key: &'a PrivateKey,
}

/// The `DKIM-Signature` field of a message, folded, with its line end: to be put on top of
/// the header, as it is or below others.
///
/// The header's octets are those that leave; what is put on top of them may be among them or
/// not, if it is none of the fields that are signed. `body_hash` is what
/// [`Reading`](crate::Reading) made.
///
/// # Errors
/// [`KeyError::Failed`].
pub fn sign(
    header: &[u8],
    body_hash: &[u8],
    signer: &Signer<'_>,
    now: Timestamp,
) -> Result<String, KeyError> {
    signature(
        "DKIM-Signature: v=1;",
        &names(header),
        header,
        body_hash,
        signer,
        now,
    )
}

/// A field that begins so, and is a signature of these fields and of the body.
pub(crate) fn signature(
    begin: &str,
    names: &[&str],
    header: &[u8],
    body_hash: &[u8],
    signer: &Signer<'_>,
    now: Timestamp,
) -> Result<String, KeyError> {
    let field = unsigned(begin, names, body_hash, signer, now);
    let mut octets = Vec::new();
    for signed in last_fields(header, names) {
        write_field(&signed, Canonicalization::Relaxed, &mut octets);
        octets.extend_from_slice(b"\r\n");
    }
    for own in fields(field.as_bytes()) {
        write_field(&own, Canonicalization::Relaxed, &mut octets);
    }
    signed(field, &octets, signer)
}

/// The field with the signature of these octets, which is last.
pub(crate) fn signed(
    unsigned: String,
    octets: &[u8],
    signer: &Signer<'_>,
) -> Result<String, KeyError> {
    let signature = BASE64_STANDARD.encode(signer.key.sign(octets)?);
    let mut signed = Folded::after(unsigned);
    signed.text(&signature);
    Ok(signed.finish())
}

/// The field without what makes it a signature, which is last.
fn unsigned(
    begin: &str,
    names: &[&str],
    body_hash: &[u8],
    signer: &Signer<'_>,
    now: Timestamp,
) -> String {
    let mut field = Folded::after(begin.to_owned());
    field.word(&format!("a={};", signer.key.algorithm().tag()));
    field.word("c=relaxed/relaxed;");
    field.signer(signer, now);
    field.word("h=");
    for (place, name) in names.iter().enumerate() {
        let end = if place + 1 == names.len() { ";" } else { ":" };
        field.piece(&format!("{name}{end}"));
    }
    field.word(&format!("bh={};", BASE64_STANDARD.encode(body_hash)));
    field.word("b=");
    field.0
}

/// A field that is folded as it is written.
pub(crate) struct Folded(String);

impl Folded {
    pub(crate) fn after(begun: String) -> Self {
        Self(begun)
    }

    /// Octets of the line that is written.
    fn column(&self) -> usize {
        self.0.len() - self.0.rfind('\n').map_or(0, |at| at + 1)
    }

    /// Who signs, and when.
    pub(crate) fn signer(&mut self, signer: &Signer<'_>, now: Timestamp) {
        self.word(&format!("d={};", signer.domain));
        self.word(&format!("s={};", signer.selector));
        self.word(&format!("t={};", now.as_second()));
    }

    /// What is written so far.
    pub(crate) fn so_far(self) -> String {
        self.0
    }

    /// A word, behind white space.
    pub(crate) fn word(&mut self, word: &str) {
        let fits = self.column() + 1 + word.len() <= COLUMNS;
        self.0.push_str(if fits { " " } else { "\r\n\t" });
        self.0.push_str(word);
    }

    /// Something that need not have white space before it, and may.
    pub(crate) fn piece(&mut self, piece: &str) {
        if self.column() + piece.len() > COLUMNS {
            self.0.push_str("\r\n\t");
        }
        self.0.push_str(piece);
    }

    /// Text that may be folded anywhere, as base64 may.
    pub(crate) fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let room = COLUMNS.saturating_sub(self.column());
            let (piece, after) = rest.split_at_checked(room).unwrap_or((rest, ""));
            self.0.push_str(piece);
            if !after.is_empty() {
                self.0.push_str("\r\n\t");
            }
            rest = after;
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }
}
