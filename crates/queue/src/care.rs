//! What the care of all that is kept asks of the queue: which bodies it needs, and that
//! some of them are elsewhere now.

use blob::{BodyRef, Moved};
use kv::{Condition, Direction, Operation, Outcome};

use crate::queue::{ATTEMPTS, entry};
use crate::stored::{EntryValue, entries_after, entry_key, read, read_entry_key, write};
use crate::{Queue, QueueError, QueueId};

/// Entries that are read in one snapshot.
const READ_ENTRIES: usize = 200;

impl Queue {
    /// Shows the body of every entry that waits. One that is put meanwhile may be missed.
    ///
    /// # Errors
    /// [`QueueError::Damaged`], since nobody may take the others for all that there are.
    pub async fn bodies(&self, mut show: impl FnMut(BodyRef) + Send) -> Result<(), QueueError> {
        let mut after = None;
        while let Some((last, bodies)) = self.some_bodies(after).await? {
            bodies.into_iter().for_each(|(_, body)| show(body));
            after = Some(last);
        }
        Ok(())
    }

    /// Has those entries whose bodies are in this table (first) refer to where they now
    /// are (second). Gives how many there were. One that is put meanwhile may be missed:
    /// once this finds none, none refers to the old places.
    ///
    /// # Errors
    /// As [`Queue::bodies`]; [`QueueError::Full`]; [`QueueError::Broken`] once the bodies may have
    /// been cleared away from where they now are, since that was noted so long ago. Some entries may then be changed.
    pub async fn relocate(&self, moved: &Moved) -> Result<usize, QueueError> {
        let mut found = 0;
        let mut after = None;
        while let Some((last, bodies)) = self.some_bodies(after).await? {
            for (id, _) in bodies.iter().filter(|(_, body)| moved.get(body).is_some()) {
                found += usize::from(self.relocate_entry(*id, moved).await?);
            }
            after = Some(last);
        }
        Ok(found)
    }

    /// The bodies of some entries after one, and the last that was looked at; none at the
    /// end.
    async fn some_bodies(
        &self,
        after: Option<QueueId>,
    ) -> Result<Option<(QueueId, Vec<(QueueId, BodyRef)>)>, QueueError> {
        let snapshot = self.snapshot().await?;
        let rows = snapshot
            .scan(entries_after(after), Direction::Forward, READ_ENTRIES)
            .await?;
        let mut bodies = Vec::new();
        for (key, value) in rows {
            let value: EntryValue = read(&value.bytes)?;
            bodies.push((read_entry_key(&key)?, value.body));
        }
        Ok(bodies.last().map(|(last, _)| *last).zip(Some(bodies)))
    }

    /// True if an entry had a body of the table, and has the other now.
    async fn relocate_entry(&self, id: QueueId, moved: &Moved) -> Result<bool, QueueError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot().await?;
            // It may have been settled meanwhile.
            let Some((mut value, version)) = entry(&*snapshot, id).await? else {
                return Ok(false);
            };
            drop(snapshot);
            let Some(body) = moved.get(&value.body) else {
                return Ok(false);
            };
            if !moved.is_good() {
                let why = "bodies waited too long for entries to refer to them";
                return Err(QueueError::Broken(why.into()));
            }
            value.body = body.clone();
            let condition = Condition::Version(entry_key(id), version);
            let put = Operation::Put(entry_key(id), write(&value)?);
            if self.commit(vec![condition], vec![put]).await? == Outcome::Committed {
                return Ok(true);
            }
        }
        Err(QueueError::Broken("others always came before".into()))
    }
}

/// The body that a row of the queue's partition refers to, if it refers to one.
///
/// # Errors
/// [`QueueError::Damaged`].
pub fn body_of_row(key: &[u8], value: &[u8]) -> Result<Option<BodyRef>, QueueError> {
    match read_entry_key(key) {
        Ok(_) => Ok(Some(read::<EntryValue>(value)?.body)),
        Err(_) => Ok(None),
    }
}

/// A row of the queue's partition as it is when its body is elsewhere.
///
/// # Errors
/// [`QueueError::Damaged`].
pub fn row_with_body(
    key: &[u8],
    value: &[u8],
    elsewhere: impl FnOnce(&BodyRef) -> BodyRef,
) -> Result<Vec<u8>, QueueError> {
    if read_entry_key(key).is_err() {
        return Ok(value.to_vec());
    }
    let mut entry: EntryValue = read(value)?;
    entry.body = elsewhere(&entry.body);
    write(&entry)
}
