//! Whole addresses, as an SMTP path or a sign-in name gives them.
//!
//! The address in a message's header is a looser thing (display names, comments,
//! groups): the `message` crate reads those and hands the inner part to us.

use std::fmt;
use std::str::FromStr;

use crate::{Domain, DomainError};

/// Longest local part in octets. RFC 5321 section 4.5.3.1.1 asks for at least 64;
/// senders that put a whole address inside another (bounce tags, SRS) go past it.
const LOCAL_OCTETS: usize = 128;

/// What stands before the `@`.
///
/// It keeps the spelling that it came with, since another host alone may say what
/// case means there (RFC 5321 section 2.4). Quoting is syntax and is taken off:
/// `"jean"@x` is `jean@x`. Two local parts are compared here byte by byte; a hosted
/// domain folds them with [`LocalPart::folded`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalPart(Box<str>);

impl LocalPart {
    /// The text without quotes, as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which a hosted domain knows it: lower case.
    pub fn folded(&self) -> LocalPart {
        Self(self.0.to_lowercase().into())
    }

    fn is_dot_atom(&self) -> bool {
        self.0
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
    }
}

impl FromStr for LocalPart {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let inner = match text.strip_prefix('"') {
            Some(rest) => unquote(rest)?,
            None => text.to_owned(),
        };
        if inner.is_empty() {
            return Err(AddressError::LocalEmpty);
        }
        if inner.len() > LOCAL_OCTETS {
            return Err(AddressError::LocalTooLong);
        }
        let local = Self(inner.into());
        if local.0.chars().any(char::is_control) || !(text.starts_with('"') || local.is_dot_atom())
        {
            return Err(AddressError::LocalCharacter);
        }
        Ok(local)
    }
}

impl fmt::Display for LocalPart {
    /// As it must stand in a path: quoted where it is not a dot-atom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_dot_atom() {
            return f.write_str(&self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

/// RFC 5322 section 3.2.3, and any character beyond ASCII (RFC 6531 section 3.3).
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
        || (!c.is_ascii() && !c.is_control())
}

/// Reads what follows an opening quote, up to the closing one at the very end.
fn unquote(rest: &str) -> Result<String, AddressError> {
    let mut inner = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' if chars.as_str().is_empty() => return Ok(inner),
            '"' => return Err(AddressError::LocalCharacter),
            '\\' => inner.push(chars.next().ok_or(AddressError::LocalCharacter)?),
            c => inner.push(c),
        }
    }
    Err(AddressError::LocalCharacter)
}

/// One e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    local: LocalPart,
    domain: Domain,
}

impl Address {
    /// Joins the two halves.
    pub fn new(local: LocalPart, domain: Domain) -> Self {
        Self { local, domain }
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &LocalPart {
        &self.local
    }

    /// The address without the tag that a person adds to tell where it was given: of
    /// `lea+shop@x` it is `lea@x`. None if there is no tag, or nothing before it. RFC 5233
    /// section 4.
    pub fn without_tag(&self) -> Option<Address> {
        let (name, _) = self.local.0.split_once('+')?;
        let local = LocalPart(name.into());
        (!name.is_empty() && local.is_dot_atom()).then(|| Address {
            local,
            domain: self.domain.clone(),
        })
    }

    /// What stands after it.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The form under which a hosted domain knows it.
    pub fn folded(&self) -> Address {
        Self::new(self.local.folded(), self.domain.clone())
    }

    /// True when only SMTPUTF8 can carry it (RFC 6531): the local part is not ASCII.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.0.is_ascii()
    }
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`: often a name without its domain.
    #[error("the address has no @ and domain")]
    NoDomain,
    /// Nothing stands before the `@`.
    #[error("nothing stands before the @")]
    LocalEmpty,
    /// More than 128 octets stand before the `@`.
    #[error("the part before the @ is too long")]
    LocalTooLong,
    /// A character that must be quoted or may not be there at all.
    #[error("the part before the @ has a character that may not be there")]
    LocalCharacter,
    /// The domain is wrong.
    #[error(transparent)]
    Domain(#[from] DomainError),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoDomain)?;
        Ok(Self::new(local.parse()?, domain.parse()?))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The sender in an envelope: an address, or nobody (`<>`, for bounces).
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ReversePath {
    /// `MAIL FROM:<>`: nobody is to be told if this message can't be delivered.
    Null,
    /// Where a bounce would go.
    Address(Address),
}

impl fmt::Display for ReversePath {
    /// With its angle brackets, as in `Return-Path`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Address(address) => write!(f, "<{address}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, AddressError> {
        text.parse()
    }

    #[test]
    fn spelling_is_kept_and_folding_is_asked_for() {
        let address = parse("Jean.Dupont@Exemple.FR").unwrap();
        assert_eq!(address.to_string(), "Jean.Dupont@exemple.fr");
        assert_eq!(address.folded().to_string(), "jean.dupont@exemple.fr");
    }

    #[test]
    fn quotes_are_syntax_only() {
        assert_eq!(parse("\"jean\"@x.fr"), parse("jean@x.fr"));
        assert_eq!(
            parse("\"a b\\\"c\"@x.fr").unwrap().to_string(),
            "\"a b\\\"c\"@x.fr"
        );
        assert_eq!(parse("\"a@b\"@x.fr").unwrap().local().as_str(), "a@b");
    }

    #[test]
    fn what_is_no_address_says_why() {
        assert_eq!(parse("jean"), Err(AddressError::NoDomain));
        assert_eq!(parse("@x.fr"), Err(AddressError::LocalEmpty));
        assert_eq!(parse("a b@x.fr"), Err(AddressError::LocalCharacter));
        assert_eq!(parse("a..b@x.fr"), Err(AddressError::LocalCharacter));
        assert_eq!(parse("\"a\r\nb\"@x.fr"), Err(AddressError::LocalCharacter));
        assert_eq!(
            parse("jean@"),
            Err(AddressError::Domain(DomainError::Empty))
        );
        let long = format!("{}@x.fr", "a".repeat(129));
        assert_eq!(parse(&long), Err(AddressError::LocalTooLong));
    }

    #[test]
    fn a_tag_is_taken_off() {
        let base = |text: &str| {
            let address: Address = text.parse().unwrap();
            address.without_tag().map(|base| base.to_string())
        };
        assert_eq!(base("Lea+shop@x.fr").as_deref(), Some("Lea@x.fr"));
        assert_eq!(base("lea+a+b@x.fr").as_deref(), Some("lea@x.fr"));
        assert_eq!(base("lea+@x.fr").as_deref(), Some("lea@x.fr"));
        for none in ["lea@x.fr", "+shop@x.fr", "\"a b+c\"@x.fr"] {
            assert_eq!(base(none), None, "{none}");
        }
    }

    #[test]
    fn whatever_parses_prints_to_something_that_parses_the_same() {
        for text in [
            "é@x.fr",
            "\"\\\\\"@x.fr",
            "a+b@x.fr",
            "\" \"@x.fr",
            "\".a\"@x.fr",
        ] {
            let address = parse(text).unwrap();
            assert_eq!(parse(&address.to_string()), Ok(address));
        }
    }
}
