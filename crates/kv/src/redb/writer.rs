//! The one thread that commits: it takes all commits that wait, judges each on top of those
//! before it, and makes them durable as one transaction.

use std::ops::Range;
use std::sync::Arc;

use redb::{Database, ReadableTable, Table};

use super::{META, ROWS, VERSION, broken, joined, unread};
use crate::counter::{Counter, Lately, Waiting};
use crate::{Condition, KvError, Operation, Outcome, Partition, Watches, seal};

type Rows<'a> = Table<'a, &'static [u8], (i64, &'static [u8])>;

/// The state of the thread.
pub(super) struct Writer {
    database: Arc<Database>,
    watches: Watches,
    /// The last version that was given.
    version: i64,
}

impl Writer {
    /// Makes the tables, if they are not there, and looks which version comes next.
    pub(super) fn begin(database: Arc<Database>, watches: Watches) -> Result<Writer, KvError> {
        let transaction = database.begin_write().map_err(broken)?;
        transaction.open_table(ROWS).map_err(broken)?;
        let version = {
            let meta = transaction.open_table(META).map_err(broken)?;
            meta.get(VERSION)
                .map_err(unread)?
                .map_or(0, |found| found.value())
        };
        transaction.commit().map_err(broken)?;
        Ok(Writer {
            database,
            watches,
            version,
        })
    }

    /// Works until nobody can hand in commits any more and all are answered.
    pub(super) fn run(mut self, counter: &Counter) {
        let mut lately = Lately::default();
        while let Some(mut group) = counter.group(lately.expected()) {
            lately.came(group.len());
            match self.commit(&mut group) {
                Ok(outcomes) => self.answer(group, outcomes),
                Err(error) => {
                    tracing::error!(%error, commits = group.len(), "commits failed");
                    for waiting in group {
                        waiting.answer(Err(error.clone()));
                    }
                }
            }
        }
    }

    fn commit(&mut self, group: &mut [Waiting]) -> Result<Vec<Outcome>, KvError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        let mut version = self.version;
        let mut outcomes = Vec::with_capacity(group.len());
        {
            let mut rows = transaction.open_table(ROWS).map_err(broken)?;
            for waiting in group {
                let outcome = judge(&mut rows, waiting, version + 1)?;
                version += i64::from(outcome == Outcome::Committed);
                outcomes.push(outcome);
            }
            let mut meta = transaction.open_table(META).map_err(broken)?;
            meta.insert(VERSION, version).map_err(unread)?;
        }
        transaction.commit().map_err(broken)?;
        self.version = version;
        Ok(outcomes)
    }

    fn answer(&self, group: Vec<Waiting>, outcomes: Vec<Outcome>) {
        for (waiting, outcome) in group.into_iter().zip(outcomes) {
            let partition = waiting.partition;
            waiting.answer(Ok(outcome));
            if outcome == Outcome::Committed {
                self.watches.notify(partition);
            }
        }
    }
}

/// Judges a commit, and does what it says.
fn judge(rows: &mut Rows<'_>, waiting: &mut Waiting, version: i64) -> Result<Outcome, KvError> {
    let partition = waiting.partition;
    for condition in &waiting.conditions {
        if !holds(rows, partition, condition)? {
            return Ok(Outcome::Conflict);
        }
    }
    for operation in std::mem::take(&mut waiting.operations) {
        apply(rows, partition, operation, version)?;
    }
    Ok(Outcome::Committed)
}

fn holds(rows: &Rows<'_>, partition: Partition, condition: &Condition) -> Result<bool, KvError> {
    let (Condition::Absent(key) | Condition::Version(key, _)) = condition;
    let found = rows
        .get(joined(partition, key).as_slice())
        .map_err(unread)?
        .map(|found| found.value().0);
    Ok(match condition {
        Condition::Absent(_) => found.is_none(),
        Condition::Version(_, version) => found == Some(version.0),
    })
}

fn apply(
    rows: &mut Rows<'_>,
    partition: Partition,
    operation: Operation,
    version: i64,
) -> Result<(), KvError> {
    match operation {
        Operation::Put(key, value) => {
            let value = seal::seal(&partition.to_bytes(), &key, value);
            let key = joined(partition, &key);
            rows.insert(key.as_slice(), (version, value.as_slice()))
                .map_err(unread)?;
        }
        Operation::Delete(key) => {
            rows.remove(joined(partition, &key).as_slice())
                .map_err(unread)?;
        }
        Operation::ClearRange(range) if range.start < range.end => {
            clear(rows, partition, &range)?;
        }
        Operation::ClearRange(_) => {}
    }
    Ok(())
}

fn clear(rows: &mut Rows<'_>, partition: Partition, range: &Range<Vec<u8>>) -> Result<(), KvError> {
    let (start, end) = (
        joined(partition, &range.start),
        joined(partition, &range.end),
    );
    rows.retain_in(start.as_slice()..end.as_slice(), |_, _| false)
        .map_err(unread)
}
