//! Mail domains.

use std::fmt;
use std::str::FromStr;

/// Longest domain name in octets. RFC 5321 section 4.5.3.1.2 (and RFC 1035 section
/// 2.3.4, whose 255 counts length octets that the text form does not have).
const DOMAIN_OCTETS: usize = 253;
/// Longest label. RFC 1035 section 2.3.4.
const LABEL_OCTETS: usize = 63;

/// A mail domain: lower case, international names as A-labels (`xn--`), no final dot.
///
/// `"Exemple.FR".parse()` is the only way in, so equal domains are equal bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(Box<str>);

/// Why a text is not a mail domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// Nothing is there, or a label is empty (`a..b`).
    #[error("the domain has an empty part")]
    Empty,
    /// A label is over 63 octets or the whole over 253.
    #[error("the domain is too long")]
    TooLong,
    /// A character that no domain name has, or a hyphen at an end of a label.
    #[error("the domain has a character that no domain name may have")]
    Character,
}

impl Domain {
    /// The name as it goes on the wire: lower case, A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a person writes it (`xn--bcher-kva.example` is `bücher.example`).
    pub fn to_unicode(&self) -> String {
        idna::domain_to_unicode(&self.0).0
    }
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        // The dot that a DNS tool prints at the end is not part of a mail domain.
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.len() > DOMAIN_OCTETS * 4 {
            return Err(DomainError::TooLong);
        }
        let ascii = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(text).map_err(|_| DomainError::Character)?
        };
        check(&ascii)?;
        Ok(Self(ascii.into()))
    }
}

fn check(ascii: &str) -> Result<(), DomainError> {
    if ascii.len() > DOMAIN_OCTETS {
        return Err(DomainError::TooLong);
    }
    ascii.split('.').try_for_each(check_label)
}

fn check_label(label: &str) -> Result<(), DomainError> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match label.as_bytes() {
        [] => Err(DomainError::Empty),
        bytes if bytes.len() > LABEL_OCTETS => Err(DomainError::TooLong),
        [b'-', ..] | [.., b'-'] => Err(DomainError::Character),
        bytes if bytes.iter().copied().all(inner) => Ok(()),
        _ => Err(DomainError::Character),
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Domain {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Domain {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, DomainError> {
        text.parse::<Domain>().map(|d| d.to_string())
    }

    #[test]
    fn equal_domains_are_equal_bytes() {
        assert_eq!(parse("Exemple.FR."), parse("exemple.fr"));
        assert_eq!(parse("Bücher.example"), Ok("xn--bcher-kva.example".into()));
        assert_eq!(parse("localhost"), Ok("localhost".into()));
    }

    #[test]
    fn what_is_no_domain_says_why() {
        assert_eq!(parse(""), Err(DomainError::Empty));
        assert_eq!(parse("a..b"), Err(DomainError::Empty));
        assert_eq!(parse("a b"), Err(DomainError::Character));
        assert_eq!(parse("-a.fr"), Err(DomainError::Character));
        assert_eq!(parse("a.fr\r\nX"), Err(DomainError::Character));
        assert_eq!(parse(&"a".repeat(64)), Err(DomainError::TooLong));
        assert_eq!(parse(&"a.".repeat(200)), Err(DomainError::TooLong));
    }

    #[test]
    fn people_read_the_unicode_form() {
        let domain: Domain = "xn--bcher-kva.example".parse().unwrap();
        assert_eq!(domain.to_unicode(), "bücher.example");
    }
}
