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
    let mut rest = value;
    while !rest.is_empty() {
        let start = memchr::memmem::find(rest, b"=?").unwrap_or(rest.len());
        let (plain, after) = rest.split_at_checked(start).unwrap_or((rest, b""));
        match Word::read(after) {
            Some((word, after)) => {
                words.plain(plain, &mut text);
                words.add(word, &mut text);
                rest = after;
            }
            None => {
                let passed = rest.len().min(start + 2);
                let (plain, after) = rest.split_at_checked(passed).unwrap_or((rest, b""));
                words.plain(plain, &mut text);
                rest = after;
            }
        }
    }
    words.flush(&mut text);
    text
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
    }

    #[test]
    fn raw_octets_are_utf8_or_windows_1252() {
        assert_eq!(header_value("café".as_bytes()), "café");
        assert_eq!(header_value(b"caf\xe9 \x80"), "café €");
    }
}
