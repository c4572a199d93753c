//! Bodies that no record names yet.
//!
//! Whoever takes segments away that no record needs must not take one where a body lies
//! whose record is still to be committed. So whoever writes a body holds on to what was
//! growing when it was begun, until the record is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use segments::{Growing, Log};

/// A body that is under way, or that no record names yet. While it or a clone of it is
/// there, the body is not taken for one that nobody needs.
#[derive(Clone, Debug)]
pub struct Hold {
    /// None where nobody takes bodies away.
    _held: Option<Arc<Held>>,
}

impl Hold {
    /// A hold on nothing.
    #[cfg(feature = "s3")]
    pub(crate) const NONE: Hold = Hold { _held: None };
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
        Hold {
            _held: Some(Arc::new(Held { holds, number })),
        }
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
