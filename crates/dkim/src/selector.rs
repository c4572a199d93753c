//! Which of a domain's keys. RFC 6376 section 3.1.

use std::fmt;
use std::str::FromStr;

/// Longest selector: one label of a domain name. RFC 1035 section 2.3.4.
const OCTETS: usize = 63;

/// The name of a key within its domain: one label of lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(Box<str>);

/// Why a text is no selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a selector has up to 63 letters, digits and hyphens, and no hyphen at its ends")]
pub struct SelectorError;

impl Selector {
    /// As it stands in a signature and in the name of a record.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let fits = (1..=OCTETS).contains(&text.len())
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        match fits {
            true => Ok(Self(text.to_ascii_lowercase().into())),
            false => Err(SelectorError),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_one_label() {
        let selector: Selector = "20261128-RSA".parse().unwrap();
        assert_eq!(selector.as_str(), "20261128-rsa");
        let long = "a".repeat(64);
        for wrong in ["", "-a", "a-", "a.b", "a_b", "é", "a;b", long.as_str()] {
            assert!(wrong.parse::<Selector>().is_err(), "{wrong}");
        }
    }
}
