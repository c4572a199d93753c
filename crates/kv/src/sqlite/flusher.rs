//! The thread that brings layers into the database, so that they need no memory and no
//! reading of the log.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, Error, Transaction, TransactionBehavior, params};

use super::connection::{Database, Mark, meaning};
use super::layer::{Layer, Part, Seen};
use super::layers::Layers;
use crate::{Direction, KvError, Partition, Row, seal};

/// Rows of one transaction: what it adds to SQLite's own log stays small.
const TRANSACTION_ROWS: usize = 4000;
/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A layer to be written, and what the database holds when it is.
pub(super) struct Work {
    pub(super) layer: Arc<Layer>,
    pub(super) mark: Mark,
}

/// The state of the thread.
pub(super) struct Flusher {
    database: Database,
    connection: Connection,
    layers: Arc<Layers>,
}

impl Flusher {
    pub(super) fn new(database: Database, connection: Connection, layers: Arc<Layers>) -> Flusher {
        Flusher {
            database,
            connection,
            layers,
        }
    }

    /// Works until nobody hands in layers any more. One that can't be written is tried again
    /// until then; what it holds is in the log all the same.
    pub(super) fn run(mut self, work: &Receiver<Work>) {
        while let Ok(one) = work.recv() {
            if !self.write(&one, work) {
                return;
            }
        }
        self.finish();
    }

    /// Writes a layer. False when it could not, and nobody needs it any more.
    fn write(&mut self, one: &Work, work: &Receiver<Work>) -> bool {
        let mut failing = false;
        loop {
            match write(&mut self.connection, &one.layer, one.mark) {
                Ok(()) => {
                    if failing {
                        tracing::info!("the index can be written again");
                    }
                    self.layers.settle(Ok(()));
                    return true;
                }
                Err(error) => {
                    let error = meaning(error);
                    // A full disk is told once, lest the log fill what is left of it.
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(%error, "the index can't be written; what it lacks is in the log");
                    }
                    self.recover(&error);
                    self.layers.settle(Err(error));
                }
            }
            // Nothing else is handed in while a layer rests.
            if work.recv_timeout(RETRY) == Err(RecvTimeoutError::Disconnected) {
                return false;
            }
        }
    }

    /// After a failure the transaction is undone. A full disk needs no more; after
    /// anything else a fresh connection takes no belief over from before.
    fn recover(&mut self, error: &KvError) {
        if *error == KvError::Full {
            return;
        }
        match self.database.writer() {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::error!(%error, "the index can't be opened again"),
        }
    }

    /// Brings what is in SQLite's log into the database, so that a stopped store is one file.
    /// The log stays if it can't be done, and is read at the next opening.
    fn finish(&self) {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = self.connection.query_row(sql, [], |_| Ok(())) {
            tracing::warn!(%error, "the log of the index is left as it is");
        }
    }
}

impl PartialEq for Work {
    fn eq(&self, other: &Work) -> bool {
        Arc::ptr_eq(&self.layer, &other.layer)
    }
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Work({:?})", self.mark)
    }
}

/// Writes what a layer holds, in several transactions; the mark comes with the last. If it
/// is cut short the database holds some of it and an older mark: the log is then applied
/// from there on, which ends with the same.
pub(super) fn write(connection: &mut Connection, layer: &Layer, mark: Mark) -> Result<(), Error> {
    let mut rows = Rows::new(connection)?;
    for (partition, part) in layer.parts() {
        rows.part(partition, &part)?;
    }
    mark.write(rows.connection)?;
    rows.end()
}

/// Rows on their way, transaction by transaction.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
    transaction: Option<Transaction<'a>>,
    count: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(connection: &'a Connection) -> Result<Rows<'a>, Error> {
        Ok(Rows {
            connection,
            transaction: Some(begin(connection)?),
            count: 0,
        })
    }

    /// Puts in what a page of a copy holds.
    pub(super) fn page(&mut self, partition: Partition, rows: Vec<Row>) -> Result<(), Error> {
        let bytes = partition.to_bytes();
        let mut statements = Statements::prepare(self.connection)?;
        for (key, value) in rows {
            let seen = Seen::Value(value.version.0, value.bytes.into());
            statements.apply(&bytes, &key, seen)?;
            self.count()?;
        }
        Ok(())
    }

    fn part(&mut self, partition: Partition, part: &Part) -> Result<(), Error> {
        let bytes = partition.to_bytes();
        for range in part.cleared() {
            self.connection
                .prepare_cached("DELETE FROM kv WHERE part = ?1 AND k >= ?2 AND k < ?3")?
                .execute(params![bytes, range.start, range.end])?;
        }
        let mut statements = Statements::prepare(self.connection)?;
        // Nothing is added to a layer that rests.
        let everything = Vec::new()..vec![0xff; crate::KEY_OCTETS + 1];
        for (key, seen) in part.scan(&everything, Direction::Forward, usize::MAX, i64::MAX) {
            statements.apply(&bytes, &key, seen)?;
            self.count()?;
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), Error> {
        self.count += 1;
        if self.count >= TRANSACTION_ROWS {
            self.commit()?;
            self.transaction = Some(begin(self.connection)?);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.count = 0;
        match self.transaction.take() {
            Some(transaction) => transaction.commit(),
            None => Ok(()),
        }
    }

    /// Commits what is left.
    pub(super) fn end(mut self) -> Result<(), Error> {
        self.commit()
    }
}

fn begin(connection: &Connection) -> Result<Transaction<'_>, Error> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

struct Statements<'a> {
    put: CachedStatement<'a>,
    delete: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    fn prepare(connection: &'a Connection) -> Result<Statements<'a>, Error> {
        Ok(Statements {
            put: connection.prepare_cached(
                "INSERT INTO kv (part, k, v, ver) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (part, k) DO UPDATE SET v = excluded.v, ver = excluded.ver",
            )?,
            delete: connection.prepare_cached("DELETE FROM kv WHERE part = ?1 AND k = ?2")?,
        })
    }

    fn apply(&mut self, part: &[u8], key: &[u8], seen: Seen) -> Result<(), Error> {
        match seen {
            Seen::Value(version, value) => {
                let value = seal::seal(part, key, value.into());
                self.put.execute(params![part, key, value, version])?;
            }
            Seen::Gone => {
                self.delete.execute(params![part, key])?;
            }
        }
        Ok(())
    }
}
