//! Removing messages. A removal is a mark: for a grace the message stays readable to
//! sessions that still show it (ARCHITECTURE.md, invariant 3).

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::keys::{ChangedKey, GoneKey, RecordKey, RemovedKey};
use crate::steps::{Records, Step};
use crate::values::{RecordValue, RemovedValue};
use crate::{MailboxId, Result, Store, SystemFlags, Uid, UidSet};

impl Store {
    /// Removes the messages that are marked `\Deleted`, all of them or those of `only`
    /// (UID EXPUNGE, RFC 4315 section 2.1). Gives those removed, ascending.
    ///
    /// Many are removed in several steps, in order; after an error the first of them may
    /// be gone.
    pub async fn expunge(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        only: Option<&UidSet>,
        now: Timestamp,
    ) -> Result<Vec<Uid>> {
        let all = UidSet::all();
        let uids = only.unwrap_or(&all);
        let marked = |record: &RecordValue| record.system.contains(SystemFlags::DELETED);
        if self.summary(account, mailbox).await?.deleted == 0 {
            return Ok(Vec::new());
        }
        self.remove_those(account, mailbox, uids, marked, now).await
    }

    /// Removes messages whatever their flags, as POP3 does. Gives those that were there,
    /// ascending. Otherwise as [`Store::expunge`].
    pub async fn remove(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: &UidSet,
        now: Timestamp,
    ) -> Result<Vec<Uid>> {
        self.remove_those(account, mailbox, uids, |_| true, now)
            .await
    }

    async fn remove_those(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: &UidSet,
        which: fn(&RecordValue) -> bool,
        now: Timestamp,
    ) -> Result<Vec<Uid>> {
        let mut removed = Vec::new();
        let mut done = None;
        loop {
            let mut turn = self.turn(account).await;
            let mut change = turn.begin().await?;
            change.collect_gone(mailbox, now).await?;
            let step = change
                .remove_step(mailbox, &uids.after(done), which, now)
                .await?;
            if turn.commit(change).await? {
                removed.extend(step.uids);
                match step.next {
                    Some(last) => done = Some(last),
                    None => return Ok(removed),
                }
            }
        }
    }
}

impl Change {
    async fn remove_step(
        &mut self,
        mailbox: MailboxId,
        uids: &UidSet,
        which: fn(&RecordValue) -> bool,
        now: Timestamp,
    ) -> Result<Step<Uid>> {
        let mut removed = Vec::new();
        let mut records = Records::new(mailbox, uids);
        while let Some((uid, record)) = records.next(self).await? {
            if which(&record) {
                self.remove(mailbox, uid, record, now).await?;
                removed.push(uid);
            }
            if self.is_full() {
                return Ok(Step {
                    uids: removed,
                    next: Some(uid),
                });
            }
        }
        Ok(Step {
            uids: removed,
            next: None,
        })
    }

    /// Removes a message that was read in this change.
    pub(crate) async fn remove(
        &mut self,
        mailbox: MailboxId,
        uid: Uid,
        mut record: RecordValue,
        now: Timestamp,
    ) -> Result<()> {
        let modseq = self.modseq(mailbox).await?;
        let seconds = now.as_second();
        let summary = self.summary(mailbox).await?;
        summary.take(uid, &record);
        summary.oldest_gone.get_or_insert(seconds);
        let account = self.account().await?;
        account.bytes = account.bytes.saturating_sub(record.size());
        account.messages = account.messages.saturating_sub(1);
        self.delete(RecordKey(mailbox, uid).encode());
        self.delete(ChangedKey(mailbox, record.modseq, uid).encode());
        self.put(
            RemovedKey(mailbox, modseq, uid).encode(),
            &RemovedValue { seconds },
        )?;
        record.modseq = modseq;
        self.put(GoneKey(mailbox, uid).encode(), &record)
    }
}
