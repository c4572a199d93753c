//! Removing messages. A removal is a mark: for a grace the message stays readable to
//! sessions that still show it (ARCHITECTURE.md, invariant 3).

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::mark::Mark;
use crate::steps::Step;
use crate::walk::{Place, Walk};
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
        let marked = |mark: &Mark| mark.system.contains(SystemFlags::DELETED);
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
        which: fn(&Mark) -> bool,
        now: Timestamp,
    ) -> Result<Vec<Uid>> {
        let mut removed = Vec::new();
        let mut done = None;
        loop {
            let mut turn = self.turn(account).await;
            let mut change = turn.begin().await?;
            let step = change
                .remove_step(mailbox, &uids.after(done), which, now)
                .await?;
            if turn.commit_and_tend(change, now).await? {
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
        which: fn(&Mark) -> bool,
        now: Timestamp,
    ) -> Result<Step<Uid>> {
        let summary = self.summary(mailbox).await?.clone();
        let mut walk = Walk::new(&self.reading, mailbox, uids, &summary).await?;
        let mut removed = Vec::new();
        while let Some(place) = walk.next(&self.reading).await? {
            let last = place.last();
            match place {
                Place::Block(mut block) => {
                    let meant = |(uid, mark): &(Uid, Mark)| {
                        uids.contains(*uid) && !mark.is_gone() && which(mark)
                    };
                    let Some(places) = block.places(meant) else {
                        continue;
                    };
                    let fixeds = self.reading.fixeds(mailbox, &block, places).await?;
                    for (at, message) in block.marks.0.iter_mut().enumerate() {
                        if meant(message) {
                            let (uid, mark) = message;
                            let size = fixeds.get(at)?.size();
                            self.remove(mailbox, *uid, mark, size, now).await?;
                            removed.push(*uid);
                        }
                    }
                    self.operations.put_marks(mailbox, &block)?;
                }
                Place::Single(uid, mut record) => {
                    if record.mark.is_gone() || !which(&record.mark) {
                        continue;
                    }
                    let (before, size) = (record.mark.modseq, record.fixed.size());
                    self.remove(mailbox, uid, &mut record.mark, size, now)
                        .await?;
                    self.replace_single(mailbox, uid, before, &record).await?;
                    removed.push(uid);
                }
            }
            if self.is_full() {
                return Ok(Step {
                    uids: removed,
                    next: Some(last),
                });
            }
        }
        Ok(Step {
            uids: removed,
            next: None,
        })
    }

    /// Marks a message that is there as removed, and counts it out.
    async fn remove(
        &mut self,
        mailbox: MailboxId,
        uid: Uid,
        mark: &mut Mark,
        size: u64,
        now: Timestamp,
    ) -> Result<()> {
        let modseq = self.modseq(mailbox).await?;
        let summary = self.summary(mailbox).await?;
        summary.take(uid, mark.system, size);
        summary.has_gone(now.as_second());
        mark.remove(modseq, now.as_second());
        let account = self.account().await?;
        account.bytes = account.bytes.saturating_sub(size);
        account.messages = account.messages.saturating_sub(1);
        Ok(())
    }
}
