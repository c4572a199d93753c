//! Which lanes have their turn, and taking recipients out of them to try to reach them.

use std::ops::Range;

use jiff::Timestamp;
use kv::{Condition, Direction, Operation, Outcome, Row};

use crate::queue::ATTEMPTS;
use crate::stored::{
    Place, all_places, all_turns, due_places, lane_places, read_turn_key, taken_key, turn_key,
    turns_until,
};
use crate::{Entry, Lane, NodeId, Queue, QueueError, Turn};

impl Queue {
    /// Turns that have come at a time, the earliest first, at most `limit` of those after one.
    pub async fn turns(
        &self,
        until: Timestamp,
        after: Option<&Turn>,
        limit: usize,
    ) -> Result<Vec<Turn>, QueueError> {
        let mut range = turns_until(until);
        if let Some(turn) = after {
            range.start = kv::tuple::after_key(&turn_key(turn.due, &turn.lane));
        }
        let snapshot = self.snapshot().await?;
        let rows = snapshot.scan(range, Direction::Forward, limit).await?;
        let turn = |(key, value): Row| {
            let (due, lane) = read_turn_key(&key)?;
            Ok(Turn {
                due,
                lane,
                version: value.version,
            })
        };
        rows.into_iter().map(turn).collect()
    }

    /// When the next turn comes, if one does: it may have come already.
    pub async fn next_turn(&self) -> Result<Option<Timestamp>, QueueError> {
        let snapshot = self.snapshot().await?;
        let range = all_turns();
        let rows = snapshot.scan(range, Direction::Forward, 1).await?;
        let turn = rows
            .first()
            .map(|(key, _)| read_turn_key(key))
            .transpose()?;
        Ok(turn.map(|(due, _)| due))
    }

    /// Takes those who are first in a lane and due out of it, at most `limit`, for this node to
    /// try to reach: nobody else is given them until it has said what came of it
    /// ([`Queue::conclude`]) or is taken for dead ([`Queue::recover`]). Each entry comes with the
    /// recipients that were taken alone.
    pub async fn take(
        &self,
        lane: &Lane,
        node: NodeId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Entry>, QueueError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot().await?;
            let range = due_places(lane, until);
            let rows = snapshot.scan(range, Direction::Forward, limit).await?;
            drop(snapshot);
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            let mut places = Vec::new();
            let (mut conditions, mut operations) = (Vec::new(), Vec::new());
            for (key, value) in rows {
                let place = Place::read(&key)?;
                let taken = taken_key(node, place.entry, place.place);
                conditions.push(Condition::Version(key.clone(), value.version));
                operations.extend([Operation::Delete(key), Operation::Put(taken, Vec::new())]);
                places.push(place);
            }
            // Before they are taken: whoever could not read them then would have them for long.
            let entries = self.entries(&places).await?;
            if self.commit(conditions, operations).await? == Outcome::Committed {
                return Ok(entries);
            }
        }
        Err(always_late())
    }

    /// The turn of a lane is over: the next one comes when the first who waits there is due, or
    /// `at_least` then, if that is later.
    pub async fn pass(&self, turn: &Turn, at_least: Timestamp) -> Result<(), QueueError> {
        let snapshot = self.snapshot().await?;
        let range = lane_places(&turn.lane);
        let rows = snapshot.scan(range, Direction::Forward, 1).await?;
        drop(snapshot);
        let key = turn_key(turn.due, &turn.lane);
        let mut operations = vec![Operation::Delete(key.clone())];
        if let Some((first, _)) = rows.first() {
            let due = Place::read(first)?.due.max(at_least);
            let next = turn_key(due, &turn.lane);
            // Nothing has to change where it is the same.
            if next == key {
                return Ok(());
            }
            operations.push(Operation::Put(next, Vec::new()));
        }
        // One that was put anew meanwhile stands for mail that came meanwhile, and stays.
        let condition = Condition::Version(key, turn.version);
        let next = operations.get(1..).unwrap_or_default().to_vec();
        if self.commit(vec![condition], operations).await? == Outcome::Conflict && !next.is_empty()
        {
            let _ = self.commit(Vec::new(), next).await?;
        }
        Ok(())
    }

    /// Gives a turn to each lane in which somebody waits. They have one already, unless
    /// something went wrong; to do it at the start of the service costs little.
    pub async fn give_turns(&self) -> Result<(), QueueError> {
        let mut rest = all_places();
        loop {
            let Some(Place { lane, due, .. }) = self.next_lane(&mut rest).await? else {
                return Ok(());
            };
            if lane.destination.is_some() {
                let turn = Operation::Put(turn_key(due, &lane), Vec::new());
                let _ = self.commit(Vec::new(), vec![turn]).await?;
            }
        }
    }

    /// The first place of the next lane in which somebody waits; what is left to look at begins
    /// behind that lane, however much waits there.
    pub(crate) async fn next_lane(
        &self,
        rest: &mut Range<Vec<u8>>,
    ) -> Result<Option<Place>, QueueError> {
        let snapshot = self.snapshot().await?;
        let rows = snapshot.scan(rest.clone(), Direction::Forward, 1).await?;
        let Some((first, _)) = rows.first() else {
            return Ok(None);
        };
        let place = Place::read(first)?;
        rest.start = lane_places(&place.lane).end;
        Ok(Some(place))
    }
}

pub(crate) fn always_late() -> QueueError {
    QueueError::Broken("others always came before".into())
}
