//! Engines that do not leave a store in peace: one dies, on one another machine writes, one
//! has lost some of what it kept, one is slow.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use kv::memory::Memory;
use kv::{
    Condition, Direction, Kv, KvError, Operation, Outcome, Partition, Row, Snapshot, Value, Watch,
};

/// An engine that takes so many commits more, and then none.
pub(super) struct Mortal {
    pub(super) kv: Arc<dyn Kv>,
    pub(super) commits: AtomicUsize,
}

impl Mortal {
    pub(super) fn new(kv: Arc<dyn Kv>, commits: usize) -> Mortal {
        let commits = AtomicUsize::new(commits);
        Mortal { kv, commits }
    }
}

/// An engine on which another machine does something at one of our commits.
pub(super) struct Shared<F> {
    pub(super) kv: Arc<dyn Kv>,
    /// Commits before that one.
    pub(super) commits: AtomicUsize,
    /// Whether it comes after that commit; else it comes before.
    pub(super) after: bool,
    pub(super) other: F,
}

impl<F: Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static> Kv for Shared<F> {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        let now = self.commits.fetch_sub(1, Ordering::SeqCst) == 0;
        async move {
            if now && !self.after {
                (self.other)().await;
            }
            let outcome = self.kv.commit(partition, conditions, operations).await;
            if now && self.after {
                (self.other)().await;
            }
            outcome
        }
        .boxed()
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        self.kv.snapshot(partition)
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.kv.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        self.kv.partitions()
    }
}

impl Kv for Mortal {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        let left = self
            .commits
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        match left {
            Ok(_) => self.kv.commit(partition, conditions, operations),
            Err(_) => ready(Err(KvError::Broken("it died".into()))).boxed(),
        }
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        self.kv.snapshot(partition)
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.kv.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        self.kv.partitions()
    }
}

/// An engine that remembers what was committed, in order.
#[derive(Default)]
pub(super) struct Recording {
    kv: Memory,
    pub(super) commits: Mutex<Vec<Vec<Operation>>>,
}

impl Kv for Recording {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        async move {
            let commit = self.kv.commit(partition, conditions, operations.clone());
            let outcome = commit.await?;
            if outcome == Outcome::Committed {
                self.commits.lock().unwrap().push(operations);
            }
            Ok(outcome)
        }
        .boxed()
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        self.kv.snapshot(partition)
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.kv.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        self.kv.partitions()
    }
}

/// An engine that shows nothing before some time has passed.
pub(super) struct Slow {
    pub(super) kv: Arc<dyn Kv>,
    pub(super) wait: Duration,
}

impl Kv for Slow {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.kv.commit(partition, conditions, operations)
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        async move {
            tokio::time::sleep(self.wait).await;
            self.kv.snapshot(partition).await
        }
        .boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.kv.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        self.kv.partitions()
    }
}

/// An engine in which these keys are damaged; with an empty one, all it has.
pub(super) struct Flawed {
    pub(super) kv: Arc<dyn Kv>,
    pub(super) keys: Arc<Mutex<BTreeSet<Vec<u8>>>>,
}

struct FlawedSnapshot {
    snapshot: Box<dyn Snapshot>,
    keys: BTreeSet<Vec<u8>>,
}

impl FlawedSnapshot {
    fn look(&self, key: &[u8]) -> Result<(), KvError> {
        match self.keys.contains(key) || self.keys.contains(&[][..]) {
            true => Err(KvError::Damaged("its checksum is wrong".into())),
            false => Ok(()),
        }
    }
}

impl Kv for Flawed {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.kv.commit(partition, conditions, operations)
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        async move {
            let snapshot = self.kv.snapshot(partition).await?;
            let keys = self.keys.lock().unwrap().clone();
            Ok(Box::new(FlawedSnapshot { snapshot, keys }) as Box<dyn Snapshot>)
        }
        .boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.kv.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        self.kv.partitions()
    }
}

impl Snapshot for FlawedSnapshot {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
        async move {
            self.look(key)?;
            self.snapshot.get(key).await
        }
        .boxed()
    }

    fn scan<'a>(
        &'a self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
        async move {
            if range.start < range.end {
                // Where the database itself is broken, it is so wherever one looks.
                self.look(&[])?;
            }
            let rows = self.snapshot.scan(range, direction, limit).await?;
            rows.iter().try_for_each(|(key, _)| self.look(key))?;
            Ok(rows)
        }
        .boxed()
    }
}
