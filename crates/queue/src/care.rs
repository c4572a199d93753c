//! What the care of a whole store asks of the queue: which bodies it needs, and that some of
//! them are elsewhere now.

use std::collections::HashMap;

use blob::BodyRef;
use kv::{Condition, Direction, Operation, Outcome, Row};

use crate::stored::{EntryValue, entries_after, entry_key, read, read_entry_key, write};
use crate::{Queue, QueueError, QueueId};

/// Entries that are looked at in one snapshot.
const LOOK_ENTRIES: usize = 400;

impl Queue {
    /// Shows the body of every entry.
    ///
    /// # Errors
    /// [`QueueError::Damaged`].
    pub async fn bodies(&self, mut show: impl FnMut(BodyRef) + Send) -> Result<(), QueueError> {
        let mut after = None;
        while let Some(rows) = self.entry_rows(&mut after).await? {
            for (_, value) in rows {
                show(read::<EntryValue>(&value.bytes)?.body);
            }
        }
        Ok(())
    }

    /// Has those entries whose bodies are in this table (first) refer to where they now are
    /// (second). Gives how many there were. One that is put meanwhile may be missed: once
    /// this finds none, none refers to the old places.
    ///
    /// # Errors
    /// As [`Queue::bodies`].
    pub async fn relocate(&self, moved: &HashMap<BodyRef, BodyRef>) -> Result<usize, QueueError> {
        let mut found = 0;
        let mut after = None;
        while let Some(rows) = self.entry_rows(&mut after).await? {
            for row in rows {
                found += usize::from(self.relocate_entry(row, moved).await?);
            }
        }
        Ok(found)
    }

    /// True when the entry referred to an old place, and is still there.
    async fn relocate_entry(
        &self,
        (key, mut value): Row,
        moved: &HashMap<BodyRef, BodyRef>,
    ) -> Result<bool, QueueError> {
        let id = read_entry_key(&key)?;
        loop {
            let mut entry: EntryValue = read(&value.bytes)?;
            let Some(body) = moved.get(&entry.body) else {
                return Ok(false);
            };
            entry.body = body.clone();
            let unchanged = Condition::Version(entry_key(id), value.version);
            let put = Operation::Put(entry_key(id), write(&entry)?);
            if self.commit(vec![unchanged], vec![put]).await? == Outcome::Committed {
                return Ok(true);
            }
            // A recipient was settled meanwhile, perhaps the last.
            match self.snapshot().await?.get(&key).await? {
                Some(now) => value = now,
                None => return Ok(false),
            }
        }
    }

    /// The next entries as they are stored; none at the end.
    async fn entry_rows(
        &self,
        after: &mut Option<QueueId>,
    ) -> Result<Option<Vec<Row>>, QueueError> {
        let snapshot = self.snapshot().await?;
        let scan = snapshot.scan(entries_after(*after), Direction::Forward, LOOK_ENTRIES);
        let rows = scan.await?;
        if let Some((last, _)) = rows.last() {
            *after = Some(read_entry_key(last)?);
        }
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }
}
