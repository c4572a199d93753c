//! Packing messages that stand alone into blocks, the first of them first: the block that
//! lies before them takes them in, or they make a new one. What version 1 wrote is packed
//! in the same way, some hundreds at a time.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::change::Change;
use crate::keys::{GoneKey, RecordKey, old_changed, old_removed};
use crate::limits::GONE_GRACE;
use crate::mark::{Kept, Mark, RecordValue};
use crate::sweep::seconds_before;
use crate::values::{RemovedValue, SummaryValue};
use crate::walk::Block;
use crate::writing::Message;
use crate::{MailboxId, Modseq, Result, Uid, keys};

/// A message that stands alone, and where.
struct Single {
    uid: Uid,
    record: RecordValue,
    /// Among those removed, as version 1 kept them.
    old_gone: bool,
}

impl Change {
    /// Packs the first messages that stand alone.
    pub(crate) async fn fold(&mut self, mailbox: MailboxId, now: Timestamp) -> Result<()> {
        let summary = self.summary(mailbox).await?.clone();
        let (mut singles, mut all) = self.first_singles(mailbox, &summary, now).await?;
        let first = singles.first().map(|single| single.uid);
        if let Some(first) = first
            && let Some(next) = self.reading.block_in(mailbox, &(first..=Uid::MAX)).await?
        {
            let before = singles.len();
            singles.retain(|single| single.uid < next.key);
            all &= singles.len() == before;
        }
        let alone = singles.iter().filter(|single| !single.old_gone).count();
        let alone = u32::try_from(alone).unwrap_or(u32::MAX);
        let known = self.summary(mailbox).await?;
        known.singles = known.singles.saturating_sub(alone);
        if all {
            (known.singles, known.old) = (0, false);
            if summary.old {
                self.operations.clear(keys::all_old(mailbox));
            }
        }
        self.touch(mailbox);
        if let (Some(first), Some(last)) = (singles.first(), singles.last()) {
            let range = first.uid..=last.uid;
            self.clear_singles(mailbox, &range, &singles, &summary);
            self.pack(mailbox, singles, now).await?;
        }
        Ok(())
    }

    /// The first messages that stand alone, as many as a block takes, and whether those
    /// are all.
    async fn first_singles(
        &self,
        mailbox: MailboxId,
        summary: &SummaryValue,
        now: Timestamp,
    ) -> Result<(Vec<Single>, bool)> {
        let limit = self.packing.block;
        let Some(last) = Uid::new(summary.uid_next.get() - 1) else {
            return Ok((Vec::new(), true));
        };
        let range = Uid::MIN..=last;
        let alone = self.reading.singles(mailbox, &range, limit).await?;
        let gone = if summary.old {
            self.reading.old_gone(mailbox, &range, limit).await?
        } else {
            Vec::new()
        };
        let all = alone.len() + gone.len() <= limit && alone.len() < limit && gone.len() < limit;
        let single = |old_gone| {
            move |(uid, record)| Single {
                uid,
                record,
                old_gone,
            }
        };
        let both = alone.into_iter().map(single(false));
        let mut singles: Vec<Single> = both.chain(gone.into_iter().map(single(true))).collect();
        singles.sort_unstable_by_key(|single| single.uid);
        singles.truncate(limit);
        for single in singles.iter_mut().filter(|single| single.old_gone) {
            let removed = old_removed(mailbox, single.record.mark.modseq, single.uid);
            let removed = self.reading.get::<RemovedValue>(&removed).await?;
            let seconds = removed.map(|(removed, _)| removed.seconds);
            single.record.mark.gone = Some(seconds.unwrap_or(now.as_second()));
        }
        Ok((singles, all))
    }

    /// Removes the rows of messages that stand alone, and nothing else stands there.
    fn clear_singles(
        &mut self,
        mailbox: MailboxId,
        range: &RangeInclusive<Uid>,
        singles: &[Single],
        summary: &SummaryValue,
    ) {
        self.operations.clear(RecordKey::range(mailbox, range));
        if !summary.old {
            return;
        }
        self.operations.clear(GoneKey::range(mailbox, range));
        for single in singles {
            let (modseq, uid) = (single.record.mark.modseq, single.uid);
            if single.old_gone {
                self.operations.delete(old_removed(mailbox, modseq, uid));
            } else if single.record.mark.kept == Kept::Here {
                self.operations.delete(old_changed(mailbox, modseq, uid));
            }
        }
    }

    /// Puts messages into the block that lies before them, or into one of their own.
    async fn pack(
        &mut self,
        mailbox: MailboxId,
        singles: Vec<Single>,
        now: Timestamp,
    ) -> Result<()> {
        let messages = singles.into_iter().map(|single| Message {
            uid: single.uid,
            mark: single.record.mark,
            fixed: single.record.fixed,
        });
        let kept = self
            .without_expired(mailbox, messages.collect(), now)
            .await?;
        let Some(first) = kept.first() else {
            return Ok(());
        };
        let before = self.reading.block_at(mailbox, first.uid).await?;
        let packing = self.packing;
        match before {
            Some(block) if block.marks.0.len() + kept.len() <= packing.block => {
                self.operations.extend_block(mailbox, block, &kept, packing)
            }
            _ => self.operations.put_blocks(mailbox, &kept, packing),
        }
    }

    /// The messages of a block.
    pub(crate) async fn messages(&self, mailbox: MailboxId, block: &Block) -> Result<Vec<Message>> {
        let all = 0..block.marks.0.len();
        let fixeds = self.reading.fixeds(mailbox, block, all).await?;
        let marks = block.marks.0.iter().enumerate();
        let message = |(at, (uid, mark)): (usize, &(Uid, Mark))| {
            Ok(Message {
                uid: *uid,
                mark: mark.clone(),
                fixed: fixeds.get(at)?.clone(),
            })
        };
        marks.map(message).collect()
    }

    /// These messages without those that were removed longer than the grace ago. Of the
    /// others their envelopes and structures go too.
    pub(crate) async fn without_expired(
        &mut self,
        mailbox: MailboxId,
        messages: Vec<Message>,
        now: Timestamp,
    ) -> Result<Vec<Message>> {
        let expired = seconds_before(now, GONE_GRACE);
        let is_expired = |message: &Message| message.mark.gone.is_some_and(|at| at <= expired);
        let (expired, kept): (Vec<Message>, Vec<Message>) =
            messages.into_iter().partition(is_expired);
        let mut forgotten = Modseq::NEVER;
        let mut own = Vec::new();
        for message in &expired {
            forgotten = forgotten.max(message.mark.modseq);
            match message.mark.kept {
                Kept::Own => own.push(message.fixed.email_id),
                Kept::Shared => {}
                Kept::Here => {
                    let uids = message.uid..=message.uid;
                    self.operations.clear(keys::all_old_details(mailbox, &uids));
                }
            }
        }
        own.sort_unstable();
        self.operations.clear_details(own);
        let summary = self.summary(mailbox).await?;
        summary.forgotten = summary.forgotten.max(forgotten);
        Ok(kept)
    }
}
