//! Reading the changes of an index again, from where they are known to have been applied.

use std::sync::Arc;
use std::vec::IntoIter;

use crate::folder::Folder;
use crate::frame::{IndexKind, Kind};
use crate::walk::walk;
use crate::{Frame, LogError, Place, SegmentId};

/// The changes from a place on, one frame a time. A damaged place gives an error; what
/// follows it may be asked for all the same.
#[derive(Debug)]
pub struct Changes {
    folder: Arc<Folder>,
    /// What lies before it was given, or not asked for.
    from: Place,
    /// Segments that are still to be walked.
    segments: IntoIter<SegmentId>,
    /// What is left of the segment that is walked now.
    now: Option<Segment>,
}

#[derive(Debug)]
struct Segment {
    frames: IntoIter<Frame>,
    damaged: IntoIter<Place>,
}

impl Changes {
    pub(crate) fn new(folder: &Arc<Folder>, from: Place) -> Result<Changes, LogError> {
        Ok(Changes {
            folder: folder.clone(),
            from,
            segments: folder.from(from.segment)?.into_iter(),
            now: None,
        })
    }

    /// The place after what was given last.
    pub fn place(&self) -> Place {
        self.from
    }

    /// The content of the next frame of changes; none at the end.
    ///
    /// # Errors
    /// [`LogError::Damaged`] where changes were kept that can't be read, else what the
    /// disk says.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, LogError> {
        loop {
            let Some(now) = &mut self.now else {
                let Some(id) = self.segments.next() else {
                    return Ok(None);
                };
                self.now = Some(Segment::open(&self.folder, id, self.from)?);
                continue;
            };
            if let Some(at) = now.damaged.next() {
                return Err(LogError::Damaged(format!("changes in {at}")));
            }
            match now.frames.next() {
                Some(frame) => {
                    self.from = Place {
                        offset: frame.place.offset + frame.octets,
                        ..frame.place
                    };
                    return frame.read(&self.folder).map(Some);
                }
                None => self.now = None,
            }
        }
    }
}

impl Segment {
    /// What of a segment lies after `from`. What was damaged there is told first.
    fn open(folder: &Folder, id: SegmentId, from: Place) -> Result<Segment, LogError> {
        let walked = walk(&*folder.reading(id)?)?;
        let place = |offset| Place {
            segment: id,
            offset,
        };
        let frames = walked.frames.iter().map(|found| Frame::of(found, id));
        let is_change = |frame: &Frame| frame.kind == Kind::Index(IndexKind::Changes);
        let frames: Vec<_> = frames
            .filter(|frame| is_change(frame) && from <= frame.place)
            .collect();
        let damaged = walked.damaged.into_iter().map(place);
        let damaged: Vec<_> = damaged.filter(|at| from <= *at).collect();
        Ok(Segment {
            frames: frames.into_iter(),
            damaged: damaged.into_iter(),
        })
    }
}
