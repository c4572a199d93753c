//! Writing bodies again, so that the packs in which they are can go.

use futures_util::stream::{self, StreamExt};
use object_store::PutPayloadMut;

use super::bucket::Bucket;
use super::packer::Small;
use super::reader::ObjectReader;
use crate::{BlobError, BodyRef};

/// Bodies that are asked for at a time.
const AT_ONCE: usize = 8;

impl Bucket {
    /// Writes bodies of packs again, all of them into one object, and gives where each was
    /// and where it is. One that is damaged is told in the log, and left out.
    ///
    /// # Errors
    /// [`BlobError::Away`] when the bucket can't be reached, [`BlobError::Broken`] when they are
    /// more than a pack can have.
    pub async fn write_again(
        &self,
        bodies: &[BodyRef],
    ) -> Result<Vec<(BodyRef, BodyRef)>, BlobError> {
        let read = |body: &BodyRef| read_whole(self.clone(), body.clone());
        let reads: Vec<_> = bodies.iter().map(read).collect();
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        let (mut were, mut small) = (Vec::new(), Vec::new());
        let mut of = bodies.iter();
        while let (Some(read), Some(body)) = (reads.next().await, of.next()) {
            match read {
                Ok(octets) => {
                    were.push(body.clone());
                    small.push(octets);
                }
                // The reader has told it.
                Err(BlobError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if small.is_empty() {
            return Ok(Vec::new());
        }
        let are = self.put_together(&small).await?;
        Ok(were.into_iter().zip(are).collect())
    }
}

async fn read_whole(bucket: Bucket, body: BodyRef) -> Result<Small, BlobError> {
    let (hash, whole) = (*body.hash(), 0..body.length());
    let mut octets = PutPayloadMut::new();
    let mut reader = ObjectReader::new(bucket, body, whole);
    while let Some(piece) = reader.next().await {
        octets.push(piece?);
    }
    Ok(Small::new(octets.freeze(), hash))
}
