//! A message as lines that end in a dot of their own. RFC 1939 section 3.
//!
//! Every line goes out with CRLF at its end, whatever is stored: a carriage return
//! or line feed of its own becomes one (RFC 5322 section 2.3 knows no others). Were it
//! sent as it is, `LF . CRLF` inside a message would be the end of it for the many
//! clients that split at LF, and the rest of the message would be read as replies.

use bytes::Bytes;
use session::Patch;

/// Writes one message, piece by piece.
#[derive(Debug)]
pub(crate) struct Text {
    place: Place,
    part: Part,
}

/// Where the last octet has left us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    Inside,
    /// A CR is out, and nothing else of its line if `empty`.
    Cr {
        empty: bool,
    },
}

/// What of the message is wanted, and is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// The header, and then so many lines (TOP).
    Header {
        lines: u64,
    },
    /// So many lines more.
    Lines(u64),
    /// All is there.
    Enough,
}

impl Text {
    /// For RETR.
    pub(crate) fn whole() -> Text {
        Text {
            place: Place::LineStart,
            part: Part::Whole,
        }
    }

    /// For TOP: the header, the empty line, and so many lines of the body.
    pub(crate) fn top(lines: u64) -> Text {
        Text {
            place: Place::LineStart,
            part: Part::Header { lines },
        }
    }

    /// Whether all that is wanted has been written.
    pub(crate) fn enough(&self) -> bool {
        self.part == Part::Enough
    }

    /// Takes the next octets of the message; what comes back may be sent.
    pub(crate) fn push(&mut self, octets: Bytes) -> Bytes {
        let mut patch = Patch::new(octets);
        let mut at = 0;
        while let Some(&octet) = patch.octets().get(at)
            && !self.enough()
        {
            at = match (self.place, octet) {
                (Place::Cr { empty }, b'\n') => self.end_line(empty, at + 1),
                (Place::Cr { empty }, _) => {
                    patch.insert(at, b"\n");
                    self.end_line(empty, at)
                }
                (Place::LineStart, b'.') => {
                    patch.insert(at, b".");
                    self.place = Place::Inside;
                    at + 1
                }
                _ => self.go_to_line_end(&mut patch, at),
            };
        }
        patch.finish(at)
    }

    /// The end of the message, to be sent after all of it.
    pub(crate) fn finish(self) -> &'static [u8] {
        match self.place {
            Place::LineStart => b".\r\n",
            Place::Inside => b"\r\n.\r\n",
            Place::Cr { .. } => b"\n.\r\n",
        }
    }

    /// Skips to the next CR or LF and takes it. Gives where to go on.
    fn go_to_line_end(&mut self, patch: &mut Patch, at: usize) -> usize {
        let rest = patch.octets().get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'\r', b'\n', rest) else {
            self.place = Place::Inside;
            return patch.octets().len();
        };
        let empty = found == 0 && self.place == Place::LineStart;
        let end = at + found;
        if rest.get(found) == Some(&b'\r') {
            self.place = Place::Cr { empty };
            return end + 1;
        }
        patch.insert(end, b"\r");
        self.end_line(empty, end + 1)
    }

    fn end_line(&mut self, empty: bool, at: usize) -> usize {
        self.place = Place::LineStart;
        self.part = match self.part {
            Part::Header { lines: 0 } if empty => Part::Enough,
            Part::Header { lines } if empty => Part::Lines(lines),
            Part::Lines(..=1) => Part::Enough,
            Part::Lines(lines) => Part::Lines(lines - 1),
            part => part,
        };
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn write(mut text: Text, message: &[u8], size: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for chunk in message.chunks(size.max(1)) {
            all.extend_from_slice(&text.push(Bytes::copy_from_slice(chunk)));
        }
        all.extend_from_slice(text.finish());
        all
    }

    fn whole(message: &[u8]) -> Vec<u8> {
        write(Text::whole(), message, usize::MAX)
    }

    fn top(message: &[u8], lines: u64) -> Vec<u8> {
        write(Text::top(lines), message, usize::MAX)
    }

    #[test]
    fn dots_are_stuffed_and_the_end_is_a_dot() {
        assert_eq!(
            whole(b"a: b\r\n\r\n.\r\n..c\r\nd.\r\n"),
            b"a: b\r\n\r\n..\r\n...c\r\nd.\r\n.\r\n"
        );
        assert_eq!(whole(b""), b".\r\n");
    }

    #[test]
    fn a_last_line_without_end_gets_one() {
        assert_eq!(whole(b"a"), b"a\r\n.\r\n");
        assert_eq!(whole(b"a\r"), b"a\r\n.\r\n");
        assert_eq!(whole(b"a\n"), b"a\r\n.\r\n");
        assert_eq!(whole(b"."), b"..\r\n.\r\n");
    }

    #[test]
    fn no_message_can_end_early() {
        for smuggled in [
            "a\n.\r\n+OK",
            "a\n.\n+OK",
            "a\r.\r\n+OK",
            "a\r.\r+OK",
            "a\r\n.\n+OK",
        ] {
            assert_eq!(
                whole(smuggled.as_bytes()),
                b"a\r\n..\r\n+OK\r\n.\r\n",
                "{smuggled:?}"
            );
        }
    }

    #[test]
    fn top_is_the_header_and_so_many_lines() {
        let message = b"a: b\r\nc: d\r\n\r\n1\r\n\r\n.3\r\n4";
        assert_eq!(top(message, 0), b"a: b\r\nc: d\r\n\r\n.\r\n");
        assert_eq!(top(message, 1), b"a: b\r\nc: d\r\n\r\n1\r\n.\r\n");
        assert_eq!(
            top(message, 3),
            b"a: b\r\nc: d\r\n\r\n1\r\n\r\n..3\r\n.\r\n"
        );
        assert_eq!(top(message, 673), whole(message));
        assert_eq!(top(b"a: b", 0), b"a: b\r\n.\r\n");
        assert_eq!(top(b"\r\nbody", 0), b"\r\n.\r\n");
    }

    #[test]
    fn what_needs_no_change_is_not_copied() {
        let message = Bytes::from_static(b"a: b\r\n\r\nc\r\n");
        assert_eq!(
            Text::whole().push(message.clone()).as_ptr(),
            message.as_ptr()
        );
    }

    /// The same by plain string work: lines of CRLF, then stuffing.
    fn naive(message: &[u8]) -> Vec<u8> {
        let mut lines = vec![Vec::new()];
        let mut octets = message.iter().peekable();
        while let Some(&octet) = octets.next() {
            if octet == b'\r' && octets.peek() == Some(&&b'\n') {
                octets.next();
            }
            match octet {
                b'\r' | b'\n' => lines.push(Vec::new()),
                _ => lines.last_mut().unwrap().push(octet),
            }
        }
        lines.pop_if(|last| last.is_empty());
        let mut all = Vec::new();
        for line in lines {
            all.extend_from_slice(if line.starts_with(b".") { b"." } else { b"" });
            all.extend_from_slice(&line);
            all.extend_from_slice(b"\r\n");
        }
        all.extend_from_slice(b".\r\n");
        all
    }

    proptest! {
        #[test]
        fn equals_the_naive_way_however_it_is_cut(
            message in proptest::collection::vec(prop_oneof![
                Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..40),
            size in 1_usize..9,
        ) {
            prop_assert_eq!(write(Text::whole(), &message, size), naive(&message));
        }

        #[test]
        fn top_is_a_beginning_of_the_whole(
            message in proptest::collection::vec(prop_oneof![
                Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..40),
            lines in 0_u64..6,
            size in 1_usize..9,
        ) {
            let top = write(Text::top(lines), &message, size);
            let top = top.strip_suffix(b".\r\n").unwrap();
            let whole = naive(&message);
            prop_assert!(whole.starts_with(top));
            let text = String::from_utf8_lossy(top).into_owned();
            if let Some((_, body)) = text.split_once("\r\n\r\n") {
                prop_assert!(body.matches("\r\n").count() as u64 <= lines);
            }
        }
    }
}
