//! Reading: a snapshot is a transaction that reads.

use std::ops::Range;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use redb::{Database, ReadOnlyTable, ReadableDatabase};

use super::{ROWS, broken, joined, unread};
use crate::{Direction, KvError, Partition, Row, Snapshot, Value, Version, seal};

/// A partition as it was when the transaction began.
pub(super) struct RedbSnapshot {
    partition: Partition,
    rows: ReadOnlyTable<&'static [u8], (i64, &'static [u8])>,
}

impl RedbSnapshot {
    pub(super) fn begin(database: &Database, partition: Partition) -> Result<Self, KvError> {
        let transaction = database.begin_read().map_err(broken)?;
        // The table keeps the transaction.
        let rows = transaction.open_table(ROWS).map_err(broken)?;
        Ok(RedbSnapshot { partition, rows })
    }

    fn value(&self, key: &[u8], (version, stored): (i64, &[u8])) -> Result<Value, KvError> {
        Ok(Value {
            bytes: seal::open(self.partition, key, stored)?,
            version: Version(version),
        })
    }

    fn get_now(&self, key: &[u8]) -> Result<Option<Value>, KvError> {
        let joined = joined(self.partition, key);
        let found = self.rows.get(joined.as_slice()).map_err(unread)?;
        found
            .map(|found| self.value(key, found.value()))
            .transpose()
    }

    fn scan_now(
        &self,
        range: &Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, KvError> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let start = joined(self.partition, &range.start);
        let end = joined(self.partition, &range.end);
        let found = self.rows.range(start.as_slice()..end.as_slice());
        let mut found = found.map_err(unread)?;
        let mut rows = Vec::new();
        let before = self.partition.to_bytes().len();
        while rows.len() < limit {
            let next = match direction {
                Direction::Forward => found.next(),
                Direction::Backward => found.next_back(),
            };
            let Some(next) = next else { break };
            let (key, value) = next.map_err(unread)?;
            let key = key.value().get(before..).unwrap_or_default().to_vec();
            let value = self.value(&key, value.value())?;
            rows.push((key, value));
        }
        Ok(rows)
    }
}

/// All partitions that something is in, ascending: one look into the tree for each.
pub(super) fn partitions(database: &Database) -> Result<Vec<Partition>, KvError> {
    let transaction = database.begin_read().map_err(broken)?;
    let rows = transaction.open_table(ROWS).map_err(broken)?;
    let mut partitions = Vec::new();
    let mut rest = Vec::new();
    while let Some(first) = rows.range(rest.as_slice()..).map_err(unread)?.next() {
        let (key, _) = first.map_err(unread)?;
        let odd = || KvError::Damaged(format!("a partition: {:02x?}", key.value()));
        let partition = partition_of(key.value()).ok_or_else(odd)?;
        partitions.push(partition);
        rest = partition.to_bytes();
        // The last key that could be in it, and more.
        rest.extend([u8::MAX; crate::KEY_OCTETS + 1]);
    }
    Ok(partitions)
}

/// The partition of a joined key: its bytes are the first one, or the first nine.
fn partition_of(joined: &[u8]) -> Option<Partition> {
    let mut beginnings = [1, 9].iter().filter_map(|octets| joined.get(..*octets));
    beginnings.find_map(Partition::from_bytes)
}

impl Snapshot for RedbSnapshot {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
        ready(self.get_now(key)).boxed()
    }

    fn scan<'a>(
        &'a self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
        ready(self.scan_now(&range, direction, limit)).boxed()
    }
}
