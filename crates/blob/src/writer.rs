//! Writing a body.

use std::sync::Arc;

use segments::{HEADER_OCTETS, body_header};
use tokio::sync::oneshot;

use crate::appender::Waiting;
use crate::compressed::compressed;
use crate::large::Large;
use crate::{BlobError, BodyRef, Hold, Inner};

/// A body up to this size waits in memory and is appended to a shared segment; a larger
/// one goes to its own file as it comes, in pieces of this size. So this is also the
/// memory that one body takes on its way in, and as much again at most while it is compressed.
pub const SMALL_BODY_OCTETS: usize = 256 * 1024;

/// A body on its way into a segment.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    inner: Arc<Inner>,
    hold: Hold,
    /// Boxed, as whoever holds a writer holds it in a future.
    hasher: Box<blake3::Hasher>,
    length: u64,
    /// Room for a header, then what is not yet in a file.
    pending: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// All of it is in `pending`.
    Small,
    /// What came before `pending` is in its own file.
    Large(Large),
    /// A write failed, or was given up half way.
    Failed(BlobError),
}

impl SegmentWriter {
    pub(crate) fn new(inner: Arc<Inner>) -> SegmentWriter {
        let pending = vec![0; HEADER_OCTETS];
        let hold = inner.holds.hold(&inner.log);
        SegmentWriter {
            inner,
            hold,
            hasher: Box::default(),
            length: 0,
            pending,
            state: State::Small,
        }
    }

    /// Octets so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// As [`crate::BodyWriter::hold`].
    pub(crate) fn hold(&self) -> Hold {
        self.hold.clone()
    }

    /// Adds to the body.
    ///
    /// # Errors
    /// [`BlobError::Full`] when the disk is; the body is then lost and every further
    /// call says so again. If the future is dropped, so should the writer be.
    pub(crate) async fn write(&mut self, octets: &[u8]) -> Result<(), BlobError> {
        if let State::Failed(error) = &self.state {
            return Err(error.clone());
        }
        self.hasher.update(octets);
        self.length += octets.len() as u64;
        let mut rest = octets;
        loop {
            let room = HEADER_OCTETS + SMALL_BODY_OCTETS - self.pending.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.grow_for(now.len());
            self.pending.extend_from_slice(now);
            if later.is_empty() {
                return Ok(());
            }
            self.spill().await?;
            rest = later;
        }
    }

    /// Makes room in `pending`, doubling as vectors do but not past what it may hold.
    fn grow_for(&mut self, octets: usize) {
        let (length, capacity) = (self.pending.len(), self.pending.capacity());
        if capacity - length < octets {
            let most = HEADER_OCTETS + SMALL_BODY_OCTETS;
            let wanted = (capacity * 2).min(most).max(length + octets);
            self.pending.reserve_exact(wanted - length);
        }
    }

    /// Ends the body. It is durable when this returns, or, where the index shares the log
    /// ([`crate::Blobs::on`]), together with the next commit.
    ///
    /// # Errors
    /// [`BlobError::Full`] when the disk is; the body is then lost.
    pub(crate) async fn finish(mut self) -> Result<BodyRef, BlobError> {
        match std::mem::replace(&mut self.state, State::Small) {
            State::Small => self.append().await,
            State::Large(large) => self.finish_large(large).await,
            State::Failed(error) => Err(error),
        }
    }

    async fn append(self) -> Result<BodyRef, BlobError> {
        let hash = *self.hasher.finalize().as_bytes();
        let octets = frame(self.pending, hash);
        let (reply, answer) = oneshot::channel();
        let frame = Waiting {
            octets,
            length: self.length,
            hash,
            reply,
        };
        self.inner.appender.append(frame).await?;
        answer
            .await
            .map_err(|_| BlobError::Broken("the appender has stopped".into()))?
    }

    async fn finish_large(self, mut large: Large) -> Result<BodyRef, BlobError> {
        let hash = *self.hasher.finalize().as_bytes();
        let (pending, length) = (self.pending, self.length);
        blocking(move || {
            large.write(body(&pending))?;
            large.finish(length, hash)
        })
        .await
    }

    /// Brings what waits to the body's own file.
    async fn spill(&mut self) -> Result<(), BlobError> {
        let given_up = BlobError::Broken("a write was given up half way".into());
        let state = std::mem::replace(&mut self.state, State::Failed(given_up));
        let pending = std::mem::take(&mut self.pending);
        let log = self.inner.log.clone();
        let spilled = blocking(move || {
            let large = match state {
                State::Small => Large::begin(&log, body(&pending))?,
                State::Large(mut large) => {
                    large.write(body(&pending))?;
                    large
                }
                State::Failed(error) => return Err(error),
            };
            Ok((large, pending))
        });
        match spilled.await {
            Ok((large, mut pending)) => {
                pending.truncate(HEADER_OCTETS);
                self.pending = pending;
                self.state = State::Large(large);
                Ok(())
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }
}

/// The frame of a small body, compressed where it is worth it: here, where many sessions share
/// the processors, and not on the one thread that appends. It takes less than half a
/// millisecond.
fn frame(mut pending: Vec<u8>, hash: [u8; 32]) -> Vec<u8> {
    if let Some(frame) = compressed(body(&pending), hash) {
        return frame;
    }
    let length = body(&pending).len() as u64;
    if let Some(room) = pending.first_chunk_mut::<HEADER_OCTETS>() {
        *room = body_header(length, hash);
    }
    pending
}

/// What waits without the room for a header.
fn body(pending: &[u8]) -> &[u8] {
    pending.get(HEADER_OCTETS..).unwrap_or_default()
}

/// Runs what waits for the disk where it holds up no session.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(BlobError::Broken(error.to_string())),
    }
}
