//! Messages that came before there were threads: put into theirs by what is kept beside
//! them, once for each account, when it is tended or somebody asks.
//!
//! Nobody is told of any thread before all of them are in theirs, so what is told never
//! changes. To be cut short does no harm: done again, it comes to the same. A message finds
//! its own name leading where it led before, and what has none finds its nearest name so.
//! Those that come meanwhile join what they find, and what is found later joins those.
//!
//! Of a message that can't be read, or whose envelope was too long to be kept, nothing is
//! known: it is a thread of its own.

use address::AccountId;
use kv::Row;
use kv::damage::Rest;
use message::Lineage;

use super::Line;
use crate::intake::DETAILS_PARTS;
use crate::keys::DetailsKey;
use crate::mark::{Kept, RecordValue};
use crate::reading::Reading;
use crate::records::Page;
use crate::values::{DetailsValue, Stored};
use crate::{EmailId, MailboxId, Result, Store, StoreError, Uid, UidSet, keys};

/// Messages that one commit puts into their threads at most.
const BATCH: usize = 50;
/// Values of envelopes and structures that are read at once: of one message at least.
const READ_PARTS: usize = 2 * BATCH;

// A row for each of its names, and one for the message.
const _: () = assert!(
    BATCH
        * (2 + message::limits::FIRST_REFERENCES
            + message::limits::LAST_REFERENCES
            + message::limits::IN_REPLY_TO_IDS)
        < kv::COMMIT_OPERATIONS
);
const _: () = assert!(READ_PARTS > DETAILS_PARTS);

/// A message, and where its names lead.
type Old = (EmailId, Line);

impl Store {
    /// Puts all messages that came before there were threads into theirs.
    pub(crate) async fn thread_old(&self, account: AccountId) -> Result<()> {
        let reading = self.reading(account).await?;
        let before = reading.unthreaded().await?;
        if before == 0 {
            return Ok(());
        }
        let mailboxes = reading.mailbox_ids().await?;
        drop(reading);
        // What version 1 kept in its mailbox goes elsewhere when its message does, and never
        // comes back: so those first, and none is missed.
        for mailbox in mailboxes {
            match self.thread_mailbox(account, mailbox, before).await {
                // It was deleted.
                Ok(()) | Err(StoreError::Gone) => {}
                Err(StoreError::Damaged(what)) => {
                    tracing::error!(%account, %mailbox, what, "messages are threads of their own");
                }
                Err(error) => return Err(error),
            }
        }
        self.thread_kept(account, before).await?;
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            change.account().await?.unthreaded = 0;
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }

    /// Those whose envelopes are kept by their numbers.
    async fn thread_kept(&self, account: AccountId, before: u64) -> Result<()> {
        let last = EmailId(before.saturating_sub(1));
        let mut rest = Rest::all(DetailsKey::range(&(EmailId(0)..=last)));
        loop {
            let reading = self.reading(account).await?;
            let mut scan = reading.resume(rest, READ_PARTS);
            let Some(page) = scan.page().await? else {
                return Ok(());
            };
            rest = scan.rest();
            drop(reading);
            let mut rows = page.rows;
            if page.damage.is_none() && !rest.is_empty() {
                leave_last(&mut rows, &mut rest);
            }
            if let Some(damage) = page.damage {
                let what = damage.why;
                tracing::error!(%account, what, "a message is a thread of its own");
            }
            if !self.join_all(account, &old_of(&rows)).await? {
                return Ok(());
            }
        }
    }

    /// Those of a mailbox whose envelopes are kept in it.
    async fn thread_mailbox(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        before: u64,
    ) -> Result<()> {
        let (all, mut after) = (UidSet::all(), None);
        loop {
            let reading = self.reading(account).await?;
            let summary = reading.summary(mailbox).await?;
            let page = Page {
                uids: &all,
                after,
                limit: BATCH,
                include_gone: true,
            };
            let records = reading.page(mailbox, page, &summary).await?;
            let Some((last, _)) = records.last() else {
                return Ok(());
            };
            after = Some(*last);
            let mut old = Vec::new();
            for (uid, record) in &records {
                if record.mark.kept == Kept::Here && record.fixed.email_id.get() < before {
                    old.extend(reading.old_here(mailbox, *uid, record).await?);
                }
            }
            drop(reading);
            if !self.join_all(account, &old).await? {
                return Ok(());
            }
        }
    }

    /// Puts messages into their threads, in this order. False when somebody else has done
    /// that with all.
    async fn join_all(&self, account: AccountId, old: &[Old]) -> Result<bool> {
        for old in old.chunks(BATCH) {
            let mut turn = self.turn(account).await;
            loop {
                let names = old.iter().flat_map(|(_, line)| line.keys());
                let read = std::iter::once(keys::account()).chain(names).collect();
                let mut change = turn.begin_with(read).await?;
                if change.account().await?.unthreaded == 0 {
                    return Ok(false);
                }
                for (email, line) in old {
                    change.join_thread(*email, line).await?;
                }
                if turn.commit(change).await? {
                    break;
                }
            }
        }
        Ok(true)
    }
}

impl Reading {
    /// A message whose envelope version 1 kept in its mailbox.
    async fn old_here(
        &self,
        mailbox: MailboxId,
        uid: Uid,
        record: &RecordValue,
    ) -> Result<Option<Old>> {
        let parts = keys::all_old_details(mailbox, &(uid..=uid));
        let rows = self.rows(parts, DETAILS_PARTS).await?;
        Ok(line_of(&rows).map(|line| (record.fixed.email_id, line)))
    }
}

/// Leaves the last message's parts for the next time, since there may be more of them.
fn leave_last(rows: &mut Vec<Row>, rest: &mut Rest) {
    let email = |row: &Row| DetailsKey::decode(&row.0).map(|DetailsKey(email, _)| email);
    let last = rows.last().and_then(email);
    let whole = rows.iter().rposition(|row| email(row) != last);
    let left = rows.split_off(whole.map_or(rows.len(), |at| at + 1));
    if let Some((first, _)) = left.into_iter().next() {
        rest.begin_at(first);
    }
}

/// The messages of these rows of envelopes.
fn old_of(rows: &[Row]) -> Vec<Old> {
    let email = |row: &Row| DetailsKey::decode(&row.0).map(|DetailsKey(email, _)| email);
    let messages = rows.chunk_by(|one, other| email(one) == email(other));
    let old = |rows: &[Row]| match DetailsKey::decode(&rows.first()?.0)? {
        DetailsKey(email, 0) => Some((email, line_of(rows)?)),
        // What stands before it is damaged.
        DetailsKey(..) => None,
    };
    messages.filter_map(old).collect()
}

/// What a message's envelope and header fields say of its names; none where they can't be
/// read, which a check tells.
fn line_of(rows: &[Row]) -> Option<Line> {
    let parts = rows.iter().map(|(_, value)| value.bytes.as_slice());
    let details = DetailsValue::read(&parts.collect::<Vec<_>>().concat()).ok()?;
    let header = details.asked.as_deref().unwrap_or_default();
    Some(Line::of(&Lineage::of(&details.envelope, header)))
}
