//! Message bodies: bytes that are written once, read in ranges, and never changed.
//!
//! It is for `store`, whose records hold a [`BodyRef`] to each body. A body is durable
//! when [`BodyWriter::finish`] has answered, and means nothing to anyone until a record
//! with its reference is committed. They are kept in segments in a folder or, with the
//! feature `s3`, in a bucket that many nodes share (`s3/`); callers of [`Blobs`] do not
//! know which.
//!
//! # On disk
//!
//! ```text
//! FORMAT                     facteur-bodies 1   (locked while the folder is open)
//! 000000000000002a.shared    bodies of up to 256 KiB, one after another, up to 64 MiB
//! 0000000000000007.single    one larger body
//! 0000000000000009.part      one that is being written; removed at the next opening
//! ```
//!
//! A segment is a run of frames: a header of 64 octets (`frame.rs`: length, notes,
//! BLAKE3), the body as it is, then the notes. Notes are room for what an index can be
//! rebuilt from (account, message, flags); the format has it, nothing is written there yet.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lib.rs` | [`Blobs`], the door |
//! | `door.rs` | [`BodyWriter`] and [`BodyReader`], whatever is behind |
//! | `body.rs` | [`BodyRef`] and the names of segments |
//! | `frame.rs` | the header of a frame |
//! | `folder.rs` | the folder: FORMAT, lock, what is in it, what a crash left |
//! | `appender.rs` | the thread that appends small bodies, many to one sync |
//! | `single.rs` | a large body's own file |
//! | `writer.rs` | a body on its way into a segment |
//! | `reader.rs` | reading one there |
//! | `room.rs` | what of the disk is not for bodies |
//! | `s3/` | bodies in a bucket |
//!
//! # Invariants
//!
//! * **Finished means durable**, the name of a new file in its folder included. One
//!   sync of a segment answers all the bodies that waited for it.
//! * **Nothing is written twice.** A small body waits in memory, a large one streams
//!   to its own file.
//! * **Nothing that was acknowledged is written over.** What a crash left at the end of
//!   a segment is passed over: the next body begins a new segment. After a failed sync
//!   nothing is added to that segment any more, since nobody knows what reached the disk.
//! * **A full disk harms nobody else.** What was half written is cut off again, and
//!   the next body finds things as they were. Bodies leave [`RESERVE_OCTETS`] of the disk
//!   alone, so that what is kept can still be read, changed and removed.
//! * A body that is read whole is checked against its BLAKE3, and its last piece is
//!   given only if it is right.
//!
//! # Not yet
//!
//! The space of bodies that no record names any more is not taken back. That needs a
//! count of live octets from the store's records; then a segment that is half empty is
//! copied, its records changed, and its file removed.

mod appender;
mod body;
mod door;
mod error;
mod folder;
mod frame;
mod reader;
mod room;
#[cfg(feature = "s3")]
pub mod s3;
mod single;
mod writer;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use appender::Appender;
use folder::Folder;
use reader::SegmentReader;
use writer::SegmentWriter;

pub use body::BodyRef;
pub use door::{BodyReader, BodyWriter};
pub use error::BlobError;
pub use reader::READ_OCTETS;
pub use room::RESERVE_OCTETS;
pub use writer::SMALL_BODY_OCTETS;

/// Where bodies are kept. A clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Blobs {
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Segments(Arc<Inner>),
    #[cfg(feature = "s3")]
    Bucket(s3::Bucket),
}

#[derive(Debug)]
struct Inner {
    /// Before the folder, so that it has ended when the lock goes.
    appender: Appender,
    folder: Arc<Folder>,
}

impl Blobs {
    /// Opens the bodies in this folder, and makes it if there is none. What a crash
    /// left is put right on the way.
    ///
    /// # Errors
    /// [`BlobError::InUse`] when another process has it, [`BlobError::NewerFormat`]
    /// when a newer program wrote it, else what the disk says.
    pub fn open(path: &Path) -> Result<Blobs, BlobError> {
        let folder = Arc::new(Folder::open(path)?);
        let appender = Appender::start(folder.clone())?;
        Ok(Blobs {
            engine: Engine::Segments(Arc::new(Inner { appender, folder })),
        })
    }

    /// The bodies in this bucket.
    #[cfg(feature = "s3")]
    pub fn in_bucket(bucket: s3::Bucket) -> Blobs {
        Blobs {
            engine: Engine::Bucket(bucket),
        }
    }

    /// Whether a body of so many octets would find room now. It may be gone when the body
    /// comes; then the writer says so.
    ///
    /// # Errors
    /// [`BlobError::Full`] when it would not.
    pub fn check_room(&self, octets: u64) -> Result<(), BlobError> {
        match &self.engine {
            Engine::Segments(inner) => inner.folder.check_room(octets),
            // Nobody can say, and there is as much as is paid for.
            #[cfg(feature = "s3")]
            Engine::Bucket(_) => Ok(()),
        }
    }

    /// Begins a body.
    pub fn writer(&self) -> BodyWriter {
        match &self.engine {
            Engine::Segments(inner) => SegmentWriter::new(inner.clone()).into(),
            #[cfg(feature = "s3")]
            Engine::Bucket(bucket) => s3::ObjectWriter::new(bucket.clone()).into(),
        }
    }

    /// Reads octets of a body, counted from 0. What the range has beyond the end of
    /// the body is left out.
    pub fn read(&self, body: &BodyRef, range: Range<u64>) -> BodyReader {
        let body = body.clone();
        match &self.engine {
            Engine::Segments(inner) => SegmentReader::new(inner.folder.clone(), body, range).into(),
            #[cfg(feature = "s3")]
            Engine::Bucket(bucket) => s3::ObjectReader::new(bucket.clone(), body, range).into(),
        }
    }
}
