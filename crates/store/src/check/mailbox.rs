//! One mailbox, at one moment.

use blob::BodyRef;

use super::bodies::Reference;
use super::details::Need;
use super::fault::only;
use super::tally::Tally;
use super::{Bodies, Check, Number, READ_ROWS, Wrong};
use crate::keys::{LeftKey, NameKey};
use crate::mark::{Fixed, Kept, Mark};
use crate::reading::Reading;
use crate::values::{AccountValue, KeywordsValue, LeftPieceValue, NameValue, Stored, SummaryValue};
use crate::walk::{Index, Left};
use crate::{MailboxId, Modseq, Result, Uid, UidSet, keys};

/// A mailbox while it is looked at.
pub(crate) struct Pass<'a> {
    pub(super) mailbox: MailboxId,
    pub(super) reading: &'a Reading,
    /// Its numbers; none if they can't be read.
    pub(crate) summary: Option<SummaryValue>,
    left: Option<Left>,
    /// The bits of keywords that have no name; none if the names can't be read.
    nameless: Option<u128>,
    /// The blocks so far, ascending.
    pub(crate) spans: Vec<Span>,
    /// By what they should be found.
    pub(crate) indexes: Vec<(Uid, Index)>,
    pub(crate) tally: Tally,
    /// Messages whose details version 1 kept here.
    here: Vec<Uid>,
}

/// Where a block is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) first: Uid,
    /// None if it can't be read: somewhere before the next.
    pub(crate) last: Option<Uid>,
}

/// A message as it was found.
pub(super) struct Seen {
    pub(super) uid: Uid,
    /// None if it can't be read.
    pub(super) mark: Option<Mark>,
    /// None if it can't be read, or is missing.
    pub(super) fixed: Option<Fixed>,
}

impl Check<'_> {
    /// Checks a mailbox with all that is in it.
    pub(super) async fn mailbox(&mut self, mailbox: MailboxId) -> Result<()> {
        let reading = self.reading().await?;
        let Some(mut pass) = self.pass(&reading, mailbox).await? else {
            return self.no_numbers(&reading, mailbox).await;
        };
        let here = std::mem::take(&mut pass.here);
        drop(pass);
        drop(reading);
        self.show();
        self.old_details(mailbox, here).await?;
        self.read_bodies_if_many().await
    }

    /// Checks what is within a mailbox, at one moment; gives what was found there, or none
    /// if it has no numbers.
    pub(crate) async fn pass<'r>(
        &mut self,
        reading: &'r Reading,
        mailbox: MailboxId,
    ) -> Result<Option<Pass<'r>>> {
        let summary = match reading.get::<SummaryValue>(&keys::summary(mailbox)).await {
            Ok(Some((summary, _))) => Some(summary),
            Ok(None) => return Ok(None),
            Err(error) => {
                let key = keys::summary(mailbox);
                self.unreadable(Some(mailbox), UidSet::default(), key, error)?;
                None
            }
        };
        let mut pass = Pass {
            mailbox,
            reading,
            summary,
            left: None,
            nameless: None,
            spans: Vec::new(),
            indexes: Vec::new(),
            tally: Tally::default(),
            here: Vec::new(),
        };
        pass.tally.begin(pass.summary.as_ref());
        for range in keys::strays_of_mailbox(mailbox) {
            self.strays(reading, Some(mailbox), range).await?;
        }
        pass.keywords(self).await?;
        pass.left(self).await?;
        pass.blocks(self).await?;
        pass.stray_pieces(self).await?;
        pass.singles(self).await?;
        pass.old(self).await?;
        pass.index(self).await?;
        let account = reading.get::<AccountValue>(&keys::account()).await;
        let account = account.ok().flatten().map(|(account, _)| account);
        pass.numbers(self, account.as_ref());
        Ok(Some(pass))
    }

    /// A mailbox that has no numbers was deleted meanwhile, if it has no name either.
    async fn no_numbers(&mut self, reading: &Reading, mailbox: MailboxId) -> Result<()> {
        let mut scan = reading.past_damage(NameKey::all(), READ_ROWS);
        while let Some(page) = scan.page().await? {
            let mut values = page.rows.iter().map(|(_, value)| &value.bytes);
            if values.any(|octets| NameValue::read(octets).is_ok_and(|name| name.id == mailbox)) {
                self.fault(Some(mailbox), UidSet::default(), Wrong::NoNumbers);
                break;
            }
        }
        Ok(())
    }
}

impl Pass<'_> {
    /// True for what a copy that is under way has put where nobody looks.
    pub(super) fn is_unseen(&self, uid: Uid) -> bool {
        let summary = self.summary.as_ref();
        summary.is_some_and(|summary| summary.staged && uid >= summary.uid_next)
    }

    /// The same of a change.
    pub(super) fn is_unseen_change(&self, modseq: Modseq) -> bool {
        let summary = self.summary.as_ref();
        summary.is_some_and(|summary| summary.staged && modseq > summary.highest_modseq)
    }

    async fn keywords(&mut self, check: &mut Check<'_>) -> Result<()> {
        let key = keys::keywords(self.mailbox);
        let known = match self.reading.get::<KeywordsValue>(&key).await {
            Ok(known) => known.map(|(known, _)| known).unwrap_or_default(),
            Err(error) => {
                return check.unreadable(Some(self.mailbox), UidSet::default(), key, error);
            }
        };
        let mut named = 0;
        for (at, keyword) in known.0.iter().enumerate() {
            named |= 1u128
                .checked_shl(u32::try_from(at).unwrap_or(u32::MAX))
                .unwrap_or(0);
            if known.0.iter().take(at).any(|other| other == keyword) {
                check.fault(Some(self.mailbox), UidSet::default(), Wrong::KeywordTwice);
            }
        }
        self.nameless = Some(!named);
        Ok(())
    }

    /// What a move took out, and whether there was one.
    async fn left(&mut self, check: &mut Check<'_>) -> Result<()> {
        let (mut found, mut all_read) = (false, true);
        let mut scan = self
            .reading
            .past_damage(LeftKey::all(self.mailbox), READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                found = true;
                if LeftKey::decode(&key).is_none() {
                    check.fault(Some(self.mailbox), UidSet::default(), Wrong::Stray { key });
                } else if let Err(error) = LeftPieceValue::read(&value.bytes) {
                    all_read = false;
                    check.unreadable(Some(self.mailbox), UidSet::default(), key, error)?;
                }
            }
            if let Some(damage) = page.damage {
                (found, all_read) = (true, false);
                check.damage(Some(self.mailbox), UidSet::default(), damage);
            }
        }
        self.tally.sure &= all_read;
        let Some(summary) = &self.summary else {
            return Ok(());
        };
        let is_odd = match summary.left {
            Some(left) => !found || left.from > left.to || left.to >= summary.uid_next,
            None => found && !summary.staged,
        };
        if is_odd {
            check.fault(Some(self.mailbox), UidSet::default(), Wrong::Left);
        }
        if all_read {
            self.left = self.reading.left(self.mailbox, summary).await?;
        }
        Ok(())
    }

    /// Takes account of a message.
    pub(super) fn message(&mut self, check: &mut Check<'_>, seen: Seen) {
        let Seen {
            uid,
            mut mark,
            fixed,
        } = seen;
        check.found.progress.messages += 1;
        if let (Some(left), Some(mark)) = (&self.left, &mut mark) {
            left.apply_to(uid, mark);
        }
        if let Some(fixed) = &fixed {
            self.refers(check, uid, &fixed.body);
        }
        self.tally.count(uid, mark.as_ref(), fixed.as_ref());
        let (Some(mark), Some(fixed)) = (mark, fixed) else {
            return;
        };
        if self.nameless.is_some_and(|bits| mark.keywords & bits != 0) {
            self.tally.nameless.get_or_insert(uid);
        }
        match mark.kept {
            Kept::Here if mark.is_gone() => {}
            Kept::Here => self.here.push(uid),
            // Those that are removed may have shared what has gone since.
            Kept::Shared if mark.is_gone() => {}
            Kept::Own | Kept::Shared => check.needs.push(Need {
                email: fixed.email_id,
                mailbox: self.mailbox,
                uid,
                own: mark.kept == Kept::Own,
            }),
        }
    }

    /// Takes note of a body that is to be read.
    pub(super) fn refers(&self, check: &mut Check<'_>, uid: Uid, body: &BodyRef) {
        if check.bodies == Bodies::Read {
            check.references.push(Reference {
                body: body.clone(),
                mailbox: self.mailbox,
                uid,
            });
        }
    }

    /// Claims a fault of this mailbox.
    pub(super) fn fault(&self, check: &mut Check<'_>, uid: Option<Uid>, wrong: Wrong) {
        check.fault(Some(self.mailbox), only(uid), wrong);
    }

    /// Claims a fault of a message if a number of it is past its bound.
    pub(super) fn bound(
        &self,
        check: &mut Check<'_>,
        what: Number,
        found: Option<(u64, Uid)>,
        most: u64,
    ) {
        if let Some((found, uid)) = found.filter(|(found, _)| *found > most) {
            self.fault(check, Some(uid), Wrong::TooHigh { what, found, most });
        }
    }
}
