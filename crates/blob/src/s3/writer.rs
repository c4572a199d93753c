//! A body on its way into a bucket.

use std::fmt;

use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, MultipartId, PutPayload, PutPayloadMut};
use tokio::runtime::Handle;

use super::bucket::{Bucket, meaning};
use super::name::ObjectName;
use super::packer::Small;
use crate::{BlobError, BodyRef};

/// A body up to this size waits in memory and is put in one piece, with others perhaps; a larger one goes in
/// parts of this size as it comes, one after the other. So this is also the memory that
/// one body takes on its way in. It is the smallest part that S3 takes.
pub const PART_OCTETS: usize = 5 * 1024 * 1024;

/// A body on its way into a bucket.
pub(crate) struct ObjectWriter {
    bucket: Bucket,
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
            State::Small => self.bucket.keep(Small::new(pending, hash)).await,
            State::Large(mut upload) => {
                upload.part(pending).await?;
                upload.complete(self.length).await?;
                Ok(upload.name.refer(self.length, hash))
            }
            State::Failed(error) => Err(error),
        }
    }

    /// Brings what waits to the bucket.
    async fn spill(&mut self) -> Result<(), BlobError> {
        let given_up = BlobError::Broken("a write was given up half way".into());
        let state = std::mem::replace(&mut self.state, State::Failed(given_up));
        let pending = std::mem::take(&mut self.pending);
        let spilled = async {
            let mut upload = match state {
                State::Small => Upload::begin(&self.bucket).await?,
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

/// An object that is written in parts, each of them by whichever place answers. Unless it is
/// completed, dropping it removes them.
struct Upload {
    bucket: Bucket,
    name: ObjectName,
    path: Path,
    /// None when there is nothing to be removed.
    id: Option<MultipartId>,
    parts: Vec<PartId>,
}

impl Upload {
    async fn begin(bucket: &Bucket) -> Result<Upload, BlobError> {
        let name = ObjectName::draw();
        let path = bucket.path(name);
        // An attempt whose answer is lost leaves another behind, with no parts.
        let id = bucket
            .places()
            .ask(|store| store.create_multipart(&path))
            .await;
        Ok(Upload {
            id: Some(id.map_err(|error| meaning(&error))?),
            name,
            path,
            bucket: bucket.clone(),
            parts: Vec::new(),
        })
    }

    fn id(&self) -> Result<&MultipartId, BlobError> {
        let complete = || BlobError::Broken("the body is complete already".into());
        self.id.as_ref().ok_or_else(complete)
    }

    async fn part(&mut self, octets: PutPayload) -> Result<(), BlobError> {
        let (path, id, number) = (&self.path, self.id()?, self.parts.len());
        let put = self
            .bucket
            .places()
            .ask(|store| store.put_part(path, id, number, octets.clone()));
        let part = put.await.map_err(|error| meaning(&error))?;
        self.parts.push(part);
        Ok(())
    }

    async fn complete(&mut self, length: u64) -> Result<(), BlobError> {
        let (path, id, parts) = (&self.path, self.id()?, &self.parts);
        let completed = self
            .bucket
            .places()
            .ask(|store| store.complete_multipart(path, id, parts.clone()));
        match completed.await {
            Ok(_) => {}
            // An attempt whose answer was lost has completed it.
            Err(Error::NotFound { .. }) => self.bucket.confirm(path, length).await?,
            Err(error) => return Err(meaning(&error)),
        }
        self.id = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Without a runtime the service is at its end; then the bucket's own rule has to
        // do it.
        if let (Some(id), Ok(runtime)) = (self.id.take(), Handle::try_current()) {
            let (bucket, path) = (self.bucket.clone(), self.path.clone());
            runtime.spawn(async move {
                let aborted = bucket
                    .places()
                    .ask(|store| store.abort_multipart(&path, &id))
                    .await;
                if let Err(error) = aborted {
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
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
