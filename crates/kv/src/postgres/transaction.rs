//! A group of commits as one transaction, in two round trips.
//!
//! The first begins it, sets the writer's mark, takes the heads of all partitions (in
//! the order of their bytes, so that no two groups wait for each other) and reads the
//! versions that the conditions name. Whoever has a head has the partition to itself
//! until the transaction ends, on whatever node; so what was read stays true. The second
//! writes what the group does and ends the transaction.
//!
//! Statements of one round trip are sent at once, in the order written here, and
//! answered in that order.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::TryFutureExt;
use futures_util::future::{try_join_all, try_join4};
use tokio_postgres::{Error, Row, Statement};

use super::connection::{Columns, Connection, answer, answer_all};
use super::judge::{Before, Commit, Group, Rows};
use super::trouble::Trouble;
use crate::{Condition, Outcome, seal};

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const MARK: &str = "INSERT INTO kv_writers (id, seq, at) VALUES ($1, $2, now())
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at = excluded.at";
/// Waits for a transaction that holds the mark, so the answer is final.
const READ_MARK: &str = "INSERT INTO kv_writers (id, seq, at) VALUES ($1, 0, now())
    ON CONFLICT (id) DO UPDATE SET at = excluded.at RETURNING seq";
const HEADS: &str = "INSERT INTO kv_heads (part, ver)
    SELECT part, $2 FROM unnest($1::BYTEA[]) AS touched(part) ORDER BY part
    ON CONFLICT (part) DO UPDATE SET ver = GREATEST(kv_heads.ver + 1, excluded.ver)
    RETURNING part, ver";
const VERSIONS: &str = "SELECT kv.part, kv.k, kv.ver
    FROM unnest($1::BYTEA[], $2::BYTEA[]) AS named(part, k)
    JOIN kv ON kv.part = named.part AND kv.k = named.k";
const CLEAR: &str = "DELETE FROM kv
    USING unnest($1::BYTEA[], $2::BYTEA[], $3::BYTEA[]) AS cleared(part, low, high)
    WHERE kv.part = cleared.part AND kv.k >= cleared.low AND kv.k < cleared.high";
const DELETE: &str = "DELETE FROM kv USING unnest($1::BYTEA[], $2::BYTEA[]) AS gone(part, k)
    WHERE kv.part = gone.part AND kv.k = gone.k";
const PUT: &str = "INSERT INTO kv (part, k, v, ver)
    SELECT part, k, v, ver
    FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BYTEA[], $4::BIGINT[]) AS new(part, k, v, ver)
    ON CONFLICT (part, k) DO UPDATE SET v = excluded.v, ver = excluded.ver";

/// A connection that writes, with its statements.
pub(super) struct Session {
    connection: Connection,
    mark: Statement,
    read_mark: Statement,
    heads: Statement,
    versions: Statement,
    clear: Statement,
    delete: Statement,
    put: Statement,
}

/// Which transaction of which writer. No two ever are the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'a> {
    pub(super) writer: &'a [u8],
    pub(super) number: i64,
}

/// Why a transaction was not seen to be committed.
pub(super) enum Failure {
    /// It surely was not, and is undone.
    Undone(Trouble),
    /// It was about to be when something happened: the mark tells. With what becomes of
    /// each commit if it was.
    Unsure(Trouble, Vec<Outcome>),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Undone(trouble)
    }
}

impl Session {
    pub(super) async fn new(connection: Connection) -> Result<Session, Trouble> {
        let all = [MARK, READ_MARK, HEADS, VERSIONS, CLEAR, DELETE, PUT];
        let prepared = try_join_all(all.map(|sql| connection.client.prepare(sql)));
        let prepared: Result<[Statement; 7], _> = answer(prepared).await?.try_into();
        let Ok([mark, read_mark, heads, versions, clear, delete, put]) = prepared else {
            return Err(Trouble::Broken("a statement was not prepared".into()));
        };
        Ok(Session {
            connection,
            mark,
            read_mark,
            heads,
            versions,
            clear,
            delete,
            put,
        })
    }

    /// Judges these commits in their order and does what they ask, in one transaction. It
    /// is on stable storage when this returns.
    pub(super) async fn commit(
        &self,
        mark: Mark<'_>,
        commits: &[&Commit],
    ) -> Result<Vec<Outcome>, Failure> {
        let mut group = Group::of(commits);
        let (versions, before) = answer(self.begin(mark, commits, &group)).await?;
        let mut outcomes = Vec::with_capacity(commits.len());
        for commit in commits {
            let version = version_of(&versions, &commit.partition.to_bytes())?;
            outcomes.push(group.judge(commit, &before, version));
        }
        match answer_all(self.finish(&group, &versions)).await {
            Ok(Ok(())) => Ok(outcomes),
            Ok(Err(Unfinished::Refused(error))) => Err(Failure::Undone(Trouble::of(&error))),
            Ok(Err(Unfinished::Cut(error))) => Err(Failure::Unsure(Trouble::of(&error), outcomes)),
            Ok(Err(Unfinished::Forgotten(trouble))) => Err(Failure::Undone(trouble)),
            Err(silent) => Err(Failure::Unsure(silent, outcomes)),
        }
    }

    /// The first round trip: the versions that this transaction gives, and those of the
    /// keys that conditions name.
    async fn begin(
        &self,
        mark: Mark<'_>,
        commits: &[&Commit],
        group: &Group<'_>,
    ) -> Result<(Versions, Before), Error> {
        let client = &self.connection.client;
        let (mut part, mut key) = (Vec::new(), Vec::new());
        for commit in commits {
            for condition in &commit.conditions {
                let (Condition::Absent(named) | Condition::Version(named, _)) = condition;
                part.push(commit.partition.to_bytes());
                key.push(named.as_slice());
            }
        }
        let (parts, now) = (group.parts(), now());
        let named = async {
            if part.is_empty() {
                return Ok(Vec::new());
            }
            client.query(&self.versions, &[&part, &key]).await
        };
        let (_, _, heads, found) = try_join4(
            client.batch_execute(BEGIN),
            client.execute(&self.mark, &[&mark.writer, &mark.number]),
            client.query(&self.heads, &[&parts, &now]),
            named,
        )
        .await?;
        let head = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
        let version = |row: &Row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?));
        Ok((
            heads.iter().map(head).collect::<Result<_, Error>>()?,
            found.iter().map(version).collect::<Result<_, Error>>()?,
        ))
    }

    /// The second round trip.
    async fn finish(&self, group: &Group<'_>, versions: &Versions) -> Result<(), Unfinished> {
        let client = &self.connection.client;
        let (cleared, deleted, put) = (group.cleared(), group.deleted(), group.put());
        let (sealed, given) = sealed(&put, versions)?;
        let clear = async {
            let columns: Columns<'_> = &[&cleared.part, &cleared.key, &cleared.more];
            self.write(&self.clear, &cleared, columns).await
        };
        let delete = async {
            let columns: Columns<'_> = &[&deleted.part, &deleted.key];
            self.write(&self.delete, &deleted, columns).await
        };
        let put = async {
            let columns: Columns<'_> = &[&put.part, &put.key, &sealed, &given];
            self.write(&self.put, &put, columns).await
        };
        let commit = client.batch_execute("COMMIT").map_err(Unfinished::Cut);
        try_join4(clear, delete, put, commit).await.map(drop)
    }

    async fn write(
        &self,
        statement: &Statement,
        rows: &Rows<'_>,
        columns: Columns<'_>,
    ) -> Result<(), Unfinished> {
        if rows.part.is_empty() {
            return Ok(());
        }
        let written = self.connection.client.execute(statement, columns).await;
        written.map(drop).map_err(Unfinished::at_write)
    }

    /// Undoes what was begun. False: the connection is of no more use.
    pub(super) async fn undo(&self) -> bool {
        answer(self.connection.client.batch_execute("ROLLBACK"))
            .await
            .is_ok()
    }

    /// The number of the last transaction of this writer that was committed. All earlier
    /// ones have ended when this returns.
    pub(super) async fn last(&self, writer: &[u8]) -> Result<i64, Trouble> {
        let client = &self.connection.client;
        answer(client.query_one(&self.read_mark, &[&writer]))
            .await
            .map(|row| row.get(0))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.connection.client.is_closed()
    }
}

/// Of each partition the version that this transaction gives.
type Versions = HashMap<Vec<u8>, i64>;

fn version_of(versions: &Versions, part: &[u8]) -> Result<i64, Trouble> {
    let missing = || Trouble::Broken("the database took no head of a partition".into());
    versions.get(part).copied().ok_or_else(missing)
}

/// Why the second round trip did not end well.
enum Unfinished {
    /// The database refused to write, so it has undone the whole.
    Refused(Error),
    /// The end of the transaction was not seen.
    Cut(Error),
    /// Nothing was sent.
    Forgotten(Trouble),
}

impl Unfinished {
    /// A write that the database itself refuses fails the transaction; when anything else
    /// happens, the end of it may have been read all the same.
    fn at_write(error: Error) -> Unfinished {
        match error.code() {
            Some(_) => Unfinished::Refused(error),
            None => Unfinished::Cut(error),
        }
    }
}

impl From<Trouble> for Unfinished {
    fn from(trouble: Trouble) -> Unfinished {
        Unfinished::Forgotten(trouble)
    }
}

/// The values of these rows as they are stored, and their versions.
fn sealed(rows: &Rows<'_>, versions: &Versions) -> Result<(Vec<Vec<u8>>, Vec<i64>), Trouble> {
    let columns = rows.part.iter().zip(&rows.key).zip(&rows.more);
    columns
        .map(|((part, key), value)| {
            Ok((
                seal::seal(part, key, value.to_vec()),
                version_of(versions, part)?,
            ))
        })
        .collect()
}

/// Microseconds since 1970. A version is this or, if that is more, the one before it and
/// one: so none comes back even when the database falls back to a standby that had not
/// seen the last ones, or to a backup.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0))
}
