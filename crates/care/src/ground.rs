//! Which segments may be touched at all.

use kv::sqlite::newest_copy;
use segments::{Growing, SegmentId};

use crate::needed::blocking;
use crate::{CareError, Rooms};

/// What of the folder is not to be touched, as it was at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    /// What may still be written, or hold a body whose record is still to come.
    growing: Growing,
    /// The first segment that an index needs.
    index: SegmentId,
}

impl Ground {
    /// The ground as it is now.
    pub(crate) async fn now(rooms: &Rooms) -> Result<Ground, CareError> {
        let (index, log) = (rooms.index.clone(), rooms.log.clone());
        let blobs = rooms.blobs.clone();
        blocking(move || {
            let copied = newest_copy(&log)?;
            let settled = index.settle()?.segment;
            let index = match copied {
                Some(copied) => settled.min(copied.first.segment).min(copied.start.segment),
                // All of the log is what a salvage would begin from.
                None => log.start().segment,
            };
            let growing = blobs.growing().unwrap_or_else(|| log.growing());
            Ok(Ground { growing, index })
        })
        .await
    }

    /// True when a segment is as it will be, and no index needs anything in it.
    pub(crate) fn is_clear(&self, segment: SegmentId) -> bool {
        let index_needs = segment.is_shared() && segment >= self.index;
        self.growing.is_settled(segment) && !index_needs
    }
}
