//! What an operator has done to mail that waits.

use address::Domain;
use jiff::Timestamp;
use kv::{Condition, Direction, Operation, Outcome};

use crate::queue::{ATTEMPTS, entry, line_up, put_recipient, waiting};
use crate::stored::{
    Place, RecipientValue, all_places, all_standings, all_taken, domain_places, entry_key, read,
    read_taken_key, recipient_key, recipients, standing_key, turn_key, write,
};
use crate::taking::always_late;
use crate::{Lane, Queue, QueueError, QueueId, Recipient};

/// Recipients that are made due in one commit.
const FLUSHED: usize = 500;
/// Recipients that nodes have taken, read at once.
const TAKEN_READ: usize = 500;

/// What an operator wants of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To be tried now, and no longer held.
    Retry(Timestamp),
    /// To stay where it is until it is released by [`Wish::Retry`].
    Hold,
    /// To be gone, without a word to anybody.
    Drop,
}

impl Queue {
    /// Does with an entry what an operator wishes; false if it is not there. What a node is
    /// trying at this moment comes to its end first.
    pub async fn wish(&self, id: QueueId, wish: Wish) -> Result<bool, QueueError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot().await?;
            let Some((mut value, version)) = entry(&*snapshot, id).await? else {
                return Ok(false);
            };
            let recipients_left = waiting(&*snapshot, id).await?;
            let condition = Condition::Version(entry_key(id), version);
            let mut operations = Vec::new();
            let was_held = value.held;
            value.held = wish == Wish::Hold;
            let taken = match was_held {
                true => self.taken_of(id).await?,
                false => Vec::new(),
            };
            for recipient in recipients_left {
                let lane = recipient.lane(value.submitted_by);
                let place = Place::of(id, lane.clone(), &recipient).key();
                // What is taken comes back by itself.
                let waits = snapshot.get(&place).await?.is_some();
                if waits {
                    operations.push(Operation::Delete(place));
                }
                if let Wish::Retry(now) = wish
                    && (waits || was_held && !taken.contains(&recipient.place))
                {
                    let recipient = Recipient {
                        due: now,
                        not_before: None,
                        ..recipient
                    };
                    operations.push(put_recipient(id, &recipient)?);
                    operations.extend(line_up(id, &lane, &recipient));
                }
            }
            drop(snapshot);
            match wish {
                Wish::Drop => operations.extend([
                    Operation::Delete(entry_key(id)),
                    Operation::ClearRange(recipients(id)),
                ]),
                _ => operations.push(Operation::Put(entry_key(id), write(&value)?)),
            }
            if self.commit(vec![condition], operations).await? == Outcome::Committed {
                return Ok(true);
            }
        }
        Err(always_late())
    }

    /// Has all that waits for a domain (for all of them, without one) be tried now. `seen` is
    /// told of how many it was done, from time to time. What is held stays, by whomever.
    pub async fn flush(
        &self,
        domain: Option<&Domain>,
        now: Timestamp,
        mut seen: impl FnMut(u64) + Send,
    ) -> Result<u64, QueueError> {
        let mut rest = match domain {
            Some(domain) => domain_places(domain),
            // Those for accounts here are among them.
            None => all_places(),
        };
        self.forgive(domain).await?;
        let mut count = 0;
        loop {
            let snapshot = self.snapshot().await?;
            let rows = snapshot
                .scan(rest.clone(), Direction::Forward, FLUSHED)
                .await?;
            drop(snapshot);
            let Some((last, _)) = rows.last() else {
                return Ok(count);
            };
            rest.start = kv::tuple::after_key(last);
            let mut lanes: Vec<Lane> = Vec::new();
            for (key, _) in &rows {
                let place = Place::read(key)?;
                if place.due > now && !self.make_due(&place, now).await? {
                    continue;
                }
                if lanes.last() != Some(&place.lane) {
                    lanes.push(place.lane);
                }
                count += 1;
            }
            let elsewhere = lanes.iter().filter(|lane| lane.destination.is_some());
            let turn = |lane| Operation::Put(turn_key(now, lane), Vec::new());
            let turns: Vec<Operation> = elsewhere.map(turn).collect();
            if !turns.is_empty() {
                let _ = self.commit(Vec::new(), turns).await?;
            }
            seen(count);
        }
    }

    /// The places of those of an entry that nodes are trying to reach. Few are at any time.
    pub(crate) async fn taken_of(&self, id: QueueId) -> Result<Vec<u32>, QueueError> {
        let snapshot = self.snapshot().await?;
        let mut taken = Vec::new();
        let mut rest = all_taken();
        loop {
            let rows = snapshot.scan(rest.clone(), Direction::Forward, TAKEN_READ);
            let rows = rows.await?;
            let Some((last, _)) = rows.last() else {
                return Ok(taken);
            };
            rest.start = kv::tuple::after_key(last);
            for (key, _) in &rows {
                let (_, of, place) = read_taken_key(key)?;
                taken.extend((of == id).then_some(place));
            }
        }
    }

    /// Forgets what is known against a destination, or all of them.
    async fn forgive(&self, domain: Option<&Domain>) -> Result<(), QueueError> {
        let operation = match domain {
            Some(domain) => Operation::Delete(standing_key(domain)),
            None => Operation::ClearRange(all_standings()),
        };
        let _ = self.commit(Vec::new(), vec![operation]).await?;
        Ok(())
    }

    /// Has one recipient be due now, if it still waits there, and not for its sender's time.
    async fn make_due(&self, place: &Place, now: Timestamp) -> Result<bool, QueueError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot().await?;
            let Some((value, version)) = entry(&*snapshot, place.entry).await? else {
                return Ok(false);
            };
            let key = recipient_key(place.entry, place.place);
            let Some(found) = snapshot.get(&key).await? else {
                return Ok(false);
            };
            let waits = snapshot.get(&place.key()).await?;
            drop(snapshot);
            let Some(waits) = waits else {
                return Ok(false);
            };
            let recipient = read::<RecipientValue>(&found.bytes)?.recipient(place.place);
            if recipient.not_before.is_some_and(|end| end > now) {
                return Ok(false);
            }
            let recipient = Recipient {
                due: now,
                ..recipient
            };
            let mut operations = vec![
                Operation::Delete(place.key()),
                put_recipient(place.entry, &recipient)?,
                Operation::Put(entry_key(place.entry), write(&value)?),
            ];
            operations.extend(line_up(place.entry, &place.lane, &recipient));
            let conditions = vec![
                Condition::Version(entry_key(place.entry), version),
                Condition::Version(place.key(), waits.version),
            ];
            if self.commit(conditions, operations).await? == Outcome::Committed {
                return Ok(true);
            }
        }
        Err(always_late())
    }
}
