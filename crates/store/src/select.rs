//! Opening a mailbox, and what happened in it since.

use address::AccountId;

use crate::change::Change;
use crate::keys::{ChangedKey, RecordKey, RemovedKey};
use crate::reading::{Reading, key};
use crate::store::Turn;
use crate::values::{ChangedValue, KeywordsValue, RecordValue, Stored, SummaryValue};
use crate::{
    Changes, Flags, MailboxId, Marks, Modseq, Result, Selected, Store, Summary, SystemFlags, Uid,
    UidSet,
};

impl Store {
    /// A mailbox in numbers.
    ///
    /// # Errors
    /// [`crate::StoreError::Gone`] when it was deleted.
    pub async fn summary(&self, account: AccountId, mailbox: MailboxId) -> Result<Summary> {
        Ok(self
            .reading(account)
            .await?
            .summary(mailbox)
            .await?
            .summary())
    }

    /// Opens a mailbox. With `claim_recent`, this session is the one that is told of the
    /// new messages as `\Recent`, and no other is (RFC 3501 section 2.3.2); EXAMINE does
    /// not claim. Where a claim can't be kept (on a full disk), the mailbox is opened all
    /// the same: another session may then be told of the same messages.
    ///
    /// # Errors
    /// [`crate::StoreError::Gone`] when it was deleted.
    pub async fn select(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        claim_recent: bool,
    ) -> Result<Selected> {
        if !claim_recent {
            return self.reading(account).await?.selected(mailbox).await;
        }
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            change.summary(mailbox).await?.claim_recent();
            let selected = change.reading.selected(mailbox).await?;
            if turn.claim(change).await {
                return Ok(selected);
            }
        }
    }

    /// What happened in a mailbox since the change `since`, for a session that knows of
    /// messages below `known_uid_next`. The session goes on from
    /// [`Summary::highest_modseq`] and [`Summary::uid_next`] of the answer.
    ///
    /// # Errors
    /// [`crate::StoreError::Gone`] when it was deleted.
    pub async fn changes(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        since: Modseq,
        known_uid_next: Uid,
        claim_recent: bool,
    ) -> Result<Changes> {
        if !claim_recent {
            return self
                .reading(account)
                .await?
                .changes(mailbox, since, known_uid_next)
                .await;
        }
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            change.summary(mailbox).await?.claim_recent();
            let changes = change
                .reading
                .changes(mailbox, since, known_uid_next)
                .await?;
            if turn.claim(change).await {
                return Ok(changes);
            }
        }
    }
}

impl Turn<'_> {
    /// Commits a claim. False when it has to be decided anew; one that can't be kept is
    /// done without, since whoever reads is not to be held up by a disk that is full.
    async fn claim(&mut self, change: Change) -> bool {
        match self.commit(change).await {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(%error, "recent messages are told and not claimed");
                true
            }
        }
    }
}

impl SummaryValue {
    /// No message that is there now will be recent to another session.
    fn claim_recent(&mut self) {
        self.first_recent = self.uid_next;
        self.recent = 0;
    }
}

impl Reading {
    async fn selected(&self, mailbox: MailboxId) -> Result<Selected> {
        let summary = self.summary(mailbox).await?.summary();
        let keywords = self.keywords(mailbox).await?.0;
        let capacity = usize::try_from(summary.exists).unwrap_or(0);
        let mut uids = Vec::with_capacity(capacity);
        let mut first_unseen = None;
        let mut scan = self.scan(RecordKey::range(mailbox, &(Uid::MIN..=Uid::MAX)));
        while let Some(rows) = scan.page().await? {
            for row in rows {
                let RecordKey(_, uid) = key(&row, RecordKey::decode)?;
                uids.push(uid);
                if first_unseen.is_none() && summary.unseen > 0 {
                    let record = RecordValue::read(&row.1.bytes)?;
                    first_unseen = (!record.system.contains(SystemFlags::SEEN)).then_some(uid);
                }
            }
        }
        let recent_from = summary.first_recent;
        Ok(Selected {
            summary,
            uids,
            first_unseen,
            recent_from,
            keywords,
        })
    }

    async fn changes(&self, mailbox: MailboxId, since: Modseq, known: Uid) -> Result<Changes> {
        let value = self.summary(mailbox).await?;
        let keywords = self.keywords(mailbox).await?;
        let mut marks = Vec::new();
        let mut vanished = UidSet::default();
        if value.highest_modseq > since {
            marks = self.marks_since(mailbox, since, &keywords).await?;
            vanished = if since < value.forgotten {
                self.missing(mailbox, known).await?
            } else {
                self.removed_since(mailbox, since, known).await?
            };
        }
        marks.sort_unstable_by_key(|marks: &Marks| marks.uid);
        let (changed, new) = marks.into_iter().partition(|marks| marks.uid < known);
        let summary = value.summary();
        let recent_from = summary.first_recent;
        Ok(Changes {
            new,
            changed,
            vanished,
            summary,
            recent_from,
            keywords: keywords.0,
        })
    }

    async fn marks_since(
        &self,
        mailbox: MailboxId,
        since: Modseq,
        keywords: &KeywordsValue,
    ) -> Result<Vec<Marks>> {
        let mut marks = Vec::new();
        let mut scan = self.scan(ChangedKey::since(mailbox, since));
        while let Some(rows) = scan.page().await? {
            for row in rows {
                let ChangedKey(_, modseq, uid) = key(&row, ChangedKey::decode)?;
                let changed = ChangedValue::read(&row.1.bytes)?;
                let keywords = keywords.names(changed.keywords);
                marks.push(Marks {
                    uid,
                    modseq,
                    flags: Flags {
                        system: changed.system,
                        keywords,
                    },
                });
            }
        }
        Ok(marks)
    }

    async fn removed_since(&self, mailbox: MailboxId, since: Modseq, known: Uid) -> Result<UidSet> {
        let mut uids = Vec::new();
        let mut scan = self.scan(RemovedKey::since(mailbox, since));
        while let Some(rows) = scan.page().await? {
            for row in rows {
                let RemovedKey(_, _, uid) = key(&row, RemovedKey::decode)?;
                uids.extend(Some(uid).filter(|uid| *uid < known));
            }
        }
        Ok(uids.into_iter().collect())
    }

    /// Every UID below `known` that no message has, where removals are forgotten.
    async fn missing(&self, mailbox: MailboxId, known: Uid) -> Result<UidSet> {
        let mut gaps = Vec::new();
        let mut next = Uid::MIN;
        let mut scan = self.scan(RecordKey::range(mailbox, &(Uid::MIN..=Uid::MAX)));
        'all: while let Some(rows) = scan.page().await? {
            for row in rows {
                let RecordKey(_, uid) = key(&row, RecordKey::decode)?;
                if uid >= known {
                    break 'all;
                }
                gaps.extend(gap(next, uid));
                next = uid.next().unwrap_or(Uid::MAX);
            }
        }
        gaps.extend(gap(next, known));
        Ok(UidSet::from_ranges(gaps))
    }
}

/// The UIDs from `from` up to, and without, `to`.
fn gap(from: Uid, to: Uid) -> Option<(Uid, Uid)> {
    let last = Uid::new(to.get() - 1)?;
    (from <= last).then_some((from, last))
}
