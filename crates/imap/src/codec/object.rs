//! Identifiers of things, for ever: mailboxes, messages, threads. RFC 8474.

use crate::limits;

/// Names a mailbox, a message or a thread, for ever: ASCII letters, digits, `_` and `-`, one
/// to [`limits::OBJECT_ID`] of them (RFC 8474 section 7, `objectid`). Case counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId(Box<str>);

impl ObjectId {
    /// Takes an identifier; none where the text can't be one.
    pub fn new(text: &str) -> Option<ObjectId> {
        let may_be = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-');
        let fits = (1..=limits::OBJECT_ID).contains(&text.len());
        (fits && text.bytes().all(may_be)).then(|| ObjectId(text.into()))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_the_rfc_and_no_others() {
        assert_eq!(
            ObjectId::new("M6d99ac3275bb4e_-A").unwrap().as_str().len(),
            18
        );
        assert!(ObjectId::new(&"x".repeat(255)).is_some());
        for odd in ["", "a b", "a)", "é", "a.b", "a\r\n", &"x".repeat(256)] {
            assert_eq!(ObjectId::new(odd), None, "{odd:?}");
        }
    }
}
