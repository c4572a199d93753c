//! Octets to lines, or to a message.

use bytes::{Buf, Bytes, BytesMut};

use crate::limits::LINE_OCTETS;

/// What the peer sent and the session has not used yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    octets: BytesMut,
    /// How many of them are known to hold no line end.
    looked_at: usize,
    /// The start of the line was dropped because it is too long.
    skipping: bool,
}

/// One line of the peer's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Without its CRLF.
    Whole(Bytes),
    /// It went past [`LINE_OCTETS`]; all of it is dropped.
    TooLong,
}

impl Inbox {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Forgets everything (RFC 3207 section 4.2: what came before TLS is not trusted).
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next line if all of it is there. Only CRLF ends it (RFC 5321 section 2.3.8).
    pub(crate) fn line(&mut self) -> Option<Line> {
        let Some(end) = self.find_line_end() else {
            self.drop_what_is_too_long();
            return None;
        };
        let text = self.take(end);
        self.octets.advance(2);
        self.rest();
        if std::mem::take(&mut self.skipping) || text.len() > LINE_OCTETS {
            return Some(Line::TooLong);
        }
        Some(Line::Whole(text))
    }

    /// Everything that is there, for a message's decoder.
    pub(crate) fn octets(&mut self) -> Bytes {
        let octets = self.take(self.octets.len());
        self.rest();
        octets
    }

    /// Puts back what came after the end of a message.
    pub(crate) fn put_back(&mut self, octets: &[u8]) {
        let later = std::mem::take(&mut self.octets);
        self.octets.reserve(octets.len() + later.len());
        self.octets.extend_from_slice(octets);
        self.octets.extend_from_slice(&later);
    }

    fn take(&mut self, count: usize) -> Bytes {
        self.looked_at = 0;
        self.octets.split_to(count).freeze()
    }

    /// An idle session holds no memory for what it once heard.
    fn rest(&mut self) {
        if self.octets.is_empty() {
            self.octets = BytesMut::new();
        }
    }

    fn find_line_end(&mut self) -> Option<usize> {
        let fresh = self.octets.get(self.looked_at..).unwrap_or_default();
        let found = memchr::memmem::find(fresh, b"\r\n").map(|at| self.looked_at + at);
        // The last octet may be the CR of a line end that has not come whole.
        self.looked_at = self.octets.len().saturating_sub(1);
        found
    }

    fn drop_what_is_too_long(&mut self) {
        // One more than the limit, since the last octet may be the CR of the line end.
        if self.skipping || self.octets.len() > LINE_OCTETS + 1 {
            self.skipping = true;
            let last = self.octets.last().copied().filter(|&octet| octet == b'\r');
            self.octets = last.as_slice().into();
            self.looked_at = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Option<Line> {
        Some(Line::Whole(Bytes::copy_from_slice(text)))
    }

    #[test]
    fn only_crlf_ends_a_line() {
        let mut inbox = Inbox::default();
        inbox.push(b"NOOP\r\nMAIL\nRCPT\rDATA\r");
        assert_eq!(inbox.line(), whole(b"NOOP"));
        assert_eq!(inbox.line(), None);
        inbox.push(b"\n\r\n");
        assert_eq!(inbox.line(), whole(b"MAIL\nRCPT\rDATA"));
        assert_eq!(inbox.line(), whole(b""));
        assert_eq!(inbox.line(), None);
    }

    #[test]
    fn the_limit_is_the_same_however_the_line_arrives() {
        for (length, kept) in [
            (LINE_OCTETS, true),
            (LINE_OCTETS + 1, false),
            (LINE_OCTETS * 3, false),
        ] {
            let mut line = vec![b'a'; length];
            line.extend_from_slice(b"\r\nNOOP\r\n");
            for size in [1, 1000, line.len()] {
                let mut inbox = Inbox::default();
                let mut lines = Vec::new();
                for chunk in line.chunks(size) {
                    inbox.push(chunk);
                    assert!(inbox.octets.len() <= LINE_OCTETS + 1 + size);
                    lines.extend(std::iter::from_fn(|| inbox.line()));
                }
                assert_eq!(lines.len(), 2);
                assert_eq!(
                    lines[0] != Line::TooLong,
                    kept,
                    "{length} in pieces of {size}"
                );
                assert_eq!(lines.pop(), whole(b"NOOP"));
            }
        }
    }

    #[test]
    fn what_follows_a_message_is_read_next() {
        let mut inbox = Inbox::default();
        inbox.push(b"DATA\r\nbody");
        assert_eq!(inbox.line(), whole(b"DATA"));
        assert_eq!(&inbox.octets()[..], b"body");
        inbox.push(b"IT\r\n");
        inbox.put_back(b"QU");
        assert_eq!(inbox.line(), whole(b"QUIT"));
        assert_eq!(inbox.octets.capacity(), 0);
    }
}
