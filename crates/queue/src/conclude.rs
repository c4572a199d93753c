//! What came of trying to hand a message over.

use jiff::Timestamp;
use kv::{Condition, Operation, Outcome, Version};

use crate::queue::{ATTEMPTS, entry, line_up, new_entry, put_recipient};
use crate::stored::{
    EntryValue, Place, RecipientValue, entry_key, read, recipient_key, taken_key, write,
};
use crate::taking::always_late;
use crate::{Entry, NodeId, Queue, QueueError, QueueId, Recipient, Trouble};

/// What becomes of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It needs no more care: the message was handed over, or given up.
    Done,
    /// It is tried again.
    Later {
        /// When.
        due: Timestamp,
        /// Why it was not handed over.
        trouble: Trouble,
        /// Whether the sender is told of it now.
        told: bool,
    },
    /// It waits as it did: nothing was tried.
    Untried,
}

/// What became of a conclusion.
#[must_use = "the notice may not have been sent"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concluded {
    /// It is done, durably, and so is the notice put.
    Durably,
    /// Somebody else settled one of those that the notice is about: nothing is changed.
    Stale,
}

impl Queue {
    /// Writes down what came of some recipients of an entry, and puts a notice about it (another
    /// entry, as [`Queue::put`] does) in the same commit, so that none is lost and none is sent
    /// for nothing. With the last recipient the entry goes. `node` is who had taken them, if
    /// they were taken. What is not there needs no conclusion.
    ///
    /// # Errors
    /// As [`Queue::put`] for the notice, [`QueueError::Full`], [`QueueError::Damaged`].
    pub async fn conclude(
        &self,
        id: QueueId,
        node: Option<NodeId>,
        fates: &[(u32, Fate)],
        notice: Option<&Entry>,
    ) -> Result<Concluded, QueueError> {
        for _ in 0..ATTEMPTS {
            let seen = self.seen(id, node, fates).await?;
            if notice.is_some() && seen.found.len() < fates.len() {
                return Ok(Concluded::Stale);
            }
            let (conditions, operations) = seen.plan(id, node, fates, notice)?;
            if operations.is_empty()
                || self.commit(conditions, operations).await? == Outcome::Committed
            {
                return Ok(Concluded::Durably);
            }
        }
        Err(always_late())
    }

    async fn seen(
        &self,
        id: QueueId,
        node: Option<NodeId>,
        fates: &[(u32, Fate)],
    ) -> Result<Seen, QueueError> {
        let snapshot = self.snapshot().await?;
        let entry = entry(&*snapshot, id).await?;
        let (mut found, mut taken) = (Vec::new(), Vec::new());
        for (place, _) in fates {
            if let Some(value) = snapshot.get(&recipient_key(id, *place)).await? {
                found.push(read::<RecipientValue>(&value.bytes)?.recipient(*place));
            }
            if let Some(node) = node
                && snapshot.get(&taken_key(node, id, *place)).await?.is_some()
            {
                taken.push(*place);
            }
        }
        Ok(Seen {
            entry,
            found,
            taken,
        })
    }
}

/// What is there of what is concluded.
struct Seen {
    entry: Option<(EntryValue, Version)>,
    found: Vec<Recipient>,
    /// The places that the node still has.
    taken: Vec<u32>,
}

impl Seen {
    fn plan(
        self,
        id: QueueId,
        node: Option<NodeId>,
        fates: &[(u32, Fate)],
        notice: Option<&Entry>,
    ) -> Result<(Vec<Condition>, Vec<Operation>), QueueError> {
        let mut operations: Vec<Operation> = Vec::new();
        if let Some(node) = node {
            let taken = self.taken.iter();
            operations.extend(taken.map(|place| Operation::Delete(taken_key(node, id, *place))));
        }
        let Some((mut value, version)) = self.entry else {
            return Ok((Vec::new(), operations));
        };
        let mut settled = 0;
        for recipient in self.found {
            let Some((place, fate)) = fates.iter().find(|(place, _)| *place == recipient.place)
            else {
                continue;
            };
            // Whoever lost them to another (it was taken for dead) has nothing to say about
            // what happens next. That they got the message stays true.
            let ours = node.is_none() || self.taken.contains(place);
            let lane = recipient.lane(value.submitted_by);
            let waits = Operation::Delete(Place::of(id, lane.clone(), &recipient).key());
            match fate {
                Fate::Done => {
                    settled += 1;
                    operations.extend([waits, Operation::Delete(recipient_key(id, *place))]);
                }
                Fate::Later { .. } | Fate::Untried if !ours => {}
                fate => {
                    operations.push(waits);
                    let recipient = later(recipient, fate);
                    operations.push(put_recipient(id, &recipient)?);
                    if !value.held {
                        operations.extend(line_up(id, &lane, &recipient));
                    }
                }
            }
        }
        value.waiting = value.waiting.saturating_sub(settled);
        operations.push(match value.waiting {
            0 => Operation::Delete(entry_key(id)),
            // Also where nothing of it changes: for its version.
            _ => Operation::Put(entry_key(id), write(&value)?),
        });
        let mut conditions = vec![Condition::Version(entry_key(id), version)];
        if let Some(notice) = notice {
            let (absent, put) = new_entry(notice)?;
            conditions.push(absent);
            operations.extend(put);
        }
        Ok((conditions, operations))
    }
}

fn later(recipient: Recipient, fate: &Fate) -> Recipient {
    match fate {
        Fate::Later { due, trouble, told } => Recipient {
            due: *due,
            attempts: recipient.attempts.saturating_add(1),
            told: recipient.told || *told,
            trouble: Some(trouble.clone()),
            ..recipient
        },
        Fate::Done | Fate::Untried => recipient,
    }
}
