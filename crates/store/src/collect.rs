//! Forgetting removed messages whose grace is over. Blocks that have shrunk are joined.

use jiff::Timestamp;

use crate::change::Change;
use crate::keys::{BlockGoneKey, RecordKey};
use crate::limits::GONE_GRACE;
use crate::reading::key;
use crate::sweep::seconds_before;
use crate::walk::Block;
use crate::writing::Message;
use crate::{MailboxId, Result, Uid};

/// Blocks that one step collects from. Each may take as many operations as it has
/// messages.
const COLLECT_BLOCKS: usize = 2;

const _: () =
    assert!((COLLECT_BLOCKS + 1) * crate::block::BLOCK_MESSAGES + 100 <= kv::COMMIT_OPERATIONS);

/// Blocks may be joined once one of them has no more than this part of what it can have.
const JOINED_PART: usize = 4;

/// A block whose messages are known and not yet written.
struct Open {
    block: Block,
    messages: Vec<Message>,
}

/// How far one step came.
#[derive(Default)]
struct Collecting {
    open: Option<Open>,
    /// The first removal that stays, in seconds since 1970.
    oldest: Option<i64>,
    /// Blocks that were looked at.
    blocks: usize,
}

impl Collecting {
    fn stays(&mut self, seconds: Option<i64>) {
        self.oldest = match (self.oldest, seconds) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

impl Change {
    /// Forgets removed messages of the blocks with the oldest ones, and of those that
    /// stand alone.
    pub(crate) async fn collect(&mut self, mailbox: MailboxId, now: Timestamp) -> Result<()> {
        let expired = expired(now);
        let all = BlockGoneKey::all(mailbox);
        let rows = self.reading.rows(all, COLLECT_BLOCKS + 1).await?;
        let mut collecting = Collecting::default();
        for (at, row) in rows.iter().enumerate() {
            let BlockGoneKey(_, seconds, block) = key(row, BlockGoneKey::decode)?;
            if at == COLLECT_BLOCKS || seconds > expired {
                collecting.stays(i64::try_from(seconds).ok());
                break;
            }
            let only = block..=block;
            match self.reading.block_in(mailbox, &only).await? {
                Some(block) => {
                    self.collect_block(mailbox, block, now, &mut collecting)
                        .await?;
                }
                // Of no use to anyone.
                None => self.operations.delete(row.0.clone()),
            }
        }
        self.close(mailbox, collecting.open.take())?;
        self.collect_singles(mailbox, now, &mut collecting).await?;
        self.summary(mailbox).await?.oldest_gone = collecting.oldest;
        self.touch(mailbox);
        Ok(())
    }

    async fn collect_block(
        &mut self,
        mailbox: MailboxId,
        block: Block,
        now: Timestamp,
        collecting: &mut Collecting,
    ) -> Result<()> {
        let messages = self.messages(mailbox, &block).await?;
        let messages = self.without_expired(mailbox, messages, now).await?;
        let gone = messages.iter().filter_map(|message| message.mark.gone);
        collecting.stays(gone.min());
        collecting.blocks += 1;
        if messages.is_empty() {
            return self.clear_block(mailbox, &block);
        }
        if messages.len() <= self.packing.block / JOINED_PART {
            if collecting.blocks == 1 {
                collecting.open = self.before(mailbox, &block, now).await?;
            }
            if let Some(open) = &mut collecting.open
                && self.may_join(mailbox, open, &block, messages.len()).await?
            {
                open.messages.extend(messages);
                return self.clear_block(mailbox, &block);
            }
            if collecting.blocks == 1 {
                collecting.open = None;
            }
        }
        let open = Open { block, messages };
        let before = collecting.open.replace(open);
        self.close(mailbox, before)
    }

    /// The block before this one, unless it will be collected from itself.
    async fn before(
        &self,
        mailbox: MailboxId,
        block: &Block,
        now: Timestamp,
    ) -> Result<Option<Open>> {
        let Some(uid) = Uid::new(block.key.get() - 1) else {
            return Ok(None);
        };
        let found = self.reading.block_at(mailbox, uid).await?;
        let is_due = |block: &Block| block.index.gone.is_some_and(|gone| gone <= expired(now));
        let Some(block) = found.filter(|block| !is_due(block)) else {
            return Ok(None);
        };
        let messages = self.messages(mailbox, &block).await?;
        Ok(Some(Open { block, messages }))
    }

    /// True if one block directly follows the other and both together are not too large.
    async fn may_join(
        &self,
        mailbox: MailboxId,
        open: &Open,
        block: &Block,
        messages: usize,
    ) -> Result<bool> {
        let first = open.messages.last().and_then(|last| last.uid.next());
        let (Some(first), Some(last)) = (first, Uid::new(block.key.get() - 1)) else {
            return Ok(false);
        };
        if open.messages.len() + messages > self.packing.block {
            return Ok(false);
        }
        let before = self.reading.block_at(mailbox, last).await?;
        let follows = before.is_some_and(|before| before.key == open.block.key);
        let between = first..=last;
        Ok(follows && self.reading.singles(mailbox, &between, 1).await?.is_empty())
    }

    /// Leaves nothing of a block.
    pub(crate) fn clear_block(&mut self, mailbox: MailboxId, block: &Block) -> Result<()> {
        let packing = self.packing;
        self.operations.replace_block(mailbox, block, &[], packing)
    }

    fn close(&mut self, mailbox: MailboxId, open: Option<Open>) -> Result<()> {
        match open {
            Some(Open { block, messages }) => {
                let packing = self.packing;
                self.operations
                    .replace_block(mailbox, &block, &messages, packing)
            }
            None => Ok(()),
        }
    }

    async fn collect_singles(
        &mut self,
        mailbox: MailboxId,
        now: Timestamp,
        collecting: &mut Collecting,
    ) -> Result<()> {
        let limit = usize::try_from(self.packing.singles).unwrap_or(usize::MAX);
        let all = Uid::MIN..=Uid::MAX;
        let singles = self.reading.singles(mailbox, &all, limit).await?;
        let gone = singles
            .into_iter()
            .filter(|(_, record)| record.mark.is_gone());
        let messages = gone.map(|(uid, record)| Message {
            uid,
            mark: record.mark,
            fixed: record.fixed,
        });
        let gone: Vec<Message> = messages.collect();
        let kept = self.without_expired(mailbox, gone.clone(), now).await?;
        collecting.stays(kept.iter().filter_map(|message| message.mark.gone).min());
        for message in gone.iter().filter(|message| !kept.contains(message)) {
            self.operations
                .delete(RecordKey(mailbox, message.uid).encode());
            let summary = self.summary(mailbox).await?;
            summary.singles = summary.singles.saturating_sub(1);
        }
        Ok(())
    }
}

/// What was removed by then, in seconds since 1970, is forgotten.
fn expired(now: Timestamp) -> u64 {
    u64::try_from(seconds_before(now, GONE_GRACE)).unwrap_or(0)
}
