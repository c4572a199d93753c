//! Reading: a pool of connections, each of them one snapshot at a time, and the layers
//! above them.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use parking_lot::Mutex;
use rusqlite::{Connection, Error, OptionalExtension, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{Database, meaning};
use super::layer::Seen;
use super::layers::{Layers, View};
use super::merge::{Batch, merge};
use crate::{Direction, KvError, Partition, Row, Snapshot, Value, Version, seal};

/// Snapshots that may be held at once; those beyond wait.
const READERS: usize = 16;
/// How long one waits. Snapshots are held for milliseconds, so something is wrong then.
const READER_PATIENCE: Duration = Duration::from_secs(10);

/// The connections that read.
pub(super) struct Readers {
    database: Database,
    layers: Arc<Layers>,
    /// Those that nobody uses now.
    idle: Mutex<Vec<Connection>>,
    room: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(database: Database, layers: Arc<Layers>) -> Readers {
        let room = Arc::new(Semaphore::new(READERS));
        Readers {
            database,
            layers,
            idle: Mutex::new(Vec::new()),
            room,
        }
    }

    /// The partition as it is now.
    pub(super) async fn snapshot(
        self: &Arc<Self>,
        partition: Partition,
    ) -> Result<SqliteSnapshot, KvError> {
        let room = match self.room.clone().try_acquire_owned() {
            Ok(room) => room,
            Err(_) => self.wait_for_room().await?,
        };
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.database.reader()?,
        };
        let begin = || begin(&connection).map_err(meaning);
        let (view, ()) = self.layers.view(partition, begin)?;
        Ok(SqliteSnapshot {
            view,
            partition,
            part: partition.to_bytes(),
            connection: Mutex::new(Some(connection)),
            readers: self.clone(),
            _room: room,
        })
    }

    async fn wait_for_room(&self) -> Result<OwnedSemaphorePermit, KvError> {
        let room = self.room.clone().acquire_owned();
        match tokio::time::timeout(READER_PATIENCE, room).await {
            Ok(Ok(room)) => Ok(room),
            _ => Err(KvError::Busy),
        }
    }
}

/// A transaction shows the state at its first read, so that is made at once.
fn begin(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let first = connection
        .prepare_cached("SELECT 1 FROM meta LIMIT 1")?
        .exists([]);
    if first.is_err() {
        connection.prepare_cached("ROLLBACK")?.execute([])?;
    }
    first.map(drop)
}

/// A read transaction, and what of the partition was above the database when it began.
pub(super) struct SqliteSnapshot {
    view: View,
    partition: Partition,
    /// The same as bytes.
    part: Vec<u8>,
    /// There until the snapshot is dropped.
    connection: Mutex<Option<Connection>>,
    readers: Arc<Readers>,
    /// Given back after the connection.
    _room: OwnedSemaphorePermit,
}

impl SqliteSnapshot {
    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, KvError> {
        match &*self.connection.lock() {
            Some(connection) => read(connection).map_err(meaning),
            None => Err(KvError::Broken("the snapshot has ended".into())),
        }
    }

    fn get_now(&self, key: &[u8]) -> Result<Option<Value>, KvError> {
        match self.view.get(key) {
            Some(Seen::Gone) => return Ok(None),
            Some(Seen::Value(version, bytes)) => {
                return Ok(Some(Value {
                    bytes: bytes.into(),
                    version: Version(version),
                }));
            }
            None => {}
        }
        let found = self.with(|connection| {
            let sql = "SELECT v, ver FROM kv WHERE part = ?1 AND k = ?2";
            let read = |row: &rusqlite::Row<'_>| self.value(key, row, 0);
            connection
                .prepare_cached(sql)?
                .query_row(params![self.part, key], read)
                .optional()
        });
        found?.transpose()
    }

    fn scan_now(
        &self,
        mut range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, KvError> {
        let mut rows = Vec::new();
        while rows.len() < limit && range.start < range.end {
            let want = limit - rows.len();
            let beneath = self.stored(&range, direction, want)?;
            let above = self
                .view
                .parts()
                .map(|part| Batch::of(part, &range, direction, want, self.view.at))
                .collect();
            let merged = merge(above, beneath, want, direction, range, self.view.at);
            rows.extend(merged.rows);
            range = merged.rest;
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// Rows of the database.
    fn stored(
        &self,
        range: &Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, KvError> {
        let sql = match direction {
            Direction::Forward => {
                "SELECT k, v, ver FROM kv WHERE part = ?1 AND k >= ?2 AND k < ?3 ORDER BY k LIMIT ?4"
            }
            Direction::Backward => {
                "SELECT k, v, ver FROM kv WHERE part = ?1 AND k >= ?2 AND k < ?3 ORDER BY k DESC LIMIT ?4"
            }
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![self.part, range.start, range.end, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let key: Vec<u8> = row.get(0)?;
                found.push(self.value(&key, row, 1)?.map(|value| (key, value)));
            }
            Ok(found)
        });
        rows?.into_iter().collect()
    }

    /// The value and version in this column and the next. The outer error is SQLite's.
    fn value(
        &self,
        key: &[u8],
        row: &rusqlite::Row<'_>,
        column: usize,
    ) -> Result<Result<Value, KvError>, Error> {
        // What is no blob was not written by us: it has no seal that fits.
        let stored = row.get_ref(column)?.as_blob().unwrap_or_default();
        let version = Version(row.get(column + 1)?);
        Ok(seal::open(self.partition, key, stored).map(|bytes| Value { bytes, version }))
    }
}

impl Snapshot for SqliteSnapshot {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
        ready(self.get_now(key)).boxed()
    }

    fn scan<'a>(
        &'a self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
        ready(self.scan_now(range, direction, limit)).boxed()
    }
}

impl Drop for SqliteSnapshot {
    fn drop(&mut self) {
        let Some(connection) = self.connection.get_mut().take() else {
            return;
        };
        let ended = connection
            .prepare_cached("ROLLBACK")
            .and_then(|mut end| end.execute([]));
        // One that can't end its transaction is closed instead.
        if ended.is_ok() {
            self.readers.idle.lock().push(connection);
        }
    }
}
