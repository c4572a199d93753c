//! A part's body as text.

use std::fmt;

use super::charset::{Charset, CharsetReader};
use super::parameter;
use crate::Part;
use crate::transfer::Decoder;

/// Makes text of a part's body as it is read: undoes the transfer encoding, then the
/// charset. HTML stays HTML.
///
/// It holds back a few octets between pieces, never more than 2 KiB.
pub struct BodyText {
    decoder: Decoder,
    charset: CharsetReader,
    decoded: Vec<u8>,
}

impl fmt::Debug for BodyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyText").finish_non_exhaustive()
    }
}

impl BodyText {
    /// For the body of this part.
    pub fn new(part: &Part) -> Self {
        let name = parameter(&part.media.parameters, "charset").unwrap_or_default();
        Self {
            decoder: Decoder::new(part.transfer()),
            charset: CharsetReader::new(Charset::named(name.as_bytes())),
            decoded: Vec::new(),
        }
    }

    /// Takes the next octets of the body as stored, cut anywhere, and appends their text.
    /// One octet gives at most four octets of text.
    pub fn push(&mut self, bytes: &[u8], text: &mut String) {
        self.decoder.push(bytes, &mut self.decoded);
        self.charset.push(&self.decoded, text);
        self.decoded.clear();
    }

    /// The body ends here: appends the text that was held back.
    pub fn finish(mut self, text: &mut String) {
        self.decoder.finish(&mut self.decoded);
        self.charset.push(&self.decoded, text);
        self.charset.finish(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scanner;

    fn read(message: &[u8], size: usize) -> String {
        let mut scanner = Scanner::new();
        scanner.push(message);
        let part = scanner.finish().structure.root;
        let (mut body, mut text) = (BodyText::new(&part), String::new());
        let octets = &message[usize::try_from(part.body).unwrap()..];
        octets
            .chunks(size)
            .for_each(|chunk| body.push(chunk, &mut text));
        body.finish(&mut text);
        text
    }

    #[test]
    fn every_encoding_is_undone_however_it_is_cut() {
        let messages: [(&[u8], &str); 4] = [
            (b"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9=\n s", "café s"),
            (b"Content-Type: text/plain; charset=\"UTF-8\"\nContent-Transfer-Encoding: BASE64\n\nY2Fmw6k=\n", "café"),
            (b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B", "あ"),
            (b"\ncaf\xc3\xa9 caf\xe9", "café café"),
        ];
        for (message, text) in messages {
            for size in 1..12 {
                assert_eq!(read(message, size), text);
            }
        }
    }
}
