//! What a line is to a header that is being read.
//!
//! RFC 5322 ends a header with an empty line. Programs forget it, and others break a field
//! in lines without indenting them. So lines that are no fields end the header and begin
//! the body, unless a field of mail follows them: then they are broken fields.

use crate::header::is_space;

/// A line of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderLine {
    /// `Name: value`, with a name that mail has.
    Known,
    /// `Name: value`. In a run of odd lines it may be text.
    Field,
    /// It begins with white space: more of the line before.
    Folded,
    /// The line that ends the header.
    Empty,
    /// It may belong to the header or begin the body: what follows will tell.
    Odd,
    /// It begins like a delimiter. If it is none of an open multipart, it is one of the
    /// multipart that this header announces, or text: the header has ended.
    Dashes,
}

/// What a line beginning like this is; `None` when more of it must be seen. `whole` says
/// that there is no more, or that no more of it will be looked at.
pub(crate) fn classify(head: &[u8], whole: bool) -> Option<HeaderLine> {
    let known = match head {
        [b' ' | b'\t', ..] => Some(HeaderLine::Folded),
        [b'\n', ..] | [b'\r', b'\n', ..] => Some(HeaderLine::Empty),
        [b'-', b'-', ..] => whole.then_some(HeaderLine::Dashes),
        [b'-'] | [b'\r'] | [] => None,
        head => field(head),
    };
    known.or(whole.then_some(HeaderLine::Odd))
}

/// A name, white space, a colon. RFC 5322 sections 2.2 and 4.5.
fn field(head: &[u8]) -> Option<HeaderLine> {
    let ends = |octet: &u8| octet.is_ascii() && !octet.is_ascii_graphic() || *octet == b':';
    let end = head.iter().position(ends)?;
    let (name, after) = head.split_at_checked(end)?;
    let after = after.iter().find(|octet| !is_space(**octet))?;
    Some(match (*after, name) {
        (b':', []) => HeaderLine::Odd,
        (b':', name) if is_known(name) => HeaderLine::Known,
        (b':', _) => HeaderLine::Field,
        _ => HeaderLine::Odd,
    })
}

/// Names, and beginnings of names, that no sentence has before its colon.
const KNOWN: [&str; 12] = [
    "Received",
    "Return-Path",
    "Delivered-To",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Reply-To",
    "Subject",
    "From",
    "Date",
    "To",
    "Cc",
];
const KNOWN_BEGINNINGS: [&str; 8] = [
    "X-",
    "MIME-",
    "Content-",
    "DKIM-",
    "ARC-",
    "List-",
    "Resent-",
    "Authentication-",
];

fn is_known(name: &[u8]) -> bool {
    let begins = |known: &str| {
        name.get(..known.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(known.as_bytes()))
    };
    KNOWN
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        || KNOWN_BEGINNINGS.iter().any(|known| begins(known))
}

/// True for the line that an mbox file puts before a message: part of no header, but in
/// front of one.
pub(crate) fn is_mbox_line(head: &[u8]) -> bool {
    head.starts_with(b"From ") || head.starts_with(b">From ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_as_soon_as_it_can_be() {
        let read = |head: &str| classify(head.as_bytes(), false);
        assert_eq!(read("Subject:"), Some(HeaderLine::Known));
        assert_eq!(read("subject \t:x"), Some(HeaderLine::Known));
        assert_eq!(read("x-ray:"), Some(HeaderLine::Known));
        assert_eq!(read("Note:"), Some(HeaderLine::Field));
        assert_eq!(read("X:"), Some(HeaderLine::Field));
        assert_eq!(read("Subject"), None);
        assert_eq!(read("Subject "), None);
        assert_eq!(read("Dear "), None);
        assert_eq!(read("Dear J"), Some(HeaderLine::Odd));
        assert_eq!(read("\r\n"), Some(HeaderLine::Empty));
        assert_eq!(read("\r"), None);
        assert_eq!(read("\rx"), Some(HeaderLine::Odd));
        assert_eq!(read(":x"), Some(HeaderLine::Odd));
        assert_eq!(read("\tx"), Some(HeaderLine::Folded));
        assert_eq!(read("--x: y"), None);
        assert_eq!(read("-x: y"), Some(HeaderLine::Field));
        assert_eq!(read("\u{e9}: y"), Some(HeaderLine::Field));
    }

    #[test]
    fn a_whole_line_is_always_known() {
        let read = |head: &str| classify(head.as_bytes(), true);
        assert_eq!(read("--x: y\n"), Some(HeaderLine::Dashes));
        assert_eq!(read("Subject"), Some(HeaderLine::Odd));
        assert_eq!(read("-"), Some(HeaderLine::Odd));
        assert_eq!(read(""), Some(HeaderLine::Odd));
    }
}
