//! Writing what is needed of a segment once more, at the end of the log.

use std::io::IoSlice;

use address::AccountId;
use blob::{BodyRef, Moved};
use queue::Queue;
use segments::{Frame, Log, LogError, Place, SegmentId};
use store::{Store, StoreError};

use crate::needed::{Bodies, blocking};
use crate::{CareError, Rooms};

/// Octets of bodies that are appended at once.
const GROUP_OCTETS: u64 = 4 * 1024 * 1024;

/// Writes what is needed of a segment again, and tells where it then is in `moved`. What is
/// damaged stays where it is, and with it the segment.
pub(crate) async fn rewrite(
    rooms: &Rooms,
    segment: SegmentId,
    needed: Bodies,
    moved: &mut Moved,
) -> Result<(), CareError> {
    let log = rooms.log.clone();
    let (more, done) = blocking(move || {
        let survey = log.survey(segment)?;
        let is_needed = |frame: &Frame| frame.kind.is_body() && needed.has(frame.place.offset);
        let frames: Vec<Frame> = survey.frames.into_iter().filter(is_needed).collect();
        let mut moved = Moved::default();
        let mut groups = groups(&frames);
        // Of a disk that is full, what was written before that counts all the same.
        let done = groups.try_for_each(|group| append(&log, group, &mut moved));
        Ok((moved, done))
    })
    .await?;
    moved.extend(more);
    done
}

/// Cuts frames into groups that are appended at once.
fn groups(frames: &[Frame]) -> impl Iterator<Item = &[Frame]> {
    let mut octets = 0;
    frames.chunk_by(move |frame, _| {
        octets += frame.octets;
        let fits = octets < GROUP_OCTETS;
        if !fits {
            octets = 0;
        }
        fits
    })
}

/// Appends what frames hold as it is, compressed or not.
fn append(log: &Log, frames: &[Frame], moved: &mut Moved) -> Result<(), CareError> {
    let mut bodies = Vec::new();
    for frame in frames {
        let Some(body) = BodyRef::of(frame) else {
            continue;
        };
        match log.content(frame) {
            Ok(content) => bodies.push((body, frame.header(), content)),
            Err(LogError::Damaged(what)) => {
                tracing::error!(%what, "a body is damaged, and stays where it is");
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut pieces = Vec::with_capacity(2 * bodies.len());
    for (_, header, content) in &bodies {
        pieces.extend([IoSlice::new(header), IoSlice::new(content)]);
    }
    if pieces.is_empty() {
        return Ok(());
    }
    let Place {
        segment,
        mut offset,
    } = log.append_again(&mut pieces)?;
    for (body, header, content) in &bodies {
        let place = Place { segment, offset };
        offset += (header.len() + content.len()) as u64;
        moved.insert(body.clone(), body.moved_to(place));
    }
    Ok(())
}

/// Has the records of the queue, and of these accounts, refer to where bodies are now. Gives how
/// many messages that were.
pub(crate) async fn relocate(
    queue: &Queue,
    store: &Store,
    accounts: &[AccountId],
    moved: &Moved,
) -> Result<u64, CareError> {
    let mut messages = queue.relocate(moved).await? as u64;
    for account in accounts {
        match store.relocate(*account, moved).await {
            Ok(found) => messages += found as u64,
            // It was removed meanwhile.
            Err(StoreError::Gone) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(messages)
}
