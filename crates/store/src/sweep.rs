//! Clearing away: what is no longer needed goes in commits of bounded size, and what
//! was cut short is taken up again.

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use kv::tuple::after_key;

use crate::change::Change;
use crate::keys::{DoomedKey, GoneKey, OnceAgeKey, RemovedKey};
use crate::limits::{GONE_GRACE, ONCE_GRACE};
use crate::reading::key;
use crate::store::Turn;
use crate::values::{RemovedValue, Stored};
use crate::{MailboxId, Modseq, Result, keys};

/// Keys that one commit clears away.
const CLEAR_KEYS: usize = 200;
/// Removed messages that one change of a mailbox collects beside its own work.
const COLLECT_GONE: usize = 40;
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
            change.clear(range.start.clone()..end.clone());
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
            self.clear(keys::all_of_mailbox(doomed.0)).await?;
            change.delete(doomed.encode());
            // That number is never given again, so this holds whatever came between.
            self.commit(change).await?;
        }
    }
}

impl Change {
    /// Forgets messages of a mailbox that were removed longer than the grace ago: some
    /// at a time, beside whatever else changes the mailbox.
    pub(crate) async fn collect_gone(&mut self, mailbox: MailboxId, now: Timestamp) -> Result<()> {
        let expired = seconds_before(now, GONE_GRACE);
        let summary = self.summary(mailbox).await?;
        if summary.oldest_gone.is_none_or(|oldest| oldest > expired) {
            return Ok(());
        }
        let since = RemovedKey::since(mailbox, Modseq::NEVER);
        let rows = self.reading.rows(since, COLLECT_GONE + 1).await?;
        for (at, row) in rows.iter().enumerate() {
            let removed = RemovedValue::read(&row.1.bytes)?;
            if at == COLLECT_GONE || removed.seconds > expired {
                self.summary(mailbox).await?.oldest_gone = Some(removed.seconds);
                return Ok(());
            }
            let RemovedKey(_, modseq, uid) = key(row, RemovedKey::decode)?;
            self.delete(row.0.clone());
            self.delete(GoneKey(mailbox, uid).encode());
            self.clear(keys::all_details(mailbox, uid));
            self.summary(mailbox).await?.forgotten = modseq;
        }
        self.summary(mailbox).await?.oldest_gone = None;
        Ok(())
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
            self.delete(keys::once(age.delivery));
            self.delete(age.encode());
        }
        Ok(())
    }
}

fn seconds_before(now: Timestamp, grace: Duration) -> i64 {
    let grace = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
    now.as_second().saturating_sub(grace)
}
