//! What is noted of a message while it streams past: its header, and hashes of its body.

use aws_lc_rs::digest::{Context, SHA256};
use message::canonical::{CanonicalBody, Canonicalization};

use crate::arc::Chain;
use crate::dkim::{Claim, claims};

/// The longest header that is judged, in octets. Nobody's is so long: Postfix looks at
/// 100 KiB of one. What is longer is not to be taken, as nobody could tell what it holds.
pub const HEADER_OCTETS: usize = 128 * 1024;

/// Looks at a message. However it is cut, it sees the same; it keeps the header and no
/// more.
pub struct Watch {
    header: Vec<u8>,
    /// Where the search for the header's end goes on.
    searched: usize,
    body: Option<Hashing>,
}

/// The SHA-256 of a body, in each form that a signature asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyHashes {
    simple: Option<Vec<u8>>,
    relaxed: Option<Vec<u8>>,
}

/// A header that is whole.
struct Hashing {
    claims: Vec<Claim>,
    chain: Chain,
    hashes: Vec<Hash>,
}

struct Hash {
    canonicalization: Canonicalization,
    body: CanonicalBody,
    context: Box<Context>,
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

impl Watch {
    /// Of a message of which nothing has come.
    pub fn new() -> Self {
        Self {
            header: Vec::new(),
            searched: 0,
            body: None,
        }
    }

    /// The next octets of the message.
    pub fn push(&mut self, octets: &[u8]) {
        if let Some(hashing) = &mut self.body {
            return hashing.push(octets);
        }
        // Beyond the limit nothing is looked for any more.
        if self.is_too_long() {
            return;
        }
        self.header.extend_from_slice(octets);
        let Some(end) = self.end() else {
            self.searched = self.header.len().saturating_sub(3);
            return;
        };
        let body = self.header.split_off(end);
        self.begin_body();
        self.push(&body);
    }

    /// Whether the header is longer than may be.
    pub fn is_too_long(&self) -> bool {
        self.header.len() > HEADER_OCTETS
    }

    /// The header, if it is whole: with the empty line behind it.
    pub fn header(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|_| self.header.as_slice())
    }

    /// The signatures of a header that is whole.
    pub fn claims(&self) -> &[Claim] {
        self.body.as_ref().map_or(&[], |hashing| &hashing.claims)
    }

    /// Through whose hands a message with a header that is whole says that it went.
    pub fn chain(&self) -> &Chain {
        self.body
            .as_ref()
            .map_or(&Chain::None, |hashing| &hashing.chain)
    }

    /// The message has come to its end. A header that had none by then ends here.
    pub fn end_header(&mut self) {
        if self.body.is_none() {
            self.begin_body();
        }
    }

    /// The hashes of the body that came.
    pub fn finish(self) -> BodyHashes {
        let mut found = BodyHashes::default();
        for hash in self.body.into_iter().flat_map(|hashing| hashing.hashes) {
            let Hash {
                canonicalization,
                body,
                mut context,
            } = hash;
            body.finish(&mut |octets| context.update(octets));
            let hash = Some(context.finish().as_ref().to_vec());
            match canonicalization {
                Canonicalization::Simple => found.simple = hash,
                Canonicalization::Relaxed => found.relaxed = hash,
            }
        }
        found
    }

    /// Behind the first empty line.
    fn end(&self) -> Option<usize> {
        if self.header.starts_with(b"\r\n") {
            return Some(2);
        }
        let unsearched = self.header.get(self.searched..)?;
        let at = unsearched.windows(4).position(|four| four == b"\r\n\r\n")?;
        Some(self.searched + at + 4)
    }

    fn begin_body(&mut self) {
        let (claims, chain) = match self.is_too_long() {
            true => (Vec::new(), Chain::None),
            false => (claims(&self.header), Chain::read(&self.header)),
        };
        let signed = claims.iter().map(Claim::body).chain([chain.body()]);
        let signed: Vec<Canonicalization> = signed.flatten().collect();
        let wanted = |which| signed.contains(&which);
        let both = [Canonicalization::Simple, Canonicalization::Relaxed];
        let hashes = both
            .into_iter()
            .filter(|which| wanted(*which))
            .map(Hash::new);
        self.body = Some(Hashing {
            hashes: hashes.collect(),
            claims,
            chain,
        });
    }
}

impl Hashing {
    fn push(&mut self, octets: &[u8]) {
        for Hash { body, context, .. } in &mut self.hashes {
            body.push(octets, &mut |octets| context.update(octets));
        }
    }
}

impl Hash {
    fn new(canonicalization: Canonicalization) -> Self {
        Self {
            canonicalization,
            body: CanonicalBody::new(canonicalization),
            context: Box::new(Context::new(&SHA256)),
        }
    }
}

impl BodyHashes {
    pub(crate) fn get(&self, canonicalization: Canonicalization) -> Option<&[u8]> {
        match canonicalization {
            Canonicalization::Simple => self.simple.as_deref(),
            Canonicalization::Relaxed => self.relaxed.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dkim::sha256;

    const SIGNED: &str = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.test; s=s;\r\n\
                          \th=from; b=AA; bh=AA\r\n";

    fn seen(message: &str, size: usize) -> (Option<Vec<u8>>, usize, BodyHashes) {
        let mut watch = Watch::new();
        for piece in message.as_bytes().chunks(size) {
            watch.push(piece);
        }
        let header = watch.header().map(<[u8]>::to_vec);
        let claims = watch.claims().len();
        watch.end_header();
        (header, claims, watch.finish())
    }

    #[test]
    fn a_body_is_hashed_in_the_form_that_is_asked_for() {
        let (header, claims, hashes) = seen(&format!("{SIGNED}\r\na  b \r\n\r\n"), 7);
        assert_eq!(header, Some(format!("{SIGNED}\r\n").into_bytes()));
        assert_eq!((claims, hashes.simple), (1, None));
        assert_eq!(hashes.relaxed, Some(sha256(b"a b\r\n")));
        let (.., none) = seen("Subject: a\r\n\r\nb", 1);
        assert_eq!(none, BodyHashes::default());
    }

    #[test]
    fn a_message_may_be_header_or_body_alone() {
        assert_eq!(seen("\r\nbody", 1).0, Some(b"\r\n".to_vec()));
        assert_eq!(seen("A: b\r\n", 1).0, None);
        let (header, _, hashes) = seen(SIGNED, 3);
        assert_eq!(header, None);
        assert_eq!(hashes.relaxed, Some(sha256(b"")));
    }

    #[test]
    fn an_endless_header_is_not_kept() {
        let mut watch = Watch::new();
        for _ in 0..100 {
            watch.push(&[b'a'; 8192]);
        }
        assert!(watch.is_too_long() && watch.header().is_none());
        assert!(watch.header.len() <= HEADER_OCTETS + 8192);
    }

    proptest! {
        #[test]
        fn how_it_is_cut_changes_nothing(body in "[ a\r\n]{0,60}", size in 1_usize..40) {
            let message = format!("{SIGNED}A: b\r\n\r\n{body}");
            prop_assert_eq!(seen(&message, size), seen(&message, message.len()));
        }
    }
}
