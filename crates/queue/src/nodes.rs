//! Who is trying to reach recipients, and what becomes of theirs when they die.
//!
//! A node says from time to time until when it is to be taken for alive. When that has passed,
//! any other brings back what it had taken. One that was only slow finds out when it wants to
//! conclude something: what it handed over stays handed over, and the rest is no longer its own.

use jiff::Timestamp;
use kv::{Condition, Direction, Operation};

use crate::queue::{entry, line_up};
use crate::stored::{
    NodeValue, RecipientValue, all_nodes, all_taken, entry_key, node_key, read, read_node_key,
    read_taken_key, recipient_key, taken_by, taken_key, write,
};
use crate::{Queue, QueueError};

/// Recipients that are brought back in one commit.
const BROUGHT_BACK: usize = 200;
/// Nodes that are looked at; a service with more has other troubles.
const NODES: usize = 10_000;

/// A running program that hands mail over. It is made by chance, anew at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u128);

impl Queue {
    /// Says that a node is alive, until then.
    pub async fn alive(&self, node: NodeId, until: Timestamp) -> Result<(), QueueError> {
        let until = until.as_second();
        let put = Operation::Put(node_key(node), write(&NodeValue { until })?);
        let _ = self.commit(Vec::new(), vec![put]).await?;
        Ok(())
    }

    /// A node has ended in order: what it still had is brought back.
    pub async fn leave(&self, node: NodeId) -> Result<(), QueueError> {
        self.bring_back(node).await
    }

    /// Brings back what dead nodes had taken: those that did not say that they are alive at this
    /// time, and those that never did.
    pub async fn recover(&self, now: Timestamp) -> Result<(), QueueError> {
        let snapshot = self.snapshot().await?;
        let rows = snapshot
            .scan(all_nodes(), Direction::Forward, NODES)
            .await?;
        drop(snapshot);
        let mut alive = Vec::new();
        for (key, value) in rows {
            let node = read_node_key(&key)?;
            if read::<NodeValue>(&value.bytes)?.until < now.as_second() {
                self.bring_back(node).await?;
            } else {
                alive.push(node);
            }
        }
        self.recover_all_but(&alive).await
    }

    /// Brings back all that was taken by others than these. With none it is for whoever starts
    /// on an index that nobody else can have open.
    pub async fn recover_all_but(&self, alive: &[NodeId]) -> Result<(), QueueError> {
        let mut rest = all_taken();
        loop {
            let snapshot = self.snapshot().await?;
            let rows = snapshot.scan(rest.clone(), Direction::Forward, 1).await?;
            drop(snapshot);
            let Some((key, _)) = rows.first() else {
                return Ok(());
            };
            let (node, ..) = read_taken_key(key)?;
            if !alive.contains(&node) {
                self.bring_back(node).await?;
            }
            rest.start = taken_by(node).end;
        }
    }

    async fn bring_back(&self, node: NodeId) -> Result<(), QueueError> {
        loop {
            let snapshot = self.snapshot().await?;
            let range = taken_by(node);
            let rows = snapshot
                .scan(range, Direction::Forward, BROUGHT_BACK)
                .await?;
            let mut conditions = Vec::new();
            let mut operations = Vec::new();
            for (key, value) in &rows {
                let (_, id, place) = read_taken_key(key)?;
                conditions.push(Condition::Version(key.clone(), value.version));
                operations.push(Operation::Delete(taken_key(node, id, place)));
                let Some((entry, version)) = entry(&*snapshot, id).await? else {
                    continue;
                };
                let Some(value) = snapshot.get(&recipient_key(id, place)).await? else {
                    continue;
                };
                // So that it is not lined up while somebody has it held.
                let same = Condition::Version(entry_key(id), version);
                if !conditions.contains(&same) {
                    conditions.push(same);
                }
                let recipient = read::<RecipientValue>(&value.bytes)?.recipient(place);
                if !entry.held {
                    let lane = recipient.lane(entry.submitted_by);
                    operations.extend(line_up(id, &lane, &recipient));
                }
            }
            drop(snapshot);
            if rows.is_empty() {
                let gone = vec![Operation::Delete(node_key(node))];
                let _ = self.commit(Vec::new(), gone).await?;
                return Ok(());
            }
            // On a conflict another does the same, or the node lives after all: what is left is
            // seen.
            let _ = self.commit(conditions, operations).await?;
        }
    }
}
