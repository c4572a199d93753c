//! The smallest interface that mail needs of a store: an ordered map of bytes to
//! bytes, cut into partitions, changed atomically under conditions, read at a
//! snapshot, watched for change.
//!
//! It is for `store`, `queue`, `directory` and `journal`, which are written once on
//! [`Kv`] and know no engine. What an engine must do is written at the trait, and
//! `tests/conformance/` holds every engine to it from one test source; `tests/crash/` kills
//! each under load, and cuts the power of those that are embedded.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lib.rs` | the interface: [`Kv`], [`Snapshot`] and what they take and give |
//! | `limits.rs` | the bounds of a key, a value and a commit, checked for every engine alike |
//! | `tuple.rs` | keys as tuples, so that the order of bytes is the order of the parts |
//! | `seal.rs` | the checksum that every stored value carries |
//! | `watch.rs` | notices of change |
//! | `damage.rs` | scanning past damaged rows, for whoever looks at all there is |
//! | `counter.rs` | where commits wait for an embedded engine, and how many become a group |
//! | `memory.rs` | an engine that forgets, for tests |
//! | `sqlite/` | the embedded engine: one database, one writer that many commits share, a pool of readers |
//! | `redb.rs`, `redb/` | a second embedded engine, behind the feature of that name: it keeps the interface honest |
//! | `postgres/` | the distributed engine, behind the feature of that name: whatever speaks PostgreSQL's protocol, for many nodes at once |
//!
//! # Invariants
//!
//! * **Committed means durable.** [`Outcome::Committed`] is answered after the sync of
//!   the engine, and one sync answers all commits that waited for it.
//! * **One commit, one partition**, so that partitions spread over machines.
//! * A commit is judged by its own conditions alone. A conflict, or a commit over the
//!   limits, does no harm to those that share its sync; a full or failing disk fails
//!   all of them, changes nothing, and passes when the disk does.
//! * No two values of one key have the same version, not even after a crash, so that a
//!   condition on a version can't mistake a value that was deleted and made again. Commits
//!   that an engine settles together may share theirs.
//! * Every value carries a checksum over its partition, its key and itself.

// The conformance suite names this crate as everybody else does.
#[cfg(test)]
extern crate self as kv;

mod counter;
pub mod damage;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod limits;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redb")]
pub mod redb;
mod seal;
pub mod sqlite;
pub mod tuple;
mod watch;

use std::fmt;
use std::ops::Range;

use address::AccountId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub use error::{Excess, KvError};
pub use limits::{
    COMMIT_CONDITIONS, COMMIT_OCTETS, COMMIT_OPERATIONS, KEY_OCTETS, VALUE_OCTETS, check,
};
pub use watch::{Watch, Watches};

/// What commits atomically and is read at one snapshot. Keys of different partitions
/// never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// Domains, accounts and their credentials.
    Directory,
    /// Mail accepted and not yet handed over.
    Queue,
    /// Everything of one account: its mailboxes and the index of its messages.
    Account(AccountId),
    /// What happened, kept for a time.
    Journal,
}

impl Partition {
    /// The partition that these bytes stand for, if they stand for one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Partition> {
        match bytes {
            [1] => Some(Self::Directory),
            [2] => Some(Self::Queue),
            [3, number @ ..] => {
                let number = u64::from_be_bytes(number.try_into().ok()?);
                Some(Self::Account(AccountId(number)))
            }
            [4] => Some(Self::Journal),
            _ => None,
        }
    }

    /// The bytes that stand for it in an engine: a kind (01 directory, 02 queue,
    /// 03 account, 04 journal), then the account's number, most significant octet first.
    pub fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Directory => vec![1],
            Self::Queue => vec![2],
            Self::Account(AccountId(number)) => {
                let mut bytes = vec![3];
                bytes.extend_from_slice(&number.to_be_bytes());
                bytes
            }
            Self::Journal => vec![4],
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory => f.write_str("the directory"),
            Self::Queue => f.write_str("the queue"),
            Self::Account(id) => write!(f, "account {id}"),
            Self::Journal => f.write_str("the journal"),
        }
    }
}

/// Which commit last wrote a value. Any two values of a key, now or ever, differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(pub(crate) i64);

/// What must be true for a commit to happen. All are judged before any operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is under this key.
    Absent(Vec<u8>),
    /// What is under this key is still that which was read with this version.
    Version(Vec<u8>, Version),
}

/// One change of a commit. They happen in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Puts the value (second) under the key (first), in place of what was there.
    Put(Vec<u8>, Vec<u8>),
    /// Removes what is under this key, if anything is.
    Delete(Vec<u8>),
    /// Removes all from the first key up to, and without, the second.
    ClearRange(Range<Vec<u8>>),
}

/// What became of a commit.
#[must_use = "a commit may have met a conflict"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened, and is on stable storage.
    Committed,
    /// A condition did not hold. Nothing was changed.
    Conflict,
}

/// What is under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The bytes as they were put.
    pub bytes: Vec<u8>,
    /// For [`Condition::Version`].
    pub version: Version,
}

/// A key and what is under it.
pub type Row = (Vec<u8>, Value);

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the lowest key.
    Forward,
    /// From the highest key.
    Backward,
}

/// An ordered store of keys and values.
///
/// Its futures may be dropped at any time: a commit that was begun then happens or
/// not, as a whole.
pub trait Kv: Send + Sync + 'static {
    /// Changes one partition, atomically, if all conditions hold. When it answers
    /// [`Outcome::Committed`], the change is on stable storage, and every snapshot
    /// taken from now on shows it.
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>>;

    /// The partition as it is now, for reading. To be held for a second or two at
    /// most: an engine has few of them, keeps old data for each, and may let one grow
    /// stale and fail.
    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>>;

    /// The same, by somebody who is going to read these keys: an engine on another machine
    /// gives them along, which saves a trip for each.
    fn snapshot_for(
        &self,
        partition: Partition,
        _keys: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        self.snapshot(partition)
    }

    /// What is under these keys, in their order, all of it at one moment. Of an engine on
    /// another machine many ask in one trip; so it is for what is done often and needs no more
    /// than this.
    fn values(
        &self,
        partition: Partition,
        keys: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Vec<Option<Value>>, KvError>> {
        async move {
            let snapshot = self.snapshot(partition).await?;
            let mut values = Vec::with_capacity(keys.len());
            for key in &keys {
                values.push(snapshot.get(key).await?);
            }
            Ok(values)
        }
        .boxed()
    }

    /// Notices of change of one partition. It needs no store access; a notice may be
    /// lost or stand for several changes, and one may come for nothing.
    fn watch(&self, partition: Partition) -> Watch;

    /// All partitions in which something is, ascending; those in which something once was
    /// may be among them. One that is first written to meanwhile may be missed. It is for
    /// whoever looks at all there is.
    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>>;
}

/// One partition as it was at a moment.
pub trait Snapshot: Send + Sync {
    /// What is under this key.
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>>;

    /// The keys of this range with their values, in order, at most `limit` of them. If
    /// there are as many as `limit`, more may follow: ask again from where they end.
    fn scan<'a>(
        &'a self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, KvError>>;
}
