//! Quoted-printable. RFC 2045 section 6.7.

use crate::limits::TRAILING_SPACE_OCTETS;

/// What cannot be decided before the next octet.
#[derive(Debug, Default)]
pub(super) struct QuotedPrintable {
    /// White space, then perhaps a CR: nothing if the line ends here, text otherwise. Or an
    /// `=` with what followed it.
    held: Vec<u8>,
}

impl QuotedPrintable {
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for octet in bytes {
            if !self.escaped(*octet, out) {
                self.plain(*octet, out);
            }
        }
    }

    /// Takes an octet that may belong to an `=` before it; false when it does not.
    fn escaped(&mut self, octet: u8, out: &mut Vec<u8>) -> bool {
        let Some((b'=', after)) = self.held.split_first() else {
            return false;
        };
        let digit = (octet as char).to_digit(16);
        match (after, digit) {
            ([], Some(_)) => self.held.push(octet),
            ([first], Some(low)) if first.is_ascii_hexdigit() => {
                let high = (*first as char).to_digit(16).unwrap_or_default();
                let [.., decoded] = (high << 4 | low).to_be_bytes();
                out.push(decoded);
                self.held.clear();
            }
            // A soft line break, with white space that some relay may have added.
            ([] | [b' ' | b'\t' | b'\r', ..], None) if octet == b'\n' => self.held.clear(),
            ([] | [b' ' | b'\t', ..], None) if self.may_hold(octet) => self.held.push(octet),
            _ => {
                self.release(out);
                return false;
            }
        }
        true
    }

    /// Takes an octet outside escapes.
    fn plain(&mut self, octet: u8, out: &mut Vec<u8>) {
        match octet {
            b'\n' => {
                if self.held.last() == Some(&b'\r') {
                    out.push(b'\r');
                }
                out.push(b'\n');
                self.held.clear();
            }
            b'=' => {
                self.release(out);
                self.held.push(b'=');
            }
            octet if self.may_hold(octet) => self.held.push(octet),
            b' ' | b'\t' | b'\r' => {
                self.release(out);
                self.held.push(octet);
            }
            octet => {
                self.release(out);
                out.push(octet);
            }
        }
    }

    /// True for an octet that may be the end of a line's end, while there is room.
    fn may_hold(&self, octet: u8) -> bool {
        let ended = self.held.last() == Some(&b'\r');
        matches!(octet, b' ' | b'\t' | b'\r') && !ended && self.held.len() < TRAILING_SPACE_OCTETS
    }

    /// What was held is text.
    fn release(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }

    /// The end of the body ends its last line, too.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        let blank = |octet: &u8| matches!(octet, b' ' | b'\t');
        let after = self.held.strip_prefix(b"=").unwrap_or(&self.held);
        if !after.iter().all(blank) {
            self.release(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Transfer, decode};

    fn read(text: &str) -> String {
        String::from_utf8(decode(Transfer::QuotedPrintable, text.as_bytes())).unwrap()
    }

    #[test]
    fn as_the_rfc_writes_it() {
        assert_eq!(read("caf=C3=A9 =3D=\r\nx"), "café =x");
        assert_eq!(read("a=\nb"), "ab");
        assert_eq!(read("a  \t\r\nb \nc "), "a\r\nb\nc");
        assert_eq!(read("soft= \t\r\nbreak"), "softbreak");
        assert_eq!(read("=c3=a9"), "é");
    }

    #[test]
    fn what_is_no_escape_is_text() {
        assert_eq!(read("a=b, x==3D, =4"), "a=b, x==, =4");
        assert_eq!(read("=G1 =1G"), "=G1 =1G");
        assert_eq!(read("a= b"), "a= b");
        assert_eq!(read("a\rb \r c"), "a\rb \r c");
        assert_eq!(read("end="), "end");
        assert_eq!(read("=\r=\r\nx"), "=\rx");
    }

    #[test]
    fn a_run_of_blanks_is_held_up_to_its_limit() {
        let mut decoder = Decoder::new(Transfer::QuotedPrintable);
        let mut out = Vec::new();
        decoder.push(&b" ".repeat(100_000), &mut out);
        assert!(out.len() > 99_000);
        decoder.push(b"x", &mut out);
        assert_eq!(out.len(), 100_001);
    }
}
