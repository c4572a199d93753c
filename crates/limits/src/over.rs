//! The limits of an hour and a day.

use jiff::{Timestamp, ToSpan};

use crate::{DAY, Hour, day_before, hour_of};

/// How much an account may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages in an hour.
    pub messages_per_hour: u64,
    /// Recipients in a day: to send one message to a hundred is to send a hundred.
    pub recipients_per_day: u64,
}

/// Which limit would be passed, and in how many minutes it would not be any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// That of an hour.
    Hour {
        /// Minutes, at least one.
        minutes: u64,
    },
    /// That of a day.
    Day {
        /// Minutes, at least one.
        minutes: u64,
    },
}

/// Whether so many messages to so many recipients are within the limits, after what was sent
/// already. Hours may come in any order, several of them for one hour too.
pub fn within(
    limits: &Limits,
    hours: &[Hour],
    (messages, recipients): (u64, u64),
    now: Timestamp,
) -> Result<(), Over> {
    let this = hour_of(now);
    let in_this = hours.iter().filter(|hour| hour.begin == this);
    let sent: u64 = in_this.map(|hour| hour.messages).sum();
    if sent.saturating_add(messages) > limits.messages_per_hour {
        let minutes = minutes_until(now, this.checked_add(1.hour()).unwrap_or(now));
        return Err(Over::Hour { minutes });
    }
    let fits = |since: Timestamp| {
        let in_day = hours.iter().filter(|hour| hour.begin >= since);
        let sent: u64 = in_day.map(|hour| hour.recipients).sum();
        sent.saturating_add(recipients) <= limits.recipients_per_day
    };
    let begin = day_before(now);
    if fits(begin) {
        return Ok(());
    }
    // Each full hour one leaves the day.
    let later = (1..=DAY).find(|later| begin.checked_add(later.hours()).is_ok_and(fits));
    let later = later.unwrap_or(DAY).hours();
    let minutes = minutes_until(now, this.checked_add(later).unwrap_or(now));
    Err(Over::Day { minutes })
}

fn minutes_until(now: Timestamp, then: Timestamp) -> u64 {
    let seconds = then.as_second().saturating_sub(now.as_second());
    u64::try_from(seconds)
        .unwrap_or_default()
        .div_ceil(60)
        .max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 60 * 60;
    const LIMITS: Limits = Limits {
        messages_per_hour: 200,
        recipients_per_day: 2000,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 / HOUR * HOUR + second).unwrap()
    }

    fn hour(ago: i64, messages: u64, recipients: u64) -> Hour {
        Hour {
            begin: at(-ago * HOUR),
            messages,
            recipients,
            over_hour: 0,
        }
    }

    #[test]
    fn an_hour_ends_with_the_clocks() {
        let now = at(20 * 60);
        let ok = within(&LIMITS, &[hour(0, 199, 199)], (1, 1), now);
        assert_eq!(ok, Ok(()));
        let full = [hour(0, 150, 150), hour(0, 50, 50)];
        let over = Err(Over::Hour { minutes: 40 });
        assert_eq!(within(&LIMITS, &full, (1, 1), now), over);
        assert_eq!(within(&LIMITS, &[hour(1, 200, 200)], (1, 1), now), Ok(()));
    }

    #[test]
    fn a_day_comes_free_hour_by_hour() {
        let now = at(59 * 60 + 59);
        let hours = [hour(23, 10, 1000), hour(22, 10, 500), hour(1, 10, 500)];
        let tell = |recipients| within(&LIMITS, &hours, (1, recipients), now);
        assert_eq!(tell(0), Ok(()));
        assert_eq!(tell(1), Err(Over::Day { minutes: 1 }));
        assert_eq!(tell(1001), Err(Over::Day { minutes: 61 }));
        assert_eq!(
            tell(1501),
            Err(Over::Day {
                minutes: 22 * 60 + 1
            })
        );
        // What is older than a day counts no more.
        assert_eq!(
            within(&LIMITS, &[hour(24, 10, 2000)], (1, 100), now),
            Ok(())
        );
    }

    proptest! {
        /// Whoever comes back when told is let through, if nothing was sent meanwhile.
        #[test]
        fn who_waits_as_told_may_send(
            sent in proptest::collection::vec((0..30_i64, 0..250_u64, 0..900_u64), 0..20),
            recipients in 0..2000_u64,
            second in 0..HOUR,
        ) {
            let hours: Vec<Hour> = sent.iter().map(|(ago, a, b)| hour(*ago, *a, *b)).collect();
            let mut now = at(second);
            // An hour's limit may stand before a day's.
            for _ in 0..2 {
                let over = within(&LIMITS, &hours, (1, recipients), now);
                prop_assert_eq!(over.is_ok(), within(&LIMITS, &hours, (1, recipients), now).is_ok());
                let minutes = match over {
                    Ok(()) => break,
                    Err(Over::Hour { minutes } | Over::Day { minutes }) => minutes,
                };
                prop_assert!((1..=DAY as u64 * 60).contains(&minutes));
                now = now.checked_add(i64::try_from(minutes).unwrap().minutes()).unwrap();
            }
            prop_assert_eq!(within(&LIMITS, &hours, (1, recipients), now), Ok(()));
        }

        #[test]
        fn more_never_makes_less(
            sent in proptest::collection::vec((0..30_i64, 0..250_u64, 0..900_u64), 1..20),
            recipients in 0..2000_u64,
        ) {
            let hours: Vec<Hour> = sent.iter().map(|(ago, a, b)| hour(*ago, *a, *b)).collect();
            if within(&LIMITS, &hours[1..], (1, recipients), at(0)).is_err() {
                prop_assert!(within(&LIMITS, &hours, (1, recipients), at(0)).is_err());
            }
        }
    }
}
