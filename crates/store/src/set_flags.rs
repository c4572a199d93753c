//! Changing what messages are marked with.

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::mark::Mark;
use crate::steps::Step;
use crate::walk::{Place, Walk};
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
            let step = change.mark_step(mailbox, &uids.after(done), what).await?;
            if turn.commit_and_tend(change, now).await? {
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
    fn apply(self, mark: &Mark) -> (SystemFlags, u128) {
        let (system, keywords) = (mark.system, mark.keywords);
        match self.how {
            How::Add => (system | self.system, keywords | self.keywords),
            How::Remove => (system.without(self.system), keywords & !self.keywords),
            How::Replace => (self.system, self.keywords),
        }
    }
}

/// A change of flags on its way through a mailbox.
struct Marking<'a> {
    mailbox: MailboxId,
    what: &'a FlagChange,
    /// Known once there is a message to change, so that a change of none makes no
    /// keyword known.
    bits: Option<Bits>,
    all: Vec<Marked>,
}

impl Change {
    async fn mark_step(
        &mut self,
        mailbox: MailboxId,
        uids: &UidSet,
        what: &FlagChange,
    ) -> Result<Step<Marked>> {
        let summary = self.summary(mailbox).await?.clone();
        let mut walk = Walk::new(&self.reading, mailbox, uids, &summary).await?;
        let mut marking = Marking {
            mailbox,
            what,
            bits: None,
            all: Vec::new(),
        };
        while let Some(place) = walk.next(&self.reading).await? {
            let last = place.last();
            match place {
                Place::Block(mut block) => {
                    let mut changed = false;
                    for (uid, mark) in &mut block.marks.0 {
                        if uids.contains(*uid) {
                            changed |= self.mark(&mut marking, *uid, mark).await?;
                        }
                    }
                    if changed {
                        self.operations.put_marks(mailbox, &block)?;
                    }
                }
                Place::Single(uid, mut record) => {
                    let before = record.mark.modseq;
                    if self.mark(&mut marking, uid, &mut record.mark).await? {
                        self.replace_single(mailbox, uid, before, &record).await?;
                    }
                }
            }
            if self.is_full() {
                return Ok(Step {
                    uids: marking.all,
                    next: Some(last),
                });
            }
        }
        Ok(Step {
            uids: marking.all,
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

    /// Changes what a message is marked with, if it is there. True if that is new.
    async fn mark(&mut self, marking: &mut Marking<'_>, uid: Uid, mark: &mut Mark) -> Result<bool> {
        if mark.is_gone() {
            return Ok(false);
        }
        let mailbox = marking.mailbox;
        let bits = match marking.bits {
            Some(bits) => bits,
            None => *marking.bits.insert(self.bits(mailbox, marking.what).await?),
        };
        let before = mark.modseq;
        let (system, keywords) = bits.apply(mark);
        let changed = (system, keywords) != (mark.system, mark.keywords);
        if changed {
            mark.modseq = self.modseq(mailbox).await?;
            let summary = self.summary(mailbox).await?;
            summary.unmark(mark.system);
            summary.mark(system);
            mark.system = system;
            mark.keywords = keywords;
        }
        let flags = self.flags(mailbox, mark).await?;
        let marks = Marks {
            uid,
            modseq: mark.modseq,
            flags,
        };
        marking.all.push(Marked { marks, before });
        Ok(changed)
    }
}
