//! The numbers of a mailbox, as they were counted.

use super::mailbox::Seen;
use crate::change::Change;
use crate::values::SummaryValue;
use crate::{MailboxId, Modseq, Result, Uid, Wrong};

impl Change {
    /// Counts a mailbox anew. False if its numbers were right.
    pub(super) async fn mend_numbers(&mut self, mailbox: MailboxId, seen: &Seen) -> Result<bool> {
        let before = &seen.summary;
        let summary = self.summary(mailbox).await?;
        if seen.tally.sure {
            count(summary, seen);
        }
        if seen.is_wrong(|wrong| *wrong == Wrong::OldRows) {
            // Who packs them looks for what version 1 left, and clears it away.
            summary.old = true;
        }
        if summary.exists != before.exists || summary.unseen != before.unseen {
            // Who knows no later change compares what it shows with what is there.
            summary.highest_modseq = summary.highest_modseq.next();
            summary.forgotten = summary.highest_modseq;
        }
        // That a copy was given up is no change of a number.
        let staged = before.staged;
        Ok(*before
            != SummaryValue {
                staged,
                ..summary.clone()
            })
    }
}

/// Raises what gives numbers above those that were found.
pub(super) fn raise(summary: &mut SummaryValue, seen: &Seen) {
    if let Some((highest, _)) = seen.tally.uid {
        let highest = u32::try_from(highest).unwrap_or(u32::MAX);
        let next = Uid::new(highest.saturating_add(1)).unwrap_or(Uid::MAX);
        summary.uid_next = summary.uid_next.max(next);
    }
    let highest = seen.tally.modseq.map_or(0, |(highest, _)| highest);
    // A change that was forgotten was one.
    let highest = Modseq(highest).max(summary.forgotten);
    summary.highest_modseq = summary.highest_modseq.max(highest);
    summary.first_recent = summary.first_recent.min(summary.uid_next);
}

fn count(summary: &mut SummaryValue, seen: &Seen) {
    let Some(counted) = &seen.tally.counted else {
        return;
    };
    summary.exists = counted.exists;
    summary.unseen = counted.unseen;
    summary.deleted = counted.deleted;
    summary.recent = counted.recent;
    summary.bytes = counted.bytes;
    summary.singles = counted.singles;
    if let Some(oldest) = seen.tally.oldest
        && !seen.tally.old_gone
    {
        summary.has_gone(oldest);
    }
}
