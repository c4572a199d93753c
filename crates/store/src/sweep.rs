//! Clearing away: what is no longer needed goes in commits of bounded size, and what
//! was cut short is taken up again.

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use kv::tuple::after_key;

use crate::change::Change;
use crate::keys::{DoomedKey, OnceAgeKey, RecordKey};
use crate::limits::ONCE_GRACE;
use crate::mark::Kept;
use crate::reading::key;
use crate::store::Turn;
use crate::{MailboxId, Result, Uid, keys};

/// Keys that one commit clears away.
const CLEAR_KEYS: usize = 200;
/// Deliveries that one delivery forgets beside its own work.
const COLLECT_ONCE: usize = 4;

impl Turn<'_> {
    /// Clears a range, from its first key on.
    pub(crate) async fn clear(&mut self, mut range: Range<Vec<u8>>) -> Result<()> {
        loop {
            let mut change = self.begin().await?;
            let rows = change.reading.rows(range.clone(), CLEAR_KEYS).await?;
            let Some((last, _)) = rows.last() else {
                return Ok(());
            };
            let end = after_key(last);
            change.operations.clear(range.start.clone()..end.clone());
            if self.commit(change).await? {
                range.start = end;
            }
        }
    }

    /// Clears away the contents of mailboxes that were deleted.
    pub(crate) async fn clear_doomed(&mut self) -> Result<()> {
        loop {
            let mut change = self.begin().await?;
            let rows = change.reading.rows(DoomedKey::all(), 1).await?;
            let Some(row) = rows.first() else {
                return Ok(());
            };
            let doomed = key(row, DoomedKey::decode)?;
            self.clear_messages(doomed.0).await?;
            self.clear(keys::all_of_mailbox(doomed.0)).await?;
            change.operations.delete(doomed.encode());
            // That number is never given again, so this holds whatever came between.
            self.commit(change).await?;
        }
    }

    /// Clears away the messages of a mailbox that was deleted, with those envelopes and
    /// structures that were kept for them alone.
    async fn clear_messages(&mut self, mailbox: MailboxId) -> Result<()> {
        loop {
            let mut change = self.begin().await?;
            let more = change.clear_first_block(mailbox).await?
                || change.clear_first_singles(mailbox).await?;
            if !more {
                return Ok(());
            }
            self.commit(change).await?;
        }
    }
}

impl Change {
    /// Clears away the first block of a mailbox. False if there is none.
    async fn clear_first_block(&mut self, mailbox: MailboxId) -> Result<bool> {
        let all = Uid::MIN..=Uid::MAX;
        let Some(block) = self.reading.block_in(mailbox, &all).await? else {
            return Ok(false);
        };
        let messages = self.messages(mailbox, &block).await?;
        let own = messages
            .iter()
            .filter(|message| message.mark.kept == Kept::Own);
        let mut own: Vec<_> = own.map(|message| message.fixed.email_id).collect();
        own.sort_unstable();
        self.operations.clear_details(own);
        self.clear_block(mailbox, &block)?;
        Ok(true)
    }

    /// Clears away the first messages of a mailbox that stand alone. False if there are
    /// none.
    async fn clear_first_singles(&mut self, mailbox: MailboxId) -> Result<bool> {
        let all = Uid::MIN..=Uid::MAX;
        let singles = self.reading.singles(mailbox, &all, CLEAR_KEYS).await?;
        let own = singles
            .iter()
            .filter(|(_, record)| record.mark.kept == Kept::Own);
        let mut own: Vec<_> = own.map(|(_, record)| record.fixed.email_id).collect();
        own.sort_unstable();
        self.operations.clear_details(own);
        for (uid, _) in &singles {
            self.operations.delete(RecordKey(mailbox, *uid).encode());
        }
        Ok(!singles.is_empty())
    }

    /// Forgets deliveries that nobody tries again any more.
    pub(crate) async fn collect_once(&mut self, now: Timestamp) -> Result<()> {
        let expired = u64::try_from(seconds_before(now, ONCE_GRACE)).unwrap_or(0);
        let rows = self
            .reading
            .rows(OnceAgeKey::before(expired), COLLECT_ONCE)
            .await?;
        for row in &rows {
            let age = key(row, OnceAgeKey::decode)?;
            self.operations.delete(keys::once(age.delivery));
            self.operations.delete(age.encode());
        }
        Ok(())
    }
}

/// The time so long before another, in seconds since 1970.
pub(crate) fn seconds_before(now: Timestamp, grace: Duration) -> i64 {
    let grace = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
    now.as_second().saturating_sub(grace)
}
