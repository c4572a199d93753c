//! Envelopes and structures: made again from the message where they are missing, and shared
//! where two messages have them.

use std::collections::BTreeMap;

use super::{Mending, passing};
use crate::change::Change;
use crate::check::look;
use crate::intake::details;
use crate::keys::DetailsKey;
use crate::mark::Kept;
use crate::walk::{Place, Walk};
use crate::{MailboxId, Result, Uid, UidSet, Wrong, keys};

impl Mending<'_> {
    pub(super) async fn details(&mut self) -> Result<()> {
        let (mut missing, mut own) = (Vec::new(), BTreeMap::<MailboxId, Vec<Uid>>::new());
        for fault in &self.faults {
            let Some(mailbox) = fault.mailbox else {
                continue;
            };
            match fault.wrong {
                Wrong::NoDetails => missing.extend(fault.uids.iter().map(|uid| (mailbox, uid))),
                Wrong::NotOwn => own.entry(mailbox).or_default().extend(fault.uids.iter()),
                _ => {}
            }
        }
        for (mailbox, uid) in missing {
            let step = self.make_details(mailbox, uid).await;
            passing(step)?;
        }
        for (mailbox, uids) in own {
            let step = self
                .share_details(mailbox, uids.into_iter().collect())
                .await;
            passing(step)?;
        }
        Ok(())
    }

    async fn make_details(&self, mailbox: MailboxId, uid: Uid) -> Result<()> {
        let reading = self.store.reading(self.account).await?;
        let Some(record) = look(&reading, mailbox, uid).await?.record() else {
            return Ok(());
        };
        drop(reading);
        // Nobody waits while the message is read.
        // How it came in nobody knows any more.
        let parts = details(&self.store.rescan(&record.fixed.body).await?, &[])?;
        let mut turn = self.store.turn(self.account).await;
        loop {
            let mut change = turn.begin().await?;
            change.summary(mailbox).await?;
            change.touch(mailbox);
            let now = look(&change.reading, mailbox, uid).await?.record();
            let email = record.fixed.email_id;
            let Some(now) = now.filter(|now| now.fixed.email_id == email) else {
                return Ok(());
            };
            if now.mark.kept == Kept::Here {
                for (part, octets) in (0..).zip(parts.clone()) {
                    let key = keys::old_details(mailbox, uid, part);
                    change.operations.put_octets(key, octets);
                }
            } else {
                let kept = DetailsKey::range(&(email..=email));
                change.operations.clear(kept);
                change.operations.put_details(email, parts.clone());
            }
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }

    /// Has none of these messages its envelope and structure for itself.
    async fn share_details(&self, mailbox: MailboxId, uids: UidSet) -> Result<()> {
        let mut turn = self.store.turn(self.account).await;
        let mut done = None;
        loop {
            let mut change = turn.begin().await?;
            let rest = uids.after(done);
            let last = change.share(mailbox, &rest).await?;
            change.touch(mailbox);
            if turn.commit(change).await? {
                done = last;
                if last.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

impl Change {
    /// Gives the last that was looked at, when there may be more.
    async fn share(&mut self, mailbox: MailboxId, uids: &UidSet) -> Result<Option<Uid>> {
        let summary = self.summary(mailbox).await?.clone();
        let mut walk = Walk::new(&self.reading, mailbox, uids, &summary).await?;
        while let Some(place) = walk.next(&self.reading).await? {
            let last = place.last();
            match place {
                Place::Block(mut block) => {
                    for (uid, mark) in &mut block.marks.0 {
                        if uids.contains(*uid) {
                            mark.kept = mark.kept.shared();
                        }
                    }
                    self.operations.put_marks(mailbox, &block)?;
                }
                Place::Single(uid, mut record) => {
                    record.mark.kept = record.mark.kept.shared();
                    self.operations.put_single(mailbox, uid, &record)?;
                }
            }
            if self.is_full() {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }
}
