//! Bodies that no record names yet.
//!
//! Whoever takes segments away that no record needs must not take one where a body lies
//! whose record is still to be committed. So whoever writes a body holds on to what was
//! growing when it was begun, until the record is there.
//!
//! Of a bucket others take bodies away, on other machines, and nothing that is held here is
//! known to them. They wait for much longer than a record takes; and a record that has taken
//! so long all the same, since its machine stood still in between, must not be committed any
//! more. The same goes for a record that names a body which another record named when that was
//! read: meanwhile that one may have been made to refer to another place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use segments::{Growing, Log};

/// How long after a body was brought to a bucket, or was found named, a record may still come to
/// name it: many times what that takes. Whoever takes away bodies that no record names waits for
/// longer.
pub const RECORD_PATIENCE: Duration = Duration::from_secs(30 * 60);

/// A body that is under way, or that no record names yet. While it or a clone of it is
/// there, the body is not taken for one that nobody needs.
#[derive(Clone, Debug)]
pub struct Hold(On);

#[derive(Clone, Debug)]
enum On {
    Segments {
        _held: Arc<Held>,
    },
    /// Nothing but that it was begun not long ago.
    Moment(Since),
}

impl Hold {
    /// Whether a record may still come to name the body. What is not a hold for ever ends
    /// after [`RECORD_PATIENCE`].
    pub fn is_good(&self) -> bool {
        match &self.0 {
            On::Segments { .. } => true,
            On::Moment(since) => since.elapsed() < RECORD_PATIENCE,
        }
    }

    /// A hold on a body that is brought to a bucket now, or on whatever is found named after
    /// this.
    pub fn from_now() -> Hold {
        Hold(On::Moment(Since::now()))
    }
}

/// A moment, by two clocks.
#[derive(Clone, Copy, Debug)]
struct Since {
    /// This one is never set, and stands still while the machine sleeps.
    instant: Instant,
    /// This one is put right after that, sooner or later.
    time: SystemTime,
}

impl Since {
    fn now() -> Since {
        Since {
            instant: Instant::now(),
            time: SystemTime::now(),
        }
    }

    /// The longer one of what both clocks say.
    fn elapsed(self) -> Duration {
        let by_time = self.time.elapsed().unwrap_or_default();
        self.instant.elapsed().max(by_time)
    }
}

/// All that is held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    held: Arc<Mutex<BTreeMap<u64, Growing>>>,
}

#[derive(Debug)]
struct Held {
    holds: Holds,
    number: u64,
}

impl Holds {
    /// Holds on to what grows now.
    pub(crate) fn hold(&self, log: &Log) -> Hold {
        let mut held = self.held.lock();
        let number = held.last_key_value().map_or(0, |(number, _)| number + 1);
        held.insert(number, log.growing());
        let holds = self.clone();
        Hold(On::Segments {
            _held: Arc::new(Held { holds, number }),
        })
    }

    /// What grows, or may hold a body that no record names yet.
    pub(crate) fn growing(&self, log: &Log) -> Growing {
        // A body that is begun after this goes to what grows then.
        let now = log.growing();
        self.held.lock().values().copied().fold(now, Growing::or)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.holds.held.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_from_a_moment_on_ends_by_either_clock() {
        assert!(Hold::from_now().is_good());
        let long_ago = Since {
            instant: Instant::now().checked_sub(RECORD_PATIENCE).unwrap(),
            ..Since::now()
        };
        assert!(!Hold(On::Moment(long_ago)).is_good());
        let asleep = Since {
            time: SystemTime::now() - RECORD_PATIENCE,
            ..Since::now()
        };
        assert!(!Hold(On::Moment(asleep)).is_good());
    }
}
