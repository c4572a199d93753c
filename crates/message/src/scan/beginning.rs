//! How a message begins, for whoever puts fields on top of it.

use super::HEAD_OCTETS;
use super::header_line::{HeaderLine, classify, is_mbox_line};

/// What the first lines of a message are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// A header, or the empty line that ends one.
    Header,
    /// More of a field that is not there.
    Folded,
    /// Text: there is no header.
    Text,
}

/// What a message beginning like this begins with; `None` when more of it must be seen.
/// `whole` says that there is no more. It is decided as [`super::Scanner`] does, within as
/// many octets.
pub(crate) fn beginning(head: &[u8], whole: bool) -> Option<Beginning> {
    let whole = whole || head.len() >= HEAD_OCTETS;
    let head = head.get(..HEAD_OCTETS).unwrap_or(head);
    let mut lines = head.split_inclusive(|octet| *octet == b'\n');
    let Some(first) = lines.next() else {
        // A message of no octets is a header without fields.
        return whole.then_some(Beginning::Header);
    };
    match kind(first, whole)? {
        HeaderLine::Known | HeaderLine::Field | HeaderLine::Empty => Some(Beginning::Header),
        HeaderLine::Folded => Some(Beginning::Folded),
        HeaderLine::Dashes => Some(Beginning::Text),
        HeaderLine::Odd if is_mbox_line(first) => Some(Beginning::Header),
        // Only a field of mail below it makes it part of a header.
        HeaderLine::Odd => {
            for line in lines {
                match kind(line, whole)? {
                    HeaderLine::Known => return Some(Beginning::Header),
                    HeaderLine::Empty | HeaderLine::Dashes => return Some(Beginning::Text),
                    HeaderLine::Field | HeaderLine::Folded | HeaderLine::Odd => {}
                }
            }
            whole.then_some(Beginning::Text)
        }
    }
}

fn kind(line: &[u8], whole: bool) -> Option<HeaderLine> {
    classify(line, whole || line.ends_with(b"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the message comes in pieces, the first that tells says this.
    fn read(message: &str) -> Beginning {
        let message = message.as_bytes();
        let whole = beginning(message, true).unwrap();
        for end in 0..message.len() {
            let told = beginning(&message[..end], false);
            assert!(
                told.is_none_or(|told| told == whole),
                "{end} of {message:?}"
            );
        }
        whole
    }

    #[test]
    fn headers() {
        for message in [
            "",
            "\r\nHello\r\n",
            "Subject: a\r\n\r\n",
            "Subject : a",
            "X-a: b\r\n",
            "From a@b Mon Jan  1 10:10:10 2024\r\nSubject: a\r\n",
            ">From a@b\r\n",
            "Mail content:\r\nTo: a@b\r\n\r\n",
            "junk\r\nnote: x\r\n more\r\nSubject: a\r\n",
        ] {
            assert_eq!(read(message), Beginning::Header, "{message:?}");
        }
    }

    #[test]
    fn what_is_more_of_nothing() {
        for message in [" From: a@b\r\nSubject: c\r\n", "\t", " \r\n\r\n"] {
            assert_eq!(read(message), Beginning::Folded, "{message:?}");
        }
    }

    #[test]
    fn texts() {
        for message in [
            "Hello",
            "Hello\r\nyou\r\n",
            "Hello\r\n\r\nSubject: a\r\n",
            "Hello\r\nnote: x\r\n\r\n",
            "--a\r\nSubject: b\r\n",
            "://\r\n",
            "été\r\n",
        ] {
            assert_eq!(read(message), Beginning::Text, "{message:?}");
        }
        let long = "x".repeat(HEAD_OCTETS);
        assert_eq!(beginning(long.as_bytes(), false), Some(Beginning::Text));
    }
}
