//! Octets to lines.

use bytes::{Bytes, BytesMut};

use crate::limits::LINE_OCTETS;

/// What the client sent and the session has not used yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    octets: BytesMut,
    /// The start of the line was dropped because it is too long.
    skipping: bool,
}

/// One line of the client's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Without its end.
    Whole(Bytes),
    /// It went past [`LINE_OCTETS`]; all of it is dropped.
    TooLong,
}

impl Inbox {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Forgets everything (RFC 2595 section 4: what came before TLS is not trusted).
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next line if all of it is there. CRLF ends a line, and so does a bare LF:
    /// people type at this protocol, and nothing in it can be smuggled by a line end.
    pub(crate) fn line(&mut self) -> Option<Line> {
        let Some(end) = memchr::memchr(b'\n', &self.octets) else {
            self.drop_what_is_too_long();
            return None;
        };
        let line = self.octets.split_to(end + 1).freeze();
        if self.octets.is_empty() {
            // A session that waits for an hour holds no memory for it.
            self.octets = BytesMut::new();
        }
        let text = line.slice(..end);
        let length = text.strip_suffix(b"\r").unwrap_or(&text).len();
        if std::mem::take(&mut self.skipping) || length > LINE_OCTETS {
            return Some(Line::TooLong);
        }
        Some(Line::Whole(text.slice(..length)))
    }

    fn drop_what_is_too_long(&mut self) {
        // One more than the limit, since the last octet may be the CR of the line end.
        if self.skipping || self.octets.len() > LINE_OCTETS + 1 {
            self.skipping = true;
            self.octets = BytesMut::new();
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
    fn lines_end_in_lf_with_or_without_cr() {
        let mut inbox = Inbox::default();
        inbox.push(b"NOOP\r\nSTAT\nQU");
        assert_eq!(inbox.line(), whole(b"NOOP"));
        assert_eq!(inbox.line(), whole(b"STAT"));
        assert_eq!(inbox.line(), None);
        inbox.push(b"IT\r\n\r\n");
        assert_eq!(inbox.line(), whole(b"QUIT"));
        assert_eq!(inbox.line(), whole(b""));
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
    fn an_empty_inbox_holds_no_memory() {
        let mut inbox = Inbox::default();
        inbox.push(&[b'\n'; 60_000]);
        while inbox.line().is_some() {}
        assert_eq!(inbox.octets.capacity(), 0);
    }
}
