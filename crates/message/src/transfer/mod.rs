//! Content transfer encodings, undone as the body streams by. RFC 2045 section 6.
//!
//! The size that [`crate::Part::decoded`] gives is counted by these same decoders, so that
//! what is announced is what comes.

mod base64;
mod quoted;

use base64::Base64;
use quoted::QuotedPrintable;

/// How a part's body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// `7bit`, `8bit`, `binary`, or a name that we do not know: the octets as they stand.
    Identity,
    /// `quoted-printable`, RFC 2045 section 6.7.
    QuotedPrintable,
    /// `base64`, RFC 2045 section 6.8.
    Base64,
}

impl Transfer {
    /// The encoding of this name, in any case.
    pub fn named(name: &[u8]) -> Self {
        match name {
            name if name.eq_ignore_ascii_case(b"quoted-printable") => Self::QuotedPrintable,
            name if name.eq_ignore_ascii_case(b"base64") => Self::Base64,
            _ => Self::Identity,
        }
    }
}

/// Undoes a transfer encoding, piece by piece. Total: what is wrongly encoded passes as it
/// stands (quoted-printable) or is passed over (base64).
#[derive(Debug)]
pub struct Decoder(State);

#[derive(Debug)]
enum State {
    Identity,
    QuotedPrintable(QuotedPrintable),
    Base64(Base64),
}

impl Decoder {
    /// A decoder at the start of a body.
    pub fn new(transfer: Transfer) -> Self {
        Self(match transfer {
            Transfer::Identity => State::Identity,
            Transfer::QuotedPrintable => State::QuotedPrintable(QuotedPrintable::default()),
            Transfer::Base64 => State::Base64(Base64::default()),
        })
    }

    /// Takes the next octets of the body, cut anywhere, and appends what they stand for:
    /// never more than those given and those held back, which are under 2 KiB.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match &mut self.0 {
            State::Identity => out.extend_from_slice(bytes),
            State::QuotedPrintable(quoted) => quoted.push(bytes, out),
            State::Base64(base64) => base64.push(bytes, out),
        }
    }

    /// The body ends here: appends what was held back.
    pub fn finish(self, out: &mut Vec<u8>) {
        if let State::QuotedPrintable(quoted) = self.0 {
            quoted.finish(out);
        }
    }
}

/// A whole short text at once.
pub(crate) fn decode(transfer: Transfer, bytes: &[u8]) -> Vec<u8> {
    let mut decoder = Decoder::new(transfer);
    let mut out = Vec::with_capacity(bytes.len());
    decoder.push(bytes, &mut out);
    decoder.finish(&mut out);
    out
}
