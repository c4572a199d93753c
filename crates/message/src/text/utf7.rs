//! UTF-7, RFC 2152: mail of the last century has it, and encoding_rs, made for browsers,
//! refuses it with reason. Here it is only searched.

/// The state between two octets.
#[derive(Debug, Default)]
pub(super) struct Utf7 {
    shift: Shift,
    bits: u32,
    count: u8,
    /// The first half of a surrogate pair.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shift {
    /// Plain octets.
    #[default]
    No,
    /// A `+` was read, and nothing after it.
    Opened,
    /// Inside base64.
    Yes,
}

impl Utf7 {
    pub(super) fn push(&mut self, bytes: &[u8], text: &mut String) {
        for octet in bytes {
            self.octet(*octet, text);
        }
    }

    pub(super) fn finish(&mut self, text: &mut String) {
        self.lone_surrogate(text);
    }

    fn octet(&mut self, octet: u8, text: &mut String) {
        match (self.shift, octet) {
            (Shift::No, b'+') => self.shift = Shift::Opened,
            (Shift::No, octet) => text.push(plain(octet)),
            (Shift::Opened, b'-') => {
                text.push('+');
                self.shift = Shift::No;
            }
            (_, octet) => match letter(octet) {
                Some(value) => self.letter(value, text),
                None => self.close(octet, text),
            },
        }
    }

    fn letter(&mut self, value: u8, text: &mut String) {
        self.shift = Shift::Yes;
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 6;
        if self.count >= 16 {
            self.count -= 16;
            let [.., first, second] = (self.bits >> self.count).to_be_bytes();
            self.unit(u16::from_be_bytes([first, second]), text);
        }
    }

    /// Takes one UTF-16 unit.
    fn unit(&mut self, unit: u16, text: &mut String) {
        if let Some(high) = self.high.take() {
            match char::decode_utf16([high, unit]).next() {
                Some(Ok(pair)) => return text.push(pair),
                _ => text.push(char::REPLACEMENT_CHARACTER),
            }
        }
        match char::from_u32(unit.into()) {
            Some(c) => text.push(c),
            None if unit < 0xdc00 => self.high = Some(unit),
            None => text.push(char::REPLACEMENT_CHARACTER),
        }
    }

    /// Base64 ends at an octet that is none of it; a `-` does nothing more.
    fn close(&mut self, octet: u8, text: &mut String) {
        self.lone_surrogate(text);
        *self = Self::default();
        if octet != b'-' {
            text.push(plain(octet));
        }
    }

    fn lone_surrogate(&mut self, text: &mut String) {
        if self.high.take().is_some() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

fn plain(octet: u8) -> char {
    if octet.is_ascii() {
        octet.into()
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

fn letter(octet: u8) -> Option<u8> {
    match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &str) -> String {
        let (mut utf7, mut text) = (Utf7::default(), String::new());
        octets
            .bytes()
            .for_each(|octet| utf7.push(&[octet], &mut text));
        utf7.finish(&mut text);
        text
    }

    #[test]
    fn examples_of_the_rfc() {
        assert_eq!(read("A+ImIDkQ."), "A≢Α.");
        assert_eq!(read("Hi Mom -+Jjo--!"), "Hi Mom -☺-!");
        assert_eq!(read("+ZeVnLIqe-"), "日本語");
        assert_eq!(read("Item 3 is +AKM-1."), "Item 3 is £1.");
        assert_eq!(read("1 +- 1"), "1 + 1");
    }

    #[test]
    fn pairs_and_halves() {
        assert_eq!(read("+2D3eAA-"), "😀");
        assert_eq!(read("+2D0-x"), "\u{fffd}x");
        assert_eq!(read("+3gA-x"), "\u{fffd}x");
        assert_eq!(read("+2D0"), "\u{fffd}");
    }
}
