//! What a message is marked with.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::KEYWORD_OCTETS;

/// The flags that RFC 9051 section 2.3.2 names, as a set. `\Recent` is not among
/// them: it belongs to a session ([`crate::Selected::recent_from`]).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SystemFlags(u8);

impl SystemFlags {
    /// None of them.
    pub const NONE: SystemFlags = SystemFlags(0);
    /// `\Seen`: it was read.
    pub const SEEN: SystemFlags = SystemFlags(1);
    /// `\Answered`.
    pub const ANSWERED: SystemFlags = SystemFlags(2);
    /// `\Flagged`: marked for attention.
    pub const FLAGGED: SystemFlags = SystemFlags(4);
    /// `\Deleted`: marked to be removed by EXPUNGE.
    pub const DELETED: SystemFlags = SystemFlags(8);
    /// `\Draft`: not finished.
    pub const DRAFT: SystemFlags = SystemFlags(16);

    /// Each with its name in IMAP.
    pub const NAMES: [(SystemFlags, &'static str); 5] = [
        (Self::ANSWERED, "\\Answered"),
        (Self::FLAGGED, "\\Flagged"),
        (Self::DELETED, "\\Deleted"),
        (Self::SEEN, "\\Seen"),
        (Self::DRAFT, "\\Draft"),
    ];

    /// The flag of that name, in any case; none for `\Recent` and for what is unknown.
    pub fn from_name(name: &str) -> Option<SystemFlags> {
        let known = Self::NAMES
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name));
        known.map(|(flag, _)| *flag)
    }

    /// True when all of `others` are set.
    pub fn contains(self, others: SystemFlags) -> bool {
        self.0 & others.0 == others.0
    }

    /// These without `others`.
    pub fn without(self, others: SystemFlags) -> SystemFlags {
        SystemFlags(self.0 & !others.0)
    }

    /// One bit for each, as it is stored.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> SystemFlags {
        SystemFlags(bits)
    }

    /// The names of those set, in the order of [`SystemFlags::NAMES`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let set = Self::NAMES
            .into_iter()
            .filter(move |(flag, _)| self.contains(*flag));
        set.map(|(_, name)| name)
    }
}

impl BitOr for SystemFlags {
    type Output = SystemFlags;

    fn bitor(self, others: SystemFlags) -> SystemFlags {
        SystemFlags(self.0 | others.0)
    }
}

impl BitOrAssign for SystemFlags {
    fn bitor_assign(&mut self, others: SystemFlags) {
        *self = *self | others;
    }
}

impl fmt::Debug for SystemFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A flag that a client made up (`$Forwarded`, `Work`). RFC 9051 section 2.3.2.
///
/// Two that differ in case only are one. It is an atom without `[`, which an old app
/// reads as the beginning of something else.
#[derive(Clone)]
pub struct Keyword(Arc<str>);

impl Keyword {
    /// `None` when it is empty, too long ([`crate::limits::KEYWORD_OCTETS`]), begins
    /// with a backslash, or has a character that no atom may have.
    pub fn new(text: &str) -> Option<Keyword> {
        let fits = (1..=KEYWORD_OCTETS).contains(&text.len());
        (fits && text.bytes().all(is_keyword_octet)).then(|| Keyword(text.into()))
    }

    /// As it was spelled by whoever used it first in its mailbox.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 9051 section 9, ATOM-CHAR, less `[`.
fn is_keyword_octet(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"(){%*\"\\][".contains(&octet)
}

impl Serialize for Keyword {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Keyword {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Keyword, D::Error> {
        let text = String::deserialize(from)?;
        Keyword::new(&text).ok_or_else(|| serde::de::Error::custom("no keyword"))
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Keyword) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Keyword {}

impl Hash for Keyword {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in self.0.bytes() {
            octet.to_ascii_lowercase().hash(state);
        }
    }
}

impl fmt::Debug for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All that a message is marked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Those that the RFC names.
    pub system: SystemFlags,
    /// Those that clients made up, in the order in which the mailbox first saw them.
    pub keywords: Vec<Keyword>,
}

impl From<SystemFlags> for Flags {
    fn from(system: SystemFlags) -> Flags {
        Flags {
            system,
            keywords: Vec::new(),
        }
    }
}

/// A change to the flags of some messages. RFC 9051 section 6.4.6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagChange {
    /// What to do with [`FlagChange::flags`].
    pub how: How,
    /// Which flags.
    pub flags: Flags,
}

/// What a [`FlagChange`] does with its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Set these, keep the others (`+FLAGS`).
    Add,
    /// Take these away, keep the others (`-FLAGS`).
    Remove,
    /// Set these and no other (`FLAGS`).
    Replace,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_flags_and_back() {
        for (flag, name) in SystemFlags::NAMES {
            assert_eq!(SystemFlags::from_name(&name.to_lowercase()), Some(flag));
            assert_eq!(flag.names().collect::<Vec<_>>(), [name]);
        }
        assert_eq!(SystemFlags::from_name("\\Recent"), None);
    }

    #[test]
    fn keywords_are_atoms_and_know_no_case() {
        assert_eq!(Keyword::new("$Forwarded"), Keyword::new("$forwarded"));
        for bad in [
            "",
            "a b",
            "\\Seen",
            "a]",
            "a[",
            "é",
            "a\"",
            "a*",
            &"k".repeat(65),
        ] {
            assert_eq!(Keyword::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn flags_are_taken_away_one_by_one() {
        let both = SystemFlags::SEEN | SystemFlags::DRAFT;
        assert_eq!(both.without(SystemFlags::SEEN), SystemFlags::DRAFT);
        assert!(!SystemFlags::SEEN.contains(both));
    }
}
