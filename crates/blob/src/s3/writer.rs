//! A body on its way into a bucket.

use std::fmt;
use std::time::Duration;

use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, PutPayloadMut};
use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::bucket::{Bucket, meaning};
use super::name::ObjectName;
use crate::{BlobError, BodyRef};

/// A body up to this size waits in memory and is put in one piece; a larger one goes in
/// parts of this size as it comes, one after the other. So this is also the memory that
/// one body takes on its way in. It is the smallest part that S3 takes.
pub const PART_OCTETS: usize = 5 * 1024 * 1024;

/// How long after a body was brought to the bucket a record may still come to name it: many
/// times what that takes. Whoever takes away bodies that no record names waits for longer.
pub const RECORD_PATIENCE: Duration = Duration::from_secs(30 * 60);

/// A body on its way into a bucket.
pub(crate) struct ObjectWriter {
    bucket: Bucket,
    name: ObjectName,
    /// Boxed, as whoever holds a writer holds it in a future.
    hasher: Box<blake3::Hasher>,
    length: u64,
    /// What is not yet in the bucket.
    pending: PutPayloadMut,
    state: State,
}

enum State {
    /// All of it is in `pending`.
    Small,
    /// What came before `pending` is there in parts.
    Large(Upload),
    /// A write failed, or was given up half way.
    Failed(BlobError),
}

impl ObjectWriter {
    pub(crate) fn new(bucket: Bucket) -> ObjectWriter {
        ObjectWriter {
            bucket,
            name: ObjectName::draw(),
            hasher: Box::default(),
            length: 0,
            pending: PutPayloadMut::new(),
            state: State::Small,
        }
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// As [`crate::BodyWriter::write`].
    pub(crate) async fn write(&mut self, octets: &[u8]) -> Result<(), BlobError> {
        if let State::Failed(error) = &self.state {
            return Err(error.clone());
        }
        self.hasher.update(octets);
        self.length += octets.len() as u64;
        let mut rest = octets;
        loop {
            let room = PART_OCTETS.saturating_sub(self.pending.content_length());
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.pending.extend_from_slice(now);
            if later.is_empty() {
                return Ok(());
            }
            self.spill().await?;
            rest = later;
        }
    }

    /// As [`crate::BodyWriter::finish`].
    pub(crate) async fn finish(self) -> Result<BodyRef, BlobError> {
        let hash = *self.hasher.finalize().as_bytes();
        let pending = self.pending.freeze();
        match self.state {
            State::Small => {
                let path = self.bucket.path(self.name);
                self.bucket.create(&path, pending).await?;
            }
            State::Large(mut upload) => {
                upload.part(pending).await?;
                upload.complete().await?;
            }
            State::Failed(error) => return Err(error),
        }
        Ok(self.name.refer(self.length, hash))
    }

    /// Brings what waits to the bucket.
    async fn spill(&mut self) -> Result<(), BlobError> {
        let given_up = BlobError::Broken("a write was given up half way".into());
        let state = std::mem::replace(&mut self.state, State::Failed(given_up));
        let pending = std::mem::take(&mut self.pending);
        let spilled = async {
            let mut upload = match state {
                State::Small => Upload::begin(&self.bucket, self.name).await?,
                State::Large(upload) => upload,
                State::Failed(error) => return Err(error),
            };
            upload.part(pending.freeze()).await?;
            Ok(upload)
        };
        match spilled.await {
            Ok(upload) => {
                self.state = State::Large(upload);
                Ok(())
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }
}

/// An object that is written in parts. Unless it is completed, dropping it removes them.
///
/// The lock is never taken: it makes of what may be sent to another thread what may also
/// be shared, as those who hold a writer are.
struct Upload(Mutex<Option<Box<dyn MultipartUpload>>>);

impl Upload {
    async fn begin(bucket: &Bucket, name: ObjectName) -> Result<Upload, BlobError> {
        let begun = bucket.store().put_multipart(&bucket.path(name)).await;
        Ok(Upload(Mutex::new(Some(
            begun.map_err(|error| meaning(&error))?,
        ))))
    }

    async fn part(&mut self, octets: PutPayload) -> Result<(), BlobError> {
        let Some(upload) = self.0.get_mut() else {
            return Err(BlobError::Broken("the body is complete already".into()));
        };
        let part = upload.put_part(octets);
        part.await.map_err(|error| meaning(&error))
    }

    async fn complete(mut self) -> Result<(), BlobError> {
        let Some(upload) = self.0.get_mut() else {
            return Err(BlobError::Broken("the body is complete already".into()));
        };
        upload.complete().await.map_err(|error| meaning(&error))?;
        *self.0.get_mut() = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Without a runtime the service is at its end; then the bucket's own rule has to
        // do it.
        if let (Some(mut upload), Ok(runtime)) = (self.0.get_mut().take(), Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "parts of an unfinished body could not be removed");
                }
            });
        }
    }
}

impl fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectWriter")
            .field("bucket", &self.bucket)
            .field("name", &self.name)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
