//! Structures are read from storage part within part, each deeper in the stack. One that
//! no scanner made, in a damaged record, must be refused before the stack ends.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, de};

use super::Content;
use crate::limits::NESTING;

/// The deepest that a part lies among those of a whole message.
const DEPTH: usize = NESTING + 1;

thread_local! {
    /// How deep the part that is being read on this thread lies.
    static REACHED: Cell<usize> = const { Cell::new(0) };
}

/// One part deeper, for as long as it is held.
struct Deeper;

impl Deeper {
    /// `None` when that is too deep.
    fn go() -> Option<Deeper> {
        let depth = REACHED.get() + 1;
        (depth <= DEPTH).then(|| {
            REACHED.set(depth);
            Deeper
        })
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        REACHED.set(REACHED.get() - 1);
    }
}

/// Reads what is inside a part.
pub(super) fn bounded<'de, D: Deserializer<'de>>(from: D) -> Result<Content, D::Error> {
    let _deeper = Deeper::go().ok_or_else(|| de::Error::custom("parts lie too deep"))?;
    Content::deserialize(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Enclosed, Media, Part, Scanner, Structure};

    #[test]
    fn the_deepest_message_comes_back() {
        for (header, deeper) in [
            ("Content-Type: message/rfc822\r\n\r\n", NESTING * 2),
            (
                "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n",
                NESTING * 2,
            ),
        ] {
            let mut scanner = Scanner::new();
            scanner.push(header.repeat(deeper).as_bytes());
            let structure = scanner.finish().structure;
            let stored = postcard::to_allocvec(&structure).unwrap();
            assert_eq!(postcard::from_bytes(&stored), Ok(structure));
        }
    }

    #[test]
    fn what_lies_deeper_is_refused_and_nothing_is_left_of_it() {
        let leaf = || Part {
            start: 0,
            body: 0,
            end: 0,
            lines: 0,
            decoded: 0,
            media: Media::plain(),
            encoding: None,
            id: None,
            description: None,
            md5: None,
            disposition: None,
            language: Vec::new(),
            location: None,
            content: Content::Leaf,
        };
        let nested = |depth: usize| {
            let around = |root, number: usize| Part {
                content: if number.is_multiple_of(2) {
                    Content::Multipart(vec![root])
                } else {
                    let envelope = Scanner::new().finish().envelope;
                    Content::Message(Box::new(Enclosed { envelope, root }))
                },
                ..leaf()
            };
            let root = (1..depth).fold(leaf(), around);
            postcard::to_allocvec(&Structure { root }).unwrap()
        };
        for _ in 0..3 {
            assert!(postcard::from_bytes::<Structure>(&nested(DEPTH + 1)).is_err());
            assert!(postcard::from_bytes::<Structure>(&nested(1000)).is_err());
            assert!(postcard::from_bytes::<Structure>(&nested(DEPTH)).is_ok());
        }
    }
}
