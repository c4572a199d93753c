//! Reading the small things that commands are made of. RFC 9051 section 9.

use std::borrow::Cow;
use std::num::NonZeroU32;

use crate::codec::command::MailboxName;
use crate::codec::flag::is_atom_octet;
use crate::codec::utf7;
use crate::limits;
use crate::number::{Bound, SequenceSet};

/// Something was expected and is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(super) what: &'static str,
    /// The octet's place, from 0.
    pub(super) at: usize,
}

/// A place in a command.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    octets: &'a [u8],
    at: usize,
}

/// A control character, which no mailbox's name holds.
const NOBODYS_NAME: &str = "\0";

type Read<T> = Result<T, Wanted>;

impl<'a> Cursor<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The complaint that something is missing here.
    pub(super) fn wanted(&self, what: &'static str) -> Wanted {
        Wanted { what, at: self.at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    /// Steps over an octet if it is this one.
    pub(super) fn skip(&mut self, octet: u8) -> bool {
        let there = self.peek() == Some(octet);
        self.at += usize::from(there);
        there
    }

    pub(super) fn expect(&mut self, octet: u8, what: &'static str) -> Read<()> {
        if self.skip(octet) {
            Ok(())
        } else {
            Err(self.wanted(what))
        }
    }

    pub(super) fn space(&mut self) -> Read<()> {
        self.expect(b' ', "a space")
    }

    pub(super) fn open(&mut self) -> Read<()> {
        self.expect(b'(', "(")
    }

    pub(super) fn close(&mut self) -> Read<()> {
        self.expect(b')', ")")
    }

    pub(super) fn end(&self) -> Read<()> {
        if self.at == self.octets.len() {
            Ok(())
        } else {
            Err(self.wanted("the end of the line"))
        }
    }

    pub(super) fn while_octets(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|&&octet| wanted(octet)).count();
        self.at += count;
        rest.get(..count).unwrap_or_default()
    }

    /// The name of a command, an item, a key: letters, digits, dots and hyphens, in capitals.
    pub(super) fn word(&mut self) -> Read<String> {
        let start = self.at;
        let word = self.while_octets(|octet| {
            octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_')
        });
        match str::from_utf8(word) {
            Ok(word) if !word.is_empty() => Ok(word.to_ascii_uppercase()),
            _ => Err(Wanted {
                what: "a word",
                at: start,
            }),
        }
    }

    /// `atom`.
    pub(super) fn atom(&mut self) -> Read<&'a str> {
        let start = self.at;
        match str::from_utf8(self.while_octets(is_atom_octet)) {
            Ok(atom) if !atom.is_empty() => Ok(atom),
            _ => Err(Wanted {
                what: "an atom",
                at: start,
            }),
        }
    }

    /// `string`: quoted, or a literal.
    pub(super) fn string(&mut self) -> Read<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal().map(Cow::Borrowed),
            _ => Err(self.wanted("a string")),
        }
    }

    /// `astring`: a string, or an atom that may hold `]`. Octets over 127 are taken, since
    /// devices send names and passwords so without asking.
    pub(super) fn astring(&mut self) -> Read<Cow<'a, [u8]>> {
        if matches!(self.peek(), Some(b'"' | b'{')) {
            return self.string();
        }
        match self.while_octets(is_astring_octet) {
            [] => Err(self.wanted("a string")),
            atom => Ok(Cow::Borrowed(atom)),
        }
    }

    fn quoted(&mut self) -> Read<Cow<'a, [u8]>> {
        self.expect(b'"', "a quote")?;
        let plain = self.while_octets(is_quoted_octet);
        if self.skip(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_vec();
        loop {
            if self.skip(b'\\') {
                match self.peek() {
                    Some(escaped @ (b'"' | b'\\')) => text.push(escaped),
                    _ => return Err(self.wanted("\" or \\ after a backslash")),
                }
                self.at += 1;
            } else if self.skip(b'"') {
                return Ok(Cow::Owned(text));
            } else {
                match self.while_octets(is_quoted_octet) {
                    [] => return Err(self.wanted("the end of the quoted string")),
                    run => text.extend_from_slice(run),
                }
            }
        }
    }

    /// The first stage has seen to it that all octets are there; this believes nothing.
    fn literal(&mut self) -> Read<&'a [u8]> {
        self.expect(b'{', "a literal")?;
        let size = self.number()?;
        self.skip(b'+');
        self.expect(b'}', "}")?;
        self.skip(b'\r');
        self.expect(b'\n', "a line end after a literal's size")?;
        let end = usize::try_from(size)
            .ok()
            .and_then(|size| self.at.checked_add(size));
        let octets = end.and_then(|end| self.octets.get(self.at..end));
        let octets = octets.ok_or_else(|| self.wanted("the octets of a literal"))?;
        if memchr::memchr(0, octets).is_some() {
            return Err(self.wanted("a literal without NUL"));
        }
        self.at += octets.len();
        Ok(octets)
    }

    /// `nstring`: a string, or NIL.
    pub(super) fn nstring(&mut self) -> Read<Option<Cow<'a, [u8]>>> {
        if matches!(self.peek(), Some(b'"' | b'{')) {
            return self.string().map(Some);
        }
        let start = self.at;
        match self.atom() {
            Ok(atom) if atom.eq_ignore_ascii_case("NIL") => Ok(None),
            _ => Err(Wanted {
                what: "a string or NIL",
                at: start,
            }),
        }
    }

    /// `number`.
    pub(super) fn number(&mut self) -> Read<u32> {
        let start = self.at;
        let digits = str::from_utf8(self.while_octets(|octet| octet.is_ascii_digit()));
        let number = digits.ok().and_then(|digits| digits.parse().ok());
        number.ok_or(Wanted {
            what: "a number",
            at: start,
        })
    }

    /// `nz-number`.
    pub(super) fn nonzero(&mut self) -> Read<NonZeroU32> {
        let start = self.at;
        let number = NonZeroU32::new(self.number()?);
        number.ok_or(Wanted {
            what: "a number above zero",
            at: start,
        })
    }

    /// `sequence-set`.
    pub(super) fn sequence_set(&mut self) -> Read<SequenceSet> {
        let mut set = SequenceSet::new();
        loop {
            let from = self.bound()?;
            let to = if self.skip(b':') { self.bound()? } else { from };
            set.push(from, to);
            if !self.skip(b',') {
                return Ok(set);
            }
        }
    }

    fn bound(&mut self) -> Read<Bound> {
        if self.skip(b'*') {
            return Ok(Bound::Last);
        }
        match self.peek() {
            Some(b'0'..=b'9') => self.nonzero().map(Bound::Number),
            _ => Err(self.wanted("a message number")),
        }
    }

    /// `mailbox`.
    pub(super) fn mailbox(&mut self) -> Read<MailboxName> {
        let start = self.at;
        let wire = self.astring()?;
        self.mailbox_text(&wire, start).map(MailboxName::new)
    }

    /// A name or pattern in modified UTF-7. What is none is still well formed, and is read
    /// as a name that no mailbox has or can have: whoever is asked for it says so.
    pub(super) fn mailbox_text(&self, wire: &[u8], start: usize) -> Read<String> {
        if wire.len() > limits::MAILBOX_NAME {
            return Err(Wanted {
                what: "a shorter mailbox name",
                at: start,
            });
        }
        Ok(utf7::decode(wire).unwrap_or_else(|| NOBODYS_NAME.to_owned()))
    }

    /// Items between parentheses, a space between each; at least one.
    pub(super) fn list<T, E: From<Wanted>>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        self.open()?;
        let mut items = vec![item(self)?];
        while self.skip(b' ') {
            items.push(item(self)?);
        }
        self.close()?;
        Ok(items)
    }
}

/// `ASTRING-CHAR`, and octets over 127.
pub(super) fn is_astring_octet(octet: u8) -> bool {
    is_atom_octet(octet) || octet == b']' || octet >= 0x80
}

/// What stands for itself between quotes: `TEXT-CHAR` but for quotes and backslashes, and
/// octets over 127.
fn is_quoted_octet(octet: u8) -> bool {
    !matches!(octet, 0 | b'\r' | b'\n' | b'"' | b'\\')
}
