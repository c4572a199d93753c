//! The distributed engine: whatever speaks PostgreSQL's protocol, as an ordered map that
//! any number of nodes share.
//!
//! ```text
//! kv(part BYTEA, k BYTEA, v BYTEA, ver BIGINT, PRIMARY KEY (part, k))
//! kv_heads(part BYTEA PRIMARY KEY, ver BIGINT)           the last version given in a partition
//! kv_writers(id BYTEA PRIMARY KEY, seq BIGINT, at TIMESTAMPTZ)    the last commit of a writer
//! kv_meta(name TEXT PRIMARY KEY, value BIGINT)           the format
//! ```
//!
//! Plain SQL on plain tables, without functions of our own or advisory locks, so that it
//! also suits what only speaks like PostgreSQL: `kv` and `kv_heads` are spread by `part`
//! (Citus), refusals to serialise are tried again (CockroachDB, YugabyteDB), and where
//! there is no LISTEN, changes are asked for.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `settings.rs`, `tls.rs` | which database, and how it is reached |
//! | `trouble.rs` | what the database's errors mean to us |
//! | `connection.rs` | how a connection is made and set up |
//! | `schema.rs` | the tables, and the format that they say they have |
//! | `judge.rs` | what a group of commits does; knows no database |
//! | `transaction.rs` | a group as one transaction, in two round trips |
//! | `writer.rs` | takes the commits that wait, has them settled, answers all |
//! | `reader.rs` | a pool of connections; a snapshot is a read transaction |
//! | `values.rs` | some keys, read for many at once |
//! | `notices.rs` | what other nodes have changed |
//!
//! # How it keeps the contract
//!
//! * **A partition has a head**, a row that every commit writes first. So one
//!   transaction at a time, of whatever node, has the partition; what it reads to judge
//!   conditions stays true until its end. Heads are taken in one order, so nobody waits
//!   in a circle; a database that sees one all the same refuses, and it is tried again.
//! * **The head gives the versions**: each is greater than all before it in its
//!   partition, since both are committed together.
//! * **A group shares a transaction and no fate.** Each commit is judged by itself. When
//!   another node holds one of the partitions for long, the group is halved until that
//!   commit is alone.
//! * **A commit whose end was not seen is looked up.** Each transaction numbers itself in
//!   its writer's row. To read that row is to wait until a transaction that is still
//!   under way has ended, so the answer is final. Only when the database stays away is
//!   the outcome [`KvError::Unknown`].
//! * **Committed means durable** as far as the server's own settings go: a session that
//!   would not wait for the disk is told to.
//!
//! A pool between (such as `PgBouncer`) must lend its connections for whole sessions.

mod connection;
mod judge;
mod notices;
mod reader;
mod schema;
mod settings;
mod tls;
mod transaction;
mod trouble;
mod values;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    Condition, Kv, KvError, Operation, Outcome, Partition, Snapshot, Value, Watch, Watches, check,
};
use connection::{Columns, Database, answer};
use judge::Commit;
use notices::{Bell, Messenger};
use reader::Readers;
use trouble::Trouble;
use writer::{Claim, Waiting, Writer};

pub use settings::{Notices, Settings, SettingsError};

/// Writers of one node. While one waits for the disk another gathers and judges; each
/// partition has one of them, so that commits of one node never wait for each other's
/// heads.
const WRITERS: usize = 2;
/// Commits that may wait for one writer; those beyond wait to be let in.
const WAITING_COMMITS: usize = 1024;
/// How long a node that ends waits until the others are told what it changed.
const TELLING_PATIENCE: Duration = Duration::from_secs(3);
/// Some of all partitions.
const HEADS: &str = "SELECT part FROM kv_heads WHERE part > $1 ORDER BY part LIMIT $2";
/// How many are asked for at once.
const HEADS_AT_ONCE: i64 = 1000;

/// A store in a database that other nodes use at the same time. It lives on the runtime
/// that it was opened on.
pub struct Postgres {
    database: Arc<Database>,
    writers: Vec<mpsc::Sender<Waiting>>,
    readers: Arc<Readers>,
    watches: Watches,
    bell: Bell,
    messenger: AbortHandle,
}

impl Postgres {
    /// Opens the store in this database, and makes its tables if there are none. The
    /// user needs no right to make tables where they are there already.
    ///
    /// # Errors
    /// [`KvError::NewerDatabase`] when a newer program made it, [`KvError::Away`] when it
    /// can't be reached for as long as the settings wait, else what the database says.
    pub async fn open(settings: Settings) -> Result<Postgres, KvError> {
        let notices = settings.notices;
        let database = Arc::new(Database::new(settings));
        let deadline = Instant::now() + database.patience();
        let first = database.connect_until(deadline).await;
        schema::ensure(&first.map_err(Trouble::told)?.client).await?;
        let (watches, bell) = (Watches::default(), Bell::default());
        let messenger = Messenger {
            database: database.clone(),
            notices,
            watches: watches.clone(),
            bell: bell.clone(),
            node: format!("{:032x}", rand::random::<u128>()),
        };
        let writer = |_| spawn_writer(&database, &watches, &bell);
        Ok(Postgres {
            writers: (0..WRITERS).map(writer).collect(),
            readers: Arc::new(Readers::new(database.clone())),
            messenger: tokio::spawn(messenger.run()).abort_handle(),
            database,
            watches,
            bell,
        })
    }

    /// Waits until other nodes are told of all that was committed here, if that can be
    /// done in some seconds: for a program that ends, which would leave them untold.
    pub async fn tell_all(&self) {
        if timeout(TELLING_PATIENCE, self.bell.all_told())
            .await
            .is_err()
        {
            tracing::warn!("other nodes are not told what has changed; they see it later");
        }
    }

    /// All partitions that were ever written to: each has a head.
    async fn heads(&self) -> Result<Vec<Partition>, Trouble> {
        let deadline = Instant::now() + self.database.patience();
        // Seldom asked for, so it has no place among those that read.
        let connection = self.database.connect_until(deadline).await?;
        let statement = answer(connection.client.prepare(HEADS)).await?;
        let (mut partitions, mut last) = (Vec::new(), Vec::<u8>::new());
        loop {
            let wanted: Columns<'_> = &[&last, &HEADS_AT_ONCE];
            let found = answer(connection.client.query(&statement, wanted)).await?;
            let Some(next) = found.last() else {
                return Ok(partitions);
            };
            last = next.try_get(0).map_err(|error| Trouble::of(&error))?;
            for row in &found {
                let part: &[u8] = row.try_get(0).map_err(|error| Trouble::of(&error))?;
                let odd = || Trouble::Broken(format!("a partition: {part:02x?}"));
                partitions.push(Partition::from_bytes(part).ok_or_else(odd)?);
            }
        }
    }

    async fn hand_in(&self, commit: Commit) -> Result<Outcome, KvError> {
        check(&commit.conditions, &commit.operations)?;
        let stopped = || KvError::Broken("the writer has stopped".into());
        let writer = writer_of(commit.partition);
        let writer = self.writers.get(writer).ok_or_else(stopped)?;
        let deadline = Instant::now() + self.database.patience();
        let Ok(room) = timeout_at(deadline, writer.reserve()).await else {
            return Err(self.database.why_not());
        };
        let (reply, mut answer) = oneshot::channel();
        let claim = Claim::default();
        room.map_err(|_| stopped())?.send(Waiting {
            commit,
            deadline,
            claim: claim.clone(),
            reply,
        });
        let in_time = timeout_at(deadline, &mut answer).await;
        if in_time.is_err() && claim.take() {
            // No writer has begun it, and now none will.
            return Err(self.database.why_not());
        }
        match in_time {
            Ok(answer) => answer.map_err(|_| stopped())?,
            Err(_) => answer.await.map_err(|_| stopped())?,
        }
    }
}

fn spawn_writer(database: &Arc<Database>, watches: &Watches, bell: &Bell) -> mpsc::Sender<Waiting> {
    let writer = Writer {
        database: database.clone(),
        session: None,
        id: rand::random::<u128>().to_be_bytes().to_vec(),
        number: 0,
        watches: watches.clone(),
        bell: bell.clone(),
    };
    let (commits, waiting) = mpsc::channel(WAITING_COMMITS);
    tokio::spawn(writer.run(waiting));
    commits
}

/// The writer that has this partition.
fn writer_of(partition: Partition) -> usize {
    let number = match partition {
        Partition::Directory => 0,
        Partition::Queue => 1,
        Partition::Journal => 2,
        Partition::Account(account) => account.0,
    };
    usize::try_from(number % WRITERS as u64).unwrap_or_default()
}

impl Kv for Postgres {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        let commit = Commit {
            partition,
            conditions,
            operations,
        };
        self.hand_in(commit).boxed()
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        self.snapshot_for(partition, Vec::new())
    }

    fn snapshot_for(
        &self,
        partition: Partition,
        keys: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        async move {
            let snapshot = self.readers.snapshot(partition, keys).await?;
            Ok(Box::new(snapshot) as Box<dyn Snapshot>)
        }
        .boxed()
    }

    fn values(
        &self,
        partition: Partition,
        keys: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Vec<Option<Value>>, KvError>> {
        self.readers.values(partition, keys).boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.watches.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        async { self.heads().await.map_err(Trouble::told) }.boxed()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Without their channels the writers end when they have answered all that waits.
        self.messenger.abort();
    }
}
