//! What networks have done here.

use std::collections::HashMap;
use std::hash::RandomState;
use std::time::Duration;

use super::Network;

/// Networks that are remembered, about 6 MiB of them. When there are more, those are
/// forgotten first that have done the least good, and of them who was here the longest ago.
const NETWORKS: usize = 64 * 1024;

/// After this what was done counts half.
const HALF: Duration = Duration::from_secs(24 * 3600);

/// Messages that were stood by, until a network is no longer unseen.
const SEEN: u32 = 3;
/// Messages that were stood by, until a network is good.
const GOOD: u32 = 20;
/// For how long a network must have been here until it is good: whoever wants to send more
/// than a stranger may has to send less for so long.
const GOOD_AFTER: Duration = Duration::from_secs(3600);
/// Faults from which a network is bad, if they are no less than half as many as its
/// messages that were stood by.
const BAD: u32 = 10;

/// What a network is by what it has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known of it, or hardly anything.
    Unseen,
    /// It has sent something that was stood by.
    New,
    /// It has done so for a while.
    Good,
    /// Much of what it did was not.
    Bad,
}

/// Something that a network has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A message came that a domain stood by.
    StoodBy,
    /// A message came from which its domain keeps away.
    Forged,
    /// A recipient was asked for who is not here.
    Unknown,
    /// A list that is heeded says that it is bad.
    Listed,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    first: Duration,
    last: Duration,
    /// When the counts were halved last.
    halved: Duration,
    good: u32,
    bad: u32,
}

/// What all of them have done.
#[derive(Debug)]
pub(super) struct Records {
    records: HashMap<Network, Record, RandomState>,
    networks: usize,
}

impl Records {
    pub(super) fn new(hasher: RandomState) -> Self {
        Self::of_size(hasher, NETWORKS)
    }

    fn of_size(hasher: RandomState, networks: usize) -> Self {
        Self {
            records: HashMap::with_hasher(hasher),
            networks,
        }
    }

    pub(super) fn standing(&mut self, network: Network, now: Duration) -> Standing {
        match self.records.get_mut(&network) {
            Some(record) => {
                record.fade(now);
                record.standing(now)
            }
            None => Standing::Unseen,
        }
    }

    pub(super) fn note(&mut self, network: Network, deed: Deed, now: Duration) {
        if self.records.len() >= self.networks && !self.records.contains_key(&network) {
            self.make_room(now);
        }
        let record = self.records.entry(network).or_insert(Record {
            first: now,
            last: now,
            halved: now,
            good: 0,
            bad: 0,
        });
        record.fade(now);
        record.last = now;
        let (good, bad) = match deed {
            Deed::StoodBy => (1, 0),
            Deed::Forged | Deed::Unknown => (0, 1),
            Deed::Listed => (0, BAD),
        };
        record.good = record.good.saturating_add(good);
        record.bad = record.bad.saturating_add(bad);
    }

    fn make_room(&mut self, now: Duration) {
        let rank = |record: &Record| (record.standing(now) == Standing::Good, record.last);
        let mut ranks: Vec<(bool, Duration)> = self.records.values().map(rank).collect();
        let half = ranks.len() / 2;
        let (_, middle, _) = ranks.select_nth_unstable(half);
        let middle = *middle;
        self.records.retain(|_, record| rank(record) > middle);
    }
}

impl Record {
    fn fade(&mut self, now: Duration) {
        let spent = now.saturating_sub(self.halved).as_secs() / HALF.as_secs();
        let times = u32::try_from(spent).unwrap_or(u32::MAX);
        if times > 0 {
            self.good = self.good.checked_shr(times).unwrap_or(0);
            self.bad = self.bad.checked_shr(times).unwrap_or(0);
            self.halved = now;
        }
    }

    fn standing(&self, now: Duration) -> Standing {
        if self.bad >= BAD && self.bad.saturating_mul(2) >= self.good {
            Standing::Bad
        } else if self.good >= GOOD && now.saturating_sub(self.first) >= GOOD_AFTER {
            Standing::Good
        } else if self.good >= SEEN {
            Standing::New
        } else {
            Standing::Unseen
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: Duration = Duration::from_secs(2 * 3600);

    fn network(number: u32) -> Network {
        Network::V4(number << 8)
    }

    #[test]
    fn a_good_name_takes_time_and_is_lost_by_what_is_done() {
        let mut records = Records::new(RandomState::new());
        let start = Duration::ZERO;
        let one = network(1);
        let mut seen = Vec::new();
        for _ in 0..GOOD {
            records.note(one, Deed::StoodBy, start);
            seen.push(records.standing(one, start));
        }
        seen.dedup();
        assert_eq!(seen, [Standing::Unseen, Standing::New]);
        assert_eq!(records.standing(one, HOURS), Standing::Good);
        for _ in 0..BAD - 1 {
            records.note(one, Deed::Unknown, HOURS);
        }
        assert_eq!(records.standing(one, HOURS), Standing::Good);
        records.note(one, Deed::Forged, HOURS);
        assert_eq!(records.standing(one, HOURS), Standing::Bad);
        // What was bad is forgotten in the end, and so is what was good.
        let later = HOURS + 40 * HALF;
        assert_eq!(records.standing(one, later), Standing::Unseen);
    }

    #[test]
    fn a_listed_network_is_bad_at_once() {
        let mut records = Records::new(RandomState::new());
        records.note(network(1), Deed::Listed, HOURS);
        assert_eq!(records.standing(network(1), HOURS), Standing::Bad);
        assert_eq!(records.standing(network(2), HOURS), Standing::Unseen);
    }

    #[test]
    fn whoever_did_good_is_not_pushed_out_by_many_others() {
        let mut records = Records::of_size(RandomState::new(), 64);
        for _ in 0..GOOD {
            records.note(network(0), Deed::StoodBy, Duration::ZERO);
        }
        for number in 1..10_000 {
            records.note(network(number), Deed::Forged, HOURS);
            assert!(records.records.len() <= 64);
        }
        assert_eq!(records.standing(network(0), HOURS), Standing::Good);
    }
}
