//! A message that is to be signed, as it streams by.

use aws_lc_rs::digest::{Context, SHA256};
use message::canonical::{CanonicalBody, Canonicalization};

/// Octets of a header that are held to be signed: some thousands of recipients. Of a longer
/// one nothing is signed, since a part of it would not say what the whole does. RFC 6376
/// has no bound.
pub const HEADER_OCTETS: usize = 256 * 1024;

/// Reads a message in pieces: holds its header, and hashes its body.
#[derive(Clone)]
pub struct Reading {
    header: Vec<u8>,
    too_long: bool,
    body: CanonicalBody,
    hash: Context,
}

/// What of a message is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Its header; none when it is longer than [`HEADER_OCTETS`].
    pub header: Option<Vec<u8>>,
    /// The SHA-256 of its body, canonical by `relaxed`.
    pub body_hash: Vec<u8>,
}

impl Read {
    /// Of a message that is in memory. Without an empty line it is all header.
    pub fn of(message: &[u8]) -> Self {
        let end = memchr::memmem::find(message, b"\r\n\r\n");
        let end = end.map_or(message.len(), |end| end + 4);
        let (header, body) = message.split_at_checked(end).unwrap_or((message, b""));
        let mut reading = Reading::new();
        reading.header(header);
        reading.body(body);
        reading.finish()
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self::new()
    }
}

impl Reading {
    /// Of a message of which nothing was seen.
    pub fn new() -> Self {
        Self {
            header: Vec::new(),
            too_long: false,
            body: CanonicalBody::new(Canonicalization::Relaxed),
            hash: Context::new(&SHA256),
        }
    }

    /// More of the header, as it leaves; whether the empty line below it is told does not matter.
    pub fn header(&mut self, octets: &[u8]) {
        if self.header.len() + octets.len() > HEADER_OCTETS {
            self.too_long = true;
            self.header = Vec::new();
        }
        if !self.too_long {
            self.header.extend_from_slice(octets);
        }
    }

    /// More of the body, as it leaves.
    pub fn body(&mut self, octets: &[u8]) {
        let hash = &mut self.hash;
        self.body.push(octets, &mut |octets| hash.update(octets));
    }

    /// The message ends here.
    pub fn finish(self) -> Read {
        let mut hash = self.hash;
        self.body.finish(&mut |octets| hash.update(octets));
        Read {
            header: (!self.too_long).then_some(self.header),
            body_hash: hash.finish().as_ref().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn an_empty_body_has_the_hash_that_the_rfc_tells() {
        // RFC 6376 section 3.4.4.
        let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let mut reading = Reading::new();
        reading.header(b"From: a@b\r\n\r\n");
        reading.body(b"\r\n \r\n");
        let read = reading.finish();
        assert_eq!(BASE64_STANDARD.encode(read.body_hash), hash);
        assert_eq!(read.header.as_deref(), Some(&b"From: a@b\r\n\r\n"[..]));
    }

    #[test]
    fn a_message_in_memory_is_read_alike() {
        let mut reading = Reading::new();
        reading.header(b"From: a@b\r\n\r\n");
        reading.body(b"a\r\n\r\nb\r\n");
        let whole = b"From: a@b\r\n\r\na\r\n\r\nb\r\n";
        assert_eq!(Read::of(whole), reading.finish());
        let alone = Read::of(b"From: a@b\r\n");
        assert_eq!(alone.header.as_deref(), Some(&b"From: a@b\r\n"[..]));
    }

    #[test]
    fn of_a_header_that_is_too_long_nothing_is_held() {
        let mut reading = Reading::new();
        for _ in 0..=HEADER_OCTETS / 1024 {
            reading.header(&[b'a'; 1024]);
            assert!(reading.header.len() <= HEADER_OCTETS);
        }
        reading.header(b"a");
        assert_eq!(reading.finish().header, None);
    }
}
