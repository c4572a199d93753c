//! Writing a body.

use std::sync::Arc;

use segments::{HEADER_OCTETS, Single, body_header};
use tokio::sync::oneshot;

use crate::appender::Waiting;
use crate::{BlobError, BodyRef, Hold, Inner};

/// A body up to this size waits in memory and is appended to a shared segment; a larger
/// one goes to its own file as it comes, in pieces of this size. So this is also the
/// memory that one body takes on its way in.
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
    Large(Single),
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
            State::Large(single) => self.finish_large(single).await,
            State::Failed(error) => Err(error),
        }
    }

    async fn append(self) -> Result<BodyRef, BlobError> {
        let hash = *self.hasher.finalize().as_bytes();
        let mut octets = self.pending;
        if let Some(room) = octets.first_chunk_mut::<HEADER_OCTETS>() {
            *room = body_header(self.length, hash);
        }
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

    async fn finish_large(self, mut single: Single) -> Result<BodyRef, BlobError> {
        let hash = *self.hasher.finalize().as_bytes();
        let (pending, length) = (self.pending, self.length);
        blocking(move || {
            single.write(body(&pending))?;
            Ok(BodyRef {
                segment: single.finish(&body_header(length, hash))?,
                offset: 0,
                length,
                hash,
            })
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
            let mut single = match state {
                State::Small => log.single()?,
                State::Large(single) => single,
                State::Failed(error) => return Err(error),
            };
            single.write(body(&pending))?;
            Ok((single, pending))
        });
        match spilled.await {
            Ok((single, mut pending)) => {
                pending.truncate(HEADER_OCTETS);
                self.pending = pending;
                self.state = State::Large(single);
                Ok(())
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }
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
