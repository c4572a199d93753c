//! An engine that forgets: for tests of what is built on [`Kv`].
//!
//! It keeps to the interface in everything but durability, and passes the same
//! conformance tests.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use parking_lot::Mutex;

use crate::{
    Condition, Direction, Kv, KvError, Operation, Outcome, Partition, Row, Snapshot, Value,
    Version, Watch, Watches, check,
};

type Map = BTreeMap<Vec<u8>, Value>;

/// Partitions in memory.
#[derive(Default)]
pub struct Memory {
    held: Mutex<Held>,
    watches: Watches,
}

#[derive(Default)]
struct Held {
    partitions: HashMap<Partition, Arc<Map>>,
    last_version: i64,
}

impl Memory {
    fn commit_now(
        &self,
        partition: Partition,
        conditions: &[Condition],
        operations: Vec<Operation>,
    ) -> Result<Outcome, KvError> {
        check(conditions, &operations)?;
        let mut held = self.held.lock();
        held.last_version += 1;
        let version = Version(held.last_version);
        let map = held.partitions.entry(partition).or_default();
        if !conditions.iter().all(|condition| holds(map, condition)) {
            return Ok(Outcome::Conflict);
        }
        // A snapshot that is held keeps the old map; this one is then a copy.
        let map = Arc::make_mut(map);
        for operation in operations {
            apply(map, operation, version);
        }
        drop(held);
        self.watches.notify(partition);
        Ok(Outcome::Committed)
    }
}

fn holds(map: &Map, condition: &Condition) -> bool {
    match condition {
        Condition::Absent(key) => !map.contains_key(key),
        Condition::Version(key, version) => {
            map.get(key).is_some_and(|value| value.version == *version)
        }
    }
}

fn apply(map: &mut Map, operation: Operation, version: Version) {
    match operation {
        Operation::Put(key, bytes) => drop(map.insert(key, Value { bytes, version })),
        Operation::Delete(key) => drop(map.remove(&key)),
        Operation::ClearRange(range) => map.retain(|key, _| !range.contains(key)),
    }
}

impl Kv for Memory {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        async move { self.commit_now(partition, &conditions, operations) }.boxed()
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        let map = self
            .held
            .lock()
            .partitions
            .get(&partition)
            .cloned()
            .unwrap_or_default();
        ready(Ok(Box::new(MemorySnapshot(map)) as Box<dyn Snapshot>)).boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.watches.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        let mut partitions: Vec<_> = self.held.lock().partitions.keys().copied().collect();
        partitions.sort_unstable();
        ready(Ok(partitions)).boxed()
    }
}

struct MemorySnapshot(Arc<Map>);

impl Snapshot for MemorySnapshot {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
        ready(Ok(self.0.get(key).cloned())).boxed()
    }

    fn scan<'a>(
        &'a self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
        // BTreeMap::range refuses a range that ends before it begins; a scan finds nothing.
        if range.start >= range.end {
            return ready(Ok(Vec::new())).boxed();
        }
        let rows = self
            .0
            .range(range)
            .map(|(key, value)| (key.clone(), value.clone()));
        let rows = match direction {
            Direction::Forward => rows.take(limit).collect(),
            Direction::Backward => rows.rev().take(limit).collect(),
        };
        ready(Ok(rows)).boxed()
    }
}
