//! The thread that appends small bodies to a shared segment: it takes all that wait,
//! writes them in one go, syncs once, and answers all.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::body::{SegmentId, Sort};
use crate::folder::Folder;
use crate::frame::{self, Walked};
use crate::{BlobError, BodyRef};

/// No shared segment grows beyond this.
pub(crate) const SEGMENT_OCTETS: u64 = 64 * 1024 * 1024;
/// Most frames of one group; so many pieces one system call takes.
const GROUP_FRAMES: usize = 1024;
/// A group takes no more frames once it has so many octets.
const GROUP_OCTETS: usize = 16 * 1024 * 1024;
/// Frames that may wait for the thread; those beyond wait to be let in.
const WAITING_FRAMES: usize = 1024;

/// A frame that waits to be appended.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Header and body.
    pub(crate) octets: Vec<u8>,
    /// What the header says.
    pub(crate) length: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) reply: oneshot::Sender<Result<BodyRef, BlobError>>,
}

/// The way to the thread. Dropping it waits for the frames under way.
#[derive(Debug)]
pub(crate) struct Appender {
    /// There until it is dropped.
    frames: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

impl Appender {
    pub(crate) fn start(folder: Arc<Folder>) -> Result<Appender, BlobError> {
        let segment = continued(&folder)?;
        let (frames, waiting) = mpsc::channel(WAITING_FRAMES);
        let log = Log {
            folder,
            segment,
            full: false,
        };
        let thread = std::thread::Builder::new()
            .name("blob-appender".into())
            .spawn(move || log.run(waiting))?;
        Ok(Appender {
            frames: Some(frames),
            thread: Some(thread),
        })
    }

    /// Hands a frame in; the reply comes by its own way.
    pub(crate) async fn append(&self, frame: Waiting) -> Result<(), BlobError> {
        let stopped = || BlobError::Broken("the appender has stopped".into());
        let frames = self.frames.as_ref().ok_or_else(stopped)?;
        frames.send(frame).await.map_err(|_| stopped())
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        // Without its channel the thread ends when it has answered all that waits.
        self.frames = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the appender of bodies ended by a fault");
        }
    }
}

/// A segment that is appended to.
struct Segment {
    id: SegmentId,
    /// Open so that each write goes to the end.
    file: File,
    /// Octets of whole, synced frames: all there is.
    length: u64,
}

/// The segment that was appended to last, if it ends well and has room.
fn continued(folder: &Folder) -> Result<Option<Segment>, BlobError> {
    let Some(id) = folder.newest_shared() else {
        return Ok(None);
    };
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .open(folder.segment(id))?;
    match frame::walk(&file)? {
        Walked { end, torn: 0 } if end < SEGMENT_OCTETS => Ok(Some(Segment {
            id,
            file,
            length: end,
        })),
        Walked { torn: 0, .. } => Ok(None),
        Walked { end, torn } => {
            tracing::warn!(segment = %id, end, torn, "an unfinished body is passed over");
            Ok(None)
        }
    }
}

/// The state of the thread.
struct Log {
    folder: Arc<Folder>,
    /// None when the next frame begins a new one.
    segment: Option<Segment>,
    /// The disk had no room for the last group.
    full: bool,
}

impl Log {
    /// Works until nobody can hand in frames any more and all are answered.
    fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.blocking_recv() {
            let group = gather(first, &mut waiting);
            match self.append(&group) {
                Ok((id, start)) => {
                    self.full = false;
                    answer(group, id, start);
                }
                Err(error) => {
                    // A full disk is told once, lest the log fill what is left of it.
                    if error != BlobError::Full || !std::mem::replace(&mut self.full, true) {
                        tracing::error!(%error, bodies = group.len(), "bodies could not be kept");
                    }
                    for frame in group {
                        let _ = frame.reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    /// Appends the frames to one segment, durably. Gives where the first begins.
    fn append(&mut self, group: &[Waiting]) -> Result<(SegmentId, u64), BlobError> {
        let octets: u64 = group.iter().map(|frame| frame.octets.len() as u64).sum();
        self.folder.check_room(octets)?;
        let fits = |segment: &Segment| segment.length + octets <= SEGMENT_OCTETS;
        let mut segment = match self.segment.take() {
            Some(segment) if fits(&segment) => segment,
            _ => create(&self.folder)?,
        };
        let mut pieces: Vec<IoSlice<'_>> = group
            .iter()
            .map(|frame| IoSlice::new(&frame.octets))
            .collect();
        if let Err(error) = write_all(&mut segment.file, &mut pieces) {
            // What was half written is cut off, and all is as before. If even that
            // fails, the segment is left alone from now on.
            if segment.file.set_len(segment.length).is_ok() {
                self.segment = Some(segment);
            }
            return Err(error.into());
        }
        // After a failed sync nobody knows what is on the disk, not even after another
        // sync that succeeds; so the segment is not put back.
        segment.file.sync_data()?;
        let start = segment.length;
        segment.length += octets;
        let id = segment.id;
        self.segment = Some(segment);
        Ok((id, start))
    }
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
        file,
        length: 0,
    })
}

fn write_all(file: &mut File, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
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

/// The frame that came and those that wait behind it.
fn gather(first: Waiting, waiting: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut octets = first.octets.len();
    let mut group = vec![first];
    while group.len() < GROUP_FRAMES && octets < GROUP_OCTETS {
        let Ok(next) = waiting.try_recv() else { break };
        octets += next.octets.len();
        group.push(next);
    }
    group
}

fn answer(group: Vec<Waiting>, segment: SegmentId, start: u64) {
    let mut offset = start;
    for frame in group {
        let body = BodyRef {
            segment,
            offset,
            length: frame.length,
            hash: frame.hash,
        };
        offset += frame.octets.len() as u64;
        // Whoever asked may be gone; the body then is one that no record names.
        let _ = frame.reply.send(Ok(body));
    }
}

#[cfg(test)]
mod tests;
