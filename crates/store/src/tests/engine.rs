//! Engines that do not leave a store in peace: one dies, on one another machine writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use kv::{Condition, Kv, KvError, Operation, Outcome, Partition, Snapshot, Watch};

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
}
