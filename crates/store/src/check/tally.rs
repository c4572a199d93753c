//! The numbers of a mailbox, counted anew.

use super::mailbox::Pass;
use super::{Check, Number, Wrong};
use crate::Uid;
use crate::mark::{Fixed, Mark};
use crate::values::{AccountValue, SummaryValue};

/// What was counted so far.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    /// True while all was read that counts.
    pub(crate) sure: bool,
    pub(crate) counted: Option<SummaryValue>,
    /// The highest that was found, and of which message.
    pub(crate) uid: Option<(u64, Uid)>,
    pub(crate) modseq: Option<(u64, Uid)>,
    email: Option<(u64, Uid)>,
    /// The keywords that messages have.
    pub(crate) keywords: u128,
    /// A message with a keyword that has no name.
    pub(super) nameless: Option<Uid>,
    /// When the first removal was of those that are kept, in seconds since 1970.
    pub(crate) oldest: Option<i64>,
    /// Whether there are removed messages as version 1 kept them.
    pub(crate) old_gone: bool,
}

impl Tally {
    /// Begins at nothing, with the bounds that the numbers give.
    pub(super) fn begin(&mut self, summary: Option<&SummaryValue>) {
        self.sure = summary.is_some();
        self.counted = summary.map(|summary| SummaryValue {
            exists: 0,
            unseen: 0,
            deleted: 0,
            recent: 0,
            bytes: 0,
            singles: 0,
            ..summary.clone()
        });
    }

    /// Counts a record that stands alone.
    pub(super) fn single(&mut self) {
        if let Some(counted) = &mut self.counted {
            counted.singles = counted.singles.saturating_add(1);
        }
    }

    /// Counts a message, as far as it was read.
    pub(super) fn count(&mut self, uid: Uid, mark: Option<&Mark>, fixed: Option<&Fixed>) {
        raise(&mut self.uid, uid.get().into(), uid);
        if let Some(fixed) = fixed {
            raise(&mut self.email, fixed.email_id.get(), uid);
        }
        let Some(mark) = mark else {
            self.sure = false;
            return;
        };
        raise(&mut self.modseq, mark.modseq.get(), uid);
        self.keywords |= mark.keywords;
        match (mark.gone, fixed) {
            (Some(at), _) => self.oldest = Some(self.oldest.unwrap_or(at).min(at)),
            (None, Some(fixed)) => {
                if let Some(counted) = &mut self.counted {
                    counted.add(uid, mark.system, fixed.size());
                }
            }
            (None, None) => self.sure = false,
        }
    }
}

fn raise(highest: &mut Option<(u64, Uid)>, number: u64, uid: Uid) {
    if highest.is_none_or(|(highest, _)| number > highest) {
        *highest = Some((number, uid));
    }
}

impl Pass<'_> {
    /// Holds the mailbox's numbers against what was counted.
    pub(super) fn numbers(&self, check: &mut Check<'_>, account: Option<&AccountValue>) {
        let tally = &self.tally;
        if let Some(uid) = tally.nameless {
            self.fault(check, Some(uid), Wrong::NamelessKeyword);
        }
        if let Some(account) = account {
            let most = account.next_email.saturating_sub(1);
            self.bound(check, Number::EmailId, tally.email, most);
        }
        let (Some(kept), Some(counted)) = (&self.summary, &tally.counted) else {
            return;
        };
        let next = u64::from(kept.uid_next.get());
        let last_change = kept.highest_modseq.get();
        self.bound(check, Number::Uid, tally.uid, next - 1);
        self.bound(check, Number::Modseq, tally.modseq, last_change);
        let forgotten = kept.forgotten.get();
        check.bound(self.mailbox, Number::Forgotten, forgotten, last_change);
        let recent = kept.first_recent.get();
        check.bound(self.mailbox, Number::FirstRecent, recent, next);
        if !tally.sure {
            return;
        }
        for (what, kept, counted) in [
            (Number::Messages, kept.exists, counted.exists),
            (Number::Unseen, kept.unseen, counted.unseen),
            (Number::Deleted, kept.deleted, counted.deleted),
            (Number::Recent, kept.recent, counted.recent),
            (Number::Alone, kept.singles, counted.singles),
        ] {
            self.count(check, what, kept.into(), counted.into());
        }
        self.count(check, Number::Octets, kept.bytes, counted.bytes);
        // When version 1 removed messages is kept elsewhere.
        let due = kept.oldest_gone.is_some() && kept.oldest_gone <= tally.oldest;
        if tally.oldest.is_some() && !tally.old_gone && !due {
            self.fault(check, None, Wrong::Uncollected);
        }
    }

    fn count(&self, check: &mut Check<'_>, what: Number, kept: u64, counted: u64) {
        if kept != counted {
            let wrong = Wrong::Miscounted {
                what,
                kept,
                counted,
            };
            self.fault(check, None, wrong);
        }
    }
}
