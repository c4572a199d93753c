//! Reading: a pool of connections, each of them one snapshot at a time.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join, try_join_all};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Client, Row as Found, Statement};

use super::connection::{Columns, Connection, Database, answer, pause};
use super::trouble::Trouble;
use super::values::{Questions, VALUES};
use crate::{Direction, KvError, Partition, Row, Snapshot, Value, Version, seal};

/// Snapshots that one node may hold at once; those beyond wait. A server takes about a
/// hundred connections as it comes, and each node needs some more for writing.
const READERS: usize = 16;

/// Shows one state of the whole for as long as it lasts.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// The state is that of the first read; so something is read at once, and where a
/// partition's rows are.
const LOOK: &str = "SELECT ver FROM kv_heads WHERE part = $1";
/// The same, for somebody who is going to read these keys.
const LOOK_FOR: &str = "SELECT k, v, ver FROM kv WHERE part = $1 AND k = ANY($2)";
const GET: &str = "SELECT k, v, ver FROM kv WHERE part = $1 AND k = $2";
const FORWARD: &str = "SELECT k, v, ver FROM kv WHERE part = $1 AND k >= $2 AND k < $3
    ORDER BY k LIMIT $4";
const BACKWARD: &str = "SELECT k, v, ver FROM kv WHERE part = $1 AND k >= $2 AND k < $3
    ORDER BY k DESC LIMIT $4";

/// The connections that read.
pub(super) struct Readers {
    database: Arc<Database>,
    /// Those that nobody uses now.
    idle: Mutex<Vec<Reader>>,
    room: Arc<Semaphore>,
    questions: Questions,
}

/// One of them, with its statements.
pub(super) struct Reader {
    connection: Connection,
    look: Statement,
    look_for: Statement,
    get: Statement,
    forward: Statement,
    backward: Statement,
    values: Statement,
}

impl Readers {
    pub(super) fn new(database: Arc<Database>) -> Readers {
        Readers {
            database,
            idle: Mutex::new(Vec::new()),
            room: Arc::new(Semaphore::new(READERS)),
            questions: Questions::default(),
        }
    }

    /// What waits to be asked without a snapshot.
    pub(super) fn questions(&self) -> &Questions {
        &self.questions
    }

    /// How long somebody who asks now waits.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.database.patience()
    }

    /// Leave to use one of the connections.
    pub(super) async fn room(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, KvError> {
        match timeout_at(deadline, self.room.clone().acquire_owned()).await {
            Ok(Ok(room)) => Ok(room),
            _ => Err(self.database.why_not()),
        }
    }

    /// A connection, for whoever has leave.
    pub(super) async fn reader(&self, deadline: Instant) -> Result<Reader, Trouble> {
        match self.idle_one() {
            Some(reader) => Ok(reader),
            None => Reader::new(self.database.connect_until(deadline).await?).await,
        }
    }

    /// To be called with one on which nothing goes on any more.
    pub(super) fn give_back(&self, reader: Reader) {
        self.idle.lock().push(reader);
    }

    /// The partition as it is now, of which these keys are read at once.
    pub(super) async fn snapshot(
        self: &Arc<Self>,
        partition: Partition,
        keys: Vec<Vec<u8>>,
    ) -> Result<PostgresSnapshot, KvError> {
        let deadline = self.deadline();
        let room = self.room(deadline).await?;
        let part = partition.to_bytes();
        let begun = self.begin(&part, &keys, deadline).await;
        let (reader, found) = begun.map_err(Trouble::told)?;
        let mut snapshot = PostgresSnapshot {
            partition,
            part,
            known: keys.into_iter().map(|key| (key, None)).collect(),
            reader: Some(reader),
            readers: self.clone(),
            _room: room,
        };
        for row in &found {
            let (key, value) = snapshot.row(row)?;
            snapshot.known.insert(key, Some(value));
        }
        Ok(snapshot)
    }

    /// A reader whose transaction has begun, and what there is of those keys.
    async fn begin(
        &self,
        part: &[u8],
        keys: &[Vec<u8>],
        deadline: Instant,
    ) -> Result<(Reader, Vec<Found>), Trouble> {
        loop {
            let begun = async {
                let reader = self.reader(deadline).await?;
                let found = reader.begin(part, keys).await?;
                Ok((reader, found))
            };
            match begun.await {
                Err(Trouble::Away(_) | Trouble::InTheWay) if Instant::now() < deadline => {
                    pause().await;
                }
                begun => return begun,
            }
        }
    }

    fn idle_one(&self) -> Option<Reader> {
        let mut idle = self.idle.lock();
        // Those that a server took with it when it went.
        idle.retain(|reader| !reader.connection.client.is_closed());
        idle.pop()
    }
}

impl Reader {
    async fn new(connection: Connection) -> Result<Reader, Trouble> {
        let all = [LOOK, LOOK_FOR, GET, FORWARD, BACKWARD, VALUES];
        let prepared = try_join_all(all.map(|sql| connection.client.prepare(sql)));
        let prepared: Result<[Statement; 6], _> = answer(prepared).await?.try_into();
        let Ok([look, look_for, get, forward, backward, values]) = prepared else {
            return Err(Trouble::Broken("a statement was not prepared".into()));
        };
        Ok(Reader {
            connection,
            look,
            look_for,
            get,
            forward,
            backward,
            values,
        })
    }

    pub(super) fn values(&self) -> &Statement {
        &self.values
    }

    pub(super) fn client(&self) -> &Client {
        &self.connection.client
    }

    /// Fixes the state that the transaction shows; what there is of these keys.
    async fn begin(&self, part: &[u8], keys: &[Vec<u8>]) -> Result<Vec<Found>, Trouble> {
        let begin = self.client().batch_execute(BEGIN);
        if keys.is_empty() {
            let wanted: Columns<'_> = &[&part];
            let look = self.client().query_opt(&self.look, wanted);
            return answer(try_join(begin, look)).await.map(|_| Vec::new());
        }
        let wanted: Columns<'_> = &[&part, &keys];
        let look = self.client().query(&self.look_for, wanted);
        answer(try_join(begin, look)).await.map(|(_, found)| found)
    }
}

/// A read transaction.
pub(super) struct PostgresSnapshot {
    partition: Partition,
    /// The same as bytes.
    part: Vec<u8>,
    /// Keys that were read at once; none where nothing is.
    known: HashMap<Vec<u8>, Option<Value>>,
    /// There until the snapshot is dropped.
    reader: Option<Reader>,
    readers: Arc<Readers>,
    /// Given back after the connection.
    _room: OwnedSemaphorePermit,
}

impl PostgresSnapshot {
    fn reader(&self) -> Result<&Reader, KvError> {
        let ended = || KvError::Broken("the snapshot has ended".into());
        self.reader.as_ref().ok_or_else(ended)
    }

    async fn get_now(&self, key: &[u8]) -> Result<Option<Value>, KvError> {
        if let Some(known) = self.known.get(key) {
            return Ok(known.clone());
        }
        let reader = self.reader()?;
        let wanted: Columns<'_> = &[&self.part, &key];
        let found = reader.client().query_opt(&reader.get, wanted);
        let found = answer(found).await.map_err(Trouble::told)?;
        let row = found.map(|found| self.row(&found)).transpose()?;
        Ok(row.map(|(_, value)| value))
    }

    async fn scan_now(
        &self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, KvError> {
        let reader = self.reader()?;
        let statement = match direction {
            Direction::Forward => &reader.forward,
            Direction::Backward => &reader.backward,
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let wanted: Columns<'_> = &[&self.part, &range.start, &range.end, &limit];
        let found = reader.client().query(statement, wanted);
        let found = answer(found).await.map_err(Trouble::told)?;
        found.iter().map(|found| self.row(found)).collect()
    }

    fn row(&self, found: &Found) -> Result<Row, KvError> {
        let odd = |error: tokio_postgres::Error| Trouble::of(&error).told();
        let key: Vec<u8> = found.try_get(0).map_err(odd)?;
        let stored: &[u8] = found.try_get(1).map_err(odd)?;
        let version = Version(found.try_get(2).map_err(odd)?);
        let bytes = seal::open(self.partition, &key, stored)?;
        Ok((key, Value { bytes, version }))
    }
}

impl Snapshot for PostgresSnapshot {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
        self.get_now(key).boxed()
    }

    fn scan<'a>(
        &'a self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
        self.scan_now(range, direction, limit).boxed()
    }
}

impl Drop for PostgresSnapshot {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else {
            return;
        };
        // Sent when it is first asked for; nobody need wait for the answer, for whoever
        // uses the connection next is answered after it.
        let ended = reader.client().batch_execute("ROLLBACK").now_or_never();
        // One that can't end its transaction is closed instead.
        if !matches!(ended, Some(Err(_))) {
            self.readers.give_back(reader);
        }
    }
}
