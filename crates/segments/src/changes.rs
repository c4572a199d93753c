//! Reading the changes of an index again, from where they are known to have been applied.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::vec::IntoIter;

use crate::folder::Folder;
use crate::frame::{HEADER_OCTETS, Kind};
use crate::walk::{Found, walk};
use crate::{LogError, Place, SegmentId};

/// Most octets of one frame of changes: what a group of commits can have, and more than
/// that is damage.
const CHANGES_OCTETS: u64 = 256 * 1024 * 1024;

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
    id: SegmentId,
    file: Arc<File>,
    frames: IntoIter<Found>,
    damaged: IntoIter<u64>,
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
                return Err(now.damage(at));
            }
            match now.frames.next() {
                Some(found) => {
                    self.from = Place {
                        segment: now.id,
                        offset: found.end,
                    };
                    return now.read(found).map(Some);
                }
                None => self.now = None,
            }
        }
    }
}

impl Segment {
    /// What of a segment lies after `from`. What was damaged there is told first.
    fn open(folder: &Folder, id: SegmentId, from: Place) -> Result<Segment, LogError> {
        let file = folder.reading(id)?;
        let walked = walk(&file)?;
        let after = |at: u64| {
            from <= Place {
                segment: id,
                offset: at,
            }
        };
        let is_change = |found: &Found| matches!(found.header.kind, Kind::Changes { .. });
        let mut frames = walked.frames;
        frames.retain(|found| is_change(found) && after(found.at));
        let mut damaged = walked.damaged;
        damaged.retain(|at| after(*at));
        Ok(Segment {
            id,
            file,
            frames: frames.into_iter(),
            damaged: damaged.into_iter(),
        })
    }

    fn read(&self, found: Found) -> Result<Vec<u8>, LogError> {
        if found.header.length > CHANGES_OCTETS {
            return Err(self.damage(found.at));
        }
        let mut content = vec![0; usize::try_from(found.header.length).unwrap_or(0)];
        self.file
            .read_exact_at(&mut content, found.at + HEADER_OCTETS as u64)?;
        if *blake3::hash(&content).as_bytes() == found.header.hash {
            Ok(content)
        } else {
            Err(self.damage(found.at))
        }
    }

    fn damage(&self, at: u64) -> LogError {
        let place = Place {
            segment: self.id,
            offset: at,
        };
        LogError::Damaged(format!("changes in {place}"))
    }
}
