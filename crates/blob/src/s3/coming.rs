//! A body that was asked for before it is read.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::task::{AbortHandle, JoinError};

use super::bucket::Bucket;
use super::reader::ask;
use crate::{BlobError, BodyRef};

/// All octets of a body, on their way or here. A clone waits for the same; when all are
/// dropped, they are no longer asked for.
#[derive(Clone)]
pub(crate) struct Coming {
    octets: Shared<BoxFuture<'static, Result<Bytes, BlobError>>>,
    _task: Arc<Task>,
}

/// Ends with this.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Coming {
    /// Asks for them.
    pub(crate) fn ask(bucket: Bucket, body: BodyRef) -> Coming {
        let whole = 0..body.length();
        let task = tokio::spawn(async move { ask(&bucket, &body, whole).await });
        let ended = |error: JoinError| BlobError::Broken(error.to_string());
        Coming {
            _task: Arc::new(Task(task.abort_handle())),
            octets: async move { task.await.map_err(ended)? }.boxed().shared(),
        }
    }

    /// Waits for them. The future may be dropped and they be waited for again.
    pub(super) async fn wait(&self) -> Result<Bytes, BlobError> {
        self.octets.clone().await
    }
}

impl fmt::Debug for Coming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coming").finish_non_exhaustive()
    }
}
