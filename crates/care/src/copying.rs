//! When the index is copied into the log.

use kv::sqlite::{Copied, begins, newest_copy};
use segments::Log;

use crate::needed::blocking;
use crate::{CareError, Memory, Progress, Rooms, Step};

/// Copies the index into the log, and gives the octets of the copy.
pub(crate) async fn copy(rooms: &Rooms, progress: Progress<'_>) -> Result<u64, CareError> {
    let copying = rooms
        .index
        .copy(|octets| progress(Step::Copying { octets }));
    Ok(copying.await?.octets)
}

/// True when more was written of changes than a copy takes, and a segment's worth of them: so
/// what the log holds of the index stays within a small multiple of it, and so does what is
/// written for that.
pub(crate) async fn is_due(rooms: &Rooms, memory: &mut Memory) -> Result<bool, CareError> {
    let least = rooms.log.segment_octets();
    let Some(copied) = newest(&rooms.log).await? else {
        let log = rooms.log.clone();
        // What an index held before it had a log is nowhere else.
        let begins = blocking(move || Ok(begins(&log)?)).await?;
        return Ok(!begins || written(rooms, memory, None).await? > least);
    };
    // What follows the start of a copy is the copy itself, too.
    let changes = written(rooms, memory, Some(&copied)).await?;
    Ok(changes.saturating_sub(copied.octets) > least.max(copied.octets))
}

pub(crate) async fn newest(log: &Log) -> Result<Option<Copied>, CareError> {
    let log = log.clone();
    blocking(move || Ok(newest_copy(&log)?)).await
}

/// Octets that the index wrote since a copy, or ever: to the segment, which is near enough.
async fn written(
    rooms: &Rooms,
    memory: &mut Memory,
    since: Option<&Copied>,
) -> Result<u64, CareError> {
    let segments = rooms.segments().await?;
    let first = since.map(|copied| copied.start.segment);
    let mut octets = 0;
    for (segment, _) in segments {
        if segment.is_shared() && first.is_none_or(|first| segment >= first) {
            octets += memory.survey(&rooms.log, segment).await?.index;
        }
    }
    Ok(octets)
}
