//! The blocks of a mailbox: what changes of their messages, and that they follow each other.

use kv::Row;

use super::mailbox::{Pass, Seen, Span};
use super::{Check, READ_ROWS, Wrong};
use crate::keys::MarksKey;
use crate::walk::Block;
use crate::{Result, Uid};

impl Pass<'_> {
    /// Checks all blocks with what they hold.
    pub(super) async fn blocks(&mut self, check: &mut Check<'_>) -> Result<()> {
        let all = MarksKey::all(self.mailbox);
        let mut scan = self.reading.past_damage(all, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for row in page.rows {
                self.block(check, row).await?;
            }
            if let Some(damage) = page.damage {
                self.lost(MarksKey::decode(&damage.key));
                let uids = MarksKey::decode(&damage.key).map(|MarksKey(_, uid)| uid);
                check.damage(Some(self.mailbox), uids.into_iter().collect(), damage);
            }
            check.show();
        }
        Ok(())
    }

    /// A block that can't be read may hold anything.
    fn lost(&mut self, key: Option<MarksKey>) {
        self.tally.sure = false;
        let first = key.map(|MarksKey(_, uid)| uid);
        self.spans
            .extend(first.map(|first| Span { first, last: None }));
    }

    async fn block(&mut self, check: &mut Check<'_>, row: Row) -> Result<()> {
        let Some(MarksKey(_, key)) = MarksKey::decode(&row.0) else {
            self.fault(check, None, Wrong::Stray { key: row.0 });
            return Ok(());
        };
        if self.is_unseen(key) {
            return Ok(());
        }
        let block = match Block::read(&row) {
            Ok(block) => block,
            Err(error) => {
                self.lost(MarksKey::decode(&row.0));
                let uids = [key].into_iter().collect();
                return check.unreadable(Some(self.mailbox), uids, row.0, error);
            }
        };
        if self.spans.last().is_some_and(|span| span.last >= Some(key)) {
            self.fault(check, Some(key), Wrong::Overlap);
        }
        self.spans.push(Span {
            first: key,
            last: Some(block.last()),
        });
        self.indexes.push((key, block.index));
        let fixeds = self.pieces(check, &block).await?;
        for ((uid, mark), fixed) in block.marks.0.into_iter().zip(fixeds) {
            let mark = Some(mark);
            self.message(check, Seen { uid, mark, fixed });
        }
        Ok(())
    }

    /// The block that a UID lies in, or may lie in.
    pub(super) fn span_at(&self, uid: Uid) -> Option<Span> {
        let after = self.spans.partition_point(|span| span.first <= uid);
        let span = self.spans.get(after.checked_sub(1)?)?;
        span.last.is_none_or(|last| uid <= last).then_some(*span)
    }
}
