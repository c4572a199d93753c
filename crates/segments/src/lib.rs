//! One log in a folder: what is appended to it, in order, and what of that is on stable
//! storage.
//!
//! It is for `blob`, which keeps the bodies of messages here, and for the embedded engine
//! of `kv`, which writes here what it changes before it changes it. Because both use one
//! log, one sync makes a message and all that refers to it durable, and the syncs of many
//! sessions are one.
//!
//! # On disk
//!
//! ```text
//! FORMAT                     facteur-bodies 4   (locked while the folder is open)
//! 000000000000002a.shared    frames of many owners, one after another, up to 64 MiB
//! 0000000000000007.single    one frame: a body that is larger than 256 KiB
//! 0000000000000009.part      one that is being written; removed at the next opening
//! ```
//!
//! The log is the shared segments in the order of their numbers. Each is a run of frames:
//! a header of 64 octets (`frame.rs`) and its content: a body, as it is or compressed, changes of
//! an index, or a piece of a copy of the index, which makes the changes before it needless.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lib.rs` | [`Log`], the door |
//! | `place.rs` | [`Place`], and the names of segments |
//! | `frame.rs` | the header of a frame |
//! | `walk.rs` | from frame to frame: where a segment ends, and what was torn |
//! | `tail.rs` | the segment that is appended to, and its syncs |
//! | `changes.rs` | reading the changes again, after a crash |
//! | `growing.rs` | what of the folder is as it will be |
//! | `survey.rs` | what is in a segment, for the care of the folder |
//! | `single.rs` | a large body's own file |
//! | `folder.rs` | what is in the folder, and what a crash left there |
//! | `marked.rs` | a FORMAT file: what wrote a folder, and that one process has it |
//! | `room.rs` | what of the disk is not for bodies |
//!
//! # Invariants
//!
//! * **Order is promise.** When a sync has succeeded, all that was appended before it
//!   began is on stable storage, in whichever segment: one that is full is synced before
//!   the next is made.
//! * **Nothing that was acknowledged is written over.** What a crash left at the end of a
//!   segment is passed over: the next frame begins a new one.
//! * **After a failed sync nothing is appended any more** until the log is opened again,
//!   since nobody knows what reached the disk.
//! * **Torn is told from damaged.** Each frame of changes says how far its segment was
//!   synced when it was written. What does not fit before that point was once whole.
//! * **A full disk harms nobody else.** What was half written is cut off again, and the
//!   next frame finds things as they were. Bodies leave [`RESERVE_OCTETS`] of the disk
//!   alone, so that what is kept can still be read, changed and removed.
//! * **A number is never given twice**, not even after a segment was taken away: the newest
//!   of each sort stays.

mod changes;
mod error;
mod folder;
mod frame;
mod growing;
mod marked;
mod place;
mod room;
mod single;
mod survey;
mod tail;
mod walk;

use std::fs::File;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use folder::Folder;
use tail::Tail;

pub use changes::Changes;
pub use error::LogError;
pub use frame::{
    HEADER_OCTETS, Header, IndexKind, Kind, SEAL_OCTETS, body_header, compressed_header,
};
pub use growing::Growing;
pub use marked::Marked;
pub use place::{Place, SegmentId};
pub use room::RESERVE_OCTETS;
pub use single::Single;
pub use survey::{Frame, Survey};
pub use tail::SEGMENT_OCTETS;

/// A log that is open. A clone is another handle on the same. Its functions wait for the
/// disk.
#[derive(Clone, Debug)]
pub struct Log {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: Arc<Folder>,
    tail: Tail,
}

impl Log {
    /// Opens the log in this folder, and makes it if there is none. What a crash left is
    /// put right on the way; what is there then is on stable storage.
    ///
    /// # Errors
    /// [`LogError::InUse`] when another process has it, [`LogError::NewerFormat`] when a
    /// newer program wrote it, else what the disk says.
    pub fn open(path: &Path) -> Result<Log, LogError> {
        Log::open_sized(path, SEGMENT_OCTETS)
    }

    /// As [`Log::open`], with segments that grow to another size: of smaller ones space comes
    /// back sooner, and there are more of them.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_sized(path: &Path, segment_octets: u64) -> Result<Log, LogError> {
        let folder = Arc::new(Folder::open(path)?);
        let tail = Tail::open(folder.clone(), segment_octets)?;
        Ok(Log {
            inner: Arc::new(Inner { folder, tail }),
        })
    }

    /// Whether a body of so many octets would find room now. It may be gone when the body
    /// comes; then the log says so.
    ///
    /// # Errors
    /// [`LogError::Full`] when it would not.
    pub fn check_room(&self, octets: u64) -> Result<(), LogError> {
        self.inner.folder.check_room(octets)
    }

    /// Appends frames that have their headers ([`body_header`], [`compressed_header`]), one after
    /// another in one segment, and gives the place of the first. They are on stable storage
    /// after the next sync that succeeds. Of a folder that is older ([`Log::is_older`]) none may
    /// be compressed.
    ///
    /// # Errors
    /// [`LogError::Full`] when the disk is; nothing was appended then.
    pub fn append(&self, frames: &mut [IoSlice<'_>]) -> Result<Place, LogError> {
        let octets = frames.iter().map(|frame| frame.len() as u64).sum();
        self.check_room(octets)?;
        self.inner.tail.append(frames, octets)
    }

    /// As [`Log::append`], for what is written again so that a segment can go: a disk that is
    /// full for new bodies has some room for that.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_again(&self, frames: &mut [IoSlice<'_>]) -> Result<Place, LogError> {
        let octets = frames.iter().map(|frame| frame.len() as u64).sum();
        self.inner.folder.check_least_room(octets)?;
        self.inner.tail.append(frames, octets)
    }

    /// Appends changes of an index, and syncs: when it returns they, and all that was
    /// appended before them, are on stable storage. Gives the place after them.
    ///
    /// # Errors
    /// [`LogError::Full`] when the disk is; nothing was appended then. After a failed sync
    /// nobody knows whether they are on the disk.
    pub fn append_changes(&self, content: &[u8]) -> Result<Place, LogError> {
        let written = self.inner.tail.append_index(IndexKind::Changes, content)?;
        self.sync()?;
        Ok(written.end)
    }

    /// Appends a page of a copy of an index. It is on stable storage after the next sync
    /// that succeeds. Gives where it begins.
    ///
    /// # Errors
    /// [`LogError::Full`] when the disk is; nothing was appended then.
    pub fn append_page(&self, content: &[u8]) -> Result<Place, LogError> {
        self.inner.folder.check_least_room(content.len() as u64)?;
        let written = self.inner.tail.append_index(IndexKind::Page, content)?;
        Ok(written.start)
    }

    /// Appends the end of a copy of an index, and syncs: when it returns, all of the copy is
    /// on stable storage.
    ///
    /// # Errors
    /// As [`Log::append_changes`].
    pub fn append_end(&self, content: &[u8]) -> Result<(), LogError> {
        self.inner.tail.append_index(IndexKind::End, content)?;
        self.sync()
    }

    /// When it returns, all that was appended before is on stable storage.
    ///
    /// # Errors
    /// What the disk says. From then on nothing is appended any more.
    pub fn sync(&self) -> Result<(), LogError> {
        self.inner.tail.sync()
    }

    /// What shared segments grow to.
    pub fn segment_octets(&self) -> u64 {
        self.inner.tail.segment_octets()
    }

    /// The place after all that was appended.
    pub fn end(&self) -> Place {
        self.inner.tail.end()
    }

    /// The first place of the log as it is now.
    pub fn start(&self) -> Place {
        self.inner.folder.start()
    }

    /// The changes from a place on, as they were when this is called.
    ///
    /// # Errors
    /// What the disk says.
    pub fn changes(&self, from: Place) -> Result<Changes, LogError> {
        Changes::new(&self.inner.folder, from)
    }

    /// All segments that are there now, with the octets of each.
    ///
    /// # Errors
    /// What the disk says.
    pub fn segments(&self) -> Result<Vec<(SegmentId, u64)>, LogError> {
        Ok(self.inner.folder.segments()?)
    }

    /// What of the folder may still be written: the shared segment that is appended to, and
    /// the number of the next large body. All segments before these are as they will be.
    pub fn growing(&self) -> Growing {
        Growing {
            shared: self.inner.tail.growing(),
            single: self.inner.folder.next_single(),
        }
    }

    /// How long ago a segment was last written to.
    ///
    /// # Errors
    /// What the disk says.
    pub fn age(&self, segment: SegmentId) -> Result<Duration, LogError> {
        let written = self.reading(segment)?.metadata()?.modified()?;
        // A clock that was set back makes it young.
        Ok(written.elapsed().unwrap_or_default())
    }

    /// Where the file of a segment is.
    pub fn path(&self, segment: SegmentId) -> PathBuf {
        self.inner.folder.segment(segment)
    }

    /// What is in a segment, by the headers of its frames.
    ///
    /// # Errors
    /// What the disk says.
    pub fn survey(&self, segment: SegmentId) -> Result<Survey, LogError> {
        Ok(Survey::of(&*self.reading(segment)?, segment)?)
    }

    /// What a frame holds; a compressed body as it was compressed, with its seal.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when it is not what was once written, else what the disk says.
    pub fn content(&self, frame: &Frame) -> Result<Vec<u8>, LogError> {
        frame.read(&self.inner.folder)
    }

    /// Takes segments away, with all that is in them, and gives those that went. The newest of
    /// each sort stays, since its number says which comes next.
    ///
    /// # Errors
    /// What the disk says.
    pub fn remove(&self, segments: &[SegmentId]) -> Result<Vec<SegmentId>, LogError> {
        let there = self.segments()?;
        let newest = |shared| {
            let ids = there.iter().map(|(id, _)| *id);
            ids.filter(|id| id.is_shared() == shared).max()
        };
        let stay = [newest(true), newest(false), Some(self.end().segment)];
        let mut gone = Vec::new();
        for segment in segments.iter().filter(|id| !stay.contains(&Some(**id))) {
            self.inner.folder.remove(*segment)?;
            gone.push(*segment);
        }
        Ok(gone)
    }

    /// True when nothing was kept here when it was opened.
    pub fn was_empty(&self) -> bool {
        self.inner.folder.is_empty()
    }

    /// True when the folder was written by an older program and is not yet raised.
    pub fn is_older(&self) -> bool {
        self.inner.folder.is_older()
    }

    /// Raises the format of the folder to today's: an older program opens it no more. Until
    /// then the folder may hold what older ones read, and no more.
    ///
    /// # Errors
    /// What the disk says.
    pub fn raise(&self) -> Result<(), LogError> {
        self.inner.folder.raise()
    }

    /// Begins a large body's own file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn single(&self) -> Result<Single, LogError> {
        Ok(Single::create(self.inner.folder.clone())?)
    }

    /// A segment, open for reading. What is kept open of them is bounded.
    ///
    /// # Errors
    /// What the system says; that it is not found when it is not there.
    pub fn reading(&self, segment: SegmentId) -> io::Result<Arc<File>> {
        self.inner.folder.reading(segment)
    }
}

#[cfg(test)]
mod tests;
