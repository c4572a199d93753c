//! Octets to lines, or to the body that follows one.

use std::fmt;

use bytes::{Bytes, BytesMut};

/// What the peer sent and the session has not used yet.
pub struct Inbox {
    octets: BytesMut,
    /// How many of them are known to hold no line end.
    looked_at: usize,
    /// The start of the line was dropped because it is too long.
    skipping: bool,
    line_end: LineEnd,
    limit: usize,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// CR and LF together, and nothing else.
    CrLf,
    /// LF, with a CR before it or without.
    Lf,
}

/// One line of the peer's.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Whole(Bytes),
    /// It went past the limit; all of it is dropped.
    TooLong,
}

impl Inbox {
    /// An empty one, for lines that end so and have at most `limit` octets, their end not
    /// counted.
    pub fn new(line_end: LineEnd, limit: usize) -> Inbox {
        Inbox {
            octets: BytesMut::new(),
            looked_at: 0,
            skipping: false,
            line_end,
            limit,
        }
    }

    /// Nothing is here that was not taken out, not even the beginning of a line.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty() && !self.skipping
    }

    /// The beginning of a line was dropped already, as it is too long, and its end has not
    /// come: for whoever gives up then.
    pub fn is_overfull(&self) -> bool {
        self.skipping
    }

    /// Takes what the peer sent.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Forgets everything: what came before TLS is not trusted (RFC 3207 section 4.2,
    /// RFC 2595 section 4).
    pub fn clear(&mut self) {
        *self = Self::new(self.line_end, self.limit);
    }

    /// The next line if all of it is there.
    pub fn line(&mut self) -> Option<Line> {
        let Some(end) = self.find_line_end() else {
            self.drop_what_is_too_long();
            return None;
        };
        let line = self.take(end);
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if std::mem::take(&mut self.skipping) || text.len() > self.limit {
            return Some(Line::TooLong);
        }
        Some(Line::Whole(line.slice_ref(text)))
    }

    /// Everything that is there, for whoever reads a body.
    pub fn octets(&mut self) -> Bytes {
        self.take(self.octets.len())
    }

    /// The same, but no more octets than that.
    pub fn at_most(&mut self, octets: u64) -> Bytes {
        let there = self.octets.len();
        self.take(usize::try_from(octets).map_or(there, |most| most.min(there)))
    }

    /// Puts back what came after the end of a body.
    pub fn put_back(&mut self, octets: &[u8]) {
        let later = std::mem::take(&mut self.octets);
        self.looked_at = 0;
        self.octets.reserve(octets.len() + later.len());
        self.octets.extend_from_slice(octets);
        self.octets.extend_from_slice(&later);
    }

    fn take(&mut self, count: usize) -> Bytes {
        self.looked_at = 0;
        let taken = self.octets.split_to(count).freeze();
        if self.octets.is_empty() {
            // An idle session holds no memory for what it once heard.
            self.octets = BytesMut::new();
        }
        taken
    }

    /// The place behind the next line end.
    fn find_line_end(&mut self) -> Option<usize> {
        let fresh = self.octets.get(self.looked_at..).unwrap_or_default();
        let found = match self.line_end {
            LineEnd::CrLf => memchr::memmem::find(fresh, b"\r\n").map(|at| at + 2),
            LineEnd::Lf => memchr::memchr(b'\n', fresh).map(|at| at + 1),
        };
        let found = found.map(|at| self.looked_at + at);
        // The last octet may be the CR of a line end that has not come whole.
        self.looked_at = self.octets.len().saturating_sub(1);
        found
    }

    fn drop_what_is_too_long(&mut self) {
        // One more than the limit, since the last octet may be the CR of the line end.
        if self.skipping || self.octets.len() > self.limit + 1 {
            self.skipping = true;
            let last = self.octets.last().copied().filter(|&octet| octet == b'\r');
            self.octets = last.as_slice().into();
            self.looked_at = 0;
        }
    }
}

impl fmt::Debug for Inbox {
    /// How much is there, and none of it: it may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbox({} octets)", self.octets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_taken_as_far_as_it_goes() {
        let mut inbox = inbox(LineEnd::CrLf);
        inbox.push(b"BDAT 3\r\nabcNOOP\r\n");
        assert_eq!(inbox.line(), whole(b"BDAT 3"));
        assert!(!inbox.is_empty());
        assert_eq!(inbox.at_most(3), &b"abc"[..]);
        assert_eq!(inbox.line(), whole(b"NOOP"));
        inbox.push(b"x");
        assert_eq!(inbox.at_most(u64::MAX), &b"x"[..]);
        assert_eq!(inbox.at_most(u64::MAX), &b""[..]);
        assert!(inbox.is_empty());
    }

    const LIMIT: usize = 3_000;

    fn inbox(line_end: LineEnd) -> Inbox {
        Inbox::new(line_end, LIMIT)
    }

    fn whole(text: &[u8]) -> Option<Line> {
        Some(Line::Whole(Bytes::copy_from_slice(text)))
    }

    #[test]
    fn only_crlf_ends_a_line() {
        let mut inbox = inbox(LineEnd::CrLf);
        inbox.push(b"NOOP\r\nMAIL\nRCPT\rDATA\r");
        assert_eq!(inbox.line(), whole(b"NOOP"));
        assert_eq!(inbox.line(), None);
        inbox.push(b"\n\r\n");
        assert_eq!(inbox.line(), whole(b"MAIL\nRCPT\rDATA"));
        assert_eq!(inbox.line(), whole(b""));
        assert_eq!(inbox.line(), None);
    }

    #[test]
    fn lf_ends_a_line_with_or_without_cr() {
        let mut inbox = inbox(LineEnd::Lf);
        inbox.push(b"NOOP\r\nSTAT\nQU");
        assert_eq!(inbox.line(), whole(b"NOOP"));
        assert_eq!(inbox.line(), whole(b"STAT"));
        assert_eq!(inbox.line(), None);
        inbox.push(b"IT\r");
        assert_eq!(inbox.line(), None);
        inbox.push(b"\n\r\n\r\r\n");
        assert_eq!(inbox.line(), whole(b"QUIT"));
        assert_eq!(inbox.line(), whole(b""));
        assert_eq!(inbox.line(), whole(b"\r"));
    }

    #[test]
    fn the_limit_is_the_same_however_the_line_arrives() {
        for (length, kept) in [(LIMIT, true), (LIMIT + 1, false), (LIMIT * 3, false)] {
            let mut line = vec![b'a'; length];
            line.extend_from_slice(b"\r\nNOOP\r\n");
            for (size, line_end) in [1, 1000, line.len()]
                .into_iter()
                .flat_map(|size| [(size, LineEnd::CrLf), (size, LineEnd::Lf)])
            {
                let mut inbox = inbox(line_end);
                let mut lines = Vec::new();
                for chunk in line.chunks(size) {
                    inbox.push(chunk);
                    assert!(inbox.octets.len() <= LIMIT + 1 + size);
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
    fn what_follows_a_body_is_read_next() {
        let mut inbox = inbox(LineEnd::CrLf);
        inbox.push(b"DATA\r\nbody");
        assert_eq!(inbox.line(), whole(b"DATA"));
        assert_eq!(&inbox.octets()[..], b"body");
        inbox.push(b"IT\r\n");
        inbox.put_back(b"QU");
        assert_eq!(inbox.line(), whole(b"QUIT"));
        assert_eq!(inbox.octets.capacity(), 0);
    }

    #[test]
    fn what_is_forgotten_was_never_there() {
        let mut inbox = inbox(LineEnd::CrLf);
        inbox.push(&[b'a'; LIMIT + 2]);
        assert_eq!(inbox.line(), None);
        assert!(inbox.is_overfull());
        inbox.clear();
        assert!(!inbox.is_overfull());
        inbox.push(b"NOOP\r\n");
        assert_eq!(inbox.line(), whole(b"NOOP"));
    }

    #[test]
    fn no_secret_is_printed() {
        let mut inbox = inbox(LineEnd::Lf);
        inbox.push(b"PASS tilleul");
        assert_eq!(format!("{inbox:?}"), "Inbox(12 octets)");
    }

    #[test]
    fn an_empty_inbox_holds_no_memory() {
        let mut inbox = inbox(LineEnd::Lf);
        inbox.push(&[b'\n'; 60_000]);
        while inbox.line().is_some() {}
        assert_eq!(inbox.octets.capacity(), 0);
    }
}
