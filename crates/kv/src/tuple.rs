//! Keys as tuples: the order of the bytes is the order of the parts.
//!
//! Which parts a key has is known from its first octet, a kind that the owner of the
//! partition gives; so parts carry no type of their own.
//!
//! | part | bytes |
//! | --- | --- |
//! | a number | its octets, most significant first, always as many as its type has |
//! | text or bytes | each octet; 00 becomes 00 FF; then 00 00 ends it |
//!
//! With that ending, `a` comes before `a/b` and before `aa`, whatever part follows.
//!
//! ```
//! use kv::tuple::{Reader, Writer};
//!
//! // 02 61 00 00 | 00 00 00 07
//! let key = Writer::new(2).text("a").u32(7).finish();
//! let mut parts = Reader::new(&key, 2).unwrap();
//! assert_eq!(parts.text().as_deref(), Some("a"));
//! assert_eq!(parts.u32(), Some(7));
//! assert_eq!(parts.end(), Some(()));
//! ```

use std::ops::Range;

/// What ends text and bytes.
const END: [u8; 2] = [0, 0];
/// What a 00 within text or bytes is written as.
const ZERO: [u8; 2] = [0, 0xff];

/// Writes one key.
#[derive(Clone, Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Begins a key of this kind.
    pub fn new(kind: u8) -> Writer {
        Writer(vec![kind])
    }

    /// Adds a number of one octet.
    pub fn u8(mut self, number: u8) -> Writer {
        self.0.push(number);
        self
    }

    /// Adds a number of four octets.
    pub fn u32(mut self, number: u32) -> Writer {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds a number of eight octets.
    pub fn u64(mut self, number: u64) -> Writer {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds a number of sixteen octets.
    pub fn u128(mut self, number: u128) -> Writer {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds text.
    pub fn text(self, text: &str) -> Writer {
        self.bytes(text.as_bytes())
    }

    /// Adds bytes of any length.
    pub fn bytes(mut self, bytes: &[u8]) -> Writer {
        for octet in bytes {
            match octet {
                0 => self.0.extend_from_slice(&ZERO),
                octet => self.0.push(*octet),
            }
        }
        self.0.extend_from_slice(&END);
        self
    }

    /// The key.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// All keys that begin with these parts.
    pub fn prefix(self) -> Range<Vec<u8>> {
        let end = after_prefix(&self.0);
        self.0..end
    }
}

/// The first key after all those that begin with `prefix`; for a prefix of nothing but
/// FF, a key that is after all that [`Writer`] makes.
pub fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let kept = prefix.iter().rposition(|octet| *octet != 0xff);
    let Some(last) = kept else {
        return vec![0xff; crate::KEY_OCTETS];
    };
    let mut end = prefix.get(..=last).unwrap_or_default().to_vec();
    if let Some(octet) = end.last_mut() {
        *octet += 1;
    }
    end
}

/// The first key after this one.
pub fn after_key(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

/// Reads the parts of one key. Each gives `None` where the key has no such part.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins to read a key, if it is of this kind.
    pub fn new(key: &'a [u8], kind: u8) -> Option<Reader<'a>> {
        match key.split_first() {
            Some((first, rest)) if *first == kind => Some(Reader(rest)),
            _ => None,
        }
    }

    /// A number of one octet.
    pub fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_be_bytes)
    }

    /// A number of four octets.
    pub fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    /// A number of eight octets.
    pub fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    /// A number of sixteen octets.
    pub fn u128(&mut self) -> Option<u128> {
        self.take().map(u128::from_be_bytes)
    }

    /// Text, if it is UTF-8.
    pub fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    /// Bytes of any length.
    pub fn bytes(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let at = self.0.iter().position(|octet| *octet == 0)?;
            let (plain, rest) = self.0.split_at_checked(at)?;
            bytes.extend_from_slice(plain);
            let (mark, rest) = rest.split_first_chunk::<2>()?;
            self.0 = rest;
            match *mark {
                END => return Some(bytes),
                ZERO => bytes.push(0),
                _ => return None,
            }
        }
    }

    /// `Some` when nothing follows.
    pub fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(name: &[u8], uid: u32, change: u64) -> Vec<u8> {
        Writer::new(9).bytes(name).u32(uid).u64(change).finish()
    }

    proptest! {
        #[test]
        fn byte_order_is_tuple_order(
            a in any::<(Vec<u8>, u32, u64)>(), b in any::<(Vec<u8>, u32, u64)>(),
        ) {
            let (x, y) = (key(&a.0, a.1, a.2), key(&b.0, b.1, b.2));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }

        #[test]
        fn parts_come_back(name in any::<Vec<u8>>(), uid: u32, change: u64, id: u128) {
            let key = Writer::new(9).bytes(&name).u32(uid).u64(change).u8(1).u128(id).finish();
            let mut parts = Reader::new(&key, 9).unwrap();
            prop_assert_eq!(parts.bytes(), Some(name));
            prop_assert_eq!(parts.u32(), Some(uid));
            prop_assert_eq!(parts.u64(), Some(change));
            prop_assert_eq!(parts.u8(), Some(1));
            prop_assert_eq!(parts.u128(), Some(id));
            prop_assert_eq!(parts.end(), Some(()));
        }

        #[test]
        fn any_bytes_are_read_without_harm(key in any::<Vec<u8>>()) {
            if let Some(mut parts) = key.first().and_then(|kind| Reader::new(&key, *kind)) {
                let _ = (parts.clone().text(), parts.clone().u128(), parts.bytes(), parts.u8());
            }
        }

        #[test]
        fn a_prefix_holds_what_begins_with_it(prefix in any::<Vec<u8>>(), rest in any::<Vec<u8>>()) {
            let range = Writer(prefix.clone()).prefix();
            let mut longer = prefix;
            longer.extend(rest.iter().take(100));
            prop_assert!(range.contains(&longer) || longer.starts_with(&[0xff]));
        }
    }

    #[test]
    fn a_parent_comes_before_its_children() {
        let name = |text| Writer::new(2).text(text).finish();
        assert!(name("a") < name("a/b"));
        assert!(name("a") < name("aa"));
        assert!(!Writer::new(2).text("a").prefix().contains(&name("aa")));
    }
}
