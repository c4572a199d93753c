//! Work on many messages: which they are, and how far one commit came.

use std::ops::RangeInclusive;

use crate::change::Change;
use crate::keys::RecordKey;
use crate::reading::key;
use crate::values::{RecordValue, Stored};
use crate::{MailboxId, Result, Uid, UidSet};

/// Messages that are read at once.
const READ_ROWS: usize = 200;

/// What one commit of a long work did.
pub(crate) struct Step<T> {
    pub(crate) uids: Vec<T>,
    /// The last UID that was looked at, when there may be more to do.
    pub(crate) next: Option<Uid>,
}

/// The messages of a set, in order, as a change sees them.
pub(crate) struct Records {
    mailbox: MailboxId,
    /// What is still to be looked at, the next last.
    ranges: Vec<RangeInclusive<Uid>>,
    /// What was read of it, the next last.
    read: Vec<(Uid, RecordValue)>,
}

impl Records {
    pub(crate) fn new(mailbox: MailboxId, uids: &UidSet) -> Records {
        let ranges = uids.ranges().iter().rev().cloned().collect();
        Records {
            mailbox,
            ranges,
            read: Vec::new(),
        }
    }

    pub(crate) async fn next(&mut self, change: &Change) -> Result<Option<(Uid, RecordValue)>> {
        while self.read.is_empty() {
            let Some(range) = self.ranges.pop() else {
                return Ok(None);
            };
            let rows = change
                .reading
                .rows(RecordKey::range(self.mailbox, &range), READ_ROWS)
                .await?;
            for row in rows.iter().rev() {
                let RecordKey(_, uid) = key(row, RecordKey::decode)?;
                self.read.push((uid, RecordValue::read(&row.1.bytes)?));
            }
            if rows.len() == READ_ROWS
                && let Some(next) = self.read.first().and_then(|(last, _)| last.next())
                && next <= *range.end()
            {
                self.ranges.push(next..=*range.end());
            }
        }
        Ok(self.read.pop())
    }
}
