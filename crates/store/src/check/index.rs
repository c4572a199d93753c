//! By what the blocks of a mailbox are found beside their own keys.

use std::collections::BTreeSet;
use std::ops::Range;

use super::mailbox::Pass;
use super::{By, Check, READ_ROWS, Wrong};
use crate::keys::{BlockChangedKey, BlockGoneKey};
use crate::values::{MarkValue, Stored};
use crate::{Modseq, Result, Uid};

/// A number that a block is found by, and the block.
type Entry = (u64, Uid);

impl Pass<'_> {
    /// Each block is found by its last change, and by the first removal in it if there is
    /// one; and by nothing else.
    pub(super) async fn index(&self, check: &mut Check<'_>) -> Result<()> {
        let all = self.indexes.iter();
        let changes = all.map(|(uid, index)| (index.modseq.get(), *uid));
        let read = |key: &[u8]| {
            let BlockChangedKey(_, modseq, uid) = BlockChangedKey::decode(key)?;
            Some((modseq.get(), uid))
        };
        let range = BlockChangedKey::all(self.mailbox);
        self.found_by(check, By::Change, range, changes.collect(), read)
            .await?;
        let all = self.indexes.iter();
        let removals = all.filter_map(|(uid, index)| Some((index.gone?, *uid)));
        let read = |key: &[u8]| {
            let BlockGoneKey(_, seconds, uid) = BlockGoneKey::decode(key)?;
            Some((seconds, uid))
        };
        let range = BlockGoneKey::all(self.mailbox);
        self.found_by(check, By::Removal, range, removals.collect(), read)
            .await
    }

    async fn found_by(
        &self,
        check: &mut Check<'_>,
        by: By,
        range: Range<Vec<u8>>,
        mut expected: BTreeSet<Entry>,
        read: fn(&[u8]) -> Option<Entry>,
    ) -> Result<()> {
        let mut scan = self.reading.past_damage(range, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                let Some(entry) = read(&key) else {
                    self.fault(check, None, Wrong::Stray { key });
                    continue;
                };
                if !expected.remove(&entry) && !self.may_be_found(by, entry) {
                    self.fault(check, Some(entry.1), Wrong::FoundByWrong(by));
                }
                if let Err(error) = MarkValue::read(&value.bytes) {
                    let uids = [entry.1].into_iter().collect();
                    check.unreadable(Some(self.mailbox), uids, key, error)?;
                }
            }
            if let Some(damage) = page.damage {
                let entry = read(&damage.key);
                entry.map(|entry| expected.remove(&entry));
                let uids = entry.into_iter().map(|(_, uid)| uid).collect();
                check.damage(Some(self.mailbox), uids, damage);
            }
        }
        for (_, uid) in expected {
            self.fault(check, Some(uid), Wrong::NotFoundBy(by));
        }
        Ok(())
    }

    /// True for a block that can't be read, or that a copy has put where nobody looks.
    fn may_be_found(&self, by: By, (number, uid): Entry) -> bool {
        let unread = self.spans.iter();
        let mut unread = unread.filter(|span| span.last.is_none());
        unread.any(|span| span.first == uid)
            || by == By::Change && self.is_unseen_change(Modseq(number))
    }
}
