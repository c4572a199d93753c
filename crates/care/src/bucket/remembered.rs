//! Which bodies a pass found needless, and when that was first.

use std::collections::HashMap;
use std::time::Instant;

use blob::s3::ObjectName;

/// How many are remembered, in 25 MiB, and half as much more while that grows; others are found
/// again when these are gone.
pub(super) const MOST: usize = 450_000;

/// What one pass leaves to the next.
#[derive(Default)]
pub(super) struct Remembered {
    needless: HashMap<ObjectName, Sighting>,
    /// The pass that is under way, or was the last.
    pass: u64,
    /// Whether the operator said that so much being needless is right.
    pub(super) is_right: bool,
}

/// When a body was found needless: first, and in which pass at last.
struct Sighting {
    first: Instant,
    pass: u64,
}

impl Remembered {
    pub(super) fn begin(&mut self) {
        self.pass += 1;
    }

    /// The number of the pass that is under way.
    pub(super) fn pass(&self) -> u64 {
        self.pass
    }

    /// Notes that a body was found needless, and gives when it was first. None if it is not
    /// remembered: then it was not before.
    pub(super) fn see(&mut self, name: ObjectName, now: Instant) -> Option<Instant> {
        let pass = self.pass;
        if let Some(sighting) = self.needless.get_mut(&name) {
            sighting.pass = pass;
            return Some(sighting.first);
        }
        if self.needless.len() < MOST {
            self.needless.insert(name, Sighting { first: now, pass });
        }
        None
    }

    pub(super) fn forget(&mut self, names: &[ObjectName]) {
        for name in names {
            self.needless.remove(name);
        }
    }

    /// Forgets all that this pass did not see.
    pub(super) fn end(&mut self) {
        let pass = self.pass;
        self.needless.retain(|_, sighting| sighting.pass == pass);
    }

    pub(super) fn forget_all(&mut self) {
        self.needless = HashMap::new();
    }
}
