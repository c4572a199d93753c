//! Where a body is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a body is, and what it must be. Records of the store hold it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BodyRef {
    pub(crate) segment: SegmentId,
    /// Where the frame begins in the segment.
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// BLAKE3 of the body.
    pub(crate) hash: [u8; 32],
}

impl BodyRef {
    /// Octets of the body.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl fmt::Debug for BodyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "s3")]
        if let Some(name) = self.object() {
            return write!(f, "BodyRef(object {name}, {} octets)", self.length);
        }
        write!(
            f,
            "BodyRef({} at {}, {} octets)",
            self.segment, self.offset, self.length
        )
    }
}

/// The number of a segment. It is never given twice: the last bit says of which sort
/// it is, and each sort counts on from the highest that its folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SegmentId(u64);

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Many small bodies.
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
    #[cfg(feature = "s3")]
    pub(crate) fn from_number(number: u64) -> SegmentId {
        SegmentId(number)
    }

    /// The number itself.
    #[cfg(feature = "s3")]
    pub(crate) fn number(self) -> u64 {
        self.0
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
    pub(crate) fn from_name(name: &str) -> Option<SegmentId> {
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
