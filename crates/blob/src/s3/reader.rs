//! Reading a body in a bucket.

use std::ops::Range;

use bytes::Bytes;
use object_store::{Error, ObjectStoreExt};

use super::bucket::{Bucket, meaning};
use super::coming::Coming;
use crate::{BlobError, BodyRef, READ_OCTETS};

/// Octets that are asked of the bucket at once: many pieces, so that one need not wait
/// for the network at each. It is also the memory that a body takes on its way out. Between
/// two requests nothing is open, so a slow reader holds up nobody.
pub const WINDOW_OCTETS: u64 = 1024 * 1024;

/// Octets of a body in a bucket.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    bucket: Bucket,
    body: BodyRef,
    /// What is still to be given.
    range: Range<u64>,
    /// Its beginning, as far as it is here.
    window: Bytes,
    /// The whole body, where it was asked for before.
    coming: Option<Coming>,
    /// What was given so far, when the whole body is read.
    hasher: Option<Box<blake3::Hasher>>,
}

impl ObjectReader {
    pub(crate) fn new(bucket: Bucket, body: BodyRef, range: Range<u64>) -> ObjectReader {
        let range = range.start..range.end.min(body.length());
        let whole = range == (0..body.length());
        ObjectReader {
            bucket,
            body,
            range,
            window: Bytes::new(),
            coming: None,
            hasher: whole.then(Box::default),
        }
    }

    /// Of a body that was asked for before.
    pub(crate) fn of(
        bucket: Bucket,
        body: BodyRef,
        range: Range<u64>,
        coming: Coming,
    ) -> ObjectReader {
        let mut reader = ObjectReader::new(bucket, body, range);
        reader.coming = Some(coming);
        reader
    }

    pub(crate) fn left(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// As [`crate::BodyReader::next`].
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, BlobError>> {
        if self.left() == 0 {
            return None;
        }
        match self.piece().await {
            Ok(octets) => Some(Ok(octets)),
            Err(error) => {
                tracing::error!(body = ?self.body, %error, "a body could not be read");
                self.range.end = self.range.start;
                Some(Err(error))
            }
        }
    }

    async fn piece(&mut self) -> Result<Bytes, BlobError> {
        if self.window.is_empty() {
            self.window = self.fetch().await?;
        }
        let piece = self.window.split_to(READ_OCTETS.min(self.window.len()));
        self.range.start += piece.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
            if self.range.start == self.body.length()
                && *hasher.finalize().as_bytes() != self.body.hash
            {
                return Err(damaged(&self.body, "has other octets"));
            }
        }
        Ok(piece)
    }

    /// The next window.
    async fn fetch(&mut self) -> Result<Bytes, BlobError> {
        if let Some(coming) = &self.coming {
            let whole = coming.wait().await?;
            let at = |octet: u64| usize::try_from(octet).unwrap_or(usize::MAX);
            return Ok(whole.slice(at(self.range.start)..at(self.range.end)));
        }
        let start = self.range.start;
        let wanted = start..self.range.end.min(start.saturating_add(WINDOW_OCTETS));
        ask(&self.bucket, &self.body, wanted).await
    }
}

/// Some octets of a body, all of them.
pub(super) async fn ask(
    bucket: &Bucket,
    body: &BodyRef,
    wanted: Range<u64>,
) -> Result<Bytes, BlobError> {
    let path = bucket.path(bucket.name(body)?);
    let begins = body.begins();
    let range = begins.saturating_add(wanted.start)..begins.saturating_add(wanted.end);
    let found = bucket
        .places()
        .ask(|store| store.get_range(&path, range.clone()));
    match found.await {
        Ok(octets) if octets.len() as u64 == range.end - range.start => Ok(octets),
        Ok(_) => Err(damaged(body, "ends before it should")),
        Err(Error::NotFound { .. }) => Err(damaged(body, "is not there")),
        Err(error) => Err(meaning(&error)),
    }
}

fn damaged(body: &BodyRef, how: &str) -> BlobError {
    BlobError::Damaged(format!("{body:?} {how}"))
}
