//! Names of mailboxes.

use crate::limits::MAILBOX_NAME_OCTETS;
use crate::{Result, StoreError};

/// What stands between a parent and its child. RFC 9051 section 5.1.
const SEPARATOR: char = '/';
/// The one name that is the same in any case. RFC 9051 section 5.1.
const INBOX: &str = "INBOX";

/// A name that a mailbox can have: UTF-8 as it was given, no part of it empty, no
/// control character and no wildcard of LIST in it, and `INBOX` in upper case, also as
/// the parent of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn new(text: &str) -> Result<Name> {
        let (first, rest) = match text.split_once(SEPARATOR) {
            Some((first, rest)) => (first, Some(rest)),
            None => (text, None),
        };
        let first = if first.eq_ignore_ascii_case(INBOX) {
            INBOX
        } else {
            first
        };
        let name = match rest {
            Some(rest) => format!("{first}{SEPARATOR}{rest}"),
            None => first.to_owned(),
        };
        let bad = |c: char| c.is_control() || c == '*' || c == '%';
        let fits = name.len() <= MAILBOX_NAME_OCTETS
            && name.split(SEPARATOR).all(|part| !part.is_empty())
            && !name.chars().any(bad);
        if fits {
            Ok(Name(name))
        } else {
            Err(StoreError::BadName)
        }
    }

    /// True if a mailbox can have this name, written so.
    pub(crate) fn is_good(text: &str) -> bool {
        Name::new(text).is_ok_and(|good| good.as_str() == text)
    }

    pub(crate) fn is_inbox(&self) -> bool {
        self.0 == INBOX
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The names that it lies within, from the outermost.
    pub(crate) fn parents(&self) -> impl Iterator<Item = Name> + '_ {
        self.0
            .match_indices(SEPARATOR)
            .filter_map(|(at, _)| self.0.get(..at))
            .map(|parent| Name(parent.to_owned()))
    }

    /// What follows `parent` and the separator, if it lies within.
    fn within(&self, parent: &Name) -> Option<&str> {
        self.0
            .strip_prefix(parent.as_str())?
            .strip_prefix(SEPARATOR)
    }

    /// True when it lies within `parent`.
    pub(crate) fn is_within(&self, parent: &Name) -> bool {
        self.within(parent).is_some()
    }

    /// What it is called once `from` is called `to`: none if it is neither that nor
    /// within it.
    ///
    /// # Errors
    /// [`StoreError::BadName`] when that would be too long.
    pub(crate) fn moved(&self, from: &Name, to: &Name) -> Result<Option<Name>> {
        if self == from {
            return Ok(Some(to.clone()));
        }
        let moved = self
            .within(from)
            .map(|rest| Name::new(&format!("{}{SEPARATOR}{rest}", to.0)));
        moved.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    #[test]
    fn inbox_is_one_in_any_case() {
        assert_eq!(name("inBox"), name(INBOX));
        assert_eq!(name("inbox/Vélo").as_str(), "INBOX/Vélo");
        assert_eq!(name("a/inbox").as_str(), "a/inbox");
        assert_ne!(name("inboxes"), name(INBOX));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            "", "/", "a/", "/a", "a//b", "a\0", "a\r", "a*", "%", "a\u{85}",
        ] {
            assert_eq!(Name::new(bad), Err(StoreError::BadName), "{bad:?}");
        }
        assert!(Name::new(&"n".repeat(MAILBOX_NAME_OCTETS)).is_ok());
        assert!(Name::new(&"n".repeat(MAILBOX_NAME_OCTETS + 1)).is_err());
    }

    #[test]
    fn children_follow_their_parent() {
        let parents: Vec<_> = name("a/b/c").parents().collect();
        assert_eq!(parents, [name("a"), name("a/b")]);
        let moved = |text: &str| name(text).moved(&name("a"), &name("x/y")).unwrap();
        assert_eq!(moved("a"), Some(name("x/y")));
        assert_eq!(moved("a/b/c"), Some(name("x/y/b/c")));
        assert_eq!(moved("ab"), None);
        let long = name(&"n".repeat(MAILBOX_NAME_OCTETS));
        assert_eq!(
            name("a/b").moved(&name("a"), &long),
            Err(StoreError::BadName)
        );
    }
}
