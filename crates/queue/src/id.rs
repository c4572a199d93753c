//! The number of an entry.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// Letters of Crockford's base 32: none that is taken for another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a number in text.
const TEXT_LETTERS: usize = 26;
/// Bits that come from chance.
const CHANCE_BITS: u32 = 80;

/// The number of an entry: 48 bits of time in milliseconds, then 80 bits of chance (the
/// form known as ULID). So numbers made on several machines don't meet, and entries
/// stand in order of age.
///
/// It is made before the entry, as it stands in the message's `Received` field, and it
/// is the text that a person finds there, in the log and in the queue's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(u128);

impl QueueId {
    /// A new number, from the time and from bits that nobody can foresee.
    pub fn new(now: Timestamp, chance: u128) -> QueueId {
        let time = u128::try_from(now.as_millisecond()).unwrap_or(0);
        QueueId((time << CHANCE_BITS) | (chance & ((1 << CHANCE_BITS) - 1)))
    }

    /// The number itself: also the key that makes its deliveries happen once.
    pub fn get(self) -> u128 {
        self.0
    }

    pub(crate) fn from_number(number: u128) -> QueueId {
        QueueId(number)
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..TEXT_LETTERS).rev() {
            let letter = LETTERS[(self.0 >> (5 * place)) as usize % LETTERS.len()];
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

/// A text that is no number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is not the number of a queued message: those have {TEXT_LETTERS} letters and digits")]
pub struct NotAnId;

impl FromStr for QueueId {
    type Err = NotAnId;

    /// In either case.
    fn from_str(text: &str) -> Result<QueueId, NotAnId> {
        if text.len() != TEXT_LETTERS {
            return Err(NotAnId);
        }
        let digit = |letter: u8| {
            LETTERS
                .iter()
                .position(|known| known.eq_ignore_ascii_case(&letter))
                .ok_or(NotAnId)
        };
        let mut number = 0u128;
        for letter in text.bytes() {
            // The first letter has room for three bits only.
            if number.leading_zeros() < 5 {
                return Err(NotAnId);
            }
            number = (number << 5) | digit(letter)? as u128;
        }
        Ok(QueueId(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millisecond: i64, chance: u128) -> QueueId {
        QueueId::new(Timestamp::from_millisecond(millisecond).unwrap(), chance)
    }

    #[test]
    fn they_stand_in_order_of_age_also_as_text() {
        let (older, newer) = (at(1_800_000_000_000, u128::MAX), at(1_800_000_000_001, 0));
        assert!(older < newer);
        assert!(older.to_string() < newer.to_string());
        assert_eq!(
            at(1_800_000_000_000, 31).to_string(),
            "01MCC5RM00000000000000000Z"
        );
    }

    proptest! {
        #[test]
        fn text_leads_back(number: u128) {
            let id = QueueId(number);
            let text = id.to_string();
            prop_assert_eq!(text.parse(), Ok(id));
            prop_assert_eq!(text.to_lowercase().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{24,28}") {
            let _ = text.parse::<QueueId>();
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "0",
            "80000000000000000000000000",
            "0000000000000000000000000U",
        ] {
            assert_eq!(text.parse::<QueueId>(), Err(NotAnId));
        }
    }
}
