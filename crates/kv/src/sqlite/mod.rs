//! The embedded engine: SQLite as an ordered map, behind a log.
//!
//! What is committed is on stable storage once it is in the log ([`segments`]), which
//! bodies of messages share, so that one sync serves both and many sessions at once. From
//! then on it is seen, first in memory; the database follows when enough has come together
//! to be written in one go. After a crash the database is as it was some time before, and
//! what it lacks is read in the log, from the mark on that it carries. Its whole schema:
//!
//! ```text
//! kv(part BLOB, k BLOB, v BLOB, ver INTEGER, PRIMARY KEY (part, k)) WITHOUT ROWID
//! meta(name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID      (the mark)
//! ```
//!
//! A commit's version is its number: each one counts on from the one before it, in the log
//! as in the database.
//!
//! * `opening.rs`: the folder's FORMAT. `replay.rs`: reading in the log what the database
//!   lacks.
//! * `writer.rs`: the one thread that commits: judges a group, writes it to the log, syncs once, and answers
//!   all. `group.rs`, `octets.rs`: how a group stands in the log.
//! * `layer.rs`, `layers.rs`: what is not yet in the database, and who sees what.
//! * `flusher.rs`: the thread that brings a layer into the database.
//! * `reader.rs`, `merge.rs`: a pool of reading connections. A snapshot is a read
//!   transaction and what was above it.
//! * `copy.rs`: a copy of all there is in the log, so that the changes before it are needed
//!   no more. `salvage.rs`: the index made again from the log alone.
//! * `connection.rs`: how a connection is set up, and what SQLite's errors mean to us.
//!
//! Reads run on the thread that asks, inside the `async` function: warm they cost some
//! microseconds, less than handing them to another thread and back. A cold read holds
//! up its thread for one disk access; bodies, which are large and often cold, are not
//! kept here (ARCHITECTURE.md) and are read elsewhere.

mod connection;
mod copy;

mod flusher;
mod group;
mod layer;
mod layers;
mod merge;
mod octets;
mod opening;
mod reader;
mod replay;
mod salvage;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use segments::{Log, Place};

use crate::counter::Counter;
use crate::{Condition, Kv, KvError, Operation, Outcome, Partition, Snapshot, Watch, Watches};
use connection::Database;
use flusher::Flusher;
use layers::Layers;
use opening::Opened;
use reader::Readers;
use writer::Writer;

pub use connection::INDEX_FILE;
pub use copy::Copied;
pub use salvage::{Salvaged, begins, newest_copy, salvage};

/// Octets of memory at which a layer is brought into the database. Two of them can be there
/// at a time, and the one that is filled may grow to twice this: so much memory at most, and
/// so much of the log to be read after a crash.
const LAYER_OCTETS: usize = 24 * 1024 * 1024;

/// What tests set otherwise.
#[derive(Clone, Copy, Debug)]
struct Tuning {
    /// As [`LAYER_OCTETS`].
    layer_octets: usize,
    /// Most pages that the database may have, where a test plays a full disk.
    pages: Option<u32>,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            layer_octets: LAYER_OCTETS,
            pages: None,
        }
    }
}

/// A store in a folder of this machine. Dropping it waits for the commits under way.
pub struct Sqlite {
    counter: Counter,
    /// The writer, then the flusher: the first ends when nobody commits any more, the second
    /// when the first has ended.
    threads: Vec<JoinHandle<()>>,
    readers: Arc<Readers>,
    watches: Watches,
    layers: Arc<Layers>,
    database: Database,
    log: Log,
}

impl Sqlite {
    /// Opens the store in this folder, with its log in the folder `log` within, and makes it
    /// if there is none: for bodies that are kept elsewhere.
    ///
    /// # Errors
    /// As [`Sqlite::on`].
    pub fn open(path: &Path) -> Result<Sqlite, KvError> {
        Sqlite::tuned(path, Tuning::default())
    }

    /// Opens the store in this folder over a log that it shares, and makes it if there is
    /// none. What a crash left is put right on the way.
    ///
    /// # Errors
    /// [`KvError::InUse`] when another process has it, [`KvError::NewerFormat`] when a
    /// newer program wrote it, [`KvError::Damaged`] when what it lacks is not in the log,
    /// else what the disk says.
    pub fn on(path: &Path, log: Log) -> Result<Sqlite, KvError> {
        Sqlite::start(path, log, Tuning::default())
    }

    fn tuned(path: &Path, tuning: Tuning) -> Result<Sqlite, KvError> {
        Sqlite::start(path, Log::open(&path.join("log"))?, tuning)
    }

    fn start(path: &Path, log: Log, tuning: Tuning) -> Result<Sqlite, KvError> {
        let Opened {
            database,
            connection,
            ground,
        } = opening::open(path, &log, tuning)?;
        let layers = ground.layers.clone();
        // A layer rests only when the one before it was written, so nothing ever waits here.
        let (hand_in, work) = sync_channel(1);
        let flusher = Flusher::new(database.clone(), connection, layers.clone());
        let watches = Watches::default();
        let writer = Writer {
            ground,
            log: log.clone(),
            watches: watches.clone(),
            flusher: hand_in,
            layer_octets: tuning.layer_octets,
            full: false,
        };
        let counter = Counter::new();
        let waiting = counter.clone();
        let threads = vec![
            thread("kv-writer", move || writer.run(&waiting))?,
            thread("kv-flusher", move || flusher.run(&work))?,
        ];
        Ok(Sqlite {
            counter,
            threads,
            readers: Arc::new(Readers::new(database.clone(), layers.clone())),
            layers,
            database,
            log,
            watches,
        })
    }

    /// Writes the database as it is to a file that is not there yet: with the log up to now
    /// it is all that was committed. It waits for the disk.
    ///
    /// # Errors
    /// [`KvError::Full`], else what the disk says. The file may be there in part.
    pub fn save(&self, file: &Path) -> Result<(), KvError> {
        self.database.save(file)
    }

    /// Looks whether the database is whole as SQLite sees it; that each record is, is seen
    /// when it is read. It reads all of it.
    ///
    /// # Errors
    /// [`KvError::Damaged`] when it is not.
    pub fn check(&self) -> Result<(), KvError> {
        self.database.check()
    }

    /// Brings what was committed so far into the database, durably, and gives the place
    /// before which the log need not be read after a crash. It waits for the disk.
    ///
    /// # Errors
    /// [`KvError::Full`], else what the disk says.
    pub fn settle(&self) -> Result<Place, KvError> {
        let wanted = self.layers.visible();
        loop {
            let mark = self.database.mark()?;
            if mark.version >= wanted {
                return Ok(self.database.settle()?.place);
            }
            self.counter.ask_for_rest();
            self.layers.wait_for_change()?;
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, KvError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| KvError::Broken(format!("no thread for {name}: {error}")))
}

impl Kv for Sqlite {
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
            let snapshot = self.readers.snapshot(partition).await?;
            Ok(Box::new(snapshot) as Box<dyn Snapshot>)
        }
        .boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.watches.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        self.all_partitions().boxed()
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The writer ends when it has answered all that waits.
        self.counter.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store ended by a fault");
            }
        }
    }
}

/// The way in for the proof `fuzz`.
#[cfg(fuzzing)]
pub(crate) fn read_frame(octets: &[u8]) {
    let _ = group::decode(octets);
    let _ = copy::read_page(octets);
    let _ = Copied::read(octets);
}

#[cfg(test)]
mod tests;
