//! LIST and UIDL of the whole maildrop, made a stretch at a time.

use std::fmt::Write;

use bytes::Bytes;

use crate::limits::LISTING_OCTETS;
use crate::maildrop::Maildrop;
use crate::reply::ok;

/// An answer of one line for each message, and how far it has come.
#[derive(Debug)]
pub(crate) struct Listing {
    what: What,
    next: u32,
}

/// What the lines show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Sizes,
    UniqueIds,
}

impl Listing {
    /// Begins the answer; the first line comes with it.
    pub(crate) fn begin(what: What, maildrop: &Maildrop) -> (Listing, Bytes) {
        let (count, octets) = maildrop.stat();
        let first = ok(format!("{count} messages ({octets} octets)")).line();
        (Listing { what, next: 1 }, first)
    }

    /// The next lines, or the final dot with `None` to follow.
    pub(crate) fn stretch(self, maildrop: &Maildrop) -> (Bytes, Option<Listing>) {
        let mut text = String::new();
        for (number, message) in maildrop.unmarked_from(self.next) {
            if text.len() >= LISTING_OCTETS {
                return (
                    text.into(),
                    Some(Listing {
                        next: number,
                        ..self
                    }),
                );
            }
            // Exactly one space: old clients split there and nowhere else.
            let _ = match self.what {
                What::Sizes => write!(text, "{number} {}\r\n", message.size),
                What::UniqueIds => write!(text, "{number} {}\r\n", maildrop.unique_id(message)),
            };
        }
        text.push_str(".\r\n");
        (text.into(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Message;

    #[test]
    fn sixty_thousand_messages_come_in_bounded_stretches() {
        let mut maildrop = Maildrop::default();
        let messages: Vec<_> = (1..=60_000)
            .map(|uid| Message { uid, size: 1000 })
            .collect();
        assert!(maildrop.add(1, &messages));
        let (listing, first) = Listing::begin(What::UniqueIds, &maildrop);
        assert_eq!(&first[..], b"+OK 60000 messages (60000000 octets)\r\n");
        let (mut all, mut rest) = (String::new(), Some(listing));
        while let Some(listing) = rest {
            let (text, next) = listing.stretch(&maildrop);
            assert!(text.len() < LISTING_OCTETS + 64);
            all.push_str(std::str::from_utf8(&text).unwrap());
            rest = next;
        }
        assert_eq!(all.lines().count(), 60_001);
        assert!(all.starts_with("1 1.1\r\n2 1.2\r\n"));
        assert!(all.ends_with("60000 1.60000\r\n.\r\n"));
    }
}
