//! Holding what an account sent, once it may not send any more.
//!
//! It stays held when the account may: what a thief had sent is not to leave because the owner
//! has a new password. An operator looks at it, and retries or drops it.

use std::collections::BTreeSet;

use address::AccountId;
use kv::Direction;
use kv::tuple::after_key;

use crate::queue::entry;
use crate::stored::{Place, all_places, all_taken, lane_places, read_taken_key};
use crate::{Lane, Queue, QueueError, QueueId, Wish};

/// Places that are read at once.
const READ: usize = 500;

impl Queue {
    /// Holds all that waits in the lanes of an account, and what nodes are trying to hand over
    /// for it, if it comes back; gives how many messages. It looks at one place of each lane of
    /// others, however much waits there.
    ///
    /// # Errors
    /// As [`Queue::wish`]. What was held until then stays so.
    pub async fn hold_all_of(&self, account: AccountId) -> Result<u64, QueueError> {
        let mut held = BTreeSet::new();
        // What comes back from a node while the lanes are looked through is in the first, what
        // is taken meanwhile in the last.
        self.hold_taken(account, &mut held).await?;
        self.hold_lanes(account, &mut held).await?;
        self.hold_taken(account, &mut held).await?;
        Ok(held.len() as u64)
    }

    /// Has what nodes are trying to hand over for an account stay where it is if it comes back.
    async fn hold_taken(
        &self,
        account: AccountId,
        held: &mut BTreeSet<QueueId>,
    ) -> Result<(), QueueError> {
        let mut rest = all_taken();
        loop {
            let snapshot = self.snapshot().await?;
            let rows = snapshot
                .scan(rest.clone(), Direction::Forward, READ)
                .await?;
            let Some((last, _)) = rows.last() else {
                return Ok(());
            };
            rest.start = after_key(last);
            let mut theirs = BTreeSet::new();
            for (key, _) in &rows {
                let (_, id, _) = read_taken_key(key)?;
                if !held.contains(&id)
                    && let Some((value, _)) = entry(&*snapshot, id).await?
                    && value.submitted_by == Some(account)
                {
                    theirs.insert(id);
                }
            }
            drop(snapshot);
            for id in theirs {
                held.insert(id);
                self.wish(id, Wish::Hold).await?;
            }
        }
    }

    async fn hold_lanes(
        &self,
        account: AccountId,
        held: &mut BTreeSet<QueueId>,
    ) -> Result<(), QueueError> {
        let mut rest = all_places();
        loop {
            let Some(Place { lane, .. }) = self.next_lane(&mut rest).await? else {
                return Ok(());
            };
            if lane.account == Some(account) {
                self.hold_into(&lane, held).await?;
            }
        }
    }

    /// Holds all that waits in a lane.
    ///
    /// # Errors
    /// As [`Queue::wish`].
    pub async fn hold_lane(&self, lane: &Lane) -> Result<(), QueueError> {
        self.hold_into(lane, &mut BTreeSet::new()).await
    }

    async fn hold_into(&self, lane: &Lane, held: &mut BTreeSet<QueueId>) -> Result<(), QueueError> {
        let mut rest = lane_places(lane);
        loop {
            let snapshot = self.snapshot().await?;
            let rows = snapshot
                .scan(rest.clone(), Direction::Forward, READ)
                .await?;
            drop(snapshot);
            let Some((last, _)) = rows.last() else {
                return Ok(());
            };
            rest.start = after_key(last);
            for (key, _) in &rows {
                let entry = Place::read(key)?.entry;
                // With its first recipient here all others have gone too.
                if held.insert(entry) {
                    self.wish(entry, Wish::Hold).await?;
                }
            }
        }
    }
}
