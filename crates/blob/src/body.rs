//! Where a body is.

use std::fmt;

use segments::SegmentId;
use serde::{Deserialize, Serialize};

/// Where a body is, and what it must be. Records of the store hold it. They are in the
/// order of their places, in which many of them are best read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
