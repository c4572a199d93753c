//! Rows that an older program did not write.

use kv::{Condition, Direction, Operation, Outcome};

use crate::queue::{ATTEMPTS, entry, line_up, waiting};
use crate::stored::{
    LayoutValue, entries_after, entry_key, layout_key, read, read_entry_key, write,
};
use crate::taking::always_late;
use crate::{Queue, QueueError, QueueId};

/// Entries that are read at once.
const READ_ENTRIES: usize = 200;

impl Queue {
    /// Has all that waits stand in lanes. An older program, whose queue led to accounts here
    /// alone, kept none. To be called before anything is brought round; done twice it changes
    /// nothing.
    ///
    /// # Errors
    /// [`QueueError::Damaged`] where a newer program has kept the queue, too.
    pub async fn upgrade(&self) -> Result<(), QueueError> {
        let snapshot = self.snapshot().await?;
        let layout = snapshot.get(&layout_key()).await?;
        drop(snapshot);
        if let Some(layout) = layout {
            return read::<LayoutValue>(&layout.bytes).map(drop);
        }
        let mut after = None;
        loop {
            let snapshot = self.snapshot().await?;
            let range = entries_after(after);
            let rows = snapshot
                .scan(range, Direction::Forward, READ_ENTRIES)
                .await?;
            drop(snapshot);
            let Some((last, _)) = rows.last() else {
                break;
            };
            after = Some(read_entry_key(last)?);
            for (key, _) in &rows {
                self.line_up_entry(read_entry_key(key)?).await?;
            }
        }
        let layout = Operation::Put(layout_key(), write(&LayoutValue)?);
        let _ = self.commit(Vec::new(), vec![layout]).await?;
        Ok(())
    }

    async fn line_up_entry(&self, id: QueueId) -> Result<(), QueueError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot().await?;
            let Some((value, version)) = entry(&*snapshot, id).await? else {
                return Ok(());
            };
            let mut operations = Vec::new();
            for recipient in waiting(&*snapshot, id).await? {
                let lane = recipient.lane(value.submitted_by);
                operations.extend(line_up(id, &lane, &recipient));
            }
            drop(snapshot);
            let condition = Condition::Version(entry_key(id), version);
            if self.commit(vec![condition], operations).await? == Outcome::Committed {
                return Ok(());
            }
        }
        Err(always_late())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use address::{AccountId, Address, ReversePath};
    use jiff::Timestamp;
    use kv::memory::Memory;
    use serde::Serialize;

    use super::*;
    use crate::stored::recipient_key;
    use crate::{Destination, Lane, NodeId};

    /// What the first version wrote.
    fn old(value: &impl Serialize) -> Vec<u8> {
        postcard::to_extend(value, vec![1]).unwrap()
    }

    #[tokio::test]
    async fn what_an_older_program_left_is_lined_up() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = blob::Blobs::open(dir.path()).unwrap().writer();
        writer.write(b"Return-Path: <>\r\n\r\n").await.unwrap();
        let body = writer.finish().await.unwrap();
        let id = QueueId::new(Timestamp::from_millisecond(5).unwrap(), 7);
        let received = 1_800_000_000_i64;
        let entry = (
            &ReversePath::Null,
            &body,
            received,
            Some(AccountId(4)),
            true,
            false,
            2_u32,
        );
        let ali: Address = "ali@b.fr".parse().unwrap();
        let here = Destination::Local(AccountId(9));
        let recipients = [
            (&ali, here, Some("over quota")),
            (&ali, Destination::Remote, None),
        ];
        let mut operations = vec![Operation::Put(entry_key(id), old(&entry))];
        for (place, recipient) in (0..).zip(&recipients) {
            operations.push(Operation::Put(recipient_key(id, place), old(recipient)));
        }
        let queue = Queue::new(Arc::new(Memory::default()));
        let committed = queue.commit(Vec::new(), operations).await;
        assert_eq!(committed, Ok(Outcome::Committed));
        assert_eq!(queue.check().await.unwrap().faults, []);
        queue.upgrade().await.unwrap();
        assert_eq!(queue.check().await.unwrap().faults, []);
        let now = Timestamp::from_second(received).unwrap();
        let (found, _) = queue.here(now, None, 9).await.unwrap();
        let trouble = found[0].recipients[0].trouble.as_ref();
        assert_eq!(trouble.unwrap().text, "over quota");
        let lane = Lane {
            destination: Some("b.fr".parse().unwrap()),
            account: Some(AccountId(4)),
        };
        assert_eq!(queue.turns(now, None, 9).await.unwrap()[0].lane, lane);
        let taken = queue.take(&lane, NodeId(1), now, 9).await.unwrap();
        assert_eq!((taken[0].received, taken[0].recipients[0].place), (now, 1));
        // Once more it changes nothing: what is taken stays so.
        queue.upgrade().await.unwrap();
        assert_eq!(queue.take(&lane, NodeId(2), now, 9).await, Ok(vec![]));
    }
}
