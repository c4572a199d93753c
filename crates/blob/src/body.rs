//! Where a body is.

use std::fmt;

use segments::{Frame, Place, SegmentId};
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

    /// Where its frame begins in the segments; none where it is elsewhere.
    pub fn place(&self) -> Option<Place> {
        #[cfg(feature = "s3")]
        if self.object().is_some() {
            return None;
        }
        Some(Place {
            segment: self.segment,
            offset: self.offset,
        })
    }

    /// The body in a frame of a segment; none when it holds no body.
    pub fn of(frame: &Frame) -> Option<BodyRef> {
        Some(BodyRef {
            segment: frame.place.segment,
            offset: frame.place.offset,
            length: frame.body_octets()?,
            hash: *frame.hash(),
        })
    }

    /// The same body where it was written again.
    #[must_use]
    pub fn moved_to(&self, place: Place) -> BodyRef {
        BodyRef {
            segment: place.segment,
            offset: place.offset,
            ..self.clone()
        }
    }

    /// The same body without its place: to compare what two places have.
    #[must_use]
    pub fn nowhere(&self) -> BodyRef {
        BodyRef {
            segment: SegmentId::from_number(0),
            offset: 0,
            ..self.clone()
        }
    }

    /// BLAKE3 of the body.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
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
