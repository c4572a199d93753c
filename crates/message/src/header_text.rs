//! Text of a header field, as octets.

use std::fmt;
use std::ops::Deref;

use serde::de::{Error, SeqAccess, Visitor};

/// Octets that a header field held, unfolded, in no charset that we can be sure of.
///
/// Mail has carried raw 8-bit text in headers for as long as it has forbidden it, so
/// these are octets and not a `str`. They never hold CR, LF or NUL, which no IMAP
/// string may carry (RFC 9051 section 4.3): each became a space when the value was
/// made. [`crate::text::header_value`] makes text of them for a person or a search.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderText(Box<[u8]>);

impl HeaderText {
    /// Takes octets that stand in one line; CR, LF and NUL become spaces.
    pub fn new(octets: &[u8]) -> Self {
        let clean = |octet: &u8| {
            if matches!(octet, b'\r' | b'\n' | 0) {
                b' '
            } else {
                *octet
            }
        };
        Self(octets.iter().map(clean).collect())
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for HeaderText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for HeaderText {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl From<&[u8]> for HeaderText {
    fn from(octets: &[u8]) -> Self {
        Self::new(octets)
    }
}

impl PartialEq<str> for HeaderText {
    fn eq(&self, text: &str) -> bool {
        *self.0 == *text.as_bytes()
    }
}

impl PartialEq<&str> for HeaderText {
    fn eq(&self, text: &&str) -> bool {
        *self.0 == *text.as_bytes()
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

// Written by hand because the derive of a byte list writes one number after another.
impl serde::Serialize for HeaderText {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for HeaderText {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_byte_buf(Octets)
    }
}

struct Octets;

impl<'de> Visitor<'de> for Octets {
    type Value = HeaderText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("octets of a header field")
    }

    fn visit_bytes<E: Error>(self, octets: &[u8]) -> Result<HeaderText, E> {
        Ok(HeaderText::new(octets))
    }

    // Formats without a byte type (JSON) give a list.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<HeaderText, A::Error> {
        let mut octets = Vec::new();
        while let Some(octet) = list.next_element()? {
            octets.push(octet);
        }
        Ok(HeaderText::new(&octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_imap_string_may_carry_is_a_space() {
        assert_eq!(HeaderText::new(b"a\r\n\0b\xe9").as_bytes(), b"a   b\xe9");
    }

    #[test]
    fn it_is_one_length_and_its_octets_under_postcard() {
        let text = HeaderText::new(b"caf\xe9");
        let bytes = postcard::to_allocvec(&text).unwrap();
        assert_eq!(bytes, b"\x04caf\xe9");
        assert_eq!(postcard::from_bytes::<HeaderText>(&bytes).unwrap(), text);
    }
}
