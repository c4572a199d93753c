//! Changing what messages are marked with.

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::keys::{ChangedKey, RecordKey};
use crate::steps::{Records, Step};
use crate::values::{ChangedValue, RecordValue};
use crate::{FlagChange, How, MailboxId, Marked, Marks, Result, Store, SystemFlags, Uid, UidSet};

impl Store {
    /// Changes the flags of those of these messages that are there. Gives all of them
    /// with their flags now, ascending, and which change was their last before; one whose
    /// flags were so already keeps its [`crate::Modseq`].
    ///
    /// Many are changed in several steps, in order; after an error the first of them may
    /// be changed.
    ///
    /// # Errors
    /// [`crate::StoreError::TooMany`] keywords; [`crate::StoreError::Gone`].
    pub async fn set_flags(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: &UidSet,
        what: &FlagChange,
        now: Timestamp,
    ) -> Result<Vec<Marked>> {
        let mut all = Vec::new();
        let mut done = None;
        loop {
            let mut turn = self.turn(account).await;
            let mut change = turn.begin().await?;
            change.summary(mailbox).await?;
            let step = change
                .mark_step(mailbox, &uids.after(done), what, now)
                .await?;
            if turn.commit(change).await? {
                all.extend(step.uids);
                match step.next {
                    Some(last) => done = Some(last),
                    None => return Ok(all),
                }
            }
        }
    }
}

/// A [`FlagChange`] with the keywords as bits.
#[derive(Clone, Copy)]
struct Bits {
    how: How,
    system: SystemFlags,
    keywords: u128,
}

impl Bits {
    fn apply(self, record: &RecordValue) -> (SystemFlags, u128) {
        let (system, keywords) = (record.system, record.keywords);
        match self.how {
            How::Add => (system | self.system, keywords | self.keywords),
            How::Remove => (system.without(self.system), keywords & !self.keywords),
            How::Replace => (self.system, self.keywords),
        }
    }
}

impl Change {
    async fn mark_step(
        &mut self,
        mailbox: MailboxId,
        uids: &UidSet,
        what: &FlagChange,
        now: Timestamp,
    ) -> Result<Step<Marked>> {
        let mut all = Vec::new();
        let mut records = Records::new(mailbox, uids);
        let mut bits = None;
        while let Some((uid, mut record)) = records.next(self).await? {
            // Only now, so that a change of no message makes no keyword known.
            let change = match bits {
                Some(bits) => bits,
                None => *bits.insert(self.bits(mailbox, what).await?),
            };
            let before = record.modseq;
            let (system, keywords) = change.apply(&record);
            if (system, keywords) != (record.system, record.keywords) {
                self.mark(mailbox, uid, &mut record, system, keywords)
                    .await?;
            }
            let flags = self.flags(mailbox, &record).await?;
            let marks = Marks {
                uid,
                modseq: record.modseq,
                flags,
            };
            all.push(Marked { marks, before });
            if self.is_full() {
                return Ok(Step {
                    uids: all,
                    next: Some(uid),
                });
            }
        }
        if !all.is_empty() {
            self.collect_gone(mailbox, now).await?;
        }
        Ok(Step {
            uids: all,
            next: None,
        })
    }

    async fn bits(&mut self, mailbox: MailboxId, what: &FlagChange) -> Result<Bits> {
        let keywords = &what.flags.keywords;
        let keywords = match what.how {
            How::Remove => self.known_keyword_bits(mailbox, keywords).await?,
            How::Add | How::Replace => self.keyword_bits(mailbox, keywords).await?,
        };
        Ok(Bits {
            how: what.how,
            system: what.flags.system,
            keywords,
        })
    }

    async fn mark(
        &mut self,
        mailbox: MailboxId,
        uid: Uid,
        record: &mut RecordValue,
        system: SystemFlags,
        keywords: u128,
    ) -> Result<()> {
        let modseq = self.modseq(mailbox).await?;
        let summary = self.summary(mailbox).await?;
        summary.unmark(record.system);
        summary.mark(system);
        self.delete(ChangedKey(mailbox, record.modseq, uid).encode());
        record.modseq = modseq;
        record.system = system;
        record.keywords = keywords;
        self.put(RecordKey(mailbox, uid).encode(), record)?;
        self.put(
            ChangedKey(mailbox, modseq, uid).encode(),
            &ChangedValue { system, keywords },
        )
    }
}
