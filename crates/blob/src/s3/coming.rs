//! A body that was asked for before it is read.

use bytes::Bytes;
use tokio::task::{JoinError, JoinHandle};

use super::bucket::Bucket;
use super::reader::ask;
use crate::{BlobError, BodyRef};

/// All octets of a body, on their way. Dropped, they are no longer asked for.
#[derive(Debug)]
pub(crate) struct Coming(JoinHandle<Result<Bytes, BlobError>>);

impl Coming {
    /// Asks for them.
    pub(crate) fn ask(bucket: Bucket, body: BodyRef) -> Coming {
        let whole = 0..body.length();
        Coming(tokio::spawn(
            async move { ask(&bucket, &body, whole).await },
        ))
    }

    /// Waits for them. The future may be dropped and they be waited for again.
    pub(super) async fn wait(&mut self) -> Result<Bytes, BlobError> {
        let ended = |error: JoinError| BlobError::Broken(error.to_string());
        (&mut self.0).await.map_err(ended)?
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.abort();
    }
}
