//! The one thread that writes, and that lets many commits share one sync.

use rusqlite::{CachedStatement, Connection, Error, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use super::connection::{Database, meaning};
use crate::{Condition, KvError, Operation, Outcome, Partition, Version, Watches, seal};

/// Most commits of one group.
const GROUP_COMMITS: usize = 512;
/// A group takes no more commits once it has so many octets.
const GROUP_OCTETS: usize = 16 * 1024 * 1024;
/// Versions that are set aside at a time, so that the mark of how far they were used is
/// written once in so many commits. A crash wastes the rest of them.
const VERSIONS_AHEAD: i64 = 1 << 20;

/// A commit that waits for the writer.
pub(super) struct Waiting {
    pub(super) partition: Partition,
    pub(super) conditions: Vec<Condition>,
    pub(super) operations: Vec<Operation>,
    pub(super) reply: oneshot::Sender<Result<Outcome, KvError>>,
}

impl Waiting {
    fn octets(&self) -> usize {
        self.operations.iter().map(Operation::octets).sum()
    }

    fn answer(self, outcome: Result<Outcome, KvError>) {
        // Whoever asked may be gone; what was committed stays.
        let _ = self.reply.send(outcome);
    }
}

/// The state of the thread.
pub(super) struct Writer {
    database: Database,
    connection: Connection,
    versions: Versions,
    watches: Watches,
    /// The disk was full at the last commit.
    full: bool,
}

impl Writer {
    pub(super) fn open(database: Database, watches: Watches) -> Result<Writer, KvError> {
        let connection = database.writer()?;
        let versions = Versions::read(&connection).map_err(meaning)?;
        Ok(Writer {
            database,
            connection,
            versions,
            watches,
            full: false,
        })
    }

    /// Works until nobody can hand in commits any more and all are answered.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.blocking_recv() {
            let group = gather(first, &mut waiting);
            self.commit(group);
        }
        self.finish();
    }

    /// Brings what is in the log into the database, so that a stopped store is one file. The
    /// log stays if it can't be done, and is read at the next opening.
    fn finish(&self) {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = self.connection.query_row(sql, [], |_| Ok(())) {
            tracing::warn!(%error, "the log of the store is left as it is");
        }
    }

    fn commit(&mut self, mut group: Vec<Waiting>) {
        match self.write(&mut group) {
            Ok(outcomes) => {
                if std::mem::take(&mut self.full) {
                    tracing::info!("the disk has room again");
                }
                for (waiting, outcome) in group.into_iter().zip(outcomes) {
                    let partition = waiting.partition;
                    waiting.answer(Ok(outcome));
                    if outcome == Outcome::Committed {
                        self.watches.notify(partition);
                    }
                }
            }
            Err(error) => {
                let error = meaning(error);
                // A full disk is told once, lest the log fill what is left of it.
                if error != KvError::Full || !std::mem::replace(&mut self.full, true) {
                    tracing::error!(%error, commits = group.len(), "commits failed");
                }
                self.recover(&error);
                for waiting in group {
                    waiting.answer(Err(error.clone()));
                }
            }
        }
    }

    /// One transaction for the whole group; it is on stable storage when this returns.
    fn write(&mut self, group: &mut [Waiting]) -> Result<Vec<Outcome>, Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut versions = self.versions.clone();
        versions.set_aside(&transaction, group.len())?;
        let mut statements = Statements::prepare(&transaction)?;
        let mut outcomes = Vec::with_capacity(group.len());
        for waiting in group {
            outcomes.push(statements.commit(waiting, versions.take())?);
        }
        drop(statements);
        transaction.commit()?;
        self.versions = versions;
        Ok(outcomes)
    }

    /// After a failure the transaction is undone. A full disk needs no more; after
    /// anything else a fresh connection takes no belief over from before.
    fn recover(&mut self, error: &KvError) {
        if *error == KvError::Full {
            return;
        }
        match self.database.writer() {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::error!(%error, "the store can't be opened again"),
        }
    }
}

/// The commit that came and those that wait behind it.
fn gather(first: Waiting, waiting: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut octets = first.octets();
    let mut group = vec![first];
    while group.len() < GROUP_COMMITS && octets < GROUP_OCTETS {
        let Ok(next) = waiting.try_recv() else { break };
        octets += next.octets();
        group.push(next);
    }
    group
}

/// What versions were used.
#[derive(Clone, Debug)]
struct Versions {
    next: i64,
    /// As stored: those below may have been used, those from here on have not.
    end: i64,
}

impl Versions {
    fn read(connection: &Connection) -> Result<Versions, Error> {
        let sql = "SELECT value FROM meta WHERE name = 'versions'";
        let end = connection
            .query_row(sql, [], |row| row.get(0))
            .optional()?
            .unwrap_or(1);
        Ok(Versions { next: end, end })
    }

    /// Sees to it that `count` of them can be taken once the transaction is committed.
    fn set_aside(&mut self, connection: &Connection, count: usize) -> Result<(), Error> {
        let count = i64::try_from(count).unwrap_or(VERSIONS_AHEAD);
        if self.next + count > self.end {
            self.end = self.next + count + VERSIONS_AHEAD;
            let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES ('versions', ?1)";
            connection.execute(sql, params![self.end])?;
        }
        Ok(())
    }

    fn take(&mut self) -> Version {
        self.next += 1;
        Version(self.next - 1)
    }
}

/// The statements of a commit, prepared once and used for the whole group.
struct Statements<'a> {
    version: CachedStatement<'a>,
    put: CachedStatement<'a>,
    delete: CachedStatement<'a>,
    clear: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    fn prepare(connection: &'a Connection) -> Result<Statements<'a>, Error> {
        let prepare = |sql| connection.prepare_cached(sql);
        Ok(Statements {
            version: prepare("SELECT ver FROM kv WHERE part = ?1 AND k = ?2")?,
            put: prepare(
                "INSERT INTO kv (part, k, v, ver) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (part, k) DO UPDATE SET v = excluded.v, ver = excluded.ver",
            )?,
            delete: prepare("DELETE FROM kv WHERE part = ?1 AND k = ?2")?,
            clear: prepare("DELETE FROM kv WHERE part = ?1 AND k >= ?2 AND k < ?3")?,
        })
    }

    /// Judges and applies one commit, on top of those before it in the group.
    fn commit(&mut self, waiting: &mut Waiting, version: Version) -> Result<Outcome, Error> {
        let part = waiting.partition.to_bytes();
        for condition in &waiting.conditions {
            if !self.holds(&part, condition)? {
                return Ok(Outcome::Conflict);
            }
        }
        for operation in std::mem::take(&mut waiting.operations) {
            self.apply(&part, operation, version)?;
        }
        Ok(Outcome::Committed)
    }

    fn holds(&mut self, part: &[u8], condition: &Condition) -> Result<bool, Error> {
        let (Condition::Absent(key) | Condition::Version(key, _)) = condition;
        let found = self
            .version
            .query_row(params![part, key], |row| row.get(0))
            .optional()?;
        Ok(match condition {
            Condition::Absent(_) => found.is_none(),
            Condition::Version(_, version) => found == Some(version.0),
        })
    }

    fn apply(&mut self, part: &[u8], operation: Operation, version: Version) -> Result<(), Error> {
        match operation {
            Operation::Put(key, value) => {
                let value = seal::seal(part, &key, value);
                self.put.execute(params![part, key, value, version.0])?;
            }
            Operation::Delete(key) => {
                self.delete.execute(params![part, key])?;
            }
            Operation::ClearRange(range) => {
                self.clear.execute(params![part, range.start, range.end])?;
            }
        }
        Ok(())
    }
}
