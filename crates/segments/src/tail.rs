//! The segment that is appended to, and its syncs.
//!
//! Appending takes the lock for as long as the system takes the octets; a sync takes it
//! only before and after, so that others append while the disk works.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::folder::Folder;
use crate::frame::{HEADER_OCTETS, Header, IndexKind};
use crate::place::Sort;
use crate::walk::{Walked, walk};
use crate::{LogError, Place, SegmentId};

/// No shared segment grows beyond this by default, unless one group of frames alone is larger.
pub const SEGMENT_OCTETS: u64 = 64 * 1024 * 1024;

/// Where the log is appended to.
#[derive(Debug)]
pub(crate) struct Tail {
    folder: Arc<Folder>,
    /// No shared segment grows beyond this, unless one group of frames alone is larger.
    segment_octets: u64,
    /// The number of the segment that is appended to, or of one before it: known without
    /// waiting for who appends.
    growing: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// None when the next frame begins a new one.
    segment: Option<Segment>,
    /// Where the log ends.
    end: Place,
    /// What the disk said when a sync failed.
    failed: Option<LogError>,
}

/// A segment that is appended to.
#[derive(Debug)]
struct Segment {
    id: SegmentId,
    /// Open so that each write goes to the end.
    file: Arc<File>,
    /// Octets of whole frames: all there is.
    length: u64,
    /// How many of them are on stable storage for certain.
    synced: u64,
}

impl Segment {
    fn end(&self) -> Place {
        Place {
            segment: self.id,
            offset: self.length,
        }
    }
}

impl Tail {
    /// Goes on where the log ends.
    pub(crate) fn open(folder: Arc<Folder>, segment_octets: u64) -> Result<Tail, LogError> {
        let (segment, end) = match folder.newest() {
            Some(id) => continued(&folder, id)?,
            None => (None, folder.start()),
        };
        let growing = end.segment.number().into();
        let state = Mutex::new(State {
            segment,
            end,
            failed: None,
        });
        Ok(Tail {
            folder,
            segment_octets,
            growing,
            state,
        })
    }

    pub(crate) fn segment_octets(&self) -> u64 {
        self.segment_octets
    }

    /// The segment that is appended to, or one before it. Waits for nobody.
    pub(crate) fn growing(&self) -> SegmentId {
        SegmentId::from_number(self.growing.load(Ordering::Acquire))
    }

    pub(crate) fn end(&self) -> Place {
        self.state.lock().end
    }

    /// Appends frames that have their headers.
    pub(crate) fn append(
        &self,
        frames: &mut [IoSlice<'_>],
        octets: u64,
    ) -> Result<Place, LogError> {
        let mut state = self.state.lock();
        let segment = self.with_room(&mut state, octets)?;
        self.write(&mut state, segment, frames, octets)
    }

    /// Appends something of an index. Gives where it begins and the place after it.
    pub(crate) fn append_index(
        &self,
        kind: IndexKind,
        content: &[u8],
    ) -> Result<Range<Place>, LogError> {
        let octets = (HEADER_OCTETS + content.len()) as u64;
        let mut state = self.state.lock();
        let segment = self.with_room(&mut state, octets)?;
        let header = Header::of_index(kind, content, segment.synced).encode();
        let mut frame = [IoSlice::new(&header), IoSlice::new(content)];
        let start = self.write(&mut state, segment, &mut frame, octets)?;
        Ok(start..state.end)
    }

    /// The segment that has room for so many octets more, taken out of the state.
    fn with_room(&self, state: &mut State, octets: u64) -> Result<Segment, LogError> {
        if let Some(failed) = &state.failed {
            return Err(failed.clone());
        }
        if let Some(segment) = state.segment.take() {
            if segment.length == 0 || segment.length + octets <= self.segment_octets {
                return Ok(segment);
            }
            // What comes later must never be on the disk without what came before.
            state.sync_before_leaving(&segment)?;
        }
        let segment = create(&self.folder)?;
        self.growing.store(segment.id.number(), Ordering::Release);
        Ok(segment)
    }

    /// Writes to the segment and puts it back. Gives where the first frame begins.
    fn write(
        &self,
        state: &mut State,
        mut segment: Segment,
        frames: &mut [IoSlice<'_>],
        octets: u64,
    ) -> Result<Place, LogError> {
        let start = segment.end();
        if let Err(error) = write_all(&segment.file, frames) {
            // What was half written is cut off, and all is as before. If even that
            // fails, the segment is left alone from now on.
            if segment.file.set_len(segment.length).is_ok() {
                state.segment = Some(segment);
            } else {
                state.sync_before_leaving(&segment)?;
            }
            return Err(error.into());
        }
        segment.length += octets;
        state.end = segment.end();
        state.segment = Some(segment);
        Ok(start)
    }

    pub(crate) fn sync(&self) -> Result<(), LogError> {
        let (file, end) = {
            let state = self.state.lock();
            if let Some(failed) = &state.failed {
                return Err(failed.clone());
            }
            match &state.segment {
                Some(segment) if segment.synced < segment.length => {
                    (segment.file.clone(), segment.end())
                }
                // Those before it were synced when they were left.
                _ => return Ok(()),
            }
        };
        let synced = file.sync_data();
        let mut state = self.state.lock();
        match synced {
            Ok(()) => {
                if let Some(segment) = &mut state.segment
                    && segment.id == end.segment
                {
                    segment.synced = segment.synced.max(end.offset);
                }
                Ok(())
            }
            Err(error) => Err(state.fail(end.segment, &error)),
        }
    }
}

impl State {
    fn sync_before_leaving(&mut self, segment: &Segment) -> Result<(), LogError> {
        if segment.synced == segment.length {
            return Ok(());
        }
        let synced = segment.file.sync_data();
        synced.map_err(|error| self.fail(segment.id, &error))
    }

    /// After a failed sync nobody knows what is on the disk, not even after another sync
    /// that succeeds.
    fn fail(&mut self, id: SegmentId, error: &io::Error) -> LogError {
        tracing::error!(segment = %id, %error, "a sync failed: nothing more is kept until the service is started again");
        let failed = LogError::Broken(format!("{id}: a sync failed: {error}"));
        self.failed = Some(failed.clone());
        failed
    }
}

/// Where the newest segment ends, and the segment itself if it can be continued. What is
/// to be believed of it is then on stable storage: a process that was killed may have left
/// it to the system.
fn continued(folder: &Folder, id: SegmentId) -> Result<(Option<Segment>, Place), LogError> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .open(folder.segment(id))?;
    let Walked {
        end, torn, damaged, ..
    } = walk(&file)?;
    for at in damaged {
        tracing::error!(segment = %id, at, "what was kept here is damaged");
    }
    file.sync_data()?;
    let segment = Segment {
        id,
        file: Arc::new(file),
        length: end,
        synced: end,
    };
    let end = segment.end();
    if torn > 0 {
        tracing::warn!(segment = %id, %end, torn, "what was not finished is passed over");
        return Ok((None, end));
    }
    Ok((Some(segment), end))
}

/// Makes a new segment, its name durable.
fn create(folder: &Folder) -> io::Result<Segment> {
    let id = folder.new_segment(Sort::Shared);
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create_new(true)
        .open(folder.segment(id))?;
    folder.sync()?;
    Ok(Segment {
        id,
        file: Arc::new(file),
        length: 0,
        synced: 0,
    })
}

fn write_all(mut file: &File, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
    IoSlice::advance_slices(&mut pieces, 0);
    while !pieces.is_empty() {
        match file.write_vectored(pieces) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(octets) => IoSlice::advance_slices(&mut pieces, octets),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
impl Tail {
    /// Appends go to this file from now on, as if the disk had become so.
    pub(crate) fn swap_file(&self, file: File) -> Option<Arc<File>> {
        let mut state = self.state.lock();
        let segment = state.segment.as_mut()?;
        Some(std::mem::replace(&mut segment.file, Arc::new(file)))
    }
}
