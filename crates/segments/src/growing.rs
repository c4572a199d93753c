//! What of the folder is as it will be, and what may still be written.

use crate::SegmentId;
use crate::place::Sort;

/// What of a folder may still be written; see [`crate::Log::growing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growing {
    /// The shared segment that is appended to.
    pub shared: SegmentId,
    /// The next large body.
    pub single: SegmentId,
}

impl Growing {
    /// True when a segment is as it will be.
    pub fn is_settled(&self, segment: SegmentId) -> bool {
        match segment.sort() {
            Sort::Shared => segment < self.shared,
            Sort::Single => segment < self.single,
        }
    }

    /// What may be written according to either.
    #[must_use]
    pub fn or(self, other: Growing) -> Growing {
        Growing {
            shared: self.shared.min(other.shared),
            single: self.single.min(other.single),
        }
    }
}
