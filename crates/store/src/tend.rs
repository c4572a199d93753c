//! What keeps a mailbox quick and small, done beside its other changes: one step after
//! each, in a commit of its own, so that no change waits long for it.

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::keys::LeftKey;
use crate::limits::GONE_GRACE;
use crate::packing::Packing;
use crate::store::Turn;
use crate::sweep::seconds_before;
use crate::values::{LeftValue, SummaryValue};
use crate::walk::{Index, Place, Walk};
use crate::{MailboxId, Result, Store, StoreError, UidSet};

/// What a mailbox needs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// To mark one by one what a large move took out.
    Settle,
    /// To pack messages that stand alone into blocks.
    Fold,
    /// To forget removed messages.
    Collect,
}

fn need(summary: &SummaryValue, packing: Packing, now: Timestamp) -> Option<Need> {
    let expired = seconds_before(now, GONE_GRACE);
    if summary.left.is_some() {
        Some(Need::Settle)
    } else if summary.old || summary.singles >= packing.singles {
        Some(Need::Fold)
    } else if summary.oldest_gone.is_some_and(|oldest| oldest <= expired) {
        Some(Need::Collect)
    } else {
        None
    }
}

impl Store {
    /// Does for all mailboxes of an account what their changes do beside themselves, to
    /// the end: of mailboxes that nothing changes nobody else does it. Others have their
    /// turn between the steps. Messages that came before there were threads are put into
    /// theirs.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the account is; [`StoreError::Damaged`].
    pub async fn tend(&self, account: AccountId, now: Timestamp) -> Result<()> {
        self.thread_old(account).await?;
        for mailbox in self.reading(account).await?.mailbox_ids().await? {
            loop {
                let mut turn = self.turn(account).await;
                match turn.tend(mailbox, now).await {
                    Ok(true) => {}
                    // It may have been deleted meanwhile.
                    Ok(false) | Err(StoreError::Gone) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

impl Turn<'_> {
    /// Commits a change as [`Turn::commit`] does, then does one step of what each of its
    /// mailboxes needs.
    pub(crate) async fn commit_and_tend(&mut self, change: Change, now: Timestamp) -> Result<bool> {
        let summaries = change.summaries();
        let needy: Vec<MailboxId> = summaries
            .filter(|(_, summary)| need(summary, change.packing, now).is_some())
            .map(|(mailbox, _)| mailbox)
            .collect();
        if !self.commit(change).await? {
            return Ok(false);
        }
        for mailbox in needy {
            // The change has happened, and the next one does what fails here.
            if let Err(error) = self.tend(mailbox, now).await {
                let account = self.account;
                tracing::warn!(%account, %mailbox, %error, "a mailbox is not tended");
            }
        }
        Ok(true)
    }

    /// One step of what a mailbox needs. False if it needs nothing.
    async fn tend(&mut self, mailbox: MailboxId, now: Timestamp) -> Result<bool> {
        let mut change = self.begin().await?;
        let summary = change.summary(mailbox).await?;
        let (summary, packing) = (summary.clone(), change.packing);
        match need(&summary, packing, now) {
            Some(Need::Settle) => change.settle(mailbox).await?,
            Some(Need::Fold) => change.fold(mailbox, now).await?,
            Some(Need::Collect) => change.collect(mailbox, now).await?,
            None => return Ok(false),
        }
        // When another machine came before, it is for its change to do this.
        self.commit(change).await.map(|_| true)
    }

    /// Marks all that a large move took out of a mailbox.
    pub(crate) async fn settle(&mut self, mailbox: MailboxId) -> Result<()> {
        loop {
            let mut change = self.begin().await?;
            if change.summary(mailbox).await?.left.is_none() {
                return Ok(());
            }
            change.settle(mailbox).await?;
            self.commit(change).await?;
        }
    }
}

impl Change {
    /// Marks messages that a large move took out, as many as one commit takes.
    async fn settle(&mut self, mailbox: MailboxId) -> Result<()> {
        let summary = self.summary(mailbox).await?.clone();
        let Some(left) = summary.left else {
            return Ok(());
        };
        let uids = UidSet::from_ranges([(left.from, left.to)]);
        let mut walk = Walk::new(&self.reading, mailbox, &uids, &summary).await?;
        while let Some(place) = walk.next(&self.reading).await? {
            let next = place.last().next();
            match place {
                // What was marked before is where it belongs.
                Place::Block(block) if block.index != Index::of(&block.marks) => {
                    self.operations.put_marks(mailbox, &block)?;
                }
                Place::Single(uid, record) if record.mark.modseq == left.modseq => {
                    self.operations.put_single(mailbox, uid, &record)?;
                }
                Place::Block(_) | Place::Single(..) => {}
            }
            if self.is_full()
                && let Some(from) = next
            {
                self.summary(mailbox).await?.left = Some(LeftValue { from, ..left });
                return Ok(());
            }
        }
        self.summary(mailbox).await?.left = None;
        self.operations.clear(LeftKey::all(mailbox));
        Ok(())
    }
}
