//! Opening a mailbox, and what happened in it since.

use address::AccountId;

use crate::change::Change;
use crate::keys::BlockChangedKey;
use crate::mark::Mark;
use crate::reading::{Reading, key};
use crate::store::Turn;
use crate::values::{KeywordsValue, SummaryValue};
use crate::walk::{Only, Place, Walk, room};
use crate::{
    Changes, Flags, MailboxId, Marks, Modseq, Result, Selected, Store, Summary, SystemFlags, Uid,
    UidSet,
};

/// So many changed blocks are read one by one; of more, all between the first and the last
/// are read.
const FEW_BLOCKS: usize = 64;

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
        let value = self.summary(mailbox).await?;
        let keywords = self.keywords(mailbox).await?.0;
        let mut uids = room(&value, usize::MAX);
        let mut first_unseen = None;
        let walk = Walk::new(self, mailbox, &UidSet::all(), &value).await?;
        self.each(walk, |uid, mark| {
            if !mark.is_gone() {
                uids.push(uid);
                if first_unseen.is_none() && !mark.system.contains(SystemFlags::SEEN) {
                    first_unseen = Some(uid);
                }
            }
        })
        .await?;
        let summary = value.summary();
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
            let happened = self.happened(mailbox, since, &value, &keywords).await?;
            marks = happened.marks;
            vanished = if since < value.forgotten {
                self.missing(mailbox, known, &value).await?
            } else {
                let gone = happened.gone.into_iter();
                gone.filter(|uid| *uid < known).collect()
            };
        }
        marks.sort_unstable_by_key(|marks: &Marks| marks.uid);
        let new = marks.split_off(marks.partition_point(|marks| marks.uid < known));
        let changed = marks;
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

    async fn happened(
        &self,
        mailbox: MailboxId,
        since: Modseq,
        summary: &SummaryValue,
        keywords: &KeywordsValue,
    ) -> Result<Happened> {
        let mut happened = Happened::default();
        let mut take = |uid: Uid, mark: &Mark| {
            if mark.modseq <= since {
                return;
            }
            if mark.is_gone() {
                happened.gone.push(uid);
                return;
            }
            let flags = Flags {
                system: mark.system,
                keywords: keywords.names(mark.keywords),
            };
            happened.marks.push(Marks {
                uid,
                modseq: mark.modseq,
                flags,
            });
        };
        let blocks = self.changed_blocks(mailbox, since, summary).await?;
        let walk = Walk::new(self, mailbox, &blocks, summary).await?;
        self.each(walk.of(Only::Blocks), &mut take).await?;
        let walk = Walk::new(self, mailbox, &UidSet::all(), summary).await?;
        let walk = walk.of(Only::Singles).with_old_gone(summary);
        self.each(walk, &mut take).await?;
        Ok(happened)
    }

    /// UIDs in all the blocks in which something happened.
    async fn changed_blocks(
        &self,
        mailbox: MailboxId,
        since: Modseq,
        summary: &SummaryValue,
    ) -> Result<UidSet> {
        let mut blocks = Vec::new();
        let mut scan = self.scan(BlockChangedKey::since(mailbox, since));
        while let Some(rows) = scan.page().await? {
            for row in rows {
                let BlockChangedKey(_, _, block) = key(&row, BlockChangedKey::decode)?;
                blocks.push((block, block));
            }
        }
        if blocks.len() > FEW_BLOCKS {
            let uids = || blocks.iter().map(|(block, _)| *block);
            blocks = uids().min().zip(uids().max()).into_iter().collect();
        }
        // Of these no row tells yet that they were taken out.
        if summary.left.is_some_and(|left| left.modseq > since)
            && let Some(left) = self.left(mailbox, summary).await?
        {
            let ranges = left.uids.ranges().iter();
            blocks.extend(ranges.map(|range| (*range.start(), *range.end())));
        }
        Ok(UidSet::from_ranges(blocks))
    }

    /// Every UID below `known` that no message has, where removals are forgotten.
    async fn missing(
        &self,
        mailbox: MailboxId,
        known: Uid,
        summary: &SummaryValue,
    ) -> Result<UidSet> {
        let mut gaps = Vec::new();
        let mut next = Uid::MIN;
        let walk = Walk::new(self, mailbox, &UidSet::all(), summary).await?;
        self.each(walk, |uid, mark| {
            if !mark.is_gone() && uid < known {
                gaps.extend(gap(next, uid));
                next = uid.next().unwrap_or(Uid::MAX);
            }
        })
        .await?;
        gaps.extend(gap(next, known));
        Ok(UidSet::from_ranges(gaps))
    }

    /// Shows every message that a walk meets, of a block all of them.
    async fn each(&self, mut walk: Walk, mut show: impl FnMut(Uid, &Mark) + Send) -> Result<()> {
        walk = walk.expecting(usize::MAX);
        while let Some(place) = walk.next(self).await? {
            match place {
                Place::Block(block) => {
                    let marks = block.marks.0.iter();
                    marks.for_each(|(uid, mark)| show(*uid, mark));
                }
                Place::Single(uid, record) => show(uid, &record.mark),
            }
        }
        Ok(())
    }
}

/// What happened in a mailbox.
#[derive(Default)]
struct Happened {
    /// Messages that are there.
    marks: Vec<Marks>,
    /// Messages that were removed.
    gone: Vec<Uid>,
}

/// The UIDs from `from` up to, and without, `to`.
fn gap(from: Uid, to: Uid) -> Option<(Uid, Uid)> {
    let last = Uid::new(to.get() - 1)?;
    (from <= last).then_some((from, last))
}
