//! A message as it goes out behind DATA. RFC 5321 section 4.5.2.
//!
//! What leaves has no line end but CRLF, and CRLF `.` CRLF at its very end and nowhere
//! else, whatever was kept: a receiver that takes some other octets for the end of a
//! message finds none of those either, so nobody smuggles a message out through us
//! (`data` tells the story). A CR or LF that stands alone can't come from port 25 and is
//! mended at submission; if one is here all the same it becomes CRLF. A refusal would be
//! as safe, and lose the message.
//!
//! A line of more than 998 octets (RFC 5321 section 4.5.3.1.6) goes as it is. Cutting it
//! would break the signatures over the message, and servers take such lines; one that does
//! not says so, and its words reach the sender.

use bytes::Bytes;
use session::Patch;

/// Makes the octets behind DATA out of a message.
#[derive(Debug)]
pub(super) struct Stuffing {
    place: Place,
}

/// Where the octets so far have left us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    Inside,
    Cr,
}

impl Stuffing {
    pub(super) fn new() -> Stuffing {
        Stuffing {
            place: Place::LineStart,
        }
    }

    /// The next octets of the message, as they go out. Where nothing is to be changed,
    /// nothing is copied.
    pub(super) fn push(&mut self, octets: Bytes) -> Bytes {
        let mut patch = Patch::new(octets);
        let mut at = 0;
        while let Some(&octet) = patch.octets().get(at) {
            at = match (self.place, octet) {
                (Place::Cr, b'\n') => self.go(Place::LineStart, at + 1),
                (Place::Cr, _) => {
                    patch.insert(at, b"\n");
                    self.go(Place::LineStart, at)
                }
                (Place::LineStart, b'.') => {
                    patch.insert(at, b".");
                    self.go(Place::Inside, at + 1)
                }
                (Place::LineStart | Place::Inside, _) => self.go_to_line_end(&mut patch, at),
            };
        }
        patch.finish(at)
    }

    /// What goes out last: the end of a line that has none, and of the message.
    pub(super) fn finish(self) -> &'static [u8] {
        match self.place {
            Place::LineStart => b".\r\n",
            Place::Inside => b"\r\n.\r\n",
            Place::Cr => b"\n.\r\n",
        }
    }

    fn go(&mut self, place: Place, at: usize) -> usize {
        self.place = place;
        at
    }

    fn go_to_line_end(&mut self, patch: &mut Patch, at: usize) -> usize {
        let rest = patch.octets().get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'\r', b'\n', rest) else {
            return self.go(Place::Inside, patch.octets().len());
        };
        let end = at + found;
        if rest.get(found) == Some(&b'\r') {
            return self.go(Place::Cr, end + 1);
        }
        patch.insert(end, b"\r");
        self.go(Place::LineStart, end + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::{Decoder, LineEnds};

    fn stuff(message: &[u8], size: usize) -> Vec<u8> {
        let (mut stuffing, mut out) = (Stuffing::new(), Vec::new());
        for piece in message.chunks(size) {
            out.extend_from_slice(&stuffing.push(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(stuffing.finish());
        out
    }

    fn whole(message: &[u8]) -> Vec<u8> {
        stuff(message, message.len().max(1))
    }

    #[test]
    fn dots_are_doubled_and_the_end_is_put() {
        assert_eq!(
            whole(b"a: b\r\n\r\n.\r\n..c\r\nd.\r\n"),
            b"a: b\r\n\r\n..\r\n...c\r\nd.\r\n.\r\n"
        );
        assert_eq!(whole(b"a"), b"a\r\n.\r\n");
        assert_eq!(whole(b""), b".\r\n");
        assert_eq!(whole(b"."), b"..\r\n.\r\n");
    }

    #[test]
    fn what_needs_no_change_is_not_copied() {
        let octets = Bytes::from_static(b"a: b\r\n\r\nc\r\n");
        assert_eq!(
            Stuffing::new().push(octets.clone()).as_ptr(),
            octets.as_ptr()
        );
    }

    /// The ends by which a message was smuggled past one server or another.
    #[test]
    fn no_smuggled_end_leaves() {
        for end in [
            &b"\n.\n"[..],
            b"\n.\r\n",
            b"\r.\r",
            b"\r.\r\n",
            b"\r.\n",
            b"\n.\r",
            b"\r\n.\n",
            b"\r\n.\r",
            b"\r\n.\r\r\n",
            b"\r\n.\r\n",
            b"\r\n.\n\r\n",
            b"\r\n\r.\r\n",
        ] {
            let message = [b"a", end, b"MAIL FROM:<x@y>\r\n"].concat();
            for size in [1, 2, 3, message.len()] {
                let out = stuff(&message, size);
                let ends = out.windows(5).filter(|five| five == b"\r\n.\r\n").count();
                assert_eq!(ends, 1, "{}", out.escape_ascii());
                let rest = String::from_utf8(out).unwrap().replace("\r\n", "");
                assert!(!rest.contains(['\r', '\n']), "{rest:?}");
            }
        }
    }

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![
            Just(b'\r'),
            Just(b'\n'),
            Just(b'.'),
            Just(b'a'),
            any::<u8>()
        ];
        let run = prop_oneof![
            octet.prop_map(|octet| vec![octet]),
            Just(b"\r\n".to_vec()),
            Just(b"\r\n.".to_vec()),
        ];
        proptest::collection::vec(run, 0..30).prop_map(|runs| runs.concat())
    }

    /// The message with each line end as it should be, made by plain searching.
    fn mended(message: &[u8]) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        while at < message.len() {
            let rest = &message[at..];
            let line_end = matches!(rest[0], b'\r' | b'\n');
            at += if rest.starts_with(b"\r\n") { 2 } else { 1 };
            match line_end {
                true => out.extend_from_slice(b"\r\n"),
                false => out.push(rest[0]),
            }
        }
        if !out.is_empty() && !out.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    proptest! {
        #[test]
        fn a_strict_server_reads_the_message_and_nothing_more(message in octets(), size in 1_usize..9) {
            let mut decoder = Decoder::new(LineEnds::Strict);
            let decoded = decoder.push(stuff(&message, size).into());
            prop_assert_eq!(decoded.after.as_deref(), Some(&b""[..]));
            prop_assert!(!decoder.has_bare());
            prop_assert_eq!(&decoded.body[..], &mended(&message)[..]);
        }
    }
}
