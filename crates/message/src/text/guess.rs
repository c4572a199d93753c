//! Text whose charset nobody told, or told wrongly: UTF-8 where it can be that, and
//! Windows-1252, the commonest of the others, where it cannot.

use encoding_rs::WINDOWS_1252;

/// The octets at the end of a piece that may begin a character.
#[derive(Debug, Default)]
pub(super) struct Guess {
    held: Vec<u8>,
}

impl Guess {
    /// Takes the next octets, cut anywhere.
    pub(super) fn push(&mut self, bytes: &[u8], text: &mut String) {
        let mut rest = bytes;
        // A character is four octets at most, so few are joined to what was held.
        while !self.held.is_empty() {
            let Some((octet, after)) = rest.split_first() else {
                return;
            };
            rest = after;
            self.held.push(*octet);
            let joined = std::mem::take(&mut self.held);
            self.held = decode(&joined, text).to_vec();
        }
        self.held = decode(rest, text).to_vec();
    }

    /// The text ends here.
    pub(super) fn finish(&self, text: &mut String) {
        foreign(&self.held, text);
    }
}

/// A whole text.
pub(super) fn all(bytes: &[u8], text: &mut String) {
    let held = decode(bytes, text);
    foreign(held, text);
}

/// Appends the text, and gives the octets at the end that may begin a character.
fn decode<'a>(bytes: &'a [u8], text: &mut String) -> &'a [u8] {
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        if chunks.peek().is_none() && may_begin(chunk.invalid()) {
            return chunk.invalid();
        }
        foreign(chunk.invalid(), text);
    }
    b""
}

/// True for what is the beginning of a UTF-8 character and no more. RFC 3629 section 3.
fn may_begin(octets: &[u8]) -> bool {
    std::str::from_utf8(octets).is_err_and(|error| error.error_len().is_none())
}

fn foreign(octets: &[u8], text: &mut String) {
    text.push_str(&WINDOWS_1252.decode_without_bom_handling(octets).0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let octets = [
            "é€😀".as_bytes(),
            b"\xe9 \xf0\x9f \x80\xc3",
            "é".as_bytes(),
            b"\xe2\x82",
        ]
        .concat();
        let mut whole = String::new();
        all(&octets, &mut whole);
        assert_eq!(whole, "é€😀é ðŸ €Ãéâ‚");
        for size in 1..octets.len() {
            let (mut guess, mut text) = (Guess::default(), String::new());
            octets
                .chunks(size)
                .for_each(|chunk| guess.push(chunk, &mut text));
            guess.finish(&mut text);
            assert_eq!(text, whole);
        }
    }
}
