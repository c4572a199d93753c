//! The header fields that mail programs ask for when they list mail.

use crate::fields;
use crate::limits::ASKED_OCTETS;

/// Their names in lower case, in order: what the lists of common programs show, and what they
/// thread by and reply to.
const NAMES: [&[u8]; 28] = [
    b"bcc",
    b"cc",
    b"content-transfer-encoding",
    b"content-type",
    b"date",
    b"delivered-to",
    b"disposition-notification-to",
    b"from",
    b"importance",
    b"in-reply-to",
    b"list-id",
    b"list-post",
    b"list-subscribe",
    b"list-unsubscribe",
    b"message-id",
    b"mime-version",
    b"newsgroups",
    b"priority",
    b"references",
    b"reply-to",
    b"resent-from",
    b"resent-message-id",
    b"return-path",
    b"sender",
    b"subject",
    b"to",
    b"x-label",
    b"x-priority",
];

/// Whether the fields of this name are among those of [`crate::Scanned::asked`].
pub fn is_asked(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.binary_search(&name.as_slice()).is_ok()
}

/// Those fields of a header, as [`crate::header_fields`] gives them; none where they are too
/// long to be kept.
pub(crate) fn asked(header: &[u8]) -> Option<Vec<u8>> {
    let mut asked = Vec::new();
    for field in fields(header).filter(|field| is_asked(field.name)) {
        if asked.len() + field.raw.len() > ASKED_OCTETS {
            return None;
        }
        field.write(&mut asked);
    }
    asked.extend(b"\r\n");
    Some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header_fields;

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.is_sorted());
        assert!(is_asked(b"Subject") && is_asked(b"REFERENCES"));
        assert!(!is_asked(b"Received") && !is_asked(b""));
    }

    #[test]
    fn they_answer_as_the_header_does() {
        let header = b"Received: by x\r\nFROM : a\r\n\tb\r\nno field\r\nSubject: s\r\n\
            X-Other: o\r\nfrom: c\nTo: d";
        let kept = asked(header).unwrap();
        for names in [&["from"][..], &["To", "subject"], &["date"], &[]] {
            assert_eq!(
                header_fields(&kept, names, false),
                header_fields(header, names, false),
                "{names:?}"
            );
        }
        assert_eq!(asked(b"").unwrap(), b"\r\n");
    }

    #[test]
    fn too_long_ones_are_not_kept() {
        let long = |octets: usize| [b"To: ", "x".repeat(octets).as_bytes(), b"\r\n"].concat();
        assert!(asked(&long(ASKED_OCTETS - 6)).is_some());
        assert!(asked(&long(ASKED_OCTETS - 5)).is_none());
    }
}
