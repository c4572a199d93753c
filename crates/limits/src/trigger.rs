//! What stops an account: each by itself, and each a reason that can be told.

use crate::Hour;

/// Hours of one day in which the limit was reached.
const REACHED: usize = 3;
/// Recipients from which on it means something how many of them nobody knows.
const ASKED: u64 = 50;
/// More than so many of a hundred are too many.
const UNKNOWN_PERCENT: u128 = 30;
/// So many times a usual day is too much.
const USUAL: u64 = 10;
/// A usual day is never taken for less: whoever writes to two people a day may still send an
/// invitation to a hundred from a hotel.
const LEAST_USUAL: u64 = 20;
/// Recipients from networks that are new, below which an account is never unlike itself.
pub const LEAST_STRANGE: u64 = USUAL * LEAST_USUAL;

/// Why an account is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// [`reaches_limit_too_often`].
    LimitReached,
    /// [`asks_for_too_many_unknown`].
    Unknown,
    /// [`is_unlike_itself`].
    Unlike,
}

impl Trigger {
    /// Its name, for the operator.
    pub fn name(self) -> &'static str {
        match self {
            Self::LimitReached => "the limit of an hour was passed in three hours of a day",
            Self::Unknown => "more than 30 % of its recipients are unknown",
            Self::Unlike => {
                "ten times as much as on a usual day, from networks it never signed in from"
            }
        }
    }
}

/// Whether messages were refused by the limit of an hour in three hours of a day or more: a
/// person stops, a program goes on. The hours are those of a day, in any order.
pub fn reaches_limit_too_often(hours: &[Hour]) -> bool {
    let reached = hours.iter().filter(|hour| hour.over_hour > 0);
    let mut begins: Vec<_> = reached.map(|hour| hour.begin).collect();
    begins.sort_unstable();
    begins.dedup();
    begins.len() >= REACHED
}

/// Whether of 50 recipients of a day or more, more than 30 % are nobody, here or elsewhere: a
/// list that was bought or guessed. `asked` are all recipients, `unknown` those of them.
pub fn asks_for_too_many_unknown(asked: u64, unknown: u64) -> bool {
    let (asked_wide, unknown) = (u128::from(asked), u128::from(unknown));
    asked >= ASKED && unknown * 100 > asked_wide * UNKNOWN_PERCENT
}

/// Whether so many recipients of a day, from networks that the account never signed in from
/// before that day, are ten times those of its own usual day or more. `earlier` are the
/// recipients of its days before, without those on which it sent nothing; the usual one is the
/// middle of them.
pub fn is_unlike_itself(strange: u64, earlier: &[u64]) -> bool {
    let mut days = earlier.to_vec();
    days.sort_unstable();
    let usual = days.get(days.len() / 2).copied().unwrap_or_default();
    strange >= usual.max(LEAST_USUAL).saturating_mul(USUAL)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn hour(number: i64, over_hour: u64) -> Hour {
        Hour {
            begin: Timestamp::from_second(number * 60 * 60).unwrap(),
            messages: 200,
            recipients: 200,
            over_hour,
        }
    }

    #[test]
    fn three_hours_over_the_limit_are_too_many() {
        let full = [hour(1, 0), hour(2, 0), hour(3, 0), hour(4, 0)];
        assert!(!reaches_limit_too_often(&full), "full is not over");
        let twice = [hour(1, 5), hour(2, 9000)];
        assert!(!reaches_limit_too_often(&twice));
        // From two networks in one hour.
        assert!(!reaches_limit_too_often(&[
            hour(1, 5),
            hour(1, 5),
            hour(2, 1)
        ]));
        assert!(reaches_limit_too_often(&[
            hour(1, 1),
            hour(9, 1),
            hour(2, 1)
        ]));
    }

    #[test]
    fn unknown_recipients_count_from_fifty_on() {
        assert!(!asks_for_too_many_unknown(49, 49));
        assert!(!asks_for_too_many_unknown(50, 15));
        assert!(asks_for_too_many_unknown(50, 16));
        assert!(!asks_for_too_many_unknown(100, 0), "a newsletter");
        assert!(asks_for_too_many_unknown(u64::MAX, u64::MAX));
    }

    #[test]
    fn a_usual_day_is_the_middle_of_those_with_mail() {
        assert!(!is_unlike_itself(199, &[]));
        assert!(is_unlike_itself(200, &[]));
        assert!(is_unlike_itself(200, &[3, 4, 5, 2000]));
        let writes_much = [100, 120, 130];
        assert!(!is_unlike_itself(1199, &writes_much));
        assert!(is_unlike_itself(1200, &writes_much));
        assert!(
            !is_unlike_itself(100, &[1; 30]),
            "a newsletter on a journey"
        );
    }

    proptest! {
        #[test]
        fn more_never_makes_less(
            asked in 0..5000_u64, unknown in 0..5000_u64, strange in 0..5000_u64,
            days in proptest::collection::vec(1..500_u64, 0..30), more in 0..100_u64,
        ) {
            if asks_for_too_many_unknown(asked, unknown) {
                prop_assert!(asks_for_too_many_unknown(asked, unknown + more));
                // One of nobody more asked for and one more of those: not less either.
                prop_assert!(asks_for_too_many_unknown(asked + more, unknown + more));
            }
            if is_unlike_itself(strange, &days) {
                prop_assert!(is_unlike_itself(strange + more, &days));
                prop_assert!(strange >= LEAST_STRANGE);
            }
        }

        #[test]
        fn who_stays_under_the_limit_is_not_stopped_by_it(hours in proptest::collection::vec(0..24_i64, 0..50)) {
            let hours: Vec<Hour> = hours.into_iter().map(|number| hour(number, 0)).collect();
            prop_assert!(!reaches_limit_too_often(&hours));
        }
    }
}
