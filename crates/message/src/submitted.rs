//! The header of a submission, put in order while it streams. RFC 6409 section 8.
//!
//! What a user's program sends is not yet a message for the world: it may lack a date and
//! a name, and say who is to get it unknown to the others. What is below the header is
//! nobody's business: it passes as it comes, and so does a message that is attached.
//!
//! Programs differ in where they see a header end that has a line without colon. So that
//! all see what is signed and what was judged, such a line begins the body: an empty line
//! is put before it, as Postfix does (`cleanup_message.c`).

use crate::header::is_space;
use crate::scan::{HEAD_OCTETS, HeaderLine, classify, is_mbox_line};

/// Fields that go: who gets the message without the others' knowing (RFC 5322 sections
/// 3.6.3 and 3.6.6).
const SECRET: [&str; 2] = ["Bcc", "Resent-Bcc"];

/// What is added where it is missing: whole fields, each with its line end.
#[derive(Clone, Debug)]
pub struct Additions {
    /// The `Date` field.
    pub date: String,
    /// The `Message-ID` field.
    pub message_id: String,
}

/// Puts the header of a message in order that comes in pieces, cut anywhere:
///
/// * `Bcc` and `Resent-Bcc` go, whole, however many there are;
/// * `Date` and `Message-ID` are added behind the last field where there is none;
/// * white space between a name and its colon goes (RFC 5322 section 4.5);
/// * the line that an mbox file puts before a message goes;
/// * the header ends with an empty line, the first line that is no field being body.
///
/// Of a field no more is held than its name, and a thousand octets at most: its text passes
/// as it comes, whatever octets it has.
#[derive(Debug)]
pub struct Submitted {
    additions: Additions,
    place: Place,
    /// How the line begins that is not known yet.
    head: Vec<u8>,
    /// The field that is read is to pass.
    passes: bool,
    first: bool,
    has_date: bool,
    has_message_id: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line of the header, or in the part of it that is held.
    LineStart,
    /// In a line of the header.
    Line,
    Body,
}

/// What came of some octets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ordered {
    /// More of the header; the empty line that ends it is its last.
    pub header: Vec<u8>,
    /// More of the body.
    pub body: Vec<u8>,
}

impl Submitted {
    /// A message of which nothing was seen.
    pub fn new(additions: Additions) -> Self {
        Self {
            additions,
            place: Place::LineStart,
            head: Vec::new(),
            passes: true,
            first: true,
            has_date: false,
            has_message_id: false,
        }
    }

    /// Whether the header has ended: all that comes is body, and passes as it is.
    pub fn is_in_body(&self) -> bool {
        self.place == Place::Body
    }

    /// Takes the next octets of the message.
    pub fn push(&mut self, octets: &[u8]) -> Ordered {
        let mut ordered = Ordered::default();
        let mut rest = octets;
        while !rest.is_empty() {
            if self.place == Place::Body {
                ordered.body.extend_from_slice(rest);
                break;
            }
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let end = match self.place {
                Place::LineStart => end.min(HEAD_OCTETS.saturating_sub(self.head.len()).max(1)),
                Place::Line | Place::Body => end,
            };
            let (piece, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
            self.piece(piece, &mut ordered);
            rest = after;
        }
        ordered
    }

    /// The message ends here.
    pub fn finish(mut self) -> Ordered {
        let mut ordered = Ordered::default();
        if !self.head.is_empty() {
            self.decide(true, &mut ordered);
        }
        if self.place == Place::Line {
            self.pass(b"\r\n", &mut ordered);
        }
        if self.place != Place::Body {
            self.end(b"", &mut ordered);
        }
        ordered
    }

    /// Octets of one line of the header, its end included if it ends.
    fn piece(&mut self, piece: &[u8], ordered: &mut Ordered) {
        if self.place == Place::Line {
            return self.pass(piece, ordered);
        }
        self.head.extend_from_slice(piece);
        self.decide(
            self.head.len() >= HEAD_OCTETS || piece.ends_with(b"\n"),
            ordered,
        );
    }

    /// More of a line that is known.
    fn pass(&mut self, piece: &[u8], ordered: &mut Ordered) {
        if self.passes {
            ordered.header.extend_from_slice(piece);
        }
        self.place = match piece.ends_with(b"\n") {
            true => Place::LineStart,
            false => Place::Line,
        };
    }

    /// Decides what the line is, if enough of it was seen; `whole` says that no more of it
    /// will be looked at.
    fn decide(&mut self, whole: bool, ordered: &mut Ordered) {
        let Some(line) = classify(&self.head, whole) else {
            return;
        };
        let head = std::mem::take(&mut self.head);
        match line {
            HeaderLine::Known | HeaderLine::Field => match named(&head) {
                Some((name, rest)) => self.field(name, rest, ordered),
                None => self.end(&head, ordered),
            },
            HeaderLine::Folded => self.pass(&head, ordered),
            HeaderLine::Empty => self.end(b"", ordered),
            HeaderLine::Odd if self.first && is_mbox_line(&head) => {
                self.passes = false;
                self.pass(&head, ordered);
            }
            HeaderLine::Odd | HeaderLine::Dashes => self.end(&head, ordered),
        }
        self.first = false;
    }

    /// A field, its colon and what was seen behind it.
    fn field(&mut self, name: &[u8], rest: &[u8], ordered: &mut Ordered) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        self.passes = !SECRET.iter().any(|secret| is(secret));
        self.has_date |= is("Date");
        self.has_message_id |= is("Message-ID");
        self.pass(name, ordered);
        self.pass(rest, ordered);
    }

    /// The header has ended; `body` comes behind it.
    fn end(&mut self, body: &[u8], ordered: &mut Ordered) {
        for (has, addition) in [
            (self.has_date, &self.additions.date),
            (self.has_message_id, &self.additions.message_id),
        ] {
            if !has {
                ordered.header.extend_from_slice(addition.as_bytes());
            }
        }
        ordered.header.extend_from_slice(b"\r\n");
        ordered.body.extend_from_slice(body);
        self.place = Place::Body;
    }
}

/// The name that a line begins with, and the rest from its colon on; none if it is no name
/// of RFC 5322 section 3.6.8.
fn named(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', head)?;
    let (before, rest) = head.split_at_checked(colon)?;
    let end = before.iter().rposition(|octet| !is_space(*octet))? + 1;
    let name = before.get(..end)?;
    name.iter()
        .all(u8::is_ascii_graphic)
        .then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DATE: &str = "Date: now\r\n";
    const NAME: &str = "Message-ID: <1@x>\r\n";

    fn ordered(message: &[u8], size: usize) -> (Vec<u8>, Vec<u8>) {
        let mut submitted = Submitted::new(Additions {
            date: DATE.to_owned(),
            message_id: NAME.to_owned(),
        });
        let (mut header, mut body) = (Vec::new(), Vec::new());
        let mut take = |ordered: Ordered| {
            assert!(ordered.header.is_empty() || body.is_empty());
            header.extend(ordered.header);
            body.extend(ordered.body);
        };
        for piece in message.chunks(size) {
            take(submitted.push(piece));
            assert!(submitted.head.len() <= HEAD_OCTETS);
        }
        take(submitted.finish());
        (header, body)
    }

    fn texts(message: &str) -> (String, String) {
        let (header, body) = ordered(message.as_bytes(), 3);
        let text = |octets| String::from_utf8(octets).unwrap();
        (text(header), text(body))
    }

    /// The header that comes of one, without what is always added.
    fn header(message: &str) -> String {
        let (header, body) = texts(message);
        assert_eq!(body, "text\r\n");
        header
            .replace(DATE, "")
            .replace(NAME, "")
            .strip_suffix("\r\n")
            .unwrap()
            .to_owned()
    }

    #[test]
    fn what_is_missing_is_added_behind_the_header() {
        assert_eq!(
            texts("From: a@b\r\n\r\ntext\r\n"),
            (format!("From: a@b\r\n{DATE}{NAME}\r\n"), "text\r\n".into())
        );
        let (header, _) = texts("message-id : <a@b>\r\nFrom: a@b\r\n\r\n");
        assert_eq!(
            header,
            format!("message-id: <a@b>\r\nFrom: a@b\r\n{DATE}\r\n")
        );
        let (header, _) = texts("DATE:x\r\nResent-Date: y\r\nMessage-Id:\r\n <a@b>\r\n\r\n");
        assert_eq!(
            header,
            "DATE:x\r\nResent-Date: y\r\nMessage-Id:\r\n <a@b>\r\n\r\n"
        );
    }

    #[test]
    fn nobody_learns_of_bcc() {
        for secret in [
            "Bcc: c@d\r\n",
            "BCC:\r\n",
            "bcc : c@d,\r\n\te@f,\r\n \r\n g@h\r\n",
            "Resent-Bcc: c@d\r\nBcc: e@f\r\n",
        ] {
            let message =
                format!("{secret}To: a@b\r\n{secret}Subject: s\r\n\tt\r\n{secret}\r\ntext\r\n");
            assert_eq!(
                header(&message),
                "To: a@b\r\nSubject: s\r\n\tt\r\n",
                "{secret:?}"
            );
        }
        let kept = "Bccc: a\r\nX-Bcc: b\r\nSubject: x\r\n Bcc: not one\r\n";
        assert_eq!(header(&format!("{kept}\r\ntext\r\n")), kept);
    }

    #[test]
    fn below_the_header_nothing_is_touched() {
        let body = "Bcc: c@d\r\n\r\nBcc: e@f\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
            Bcc: g@h\r\nDate : x\r\n\r\n.\r\n";
        assert_eq!(texts(&format!("To: a@b\r\n\r\n{body}")).1, body);
    }

    #[test]
    fn raw_octets_of_a_field_pass() {
        let message = "Content-Type: image/png; name=\"photo d'été ☀.png\"\r\n\r\ntext\r\n";
        assert!(
            texts(message)
                .0
                .starts_with("Content-Type: image/png; name=\"photo d'été ☀.png\"\r\n")
        );
        let mut latin = b"Subject: \xe9t\xe9 \0\r\n".to_vec();
        latin.extend_from_slice(b"\r\ntext\r\n");
        assert!(
            ordered(&latin, 1)
                .0
                .starts_with(b"Subject: \xe9t\xe9 \0\r\n")
        );
    }

    #[test]
    fn the_first_line_that_is_no_field_begins_the_body() {
        for odd in [
            "no field\r\n",
            "--x\r\n",
            "é: x\r\n",
            ": x\r\n",
            "From a@b\r\n",
        ] {
            let (header, body) = texts(&format!("To: a@b\r\n{odd}Bcc: c@d\r\n\r\ntext"));
            assert_eq!(header, format!("To: a@b\r\n{DATE}{NAME}\r\n"), "{odd:?}");
            assert_eq!(body, format!("{odd}Bcc: c@d\r\n\r\ntext"));
        }
        let long = format!("{}:\r\n", "x".repeat(HEAD_OCTETS));
        assert_eq!(texts(&long).1, long);
    }

    #[test]
    fn a_line_of_mbox_goes() {
        let message = "From a@b Mon Jan  1 10:10:10 2024\r\nTo: a@b\r\n\r\ntext\r\n";
        assert_eq!(header(message), "To: a@b\r\n");
    }

    #[test]
    fn a_header_ends_however_the_message_does() {
        let added = format!("{DATE}{NAME}\r\n");
        for (message, header) in [
            ("", ""),
            ("\r\n", ""),
            ("To: a@b", "To: a@b\r\n"),
            ("To: a@b\r\n", "To: a@b\r\n"),
            ("To: a@b\r\nBcc: c", "To: a@b\r\n"),
        ] {
            let whole = (format!("{header}{added}"), String::new());
            assert_eq!(texts(message), whole, "{message:?}");
        }
        assert_eq!(texts("To: a@b\r\nSubject").1, "Subject");
    }

    fn messages() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            Just("Bcc: a@b".to_owned()),
            Just("bcc:".to_owned()),
            Just("Resent-Bcc : a".to_owned()),
            Just("Date: x".to_owned()),
            Just("Message-ID: <a@b>".to_owned()),
            Just(" Bcc: folded".to_owned()),
            Just("From a@b".to_owned()),
            Just("--x".to_owned()),
            Just(String::new()),
            "[A-Za-z]{1,4} ?:[ -~é]{0,10}",
            "[ -~\t]{0,10}",
            "x{900,1100}:a".prop_map(|text| text),
        ];
        let lines = proptest::collection::vec(line, 0..12);
        (lines, any::<bool>()).prop_map(|(lines, end)| {
            let text = lines.join("\r\n");
            format!("{text}{}", if end { "\r\n" } else { "" }).into_bytes()
        })
    }

    proptest! {
        #[test]
        fn how_it_is_cut_changes_nothing(message in messages(), size in 1_usize..1500) {
            prop_assert_eq!(ordered(&message, size), ordered(&message, usize::MAX));
        }

        #[test]
        fn what_is_in_order_stays_so(message in messages()) {
            let (header, body) = ordered(&message, 5);
            let whole = [&header[..], &body].concat();
            prop_assert_eq!(ordered(&whole, 7), (header, body));
        }

        #[test]
        fn every_field_but_those_passes_in_its_place(message in messages()) {
            let (header, _) = ordered(&message, 5);
            let names: Vec<Vec<u8>> = crate::fields(&header)
                .map(|field| field.name.to_ascii_lowercase())
                .collect();
            let count = |name: &[u8]| names.iter().filter(|other| *other == name).count();
            prop_assert_eq!((count(b"bcc"), count(b"resent-bcc")), (0, 0));
            prop_assert!(count(b"date") > 0 && count(b"message-id") > 0);
            // A header may begin with more of a field that is not there.
            prop_assert_eq!(names.iter().skip(1).filter(|name| name.is_empty()).count(), 0);
        }
    }
}
