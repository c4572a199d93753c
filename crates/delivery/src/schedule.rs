//! When a message is tried again, and when it is given up. RFC 5321 section 4.5.4.1.

use std::time::Duration;

use jiff::Timestamp;

/// How long after each failed try the next one comes; after the last of them, always that
/// long. RFC 5321 section 4.5.4.1 asks for half an hour at least, in general, and has the
/// first come sooner where there is reason: hosts that ask every stranger to come back
/// (greylisting) ask for five minutes or so.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(10 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(60 * MINUTE),
    Duration::from_secs(120 * MINUTE),
    Duration::from_secs(240 * MINUTE),
];
/// The same for a destination that can't be reached: shorter at first, since it holds up all
/// that goes there, and it is one connection that finds out.
const PEACE: [Duration; 5] = [
    Duration::from_secs(MINUTE),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(10 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(60 * MINUTE),
];
/// Each pause is longer by up to this part of itself, by chance, so that what failed together
/// does not come back together.
const SPREAD: u32 = 5;
/// Seconds.
const MINUTE: u64 = 60;
/// How long a message waits before its sender is told that it takes long. The example of RFC
/// 3461 section 6.2.7.4 and the habit of most hosts.
pub(crate) const TELL_AFTER: Duration = Duration::from_secs(4 * 60 * MINUTE);

/// What is done after a try that failed for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It is tried again.
    Again {
        /// When: at a full minute.
        due: Timestamp,
        /// Whether it has taken so long that the sender should know.
        late: bool,
    },
    /// It has been tried for long enough.
    GiveUp,
}

/// What is done at `now` about a message that was accepted at `received`, after so many tries
/// that failed, this one counted. It is tried for `patience`, and once more at its end.
pub(crate) fn plan(
    received: Timestamp,
    attempts: u32,
    now: Timestamp,
    patience: Duration,
    chance: u32,
) -> Plan {
    let end = received.checked_add(patience).unwrap_or(Timestamp::MAX);
    if now >= end {
        return Plan::GiveUp;
    }
    let due = after(now, pause(&PAUSES, attempts, chance)).min(end);
    let late = now.duration_since(received) >= TELL_AFTER.try_into().unwrap_or_default();
    Plan::Again { due, late }
}

/// Until when a destination is left in peace that could not be reached so often in a row.
pub(crate) fn peace(failures: u32, now: Timestamp, chance: u32) -> Timestamp {
    now.checked_add(pause(&PEACE, failures, chance))
        .unwrap_or(now)
}

/// The pause after the `count`th failure.
fn pause(pauses: &[Duration], count: u32, chance: u32) -> Duration {
    let index = usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let last = pauses.last().copied().unwrap_or_default();
    let pause = pauses.get(index).copied().unwrap_or(last);
    let part = f64::from(chance) / f64::from(u32::MAX) / f64::from(SPREAD);
    pause + pause.mul_f64(part)
}

/// At the first full minute then: what fails within one minute has its turn together.
fn after(now: Timestamp, pause: Duration) -> Timestamp {
    let then = now.checked_add(pause).unwrap_or(now).as_second();
    let minute = i64::try_from(MINUTE).unwrap_or(1);
    let full = then.saturating_add(minute - 1).div_euclid(minute) * minute;
    Timestamp::from_second(full).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: u64 = 24 * 60 * MINUTE;
    const PATIENCE: Duration = Duration::from_secs(5 * DAY);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// All tries of a message that never succeed, in minutes, and whether the sender is told
    /// at each.
    fn tries(chance: u32) -> Vec<(i64, bool)> {
        let (mut now, mut tries) = (at(0), Vec::new());
        for attempts in 1.. {
            match plan(at(0), attempts, now, PATIENCE, chance) {
                Plan::Again { due, late } => {
                    tries.push((now.as_second() / 60, late));
                    now = due;
                }
                Plan::GiveUp => {
                    tries.push((now.as_second() / 60, true));
                    break;
                }
            }
        }
        tries
    }

    #[test]
    fn five_days_of_tries() {
        let tries = tries(0);
        let minutes: Vec<_> = tries.iter().map(|(minute, _)| *minute).collect();
        assert_eq!(minutes[..8], [0, 5, 15, 45, 105, 225, 465, 705]);
        assert_eq!(minutes.last(), Some(&(5 * 24 * 60)));
        assert_eq!(minutes.len(), 36);
        // Told from the first try on that comes after four hours.
        let told = tries.iter().position(|(_, late)| *late);
        assert_eq!(told, Some(6));
    }

    proptest! {
        #[test]
        fn the_next_try_comes_later_and_never_after_the_end(
            now in 0..500_000i64, attempts in any::<u32>(), chance in any::<u32>(),
        ) {
            match plan(at(0), attempts, at(now), PATIENCE, chance) {
                Plan::Again { due, .. } => {
                    prop_assert!(due > at(now) && due <= at(432_000));
                    prop_assert!(due.as_second() % 60 == 0);
                    prop_assert!(due.as_second() - now <= 5 * 3600);
                }
                Plan::GiveUp => prop_assert!(now >= 432_000),
            }
            let until = peace(attempts, at(now), chance);
            prop_assert!((60..=72 * 60).contains(&(until.as_second() - now)));
        }
    }
}
