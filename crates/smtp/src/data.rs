//! What follows DATA or BDAT, to the message that it means. RFC 5321 section 4.5.2, RFC 3030.
//!
//! # Why the end is five octets and no others
//!
//! Two servers that disagree about where a message ends let its author write the
//! commands of the next one ("SMTP smuggling"): the sender's server sees one message
//! with `LF . CRLF` or `CR . CR` somewhere inside and passes it on as it is; a
//! careless receiver ends the message there and takes the rest for a new envelope,
//! with any sender in it, out of a connection that it trusts. So here:
//!
//! * The only end is CRLF `.` CRLF in the octets as they came, where the CRLF of the
//!   DATA command counts as the first. A dot is taken off only after such a CRLF. This
//!   is decided before any line end is mended, and nothing else can end a message:
//!   what we take for its end is what RFC 5321 section 4.1.1.4 says, so a peer that
//!   follows it agrees with us about every octet after.
//! * Between servers ([`LineEnds::Strict`]) a body with a CR or LF of its own is read
//!   to that very end and then refused: passing it on would let us be the careless
//!   sender of the story, and section 2.3.8 forbids it anyway.
//! * From a signed-in user ([`LineEnds::Mend`]) each such CR or LF becomes CRLF.
//!   Programs that send text with bare LF are common, and their user means one
//!   message; it stays one, since the end was found in what they sent. What comes out
//!   has no line end but CRLF, and whoever writes it to a wire stuffs its dots again.
//!
//! A message in chunks ends where the last of them does, and a dot is a dot. Its line ends are
//! judged all the same, across chunks too: it may go on by DATA.

use bytes::Bytes;
use session::Patch;

/// What is done about a CR or LF that stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnds {
    /// It is left as it is, and [`Decoder::has_bare`] tells of it.
    Strict,
    /// It becomes CRLF.
    Mend,
}

/// Reads one message.
#[derive(Debug)]
pub(crate) struct Decoder {
    line_ends: LineEnds,
    /// Whether dots at the start of lines were doubled, and one alone is the end.
    dots: bool,
    place: Place,
    bare: bool,
}

/// Where the octets so far have left us; lines are those of CRLF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    /// A dot at a line's start, taken off.
    Dot,
    /// That, and a CR which may belong to the end.
    DotCr,
    Inside,
    Cr,
}

/// What came of some octets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// The next octets of the message.
    pub(crate) body: Bytes,
    /// If the message has ended: what came after its end.
    pub(crate) after: Option<Bytes>,
}

impl Decoder {
    /// Begins right after the CRLF of DATA.
    pub(crate) fn new(line_ends: LineEnds) -> Decoder {
        Decoder {
            line_ends,
            dots: true,
            place: Place::LineStart,
            bare: false,
        }
    }

    /// Begins before the first chunk. What says where the message ends is not here.
    pub(crate) fn of_chunks(line_ends: LineEnds) -> Decoder {
        Decoder {
            dots: false,
            ..Decoder::new(line_ends)
        }
    }

    /// The last chunk has come. Gives what belongs behind it: the last line has an end too, as
    /// it would have after DATA.
    pub(crate) fn finish(&mut self) -> &'static [u8] {
        match std::mem::replace(&mut self.place, Place::LineStart) {
            Place::LineStart => b"",
            Place::Cr => {
                self.bare = true;
                b"\n"
            }
            Place::Inside | Place::Dot | Place::DotCr => b"\r\n",
        }
    }

    /// Whether a CR or LF of its own has been seen.
    pub(crate) fn has_bare(&self) -> bool {
        self.bare
    }

    /// Takes the next octets. Once the message has ended, no more may be given.
    pub(crate) fn push(&mut self, octets: Bytes) -> Decoded {
        let mut patch = Patch::new(octets);
        let mut at = 0;
        while let Some(&octet) = patch.octets().get(at) {
            at = match (self.place, octet) {
                (Place::LineStart, b'.') if self.dots => self.leave_out(Place::Dot, &mut patch, at),
                (Place::Dot, b'\r') => self.leave_out(Place::DotCr, &mut patch, at),
                (Place::DotCr, b'\n') => {
                    let after = patch.octets().slice(at + 1..);
                    return Decoded {
                        body: patch.finish(at),
                        after: Some(after),
                    };
                }
                (Place::DotCr, _) => {
                    // Not the end after all: that CR is text.
                    patch.insert(at, b"\r");
                    self.bare_cr(&mut patch, at)
                }
                (Place::Cr, b'\n') => self.go(Place::LineStart, at + 1),
                (Place::Cr, _) => self.bare_cr(&mut patch, at),
                (Place::LineStart | Place::Dot | Place::Inside, _) => {
                    self.go_to_line_end(&mut patch, at)
                }
            };
        }
        Decoded {
            body: patch.finish(at),
            after: None,
        }
    }

    fn go(&mut self, place: Place, at: usize) -> usize {
        self.place = place;
        at
    }

    fn leave_out(&mut self, place: Place, patch: &mut Patch, at: usize) -> usize {
        patch.remove(at);
        self.go(place, at + 1)
    }

    /// The CR before `at` stands alone.
    fn bare_cr(&mut self, patch: &mut Patch, at: usize) -> usize {
        self.bare = true;
        if self.line_ends == LineEnds::Mend {
            patch.insert(at, b"\n");
        }
        self.go(Place::Inside, at)
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
        self.bare = true;
        if self.line_ends == LineEnds::Mend {
            patch.insert(end, b"\r");
        }
        self.go(Place::Inside, end + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Whole {
        body: Vec<u8>,
        after: Option<Vec<u8>>,
        bare: bool,
    }

    fn decode(line_ends: LineEnds, octets: &[u8], size: usize) -> Whole {
        let mut decoder = Decoder::new(line_ends);
        let mut body = Vec::new();
        let mut from = 0;
        for chunk in octets.chunks(size) {
            from += chunk.len();
            let decoded = decoder.push(Bytes::copy_from_slice(chunk));
            body.extend_from_slice(&decoded.body);
            if let Some(after) = decoded.after {
                let after = [&after[..], &octets[from..]].concat();
                return Whole {
                    body,
                    after: Some(after),
                    bare: decoder.has_bare(),
                };
            }
        }
        Whole {
            body,
            after: None,
            bare: decoder.has_bare(),
        }
    }

    fn strict(octets: &[u8]) -> Whole {
        decode(LineEnds::Strict, octets, octets.len())
    }

    fn mend(octets: &[u8]) -> Whole {
        decode(LineEnds::Mend, octets, octets.len())
    }

    fn good(body: &[u8], after: &[u8]) -> Whole {
        Whole {
            body: body.to_vec(),
            after: Some(after.to_vec()),
            bare: false,
        }
    }

    #[test]
    fn dots_come_off_and_the_end_is_found() {
        assert_eq!(
            strict(b"a: b\r\n\r\nc\r\n.\r\nQUIT\r\n"),
            good(b"a: b\r\n\r\nc\r\n", b"QUIT\r\n")
        );
        assert_eq!(
            strict(b"..\r\n...a\r\n.b\r\n.\r\n"),
            good(b".\r\n..a\r\nb\r\n", b"")
        );
        assert_eq!(strict(b".\r\n"), good(b"", b""));
        assert_eq!(strict(b"a.\r\n.\r\n"), good(b"a.\r\n", b""));
    }

    #[test]
    fn eight_bits_and_zeros_pass() {
        let octets = "é\0\u{7f}\r\n.\r\n".as_bytes();
        assert_eq!(strict(octets), good("é\0\u{7f}\r\n".as_bytes(), b""));
    }

    /// The ends that some servers took for one, from the research that gave SMTP
    /// smuggling its name and from what was tried after it.
    const NO_ENDS: [&[u8]; 20] = [
        b"\n.\n",
        b"\n.\r\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r.\n",
        b"\n.\r",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r\n.\r\r\n",
        b"\r\n.\n\r\n",
        b"\r\n\0.\r\n",
        b"\r\n.\0\r\n",
        b"\r\n\0.\0\r\n",
        b"\r\n. \r\n",
        b"\r\n .\r\n",
        b"\r\n..\r\n",
        b"\r\n.\x85\r\n",
        b"\r\n\xef\xbc\x8e\r\n",
        b"\x0b.\x0b",
        b"\x0c.\r\n",
    ];

    #[test]
    fn nothing_but_crlf_dot_crlf_ends_a_message() {
        for no_end in NO_ENDS {
            for line_ends in [LineEnds::Strict, LineEnds::Mend] {
                let smuggled = [b"a", no_end, b"MAIL FROM:<x@y>\r\n"].concat();
                let message = [&smuggled, &b".\r\nNOOP\r\n"[..]].concat();
                for size in [1, 2, 3, message.len()] {
                    let whole = decode(line_ends, &message, size);
                    assert_eq!(whole.after.as_deref(), Some(&b"NOOP\r\n"[..]), "{no_end:?}");
                    assert!(whole.body.ends_with(b"MAIL FROM:<x@y>\r\n"), "{no_end:?}");
                }
            }
        }
    }

    #[test]
    fn bare_line_ends_are_told_of_or_mended() {
        let octets = b"a\nb\rc\r\r\nd\n.\n.\r\n.\r\n";
        assert!(strict(octets).bare);
        let whole = mend(octets);
        assert!(whole.bare);
        assert_eq!(whole.body, b"a\r\nb\r\nc\r\n\r\nd\r\n.\r\n.\r\n");
        assert_eq!(whole.after.as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_dot_before_a_lone_line_end_is_text() {
        assert_eq!(mend(b".\na\r\n.\r\n").body, b"\r\na\r\n");
        assert_eq!(mend(b".\ra\r\n.\r\n").body, b"\r\na\r\n");
        assert_eq!(mend(b".\r\r\n.\r\n").body, b"\r\n\r\n");
    }

    #[test]
    fn what_needs_no_change_is_not_copied() {
        let octets = Bytes::from_static(b"a: b\r\n\r\nc\r\n");
        let decoded = Decoder::new(LineEnds::Mend).push(octets.clone());
        assert_eq!(decoded.body.as_ptr(), octets.as_ptr());
    }

    /// The same by plain searching.
    fn naive(line_ends: LineEnds, octets: &[u8]) -> Whole {
        // The CRLF of DATA is the first.
        let whole = [b"\r\n", octets].concat();
        let end = whole.windows(5).position(|five| five == b"\r\n.\r\n");
        let text = match end {
            Some(end) => &whole[..end + 2],
            None => &whole[..],
        };
        let (mut body, mut bare, mut at) = (Vec::new(), false, 0);
        while at < text.len() {
            let rest = &text[at..];
            if rest.starts_with(b"\r\n.") {
                body.extend_from_slice(b"\r\n");
                at += 3;
            } else if rest.starts_with(b"\r\n") {
                body.extend_from_slice(b"\r\n");
                at += 2;
            } else {
                let alone = matches!(rest[0], b'\r' | b'\n');
                bare |= alone;
                match line_ends {
                    LineEnds::Mend if alone => body.extend_from_slice(b"\r\n"),
                    _ => body.push(rest[0]),
                }
                at += 1;
            }
        }
        let after = end.map(|end| whole[end + 5..].to_vec());
        Whole {
            body: body[2..].to_vec(),
            after,
            bare,
        }
    }

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')];
        let run = prop_oneof![
            octet.prop_map(|octet| vec![octet]),
            Just(b"\r\n".to_vec()),
            Just(b"\r\n.".to_vec()),
        ];
        proptest::collection::vec(run, 0..30).prop_map(|runs| runs.concat())
    }

    proptest! {
        #[test]
        fn equals_the_naive_way_however_it_is_cut(
            octets in octets(),
            size in 1_usize..9,
            mended: bool,
        ) {
            let line_ends = if mended { LineEnds::Mend } else { LineEnds::Strict };
            let all = [&octets[..], b"\r\n.\r\nQUIT\r\n"].concat();
            prop_assert_eq!(decode(line_ends, &all, size), naive(line_ends, &all));
        }

        #[test]
        fn what_is_mended_has_no_line_end_but_crlf(octets in octets(), size in 1_usize..9) {
            let all = [&octets[..], b"\r\n.\r\n"].concat();
            let body = decode(LineEnds::Mend, &all, size).body;
            let text = String::from_utf8(body).unwrap().replace("\r\n", "");
            prop_assert!(!text.contains(['\r', '\n']));
        }

        #[test]
        fn stuffing_and_this_are_opposites(
            lines in proptest::collection::vec("[.a]{0,4}", 0..8),
            size in 1_usize..9,
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let stuff = |line: &String| {
                let dot = if line.starts_with('.') { "." } else { "" };
                format!("{dot}{line}\r\n")
            };
            let sent = lines.iter().map(stuff).collect::<String>() + ".\r\n";
            let whole = decode(LineEnds::Strict, sent.as_bytes(), size);
            prop_assert_eq!(whole, good(text.as_bytes(), b""));
        }
    }
}
