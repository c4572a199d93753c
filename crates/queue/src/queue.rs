//! The door: [`Queue`].

use std::sync::Arc;

use jiff::Timestamp;
use kv::{Condition, Direction, Kv, Operation, Outcome, Partition, Snapshot, Value, Version};

use crate::entry::{ON_TOP_OCTETS, RECIPIENTS_OCTETS, STORY_OCTETS};
use crate::stored::{
    EntryValue, Place, RecipientValue, due_places, entries_after, entry_key, lane_places, read,
    read_entry_key, read_recipient_key, recipient_key, recipients, turn_key, write,
};
use crate::{Entry, Lane, QueueError, QueueId, RECIPIENTS, Recipient};

/// How often a change is decided anew because another came before it. Each time someone
/// else got on, so this is reached only when something is wrong.
pub(crate) const ATTEMPTS: usize = 100;

/// All mail that waits. A clone is another handle on the same.
#[derive(Clone)]
pub struct Queue {
    pub(crate) kv: Arc<dyn Kv>,
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
        let (condition, operations) = new_entry(entry)?;
        match self.commit(vec![condition], operations).await? {
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
            entries.push(value.entry(id, waiting(&*snapshot, id).await?));
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
        Ok(Some(value.entry(id, recipients)))
    }

    /// Mail for accounts here that is due at a time, at most `limit` recipients: each entry
    /// with those of its recipients alone. After the recipient that was the last of an earlier
    /// call, if there was one.
    pub async fn here(
        &self,
        until: Timestamp,
        after: Option<&Waiter>,
        limit: usize,
    ) -> Result<(Vec<Entry>, Option<Waiter>), QueueError> {
        let mut range = due_places(&Lane::HERE, until);
        if let Some(Waiter(key)) = after {
            range.start = kv::tuple::after_key(key);
        }
        let snapshot = self.snapshot().await?;
        let rows = snapshot.scan(range, Direction::Forward, limit).await?;
        drop(snapshot);
        let last = rows.last().map(|(key, _)| Waiter(key.clone()));
        let places: Result<Vec<Place>, _> = rows.iter().map(|(key, _)| Place::read(key)).collect();
        Ok((self.entries(&places?).await?, last))
    }

    /// When the next of those for accounts here is due, of those that are not yet.
    pub async fn next_here(&self, now: Timestamp) -> Result<Option<Timestamp>, QueueError> {
        let range = due_places(&Lane::HERE, now).end..lane_places(&Lane::HERE).end;
        let snapshot = self.snapshot().await?;
        let rows = snapshot.scan(range, Direction::Forward, 1).await?;
        let first = rows.first().map(|(key, _)| Place::read(key)).transpose()?;
        Ok(first.map(|place| place.due))
    }

    /// The entries of some places, each with the recipients of those places alone. What is not
    /// there any more is left out.
    pub(crate) async fn entries(&self, places: &[Place]) -> Result<Vec<Entry>, QueueError> {
        let mut keys = Vec::new();
        for place in places {
            let key = entry_key(place.entry);
            if keys.last() != Some(&key) {
                keys.push(key);
            }
        }
        let count = keys.len();
        let recipient = |place: &Place| recipient_key(place.entry, place.place);
        keys.extend(places.iter().map(recipient));
        let mut values = self.kv.values(Partition::Queue, keys.clone()).await?;
        let recipients = values.split_off(count.min(values.len()));
        let mut entries: Vec<Entry> = Vec::new();
        for (key, value) in keys.iter().zip(values) {
            if let Some(Value { bytes, .. }) = value {
                let value: EntryValue = read(&bytes)?;
                entries.push(value.entry(read_entry_key(key)?, Vec::new()));
            }
        }
        for (place, value) in places.iter().zip(recipients) {
            let Some(Value { bytes, .. }) = value else {
                continue;
            };
            let value: RecipientValue = read(&bytes)?;
            let mut of = entries.iter_mut().filter(|entry| entry.id == place.entry);
            if let Some(entry) = of.next() {
                entry.recipients.push(value.recipient(place.place));
            }
        }
        entries.retain(|entry| !entry.recipients.is_empty());
        Ok(entries)
    }

    /// Wakes when something in the queue changes.
    pub fn watch(&self) -> kv::Watch {
        self.kv.watch(Partition::Queue)
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

/// Where [`Queue::here`] goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter(Vec<u8>);

/// What makes an entry, and on what condition.
pub(crate) fn new_entry(entry: &Entry) -> Result<(Condition, Vec<Operation>), QueueError> {
    let count = entry.recipients.len();
    let waiting = u32::try_from(count)
        .ok()
        .filter(|_| (1..=RECIPIENTS).contains(&count));
    let waiting = waiting.ok_or(QueueError::Recipients(count))?;
    let octets: usize = entry.recipients.iter().map(Recipient::octets).sum();
    let fits = entry.on_top.len() <= ON_TOP_OCTETS && entry.story.len() <= STORY_OCTETS;
    if octets > RECIPIENTS_OCTETS || !fits {
        return Err(QueueError::TooLong);
    }
    let key = entry_key(entry.id);
    let value = write(&EntryValue::new(entry, waiting))?;
    let mut operations = vec![Operation::Put(key.clone(), value)];
    for recipient in &entry.recipients {
        operations.push(put_recipient(entry.id, recipient)?);
        if !entry.held {
            let lane = recipient.lane(entry.submitted_by);
            operations.extend(line_up(entry.id, &lane, recipient));
        }
    }
    Ok((Condition::Absent(key), operations))
}

/// Writes a recipient down.
pub(crate) fn put_recipient(id: QueueId, recipient: &Recipient) -> Result<Operation, QueueError> {
    let value = write(&RecipientValue::new(recipient))?;
    Ok(Operation::Put(recipient_key(id, recipient.place), value))
}

/// Puts a recipient into its lane, with a turn for it when it is due. Accounts here need no
/// turn: there is one lane for all of them.
pub(crate) fn line_up(id: QueueId, lane: &Lane, recipient: &Recipient) -> Vec<Operation> {
    let place = Place::of(id, lane.clone(), recipient);
    let mut operations = vec![Operation::Put(place.key(), Vec::new())];
    if lane.destination.is_some() {
        let turn = turn_key(recipient.due, lane);
        operations.push(Operation::Put(turn, Vec::new()));
    }
    operations
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

/// Those of an entry's recipients that wait.
pub(crate) async fn waiting(
    snapshot: &dyn Snapshot,
    id: QueueId,
) -> Result<Vec<Recipient>, QueueError> {
    let rows = snapshot
        .scan(recipients(id), Direction::Forward, RECIPIENTS)
        .await?;
    let one = |(key, value): &kv::Row| {
        let value: RecipientValue = read(&value.bytes)?;
        Ok(value.recipient(read_recipient_key(key)?))
    };
    rows.iter().map(one).collect()
}
