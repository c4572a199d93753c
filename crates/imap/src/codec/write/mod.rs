//! Answers to bytes. RFC 9051 sections 4, 7 and 9.
//!
//! What is written here is read by parsers of any age. So every string that has anything
//! but printable ASCII in it, or a quote or a backslash, goes as a literal; human text
//! holds printable ASCII alone; and every line is whole.

mod envelope;
mod reply;
mod structure;
mod untagged;

use std::fmt::Write as _;

pub(crate) use reply::{Code, Reply};

use crate::codec::flag::is_atom_octet;
use crate::codec::utf7;

/// Longest string that is written between quotes. RFC 9051 section 4.3 sets no limit, but
/// a literal tells its length first.
const QUOTED: usize = 1024;

/// Answers on their way.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    octets: Vec<u8>,
}

impl Writer {
    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Takes what was written; nothing remains.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.octets)
    }

    /// Syntax: ASCII that the caller knows to be right.
    pub(crate) fn syntax(&mut self, ascii: &str) -> &mut Self {
        self.octets.extend_from_slice(ascii.as_bytes());
        self
    }

    pub(crate) fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        // Writing to memory does not fail.
        let _ = write!(self, "{}", number.into());
        self
    }

    pub(crate) fn end_line(&mut self) {
        self.octets.extend_from_slice(b"\r\n");
    }

    /// Words for people: printable ASCII, the rest as `?`. RFC 9051 section 9, `text`.
    pub(crate) fn text(&mut self, words: &str) -> &mut Self {
        let printable = |c: char| {
            if matches!(c, ' '..='~') {
                c as u8
            } else {
                b'?'
            }
        };
        self.octets.extend(words.chars().map(printable));
        self
    }

    /// `string`: quoted where every parser can read it so, else a literal.
    pub(crate) fn string(&mut self, string: &[u8]) -> &mut Self {
        let simple = |&octet: &u8| matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\');
        if string.len() <= QUOTED && string.iter().all(simple) {
            self.octets.push(b'"');
            self.octets.extend_from_slice(string);
            self.octets.push(b'"');
            return self;
        }
        self.literal_size(string.len() as u64);
        // No string of the protocol may hold NUL; what comes from a message holds none.
        self.octets.extend(
            string
                .iter()
                .map(|&octet| if octet == 0 { b'?' } else { octet }),
        );
        self
    }

    /// The announcement of a literal, whose octets must follow.
    pub(crate) fn literal_size(&mut self, size: u64) -> &mut Self {
        self.syntax("{").number(size).syntax("}\r\n")
    }

    /// `nstring`.
    pub(crate) fn nstring(&mut self, string: Option<&[u8]>) -> &mut Self {
        match string {
            Some(string) => self.string(string),
            None => self.syntax("NIL"),
        }
    }

    /// `astring`: an atom where it can be one.
    pub(crate) fn astring(&mut self, string: &str) -> &mut Self {
        if !string.is_empty() && string.bytes().all(is_atom_octet) {
            self.syntax(string)
        } else {
            self.string(string.as_bytes())
        }
    }

    /// `mailbox`: always a string, since devices read nothing else there.
    pub(crate) fn mailbox(&mut self, name: &str) -> &mut Self {
        self.string(utf7::encode(name).as_bytes())
    }

    /// Things between parentheses, a space between each.
    pub(crate) fn list<T>(
        &mut self,
        things: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.syntax("(");
        let mut first = true;
        for thing in things {
            if !first {
                self.syntax(" ");
            }
            first = false;
            write(self, thing);
        }
        self.syntax(")")
    }
}

impl std::fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.octets.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::default();
        write(&mut writer);
        String::from_utf8_lossy(&writer.take()).into_owned()
    }

    #[test]
    fn strings_are_quoted_only_where_every_parser_can_read_them() {
        let string = |octets: &[u8]| {
            written(|to| {
                to.string(octets);
            })
        };
        assert_eq!(string(b"plain"), "\"plain\"");
        assert_eq!(string(b""), "\"\"");
        assert_eq!(string(b"it's \"x\".pdf"), "{12}\r\nit's \"x\".pdf");
        assert_eq!(string(b"a\\b"), "{3}\r\na\\b");
        assert_eq!(string(b"a\tb\0"), "{4}\r\na\tb?");
        assert_eq!(string("é".as_bytes()), "{2}\r\né");
        assert!(string(&[b'a'; 2000]).starts_with("{2000}\r\n"));
    }

    #[test]
    fn words_never_break_a_line() {
        assert_eq!(
            written(|to| {
                to.text("a\r\nb\0 é");
            }),
            "a??b? ?"
        );
    }

    proptest! {
        #[test]
        fn a_string_has_no_octet_that_breaks_a_line(octets in prop::collection::vec(any::<u8>(), 0..50)) {
            let mut writer = Writer::default();
            writer.string(&octets);
            let out = writer.take();
            if out.first() == Some(&b'"') {
                prop_assert_eq!(&out[1..out.len() - 1], octets.as_slice());
                prop_assert!(out.iter().all(|octet| (0x20..0x7f).contains(octet)));
            } else {
                let head = format!("{{{}}}\r\n", octets.len());
                prop_assert!(out.starts_with(head.as_bytes()));
                prop_assert_eq!(out.len(), head.len() + octets.len());
            }
        }
    }
}
