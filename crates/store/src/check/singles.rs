//! Messages of a mailbox that are in no block, and what version 1 kept.

use super::mailbox::{Pass, Seen};
use super::{Check, READ_ROWS, Wrong};
use crate::keys::{GoneKey, RecordKey};
use crate::mark::{Mark, RecordValue};
use crate::values::{RemovedValue, Stored};
use crate::{Result, Uid, UidSet, keys};

impl Pass<'_> {
    /// Checks the messages that stand alone.
    pub(super) async fn singles(&mut self, check: &mut Check<'_>) -> Result<()> {
        let all = RecordKey::all(self.mailbox);
        let mut scan = self.reading.past_damage(all, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                match RecordKey::decode(&key) {
                    Some(RecordKey(_, uid)) => self.single(check, uid, key, &value.bytes)?,
                    None => self.fault(check, None, Wrong::Stray { key }),
                }
            }
            if let Some(damage) = page.damage {
                self.tally.sure = false;
                let uid = RecordKey::decode(&damage.key).map(|RecordKey(_, uid)| uid);
                check.damage(Some(self.mailbox), uid.into_iter().collect(), damage);
            }
            check.show();
        }
        Ok(())
    }

    fn single(
        &mut self,
        check: &mut Check<'_>,
        uid: Uid,
        key: Vec<u8>,
        octets: &[u8],
    ) -> Result<()> {
        if self.is_unseen(uid) {
            return Ok(());
        }
        self.tally.single();
        if self.span_at(uid).is_some_and(|span| span.last.is_some()) {
            self.fault(check, Some(uid), Wrong::Overlap);
        }
        match RecordValue::read(octets) {
            Ok(record) => {
                let (mark, fixed) = (Some(record.mark), Some(record.fixed));
                self.message(check, Seen { uid, mark, fixed });
                Ok(())
            }
            Err(error) => {
                self.tally.sure = false;
                let uids = [uid].into_iter().collect();
                check.unreadable(Some(self.mailbox), uids, key, error)
            }
        }
    }

    /// Checks what version 1 kept beside the messages that are there.
    pub(super) async fn old(&mut self, check: &mut Check<'_>) -> Result<()> {
        let mut rows = 0;
        let changed = keys::all_old_changed(self.mailbox);
        let removed = keys::all_old_removed(self.mailbox);
        for (range, has_value) in [(changed, false), (removed, true)] {
            let mut scan = self.reading.past_damage(range, READ_ROWS);
            while let Some(page) = scan.page().await? {
                for (key, value) in page.rows {
                    rows += 1;
                    if keys::read_old_change(&key).is_none() {
                        self.fault(check, None, Wrong::Stray { key });
                    } else if has_value && let Err(error) = RemovedValue::read(&value.bytes) {
                        check.unreadable(Some(self.mailbox), UidSet::default(), key, error)?;
                    }
                }
                if let Some(damage) = page.damage {
                    check.damage(Some(self.mailbox), UidSet::default(), damage);
                }
            }
        }
        rows += self.old_gone(check).await?;
        if rows > 0 && self.summary.as_ref().is_some_and(|summary| !summary.old) {
            self.fault(check, None, Wrong::OldRows);
        }
        Ok(())
    }

    /// Removed messages as version 1 kept them; gives how many there are.
    async fn old_gone(&mut self, check: &mut Check<'_>) -> Result<usize> {
        let mut rows = 0;
        let all = GoneKey::all(self.mailbox);
        let mut scan = self.reading.past_damage(all, READ_ROWS);
        while let Some(page) = scan.page().await? {
            rows += page.rows.len();
            for (key, value) in page.rows {
                let Some(GoneKey(_, uid)) = GoneKey::decode(&key) else {
                    self.fault(check, None, Wrong::Stray { key });
                    continue;
                };
                match RecordValue::read(&value.bytes) {
                    Ok(record) => {
                        let gone = Some(record.mark.gone.unwrap_or_default());
                        let mark = Some(Mark {
                            gone,
                            ..record.mark
                        });
                        let fixed = Some(record.fixed);
                        self.message(check, Seen { uid, mark, fixed });
                    }
                    Err(error) => {
                        let uids = [uid].into_iter().collect();
                        check.unreadable(Some(self.mailbox), uids, key, error)?;
                    }
                }
            }
            if let Some(damage) = page.damage {
                let uid = GoneKey::decode(&damage.key).map(|GoneKey(_, uid)| uid);
                check.damage(Some(self.mailbox), uid.into_iter().collect(), damage);
            }
        }
        self.tally.old_gone |= rows > 0;
        Ok(rows)
    }
}
