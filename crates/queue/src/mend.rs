//! Putting right what a salvage had to pass over left wrong: entries that count recipients
//! who are settled, recipients in no lane, and places of nobody.
//!
//! Nothing that waits is lost by it. A recipient whose settling was passed over is tried once
//! more: it may get the message twice, which is better than never.

use kv::{Condition, Direction, Operation, Outcome, Row};

use crate::queue::{ATTEMPTS, entry, line_up, waiting};
use crate::stored::{
    Place, RecipientValue, all_places, all_recipients, all_taken, entries_after, entry_key, read,
    read_entry_key, read_taken_key, recipient_entry, recipient_key, recipients, write,
};
use crate::taking::always_late;
use crate::{Queue, QueueError, QueueId};

/// Rows that are read at once.
const READ_ROWS: usize = 200;

impl Queue {
    /// Puts right what can be, while mail comes and goes. What is damaged is left as it is.
    ///
    /// # Errors
    /// [`QueueError::Broken`] when the engine fails, [`QueueError::Damaged`] where a record
    /// can't be read. What was put right until then stays so.
    pub async fn mend(&self) -> Result<(), QueueError> {
        let mut after = None;
        while let Some(rows) = self.rows(entries_after(after)).await? {
            for (key, _) in rows {
                let id = read_entry_key(&key)?;
                self.mend_entry(id).await?;
                after = Some(id);
            }
        }
        self.forget_recipients_of_nothing().await?;
        self.forget_places_of_nobody().await
    }

    /// Some rows of a range; none if there are none.
    async fn rows(&self, range: std::ops::Range<Vec<u8>>) -> Result<Option<Vec<Row>>, QueueError> {
        let snapshot = self.snapshot().await?;
        let rows = snapshot.scan(range, Direction::Forward, READ_ROWS).await?;
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }

    /// Has an entry count those who wait, and each of them be in its lane.
    async fn mend_entry(&self, id: QueueId) -> Result<(), QueueError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot().await?;
            let Some((mut value, version)) = entry(&*snapshot, id).await? else {
                return Ok(());
            };
            let left = waiting(&*snapshot, id).await?;
            let taken = self.taken_of(id).await?;
            let mut operations = Vec::new();
            for recipient in &left {
                let lane = recipient.lane(value.submitted_by);
                let key = Place::of(id, lane.clone(), recipient).key();
                let stands = snapshot.get(&key).await?.is_some();
                if !value.held && !stands && !taken.contains(&recipient.place) {
                    operations.extend(line_up(id, &lane, recipient));
                }
            }
            drop(snapshot);
            let count = u32::try_from(left.len()).unwrap_or(u32::MAX);
            if operations.is_empty() && value.waiting == count {
                return Ok(());
            }
            value.waiting = count;
            operations.push(match count {
                0 => Operation::Delete(entry_key(id)),
                _ => Operation::Put(entry_key(id), write(&value)?),
            });
            let condition = Condition::Version(entry_key(id), version);
            if self.commit(vec![condition], operations).await? == Outcome::Committed {
                return Ok(());
            }
        }
        Err(always_late())
    }

    /// The message is lost: there is nothing to be handed over.
    async fn forget_recipients_of_nothing(&self) -> Result<(), QueueError> {
        let mut rest = all_recipients();
        while let Some(rows) = self.rows(rest.clone()).await? {
            let Some(id) = rows.first().and_then(|(key, _)| recipient_entry(key)) else {
                return Ok(());
            };
            rest.start = recipients(id).end;
            let clear = vec![Operation::ClearRange(recipients(id))];
            let absent = vec![Condition::Absent(entry_key(id))];
            let _ = self.commit(absent, clear).await?;
        }
        Ok(())
    }

    /// Takes places away at which nobody waits, and what was taken of nobody.
    async fn forget_places_of_nobody(&self) -> Result<(), QueueError> {
        for range in [all_places(), all_taken()] {
            let mut rest = range;
            while let Some(rows) = self.rows(rest.clone()).await? {
                for (key, value) in rows {
                    rest.start = kv::tuple::after_key(&key);
                    if !self.is_of_somebody(&key).await? {
                        let same = vec![Condition::Version(key.clone(), value.version)];
                        let _ = self.commit(same, vec![Operation::Delete(key)]).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether somebody waits at a place, or was taken.
    async fn is_of_somebody(&self, key: &[u8]) -> Result<bool, QueueError> {
        let place = Place::read(key).ok();
        let (id, number) = match &place {
            Some(place) => (place.entry, place.place),
            None => {
                let (_, id, number) = read_taken_key(key)?;
                (id, number)
            }
        };
        let snapshot = self.snapshot().await?;
        let Some(value) = snapshot.get(&recipient_key(id, number)).await? else {
            return Ok(false);
        };
        let due = read::<RecipientValue>(&value.bytes)?.due;
        Ok(place.is_none_or(|place| place.due.as_second() == due))
    }
}
