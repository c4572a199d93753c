//! The door: [`Queue`].

use std::sync::Arc;

use kv::{Condition, Direction, Kv, Operation, Outcome, Partition, Snapshot, Version};

use crate::stored::{
    EntryValue, entries_after, entry_key, read, read_entry_key, read_recipient_key, recipient_key,
    recipients, write,
};
use crate::{Entry, QueueError, QueueId, RECIPIENTS, Recipient, TROUBLE_OCTETS};

/// How often a change is decided anew because another came before it. Each time someone
/// else got on, so this is reached only when something is wrong.
pub(crate) const ATTEMPTS: usize = 100;

/// All mail that waits. A clone is another handle on the same.
#[derive(Clone)]
pub struct Queue {
    kv: Arc<dyn Kv>,
}

impl Queue {
    /// The queue in this index.
    pub fn new(kv: Arc<dyn Kv>) -> Queue {
        Queue { kv }
    }

    /// Takes mail over, durably.
    ///
    /// # Errors
    /// [`QueueError::Exists`] when an entry has that number, [`QueueError::Recipients`]
    /// for none or too many, [`QueueError::Full`].
    pub async fn put(&self, entry: &Entry) -> Result<(), QueueError> {
        let count = entry.recipients.len();
        let waiting = u32::try_from(count)
            .ok()
            .filter(|_| (1..=RECIPIENTS).contains(&count));
        let waiting = waiting.ok_or(QueueError::Recipients(count))?;
        let key = entry_key(entry.id);
        let value = write(&EntryValue::new(entry, waiting))?;
        let mut operations = vec![Operation::Put(key.clone(), value)];
        for (number, recipient) in (0..).zip(&entry.recipients) {
            operations.push(Operation::Put(
                recipient_key(entry.id, number),
                write(recipient)?,
            ));
        }
        match self
            .commit(vec![Condition::Absent(key)], operations)
            .await?
        {
            Outcome::Committed => Ok(()),
            Outcome::Conflict => Err(QueueError::Exists),
        }
    }

    /// Entries by age, the oldest first, at most `limit` of those after one.
    pub async fn list(
        &self,
        after: Option<QueueId>,
        limit: usize,
    ) -> Result<Vec<Entry>, QueueError> {
        let snapshot = self.snapshot().await?;
        let rows = snapshot
            .scan(entries_after(after), Direction::Forward, limit)
            .await?;
        let mut entries = Vec::new();
        for (key, value) in rows {
            let id = read_entry_key(&key)?;
            let value: EntryValue = read(&value.bytes)?;
            let recipients = waiting(&*snapshot, id).await?;
            entries.push(value.entry(id, recipients.into_iter().map(|(_, one)| one).collect()));
        }
        Ok(entries)
    }

    /// One entry, if it is still there.
    pub async fn get(&self, id: QueueId) -> Result<Option<Entry>, QueueError> {
        let snapshot = self.snapshot().await?;
        let Some((value, _)) = entry(&*snapshot, id).await? else {
            return Ok(None);
        };
        let recipients = waiting(&*snapshot, id).await?;
        Ok(Some(value.entry(
            id,
            recipients.into_iter().map(|(_, one)| one).collect(),
        )))
    }

    /// Takes a recipient out: the message was handed over to them, or given up. With the
    /// last one the entry goes. What is not there needs no settling.
    pub async fn settle(&self, id: QueueId, recipient: &Recipient) -> Result<(), QueueError> {
        self.change(id, recipient, |number, mut value| {
            value.waiting = value.waiting.saturating_sub(1);
            let last = match value.waiting {
                0 => Operation::Delete(entry_key(id)),
                _ => Operation::Put(entry_key(id), write(&value)?),
            };
            Ok(vec![Operation::Delete(recipient_key(id, number)), last])
        })
        .await
    }

    /// Keeps a recipient waiting and takes note of why, cut to [`TROUBLE_OCTETS`].
    pub async fn defer(
        &self,
        id: QueueId,
        recipient: &Recipient,
        trouble: &str,
    ) -> Result<(), QueueError> {
        let end = trouble.floor_char_boundary(TROUBLE_OCTETS);
        let trouble = trouble.get(..end).map(str::to_owned);
        let deferred = Recipient {
            trouble,
            ..recipient.clone()
        };
        self.change(id, recipient, |number, value| {
            // The entry is written again as it was, for its version.
            let same = Operation::Put(entry_key(id), write(&value)?);
            Ok(vec![
                Operation::Put(recipient_key(id, number), write(&deferred)?),
                same,
            ])
        })
        .await
    }

    /// Wakes when something in the queue changes.
    pub fn watch(&self) -> kv::Watch {
        self.kv.watch(Partition::Queue)
    }

    /// Changes an entry and the place of one of its recipients, if both are there.
    async fn change(
        &self,
        id: QueueId,
        recipient: &Recipient,
        decide: impl Fn(u32, EntryValue) -> Result<Vec<Operation>, QueueError>,
    ) -> Result<(), QueueError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot().await?;
            let Some((value, version)) = entry(&*snapshot, id).await? else {
                return Ok(());
            };
            let all = waiting(&*snapshot, id).await?;
            let same = |one: &Recipient| one.address == recipient.address && one.to == recipient.to;
            let Some((number, _)) = all.into_iter().find(|(_, one)| same(one)) else {
                return Ok(());
            };
            drop(snapshot);
            let condition = Condition::Version(entry_key(id), version);
            let operations = decide(number, value)?;
            if self.commit(vec![condition], operations).await? == Outcome::Committed {
                return Ok(());
            }
        }
        Err(QueueError::Broken("others always came before".into()))
    }

    pub(crate) async fn snapshot(&self) -> Result<Box<dyn Snapshot>, QueueError> {
        Ok(self.kv.snapshot(Partition::Queue).await?)
    }

    pub(crate) async fn commit(
        &self,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> Result<Outcome, QueueError> {
        Ok(self
            .kv
            .commit(Partition::Queue, conditions, operations)
            .await?)
    }
}

/// The record of an entry.
pub(crate) async fn entry(
    snapshot: &dyn Snapshot,
    id: QueueId,
) -> Result<Option<(EntryValue, Version)>, QueueError> {
    match snapshot.get(&entry_key(id)).await? {
        Some(value) => Ok(Some((read(&value.bytes)?, value.version))),
        None => Ok(None),
    }
}

/// Those of an entry's recipients that wait, with their places.
async fn waiting(
    snapshot: &dyn Snapshot,
    id: QueueId,
) -> Result<Vec<(u32, Recipient)>, QueueError> {
    let rows = snapshot
        .scan(recipients(id), Direction::Forward, RECIPIENTS)
        .await?;
    let one = |(key, value): &kv::Row| Ok((read_recipient_key(key)?, read(&value.bytes)?));
    rows.iter().map(one).collect()
}
