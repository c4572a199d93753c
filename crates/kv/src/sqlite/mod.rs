//! The embedded engine: SQLite as an ordered map.
//!
//! One database in one folder, in write-ahead mode with a sync at every commit. Its
//! whole schema:
//!
//! ```text
//! kv(part BLOB, k BLOB, v BLOB, ver INTEGER, PRIMARY KEY (part, k)) WITHOUT ROWID
//! meta(name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID
//! ```
//!
//! * `folder.rs`: the folder's FORMAT file, which says what wrote it and is locked so
//!   that no second process comes in.
//! * `connection.rs`: how a connection is set up, and what SQLite's errors mean to us.
//! * `writer.rs`: the one thread that writes. It takes all commits that wait, judges and
//!   applies them in order in one transaction, syncs once, and answers all.
//! * `reader.rs`: a pool of reading connections. A snapshot is a read transaction.
//!
//! Reads run on the thread that asks, inside the `async` function: warm they cost some
//! microseconds, less than handing them to another thread and back. A cold read holds
//! up its thread for one disk access; bodies, which are large and often cold, are not
//! kept here (ARCHITECTURE.md) and are read elsewhere.
//!
//! Opening recovers by itself: SQLite ignores what a torn write left in its log.

mod connection;
mod folder;
mod reader;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::{
    Condition, Kv, KvError, Operation, Outcome, Partition, Snapshot, Watch, Watches, check,
};
use connection::Database;
use folder::Folder;
use reader::Readers;
use writer::{Waiting, Writer};

/// Commits that may wait for the writer; those beyond wait to be let in.
const WAITING_COMMITS: usize = 1024;

/// A store in a folder of this machine. Dropping it waits for the commits under way.
pub struct Sqlite {
    /// There until the engine is dropped.
    commits: Option<mpsc::Sender<Waiting>>,
    writer: Option<JoinHandle<()>>,
    readers: Arc<Readers>,
    watches: Watches,
}

impl Sqlite {
    /// Opens the store in this folder, and makes it if there is none. What a crash left
    /// is put right on the way.
    ///
    /// # Errors
    /// [`KvError::InUse`] when another process has it, [`KvError::NewerFormat`] when a
    /// newer program wrote it, else what the disk says.
    pub fn open(path: &Path) -> Result<Sqlite, KvError> {
        Sqlite::open_limited(path, None)
    }

    /// As [`Sqlite::open`], on a disk that has room for so many pages only.
    fn open_limited(path: &Path, pages: Option<u32>) -> Result<Sqlite, KvError> {
        let folder = Folder::open(path)?;
        let database = Database::new(Arc::new(folder), pages);
        let watches = Watches::default();
        let writer = Writer::open(database.clone(), watches.clone())?;
        let (commits, waiting) = mpsc::channel(WAITING_COMMITS);
        let writer = std::thread::Builder::new()
            .name("kv-writer".into())
            .spawn(move || writer.run(waiting))
            .map_err(|error| KvError::Broken(format!("no thread for the writer: {error}")))?;
        let readers = Arc::new(Readers::new(database));
        Ok(Sqlite {
            commits: Some(commits),
            writer: Some(writer),
            readers,
            watches,
        })
    }

    async fn hand_in(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> Result<Outcome, KvError> {
        check(&conditions, &operations)?;
        let stopped = || KvError::Broken("the writer has stopped".into());
        let commits = self.commits.as_ref().ok_or_else(stopped)?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting {
            partition,
            conditions,
            operations,
            reply,
        };
        commits.send(waiting).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Kv for Sqlite {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.hand_in(partition, conditions, operations).boxed()
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        async move {
            let snapshot = self.readers.snapshot(partition).await?;
            Ok(Box::new(snapshot) as Box<dyn Snapshot>)
        }
        .boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.watches.watch(partition)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // Without its channel the writer ends when it has answered all that waits.
        self.commits = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the store ended by a fault");
        }
    }
}

#[cfg(test)]
mod tests;
