//! So many in an hour, for each of any number of keys.
//!
//! For each key one moment is kept: until when it has used up its time. Each thing that is
//! taken uses up an hour divided by the limit, and an hour ahead is the most (the *generic
//! cell rate algorithm*). A key whose moment is past is as one that never was, so it is
//! forgotten without loss.

use std::collections::HashMap;
use std::hash::RandomState;
use std::time::Duration;

/// Keys that are remembered. When all are in use, those that have used up the least are
/// forgotten. 64 Ki of them are about 2 MiB.
pub(super) const KEYS: usize = 64 * 1024;

const HOUR: Duration = Duration::from_secs(3600);

/// What each key has used up.
#[derive(Debug)]
pub(super) struct Rates {
    until: HashMap<u64, Duration, RandomState>,
    keys: usize,
}

impl Rates {
    pub(super) fn new(hasher: RandomState) -> Self {
        Self::of_size(hasher, KEYS)
    }

    fn of_size(hasher: RandomState, keys: usize) -> Self {
        Self {
            until: HashMap::with_hasher(hasher),
            keys,
        }
    }

    /// Takes one thing of a key, if there is one left at this limit an hour; 0 is no limit.
    pub(super) fn take(&mut self, key: u64, limit: u32, now: Duration) -> bool {
        let Some(until) = self.after(key, limit, now) else {
            return limit == 0;
        };
        if self.until.len() >= self.keys && !self.until.contains_key(&key) {
            self.make_room(now);
        }
        self.until.insert(key, until);
        true
    }

    /// Whether there is one left.
    pub(super) fn has_room(&self, key: u64, limit: u32, now: Duration) -> bool {
        limit == 0 || self.after(key, limit, now).is_some()
    }

    /// The key's moment after one thing more.
    fn after(&self, key: u64, limit: u32, now: Duration) -> Option<Duration> {
        let each = HOUR.checked_div(limit)?;
        let until = self.until.get(&key).copied().unwrap_or(now).max(now) + each;
        (until <= now + HOUR).then_some(until)
    }

    /// Forgets what needs not be known, and then some.
    fn make_room(&mut self, now: Duration) {
        self.until.retain(|_, until| *until > now);
        let spare = self.keys / 2;
        if self.until.len() <= spare {
            return;
        }
        let mut moments: Vec<Duration> = self.until.values().copied().collect();
        let half = moments.len() / 2;
        let (_, middle, _) = moments.select_nth_unstable(half);
        let middle = *middle;
        self.until.retain(|_, until| *until > middle);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn as_many_as_an_hour_has_may_come_at_once_and_then_one_by_one() {
        let mut rates = Rates::new(RandomState::new());
        for _ in 0..60 {
            assert!(rates.has_room(1, 60, seconds(5)));
            assert!(rates.take(1, 60, seconds(5)));
        }
        assert!(!rates.take(1, 60, seconds(64)) && !rates.has_room(1, 60, seconds(64)));
        assert!(rates.take(2, 60, seconds(5)), "another has its own");
        assert!(rates.take(1, 60, seconds(65)) && !rates.take(1, 60, seconds(65)));
        assert!((0..1000).all(|_| rates.take(1, 0, seconds(65))), "no limit");
    }

    #[test]
    fn of_too_many_keys_those_that_used_the_most_are_remembered() {
        let mut rates = Rates::of_size(RandomState::new(), 64);
        for _ in 0..10 {
            assert!(rates.take(0, 10, seconds(1)));
        }
        for key in 1..10_000 {
            assert!(rates.take(key, 10, seconds(1)));
            assert!(rates.until.len() <= 64);
        }
        assert!(!rates.take(0, 10, seconds(1)));
    }

    proptest! {
        /// Against a plain list of what was taken: never more than twice the limit in an
        /// hour, and never refused where less than that was taken in the hour before.
        #[test]
        fn in_no_hour_is_more_taken(
            limit in 1_u32..20,
            pauses in proptest::collection::vec(0_u64..900, 1..200),
        ) {
            let mut rates = Rates::new(RandomState::new());
            let (mut now, mut taken) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                let hour = |at: &&u64| **at + 3600 > now;
                let before = taken.iter().filter(hour).count();
                if rates.take(7, limit, seconds(now)) {
                    prop_assert!(before < 2 * limit as usize);
                    taken.push(now);
                } else {
                    prop_assert!(before > 0);
                }
                // A quiet hour gives all of it back.
                if pause >= 3600 {
                    prop_assert_eq!(taken.last(), Some(&now));
                }
            }
        }
    }
}
