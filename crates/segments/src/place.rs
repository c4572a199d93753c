//! Places in the log, and the names of segments.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a frame begins, or the place between two. Places of the log are in the order in
/// which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which segment.
    pub segment: SegmentId,
    /// Octets of the segment before it.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.segment, self.offset)
    }
}

/// The number of a segment. It is never given twice: the last bit says of which sort
/// it is, and each sort counts on from the highest that its folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SegmentId(u64);

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A piece of the log.
    Shared,
    /// One large body.
    Single,
}

impl SegmentId {
    /// The `count`th segment of a sort.
    pub(crate) fn new(count: u64, sort: Sort) -> SegmentId {
        SegmentId(count << 1 | u64::from(sort == Sort::Single))
    }

    /// The segment of this number, wherever it was written down.
    pub fn from_number(number: u64) -> SegmentId {
        SegmentId(number)
    }

    /// The number itself.
    pub fn number(self) -> u64 {
        self.0
    }

    /// True for a piece of the log, false for a large body's own file.
    pub fn is_shared(self) -> bool {
        self.sort() == Sort::Shared
    }

    pub(crate) fn sort(self) -> Sort {
        if self.0 & 1 == 0 {
            Sort::Shared
        } else {
            Sort::Single
        }
    }

    pub(crate) fn count(self) -> u64 {
        self.0 >> 1
    }

    /// The number in a file name, if it is one of ours.
    pub fn from_name(name: &str) -> Option<SegmentId> {
        let (number, _) = name.split_once('.')?;
        let id = SegmentId(u64::from_str_radix(number, 16).ok()?);
        (id.to_string() == name || id.part_name() == name).then_some(id)
    }

    /// The name of its file while it is not finished.
    pub(crate) fn part_name(self) -> String {
        format!("{:016x}.part", self.0)
    }
}

impl fmt::Display for SegmentId {
    /// The name of its file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = match self.sort() {
            Sort::Shared => "shared",
            Sort::Single => "single",
        };
        write!(f, "{:016x}.{suffix}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_numbers_and_back() {
        for sort in [Sort::Shared, Sort::Single] {
            let id = SegmentId::new(21, sort);
            assert_eq!((id.count(), id.sort()), (21, sort));
            assert_eq!(SegmentId::from_name(&id.to_string()), Some(id));
            assert_eq!(SegmentId::from_name(&id.part_name()), Some(id));
            assert_eq!(SegmentId::from_number(id.number()), id);
        }
        for odd in [
            "FORMAT",
            "2a.shared",
            "000000000000002a.single",
            "+00000000000002a.shared",
        ] {
            assert_eq!(SegmentId::from_name(odd), None, "{odd}");
        }
    }
}
