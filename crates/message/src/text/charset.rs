//! Charsets by name, and octets to text.
//!
//! Names are looked up as browsers do (the WHATWG Encoding Standard, which encoding_rs
//! is), then among the names that mail has and browsers have not.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::guess::{self, Guess};
use super::tables::{CP437, CP850};
use super::utf7::Utf7;

/// How octets become text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Charset {
    /// As encoding_rs does it.
    Known(&'static Encoding),
    /// No name, one that we do not know, or one that is so often wrong that the octets are
    /// the better witness (UTF-8 and US-ASCII).
    Unsure,
    /// RFC 2152.
    Utf7,
    /// ASCII, and a table for the octets over 127.
    Table(&'static str),
}

/// Names of mail programs for encodings that browsers know under other names.
const OTHER_NAMES: [(&str, &str); 10] = [
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("cp50220", "iso-2022-jp"),
    ("cp50221", "iso-2022-jp"),
    ("iso-2022-jp-1", "iso-2022-jp"),
    ("iso-2022-jp-2", "iso-2022-jp"),
    ("iso-2022-jp-ms", "iso-2022-jp"),
    ("x-gbk2312", "gbk"),
];

impl Charset {
    /// The charset of this name.
    pub(super) fn named(name: &[u8]) -> Self {
        let name = name.trim_ascii().to_ascii_lowercase();
        match name.as_slice() {
            b"us-ascii" | b"ascii" | b"ansi_x3.4-1968" => return Self::Unsure,
            b"utf-7" | b"utf7" | b"unicode-1-1-utf-7" | b"csunicode11utf7" => return Self::Utf7,
            b"cp850" | b"ibm850" | b"850" | b"cspc850multilingual" => return Self::Table(CP850),
            b"cp437" | b"ibm437" | b"437" | b"cspc8codepage437" => return Self::Table(CP437),
            _ => {}
        }
        let other = OTHER_NAMES
            .iter()
            .find(|(other, _)| other.as_bytes() == name);
        let name = other.map_or(name.as_slice(), |(_, name)| name.as_bytes());
        match Encoding::for_label_no_replacement(name) {
            Some(encoding) if encoding != UTF_8 => Self::Known(encoding),
            _ => Self::Unsure,
        }
    }

    /// Whether a charset has this name as far as we know, or says that none is known:
    /// then nobody else knows one either.
    pub(super) fn is_known(name: &[u8]) -> bool {
        let name = name.trim_ascii().to_ascii_lowercase();
        let plain: [&[u8]; 6] = [
            b"us-ascii",
            b"ascii",
            b"ansi_x3.4-1968",
            b"x-unknown",
            b"unknown-8bit",
            b"unknown",
        ];
        plain.contains(&name.as_slice())
            || Encoding::for_label(&name) == Some(UTF_8)
            || !matches!(Self::named(&name), Self::Unsure)
    }

    /// A whole text at once.
    pub(super) fn all(self, octets: &[u8], text: &mut String) {
        if let Self::Unsure = self {
            return guess::all(octets, text);
        }
        let mut reader = CharsetReader::new(self);
        reader.push(octets, text);
        reader.finish(text);
    }
}

/// Makes text of octets as they come.
pub(super) enum CharsetReader {
    Known(Box<Decoder>),
    Unsure(Guess),
    Utf7(Utf7),
    Table(&'static str),
}

impl CharsetReader {
    pub(super) fn new(charset: Charset) -> Self {
        match charset {
            Charset::Known(encoding) => Self::Known(Box::new(decoder(encoding))),
            Charset::Unsure => Self::Unsure(Guess::default()),
            Charset::Utf7 => Self::Utf7(Utf7::default()),
            Charset::Table(table) => Self::Table(table),
        }
    }

    pub(super) fn push(&mut self, octets: &[u8], text: &mut String) {
        match self {
            Self::Known(decoder) => decode(decoder, octets, false, text),
            Self::Unsure(guess) => guess.push(octets, text),
            Self::Utf7(utf7) => utf7.push(octets, text),
            Self::Table(table) => text.extend(octets.iter().map(|octet| look_up(table, *octet))),
        }
    }

    pub(super) fn finish(&mut self, text: &mut String) {
        match self {
            Self::Known(decoder) => decode(decoder, b"", true, text),
            Self::Unsure(guess) => guess.finish(text),
            Self::Utf7(utf7) => utf7.finish(text),
            Self::Table(_) => {}
        }
    }
}

/// A byte order mark is worth more than a name for UTF-16, where it says which half comes
/// first; for the others it would be text of theirs.
fn decoder(encoding: &'static Encoding) -> Decoder {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        encoding.new_decoder()
    } else {
        encoding.new_decoder_without_bom_handling()
    }
}

fn decode(decoder: &mut Decoder, octets: &[u8], last: bool, text: &mut String) {
    let mut rest = octets;
    loop {
        // What is needed at most is not known for sizes beyond memory; those do not occur.
        text.reserve(
            decoder
                .max_utf8_buffer_length(rest.len())
                .unwrap_or(rest.len()),
        );
        let (result, read, _) = decoder.decode_to_string(rest, text, last);
        rest = rest.get(read..).unwrap_or_default();
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

fn look_up(table: &str, octet: u8) -> char {
    match octet.checked_sub(128) {
        None => octet.into(),
        Some(place) => table
            .chars()
            .nth(place.into())
            .unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, octets: &[u8]) -> String {
        let mut text = String::new();
        Charset::named(name.as_bytes()).all(octets, &mut text);
        text
    }

    #[test]
    fn names_of_mail_and_of_browsers() {
        assert_eq!(read("ISO-8859-15", b"\xa4"), "€");
        assert_eq!(read("latin1", b"\xe9"), "é");
        assert_eq!(read("KOI8-R", b"\xc1"), "а");
        assert_eq!(read("iso-2022-jp", b"\x1b$B$\"\x1b(B"), "あ");
        assert_eq!(read("cp932", b"\x82\xa0"), "あ");
        assert_eq!(read("ks_c_5601-1987", b"\xb0\xa1"), "가");
        assert_eq!(read("cp850", b"caf\x82"), "café");
        assert_eq!(read("ibm437", b"\xe1"), "ß");
        assert_eq!(read("utf-7", b"caf+AOk-"), "café");
        assert_eq!(read("utf-16", b"\xfe\xff\0a"), "a");
        assert_eq!(read("utf-16le", b"a\0"), "a");
    }

    #[test]
    fn names_that_lie_or_mean_nothing() {
        assert_eq!(read("utf-8", b"caf\xe9"), "café");
        assert_eq!(read("us-ascii", "é".as_bytes()), "é");
        assert_eq!(read("x-unknown", "é".as_bytes()), "é");
        assert_eq!(read("", b"\x80"), "€");
        assert_eq!(read("iso-2022-kr", b"abc"), "abc");
    }
}
