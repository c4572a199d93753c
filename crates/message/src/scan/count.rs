//! How many octets a leaf's body has once it is decoded, counted as it passes.

use crate::transfer::{Decoder, Transfer};

/// Counts what a decoder gives.
///
/// The last line end seen is held back, since it belongs to the delimiter if one follows.
#[derive(Debug)]
pub(super) struct Count {
    /// `None` where the octets stand for themselves: they need no counting.
    decoder: Option<Decoder>,
    decoded: Vec<u8>,
    total: u64,
    held: &'static [u8],
}

impl Count {
    pub(super) fn new(transfer: Transfer) -> Self {
        let decoder = (transfer != Transfer::Identity).then(|| Decoder::new(transfer));
        Self {
            decoder,
            decoded: Vec::new(),
            total: 0,
            held: b"",
        }
    }

    /// Takes the next octets of the body, cut anywhere.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.decoder.is_none() {
            return;
        }
        let mut rest = bytes;
        if self.held == b"\r"
            && let Some(after) = rest.strip_prefix(b"\n")
        {
            self.held = b"\r\n";
            rest = after;
        }
        if rest.is_empty() {
            return;
        }
        self.count(self.held);
        let (text, held): (_, &[u8]) = match rest {
            [text @ .., b'\r', b'\n'] => (text, b"\r\n"),
            [text @ .., b'\n'] => (text, b"\n"),
            [text @ .., b'\r'] => (text, b"\r"),
            text => (text, b""),
        };
        self.held = held;
        self.count(text);
    }

    fn count(&mut self, bytes: &[u8]) {
        if let Some(decoder) = &mut self.decoder {
            decoder.push(bytes, &mut self.decoded);
            self.total += self.decoded.len() as u64;
            self.decoded.clear();
        }
    }

    /// The decoded size of a body of this many octets that ended at a delimiter, or with
    /// the message.
    pub(super) fn finish(mut self, octets: u64, delimited: bool) -> u64 {
        if !delimited {
            self.count(self.held);
        }
        let Some(decoder) = self.decoder else {
            return octets;
        };
        decoder.finish(&mut self.decoded);
        self.total + self.decoded.len() as u64
    }
}
