//! Base64, as mail has it: broken into lines, and sometimes glued from several. RFC 2045
//! section 6.8.

/// What is left of a group of four letters.
#[derive(Debug, Default)]
pub(super) struct Base64 {
    bits: u32,
    count: u8,
}

/// What a letter stands for; over 63 for what is no letter.
const VALUES: [u8; 256] = values();
/// Not of the alphabet: passed over, as the RFC asks.
const FOREIGN: u8 = 64;
/// `=`: the group ends here, and another may follow where encoded pieces were joined.
const PADDING: u8 = 65;

const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [FOREIGN; 256];
    let mut value = 0;
    while value < alphabet.len() {
        values[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    values[b'=' as usize] = PADDING;
    values
}

impl Base64 {
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(bytes.len() / 4 * 3 + 3);
        for byte in bytes {
            match VALUES[usize::from(*byte)] {
                FOREIGN => {}
                PADDING => self.count = 0,
                value => self.letter(value, out),
            }
        }
    }

    fn letter(&mut self, value: u8, out: &mut Vec<u8>) {
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 6;
        if self.count >= 8 {
            self.count -= 8;
            let [.., octet] = (self.bits >> self.count).to_be_bytes();
            out.push(octet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Transfer, decode};

    fn read(text: &str) -> Vec<u8> {
        decode(Transfer::Base64, text.as_bytes())
    }

    #[test]
    fn whole_groups_and_padded_ones() {
        assert_eq!(read("Zm9vYmFy"), b"foobar");
        assert_eq!(read("Zm9vYg=="), b"foob");
        assert_eq!(read("Zm9vYmE="), b"fooba");
        assert_eq!(read("/+8="), [0xff, 0xef]);
        assert_eq!(read(""), b"");
    }

    #[test]
    fn lines_strangers_and_joined_pieces() {
        assert_eq!(read("Zm9v\r\nYm\tFy!\r\n"), b"foobar");
        assert_eq!(read("Zg==Zg==Zm9v"), b"fffoo");
        assert_eq!(read("Zm9vY"), b"foo");
        assert_eq!(read("Zm9vYg"), b"foob");
    }
}
