//! Message bodies: bytes that are written once, read in ranges, and never changed.
//!
//! It is for `store`, whose records hold a [`BodyRef`] to each body. A body means nothing
//! to anyone until a record with its reference is committed. They are kept in the log of
//! `segments` or, with the feature `s3`, in a bucket that many nodes share (`s3/`); callers
//! of [`Blobs`] do not know which.
//!
//! A body of up to 256 KiB is a frame of the log, a larger one has its own file. In either it
//! is compressed where that saves a tenth of it or more (`compressed/`).
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lib.rs` | [`Blobs`], the door |
//! | `ahead.rs` | [`Ahead`]: many bodies, one after the other |
//! | `door.rs` | [`BodyWriter`] and [`BodyReader`], whatever is behind |
//! | `body.rs` | [`BodyRef`] |
//! | `hold.rs` | bodies that no record names yet |
//! | `moved.rs` | bodies that were written again |
//! | `appender.rs` | the thread that appends small bodies, many in one go |
//! | `writer.rs` | a body on its way into the log |
//! | `large.rs` | a large one on its way into its file |
//! | `compressed/` | bodies that are kept smaller than they are |
//! | `reader.rs` | reading one there |
//! | `s3/` | bodies in a bucket |
//!
//! # Invariants
//!
//! * **Finished means durable**, or durable with the next commit where index and bodies
//!   share the log: then one sync is enough for a message and for all that refers to it.
//! * **Nothing is written twice.** A small body waits in memory, a large one streams
//!   to its own file.
//! * A body that is read whole is checked against its BLAKE3, and its last piece is
//!   given only if it is right.
//! * **What a reader has begun to read stays readable to it**, also when its segment is taken
//!   away meanwhile.

mod ahead;
mod appender;
mod body;
mod compressed;
mod door;
mod error;
mod hold;
mod large;
mod moved;
mod reader;
#[cfg(feature = "s3")]
pub mod s3;
mod writer;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use appender::{Appender, Durable};
use hold::Holds;
use reader::SegmentReader;
use segments::{Growing, Log};
use writer::SegmentWriter;

pub use ahead::{AHEAD_BODIES, AHEAD_OCTETS, Ahead};
pub use body::BodyRef;
pub use door::{BodyReader, BodyWriter};
pub use error::BlobError;
pub use hold::{Hold, RECORD_PATIENCE};
pub use moved::Moved;
pub use reader::READ_OCTETS;
pub use segments::RESERVE_OCTETS;
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
    /// Before the log, so that it has ended when the lock goes.
    appender: Appender,
    log: Log,
    holds: Holds,
}

impl Blobs {
    /// Opens the bodies in this folder, and makes it if there is none: for an index that is
    /// kept elsewhere. What a crash left is put right on the way.
    ///
    /// # Errors
    /// [`BlobError::InUse`] when another process has it, [`BlobError::NewerFormat`]
    /// when a newer program wrote it, else what the disk says.
    pub fn open(path: &Path) -> Result<Blobs, BlobError> {
        Blobs::over(Log::open(path)?, Durable::AtOnce)
    }

    /// The bodies in a log that the index shares: they are durable with what is committed
    /// after them.
    ///
    /// # Errors
    /// [`BlobError::Broken`] when the system gives no thread, or the log is of an older program
    /// and can't be raised.
    pub fn on(log: Log) -> Result<Blobs, BlobError> {
        Blobs::over(log, Durable::WithTheNextCommit)
    }

    fn over(log: Log, durable: Durable) -> Result<Blobs, BlobError> {
        // Before the first body that is compressed.
        log.raise()?;
        let appender = Appender::start(log.clone(), durable)?;
        Ok(Blobs {
            engine: Engine::Segments(Arc::new(Inner {
                appender,
                log,
                holds: Holds::default(),
            })),
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
            Engine::Segments(inner) => Ok(inner.log.check_room(octets)?),
            // Nobody can say, and there is as much as is paid for.
            #[cfg(feature = "s3")]
            Engine::Bucket(_) => Ok(()),
        }
    }

    /// What of the segments grows, or may hold a body that no record names yet; none where
    /// bodies are not in segments.
    pub fn growing(&self) -> Option<Growing> {
        match &self.engine {
            Engine::Segments(inner) => Some(inner.holds.growing(&inner.log)),
            #[cfg(feature = "s3")]
            Engine::Bucket(_) => None,
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

    /// Reads bodies one after the other.
    pub fn ahead(&self) -> Ahead {
        Ahead::new(self.clone())
    }

    #[cfg(feature = "s3")]
    fn bucket(&self) -> Option<&s3::Bucket> {
        match &self.engine {
            Engine::Segments(_) => None,
            Engine::Bucket(bucket) => Some(bucket),
        }
    }

    /// Reads octets of a body, counted from 0. What the range has beyond the end of
    /// the body is left out.
    pub fn read(&self, body: &BodyRef, range: Range<u64>) -> BodyReader {
        let body = body.clone();
        match &self.engine {
            Engine::Segments(inner) => SegmentReader::new(inner.log.clone(), body, range).into(),
            #[cfg(feature = "s3")]
            Engine::Bucket(bucket) => s3::ObjectReader::new(bucket.clone(), body, range).into(),
        }
    }
}
