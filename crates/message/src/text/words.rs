//! Encoded words. RFC 2047.
//!
//! They are decoded wherever they stand, in quoted strings and with no white space around
//! them as well: many programs write them so, and whoever searches wants to find them.

use super::charset::Charset;
use crate::header::is_space;
use crate::transfer::{Transfer, decode as undo};

/// How many `?` may stand in an encoded word's text, where the RFC allows none.
const STRAY_MARKS: usize = 8;

/// An unfolded value as text.
pub(super) fn decode(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let mut words = Words::default();
    for piece in Pieces::of(value) {
        match piece {
            Piece::Plain(plain) => words.plain(plain, &mut text),
            Piece::Word(word) => words.add(word, &mut text),
        }
    }
    words.flush(&mut text);
    text
}

/// True when every encoded word of an unfolded value is in a charset that we know: what
/// others say is as good as what somebody else's program makes of it.
pub(super) fn are_known(value: &[u8]) -> bool {
    Pieces::of(value).all(|piece| match piece {
        Piece::Plain(_) => true,
        Piece::Word(word) => Charset::is_known(word.charset),
    })
}

/// A value as encoded words and what stands between them.
struct Pieces<'a> {
    rest: &'a [u8],
    /// The word before the rest, once it was found.
    word: Option<Word<'a>>,
}

enum Piece<'a> {
    Plain(&'a [u8]),
    Word(Word<'a>),
}

impl<'a> Pieces<'a> {
    fn of(value: &'a [u8]) -> Self {
        Self {
            rest: value,
            word: None,
        }
    }

    /// What stands before the next word, which is kept.
    fn plain(&mut self) -> &'a [u8] {
        let value = std::mem::take(&mut self.rest);
        for at in memchr::memmem::find_iter(value, b"=?") {
            if let Some((plain, text)) = value.split_at_checked(at)
                && let Some((word, after)) = Word::read(text)
            {
                (self.word, self.rest) = (Some(word), after);
                return plain;
            }
        }
        value
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.word.is_none() {
            let plain = self.plain();
            if !plain.is_empty() {
                return Some(Piece::Plain(plain));
            }
        }
        self.word.take().map(Piece::Word)
    }
}

/// One encoded word.
struct Word<'a> {
    charset: &'a [u8],
    octets: Vec<u8>,
}

impl<'a> Word<'a> {
    /// Reads the encoded word at the very start, and gives what follows it.
    fn read(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let rest = text.strip_prefix(b"=?")?;
        let (charset, rest) = cut(rest)?;
        let (encoding, rest) = cut(rest)?;
        let (encoded, rest) = end(rest)?;
        // RFC 2231 section 5: a language may follow the charset.
        let charset = charset
            .split(|octet| *octet == b'*')
            .next()
            .unwrap_or(charset);
        let known = !charset.is_empty() && charset.iter().all(u8::is_ascii_graphic);
        let octets = match encoding {
            b"B" | b"b" => undo(Transfer::Base64, encoded),
            b"Q" | b"q" => quoted(encoded),
            _ => return None,
        };
        known.then_some((Self { charset, octets }, rest))
    }
}

/// What is before and after the next `?`.
fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'?', text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// What is before and after the `?=` that ends an encoded word.
fn end(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let marks = memchr::memchr_iter(b'?', text).take(STRAY_MARKS);
    let at = marks
        .into_iter()
        .find(|at| text.get(at + 1) == Some(&b'='))?;
    Some((text.get(..at)?, text.get(at + 2..)?))
}

/// RFC 2047 section 4.2: quoted-printable with `_` for the space, and no line ends.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        match (octet, hex(after)) {
            (b'=', Some(value)) => {
                octets.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'_', _) => octets.push(b' '),
            (octet, _) => octets.push(*octet),
        }
    }
    octets
}

/// The octet that the two hexadecimal digits at the start stand for.
pub(super) fn hex(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| (*text.get(at)? as char).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

/// Encoded words that follow each other, with nothing but white space between.
#[derive(Default)]
struct Words<'a> {
    charset: Option<&'a [u8]>,
    /// Undone but not yet text: a character may be split between two words.
    octets: Vec<u8>,
}

impl<'a> Words<'a> {
    fn add(&mut self, word: Word<'a>, text: &mut String) {
        if self
            .charset
            .is_some_and(|charset| !charset.eq_ignore_ascii_case(word.charset))
        {
            self.flush(text);
        }
        self.charset = Some(word.charset);
        self.octets.extend(word.octets);
    }

    /// Text that is not encoded; white space between two encoded words is none (RFC 2047
    /// section 6.2).
    fn plain(&mut self, plain: &[u8], text: &mut String) {
        if self.charset.is_some() && plain.iter().copied().all(is_space) {
            return;
        }
        self.flush(text);
        super::guess::all(plain, text);
    }

    fn flush(&mut self, text: &mut String) {
        if let Some(charset) = self.charset.take() {
            Charset::named(charset).all(&std::mem::take(&mut self.octets), text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::header_value;

    fn read(value: &str) -> String {
        header_value(value.as_bytes())
    }

    #[test]
    fn examples_of_the_rfc() {
        assert_eq!(
            read("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>"),
            "Keith Moore <moore@cs.utk.edu>"
        );
        assert_eq!(read("=?ISO-8859-1?Q?Andr=E9?= Pirard"), "André Pirard");
        assert_eq!(
            read(
                "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="
            ),
            "If you can read this you understand the example."
        );
        for (from, to) in [
            ("(=?ISO-8859-1?Q?a?=)", "(a)"),
            ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?=   \r\n  =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        ] {
            assert_eq!(read(from), to);
        }
    }

    #[test]
    fn a_character_may_be_split_between_words() {
        assert_eq!(read("=?utf-8?Q?caf=C3?= =?UTF-8?B?qQ==?="), "café");
    }

    #[test]
    fn what_programs_write() {
        assert_eq!(read("x=?utf-8?q?=C3=A9?=y"), "xéy");
        assert_eq!(read("=?utf-8?Q?Really??="), "Really?");
        assert_eq!(read("=?utf-8?Q?two words?="), "two words");
        assert_eq!(read("=?utf-8*fr?Q?a?="), "a");
        assert_eq!(read("=?utf-8?Q?a=?="), "a=");
        assert_eq!(read("=?x-strange?Q?caf=E9?="), "café");
        assert_eq!(read("=?utf-8?X?a?= =? =?= ?="), "=?utf-8?X?a?= =? =?= ?=");
        assert_eq!(read("=?utf-8?Q?never ends"), "=?utf-8?Q?never ends");
        assert_eq!(read("=?utf-8?Q?a?=  =?x  =?utf-8?Q?b?="), "a  =?x  b");
    }

    #[test]
    fn words_in_charsets_of_nobody_are_told() {
        let known = |value: &str| super::are_known(value.as_bytes());
        assert!(known(
            "Jean =?UTF-8*fr?Q?a?= =?us-ascii?Q?b?= =?utf-7?Q?c?= =?x?"
        ));
        assert!(known("=?x-unknown?Q?a?= =?latin1?Q?a?= =?cp850?Q?a?="));
        assert!(!known("a =?utf-8?Q?a?= =?cp037?Q?a?= b"));
        assert!(!known("=?=?unicode_escape?Q?a?="));
    }

    #[test]
    fn raw_octets_are_utf8_or_windows_1252() {
        assert_eq!(header_value("café".as_bytes()), "café");
        assert_eq!(header_value(b"caf\xe9 \x80"), "café €");
    }
}
