//! Flags of messages. RFC 9051 section 2.3.2.

use std::fmt;

use crate::limits;

/// A flag that the protocol defines and a client may set; `\Recent` is not one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemFlag {
    /// Read.
    Seen,
    /// Answered.
    Answered,
    /// Marked for attention: a star on most devices.
    Flagged,
    /// To be removed by EXPUNGE.
    Deleted,
    /// Not finished.
    Draft,
}

impl SystemFlag {
    /// All of them, in the order in which they are written.
    pub const ALL: [SystemFlag; 5] = [
        Self::Answered,
        Self::Flagged,
        Self::Deleted,
        Self::Seen,
        Self::Draft,
    ];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "\\Seen",
            Self::Answered => "\\Answered",
            Self::Flagged => "\\Flagged",
            Self::Deleted => "\\Deleted",
            Self::Draft => "\\Draft",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A flag that clients make up, such as `$Forwarded`.
///
/// It is an atom of at most [`limits::KEYWORD`] octets and has no bracket: the parser of
/// some devices takes `[` for the start of a section wherever it stands. Case does not
/// tell two of them apart.
#[derive(Clone, Debug)]
pub struct Keyword(Box<str>);

impl Keyword {
    /// The keyword that this text is; `None` when it can't be one.
    pub fn new(text: &str) -> Option<Keyword> {
        let fits = !text.is_empty() && text.len() <= limits::KEYWORD;
        let clean = text
            .bytes()
            .all(|octet| is_atom_octet(octet) && octet != b'[');
        (fits && clean).then(|| Keyword(text.into()))
    }

    /// The text, in the case in which it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Keyword) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Keyword {}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `ATOM-CHAR` of RFC 9051 section 9.
pub(crate) fn is_atom_octet(octet: u8) -> bool {
    octet.is_ascii_graphic()
        && !matches!(
            octet,
            b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']'
        )
}

/// The flags of one message, or those that a command names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    system: u8,
    keywords: Vec<Keyword>,
}

impl Flags {
    /// Adds a system flag.
    pub fn set(&mut self, flag: SystemFlag) {
        self.system |= flag.bit();
    }

    /// Adds a keyword, once.
    pub fn add(&mut self, keyword: Keyword) {
        if !self.keywords.contains(&keyword) {
            self.keywords.push(keyword);
        }
    }

    /// Whether a system flag is among them.
    pub fn has(&self, flag: SystemFlag) -> bool {
        self.system & flag.bit() != 0
    }

    /// The system flags among them.
    pub fn system(&self) -> impl Iterator<Item = SystemFlag> + '_ {
        SystemFlag::ALL.into_iter().filter(|&flag| self.has(flag))
    }

    /// The keywords among them.
    pub fn keywords(&self) -> &[Keyword] {
        &self.keywords
    }
}

impl FromIterator<SystemFlag> for Flags {
    fn from_iter<I: IntoIterator<Item = SystemFlag>>(flags: I) -> Flags {
        let mut set = Flags::default();
        flags.into_iter().for_each(|flag| set.set(flag));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_what_every_device_can_read() {
        for good in ["$Forwarded", "Junk", "NonJunk", "$label1", "a+b"] {
            assert!(Keyword::new(good).is_some(), "{good}");
        }
        for bad in [
            "", "a b", "a]", "a[b", "a{", "a%", "é", "a\"", "\\Seen", "(a)",
        ] {
            assert_eq!(Keyword::new(bad), None, "{bad}");
        }
        assert_eq!(Keyword::new(&"a".repeat(65)), None);
        assert_eq!(Keyword::new("$junk"), Keyword::new("$Junk"));
    }

    #[test]
    fn a_flag_is_there_once() {
        let mut flags: Flags = [SystemFlag::Seen, SystemFlag::Seen].into_iter().collect();
        flags.add(Keyword::new("Junk").unwrap());
        flags.add(Keyword::new("JUNK").unwrap());
        assert_eq!(flags.system().count(), 1);
        assert_eq!(flags.keywords().len(), 1);
        assert!(flags.has(SystemFlag::Seen) && !flags.has(SystemFlag::Draft));
    }
}
