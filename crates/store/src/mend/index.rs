//! By what the blocks of a mailbox are found.

use std::collections::BTreeSet;
use std::ops::Range;

use super::mailbox::Seen;
use crate::change::Change;
use crate::keys::{BlockChangedKey, BlockGoneKey};
use crate::values::MarkValue;
use crate::{MailboxId, Modseq, Result, Uid};

/// Rows that are read at once.
const READ_ROWS: usize = 400;

/// A number that a block is found by, and the block.
type Entry = (u64, Uid);

/// One way to find blocks.
struct Way {
    all: Range<Vec<u8>>,
    read: fn(&[u8]) -> Option<Entry>,
    write: fn(MailboxId, Entry) -> Vec<u8>,
}

impl Change {
    /// Has each block found by what it holds and by nothing else, as many as one commit
    /// takes. False if each was.
    pub(super) async fn mend_index(&mut self, mailbox: MailboxId, seen: &Seen) -> Result<bool> {
        let blocks = seen.indexes.iter();
        let changes = blocks.map(|(uid, index)| (index.modseq.get(), *uid));
        let by_change = Way {
            all: BlockChangedKey::all(mailbox),
            read: |key| {
                let BlockChangedKey(_, modseq, uid) = BlockChangedKey::decode(key)?;
                Some((modseq.get(), uid))
            },
            write: |mailbox, (modseq, uid)| BlockChangedKey(mailbox, Modseq(modseq), uid).encode(),
        };
        let mended = self.find_by(mailbox, seen, by_change, changes.collect());
        let mended = mended.await?;
        let blocks = seen.indexes.iter();
        let removals = blocks.filter_map(|(uid, index)| Some((index.gone?, *uid)));
        let by_removal = Way {
            all: BlockGoneKey::all(mailbox),
            read: |key| {
                let BlockGoneKey(_, seconds, uid) = BlockGoneKey::decode(key)?;
                Some((seconds, uid))
            },
            write: |mailbox, (seconds, uid)| BlockGoneKey(mailbox, seconds, uid).encode(),
        };
        let more = self.find_by(mailbox, seen, by_removal, removals.collect());
        Ok(more.await? || mended)
    }

    async fn find_by(
        &mut self,
        mailbox: MailboxId,
        seen: &Seen,
        way: Way,
        mut expected: BTreeSet<Entry>,
    ) -> Result<bool> {
        // What can't be read may be found by anything.
        let unread = seen.spans.iter().filter(|span| span.last.is_none());
        let unread: BTreeSet<Uid> = unread.map(|span| span.first).collect();
        let mut wrong = Vec::new();
        let mut scan = self.reading.past_damage(way.all, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, _) in page.rows {
                let Some(entry) = (way.read)(&key) else {
                    continue;
                };
                if !expected.remove(&entry) && !unread.contains(&entry.1) {
                    wrong.push(key);
                }
            }
            let damaged = page.damage.and_then(|damage| (way.read)(&damage.key));
            damaged.map(|entry| expected.remove(&entry));
        }
        let is_right = wrong.is_empty() && expected.is_empty();
        for key in wrong {
            if self.is_full() {
                break;
            }
            self.operations.delete(key);
        }
        for entry in expected {
            if self.is_full() {
                break;
            }
            self.operations
                .put((way.write)(mailbox, entry), &MarkValue)?;
        }
        Ok(!is_right)
    }
}
