//! Message bodies: bytes that are written once, read in ranges, and never changed.
//!
//! It is for `store`, whose records hold a [`BodyRef`] to each body. A body means nothing
//! to anyone until a record with its reference is committed. This crate keeps them in the
//! log of `segments`; an object store can stand behind the same [`Blobs`] without its
//! callers knowing.
//!
//! A body of up to 256 KiB is a frame of the log, a larger one has its own file.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lib.rs` | [`Blobs`], the door |
//! | `body.rs` | [`BodyRef`] |
//! | `appender.rs` | the thread that appends small bodies, many in one go |
//! | `writer.rs` | [`BodyWriter`] |
//! | `reader.rs` | [`BodyReader`] |
//!
//! # Invariants
//!
//! * **Finished means durable**, or durable with the next commit where index and bodies
//!   share the log: then one sync is enough for a message and for all that refers to it.
//! * **Nothing is written twice.** A small body waits in memory, a large one streams
//!   to its own file.
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
mod error;
mod reader;
mod writer;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use appender::{Appender, Durable};
use segments::Log;

pub use body::BodyRef;
pub use error::BlobError;
pub use reader::{BodyReader, READ_OCTETS};
pub use segments::RESERVE_OCTETS;
pub use writer::{BodyWriter, SMALL_BODY_OCTETS};

/// Where bodies are kept. A clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Blobs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Before the log, so that it has ended when the lock goes.
    appender: Appender,
    log: Log,
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
    /// [`BlobError::Broken`] when the system gives no thread.
    pub fn on(log: Log) -> Result<Blobs, BlobError> {
        Blobs::over(log, Durable::WithTheNextCommit)
    }

    fn over(log: Log, durable: Durable) -> Result<Blobs, BlobError> {
        let appender = Appender::start(log.clone(), durable)?;
        Ok(Blobs {
            inner: Arc::new(Inner { appender, log }),
        })
    }

    /// Whether a body of so many octets would find room now. It may be gone when the body
    /// comes; then the writer says so.
    ///
    /// # Errors
    /// [`BlobError::Full`] when it would not.
    pub fn check_room(&self, octets: u64) -> Result<(), BlobError> {
        Ok(self.inner.log.check_room(octets)?)
    }

    /// Begins a body.
    pub fn writer(&self) -> BodyWriter {
        BodyWriter::new(self.inner.clone())
    }

    /// Reads octets of a body, counted from 0. What the range has beyond the end of
    /// the body is left out.
    pub fn read(&self, body: &BodyRef, range: Range<u64>) -> BodyReader {
        BodyReader::new(self.inner.log.clone(), body.clone(), range)
    }
}
