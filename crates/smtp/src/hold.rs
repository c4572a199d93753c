//! How long a submission is to be held before anybody gets it. RFC 4865.

use jiff::{SignedDuration, Timestamp};

use crate::limits::HOLD;

/// Until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// For so many seconds from when that is said (`HOLDFOR`).
    For(u32),
    /// Until then (`HOLDUNTIL`).
    Until(Timestamp),
}

impl Hold {
    /// The moment when it ends, if it is said now; none if it has passed.
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        let end = match self {
            Hold::For(seconds) => now.checked_add(SignedDuration::from_secs(seconds.into())),
            Hold::Until(end) => Ok(end),
        };
        end.ok().filter(|end| *end > now)
    }

    /// Whether a session that began then offers as much.
    pub(crate) fn is_offered(self, begun: Timestamp) -> bool {
        match self {
            Hold::For(seconds) => u64::from(seconds) <= HOLD.as_secs(),
            Hold::Until(end) => end <= latest(begun),
        }
    }
}

/// What EHLO says of it: for how many seconds, and until when.
pub(crate) fn keyword(begun: Timestamp) -> String {
    format!("FUTURERELEASE {} {}", HOLD.as_secs(), latest(begun))
}

/// To the second.
fn latest(begun: Timestamp) -> Timestamp {
    let end = begun.checked_add(HOLD).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

/// RFC 4865 section 3: up to nine digits.
pub(crate) fn seconds(value: &str) -> Option<Hold> {
    let digits = (1..=9).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    let seconds = value.parse().ok().filter(|_| digits)?;
    Some(Hold::For(seconds))
}

/// A date and time of RFC 3339 section 5.6, with its zone (erratum 2040 of RFC 4865).
pub(crate) fn date(value: &str) -> Option<Hold> {
    value.parse().ok().map(Hold::Until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_hold_ends_once_and_what_has_passed_is_none() {
        assert_eq!(Hold::For(60).end(at(100)), Some(at(160)));
        assert_eq!(Hold::For(0).end(at(100)), None);
        assert_eq!(Hold::Until(at(160)).end(at(100)), Some(at(160)));
        assert_eq!(Hold::Until(at(100)).end(at(100)), None);
    }

    #[test]
    fn what_is_offered_is_taken_and_no_more() {
        assert_eq!(keyword(at(0)), "FUTURERELEASE 604800 1970-01-08T00:00:00Z");
        assert!(Hold::For(604_800).is_offered(at(0)));
        assert!(!Hold::For(604_801).is_offered(at(0)));
        assert!(Hold::Until(at(604_800)).is_offered(at(0)));
        assert!(!Hold::Until(at(604_801)).is_offered(at(0)));
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(seconds("0060"), Some(Hold::For(60)));
        let paris = date("1970-01-01T02:00:00+01:00");
        assert_eq!(paris, Some(Hold::Until(at(3600))));
        assert_eq!(date("1970-01-01T01:00:00Z"), paris);
        for wrong in ["", "+1", "1x", "1234567890"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        for wrong in ["", "1970-01-01", "1970-01-01T01:00:00", "soon"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }
}
