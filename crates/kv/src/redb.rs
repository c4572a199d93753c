//! A second embedded engine: redb, one file, a copy-on-write tree that is synced at every
//! commit.
//!
//! It is for nobody to choose: SQLite behind the log is faster and survived more
//! (ARCHITECTURE.md). It is for the interface, whose promises it keeps by quite other means,
//! so that none of them is one that only SQLite can keep.
//!
//! ```text
//! kv      partition, key -> version, value with its seal
//! meta    "version"      -> the last version that was given
//! ```
//!
//! * `writer.rs`: the one thread that commits; a group of commits is one transaction.
//! * `reader.rs`: a snapshot is a transaction that reads.

mod reader;
mod writer;

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use redb::{Database, StorageError, TableDefinition};
use segments::Marked;

use crate::counter::Counter;
use crate::{Condition, Kv, KvError, Operation, Outcome, Partition, Snapshot, Watch, Watches};
use reader::RedbSnapshot;
use writer::Writer;

const FORMAT_NAME: &str = "facteur-redb";
/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;
/// The name of the database in its folder.
const FILE: &str = "index.redb";
/// Its name while it is made.
const UNFINISHED: &str = "index.redb.new";

/// A partition with a key, and a version with a value.
const ROWS: TableDefinition<'_, &[u8], (i64, &[u8])> = TableDefinition::new("kv");
const META: TableDefinition<'_, &str, i64> = TableDefinition::new("meta");
const VERSION: &str = "version";

/// A store in a folder of this machine. Dropping it waits for the commits under way.
pub struct Redb {
    counter: Counter,
    writer: Option<JoinHandle<()>>,
    database: Arc<Database>,
    watches: Watches,
    /// Holds the folder.
    _folder: Marked,
}

impl Redb {
    /// Opens the store in this folder, and makes it if there is none.
    ///
    /// # Errors
    /// [`KvError::InUse`] when another process has it, [`KvError::NewerFormat`] when a newer
    /// program wrote it, else what the disk says.
    pub fn open(path: &Path) -> Result<Redb, KvError> {
        let folder = Marked::open(path, FORMAT_NAME, FORMAT)?;
        let database = Arc::new(database(path)?);
        let watches = Watches::default();
        let counter = Counter::new();
        let writer = Writer::begin(database.clone(), watches.clone())?;
        let waiting = counter.clone();
        let writer = std::thread::Builder::new()
            .name("kv-writer".into())
            .spawn(move || writer.run(&waiting))
            .map_err(|error| KvError::Broken(format!("no thread for the writer: {error}")))?;
        Ok(Redb {
            counter,
            writer: Some(writer),
            database,
            watches,
            _folder: folder,
        })
    }
}

/// The database in a folder; it is made if there is none.
///
/// It gets its name when it is whole: redb refuses a file whose making was cut short. And
/// the name is made durable, which redb leaves to others.
fn database(folder: &Path) -> Result<Database, KvError> {
    let (file, unfinished) = (folder.join(FILE), folder.join(UNFINISHED));
    let failed = |error: io::Error| broken(StorageError::from(error));
    if !file.try_exists().map_err(failed)? {
        // Nothing in it was ever acknowledged.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let made = Database::create(&unfinished).map_err(broken)?;
        made.close().map_err(broken)?;
        fs::rename(&unfinished, &file).map_err(failed)?;
    }
    // At every opening: the one that gave the name may have been cut short here.
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(failed)?;
    Database::open(&file).map_err(broken)
}

impl Kv for Redb {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.counter
            .commit(partition, conditions, operations)
            .boxed()
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        async move {
            let snapshot = RedbSnapshot::begin(&self.database, partition)?;
            Ok(Box::new(snapshot) as Box<dyn Snapshot>)
        }
        .boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.watches.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        ready(reader::partitions(&self.database)).boxed()
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        // The writer ends when it has answered all that waits.
        self.counter.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the store ended by a fault");
        }
    }
}

/// A partition with a key, as one key: no partition's bytes begin another's.
fn joined(partition: Partition, key: &[u8]) -> Vec<u8> {
    let mut joined = partition.to_bytes();
    joined.extend_from_slice(key);
    joined
}

/// What an error of redb means to us.
fn broken(error: impl Into<redb::Error>) -> KvError {
    match error.into() {
        redb::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => KvError::Full,
            _ => KvError::Broken(error.to_string()),
        },
        redb::Error::Corrupted(what) => KvError::Damaged(what),
        other => KvError::Broken(other.to_string()),
    }
}

/// The same of what reads alone.
fn unread(error: StorageError) -> KvError {
    broken(error)
}

#[cfg(test)]
mod tests;
