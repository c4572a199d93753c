//! Messages that do not stand as they should: a block over others, a message alone where a
//! block is, a block of which a part is missing, a part of which nobody knows the block.
//!
//! That is what changes leave of which one is lost: messages were put into a block, and the
//! next that was written of that block was but its marks, so that what never changes of them
//! still stands with each alone; or removed messages were forgotten, and what never changed of
//! them is still there. All that stands in such a place is put into blocks anew.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::mailbox::{Seen, is_of_blocks};
use super::pieces::{Piece, Sorted, sort};
use super::{Done, Mending};
use crate::block::{BLOCK_MESSAGES, PIECE_MESSAGES, read_piece};
use crate::change::{Change, FULL_OPERATIONS};
use crate::keys::{PieceKey, RecordKey};
use crate::mark::{Fixed, Kept, Mark, RecordValue};
use crate::reading::key;
use crate::walk::Block;
use crate::writing::Message;
use crate::{EmailId, MailboxId, Modseq, Result, StoreError, SystemFlags, Uid};

/// Blocks that lie over each other and are still made into others in one commit.
const REGION_BLOCKS: usize = 8;
/// Rows of one kind that stand in such a place at most; where there are more it is left alone.
const REGION_ROWS: usize = 1000;
/// Messages of one place that can get new UIDs: a row each.
const REGION_LOOSE: usize = 1000;

/// What making its blocks anew takes: their rows are cleared, and others are put, the marks, by
/// what they are found, and the pieces.
const REGION_OPERATIONS: usize = REGION_BLOCKS * (8 + BLOCK_MESSAGES / PIECE_MESSAGES);

const _: () = assert!(REGION_OPERATIONS + REGION_LOOSE < FULL_OPERATIONS);

/// A message of which nothing but itself is known.
const NEW: Mark = Mark {
    modseq: Modseq::NEVER,
    system: SystemFlags::NONE,
    keywords: 0,
    kept: Kept::Shared,
    gone: None,
};

/// Where something does not stand as it should.
#[derive(Clone, Debug)]
pub(super) struct Region {
    uids: RangeInclusive<Uid>,
    /// The blocks that lie in it; none is anywhere else in it.
    blocks: Vec<Uid>,
    /// Whether all of them can be read.
    is_readable: bool,
}

/// All that stands in a region.
struct Standing {
    blocks: Vec<Block>,
    pieces: Vec<Piece>,
    singles: Vec<(Uid, RecordValue)>,
}

/// What is to stand there.
#[derive(Default)]
struct Settled {
    messages: Vec<Message>,
    /// Messages that need another UID.
    extra: Vec<(Mark, Fixed)>,
    /// Messages of which nothing but what they were marked with is known.
    lost: Vec<Uid>,
    /// Those that are among `extra`, but nobody knows which of them they are.
    unclear: Vec<Uid>,
}

impl Settled {
    /// Another UID is needed for a message, if it is there.
    fn other(&mut self, mark: Option<&Mark>, fixed: &Fixed) {
        if let Some(mark) = mark.filter(|mark| !mark.is_gone()) {
            self.extra.push((as_new(mark), fixed.clone()));
        }
    }
}

impl Region {
    /// Where something is wrong with how messages stand.
    pub(super) fn all(seen: &Seen) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        for span in &seen.spans {
            let last = span.last.unwrap_or(span.first);
            match regions.last_mut() {
                Some(before) if *before.uids.end() >= span.first => {
                    before.uids = *before.uids.start()..=last.max(*before.uids.end());
                    before.blocks.push(span.first);
                    before.is_readable &= span.last.is_some();
                }
                _ => regions.push(Region {
                    uids: span.first..=last,
                    blocks: vec![span.first],
                    is_readable: span.last.is_some(),
                }),
            }
        }
        let wrong = seen
            .faults
            .iter()
            .filter(|fault| is_of_blocks(&fault.wrong));
        let uids: BTreeSet<Uid> = wrong.flat_map(|fault| fault.uids.iter()).collect();
        let holds = |region: &Region, uid: &Uid| region.uids.contains(uid);
        let apart = uids.iter().filter(|uid| {
            let after = regions.partition_point(|region| region.uids.start() <= uid);
            let before = after.checked_sub(1).and_then(|at| regions.get(at));
            before.is_none_or(|region| !holds(region, uid))
        });
        let apart = apart.map(|uid| Region {
            uids: *uid..=*uid,
            blocks: Vec::new(),
            is_readable: true,
        });
        let mut wanted: Vec<Region> = apart.collect();
        let is_wanted = |region: &Region| uids.range(region.uids.clone()).next().is_some();
        wanted.extend(regions.into_iter().filter(is_wanted));
        wanted
    }

    fn can_be_mended(&self) -> bool {
        self.is_readable && self.blocks.len() <= REGION_BLOCKS
    }
}

impl Mending<'_> {
    /// Messages that are surely elsewhere than in these regions of a mailbox.
    pub(super) fn elsewhere(&self, mailbox: MailboxId, regions: &[Region]) -> BTreeSet<EmailId> {
        let unsure = self.mailboxes(is_of_blocks);
        let there = self.there.iter();
        let sure = there.filter(|(_, other, uid)| match *other == mailbox {
            true => !regions.iter().any(|region| region.uids.contains(uid)),
            false => !unsure.contains(other),
        });
        sure.map(|(email, ..)| *email).collect()
    }
}

impl Change {
    /// Makes these regions what they should be, as many as one commit takes, but for those
    /// in which anything can't be read now. None if there is no other.
    pub(super) async fn mend_blocks(
        &mut self,
        mailbox: MailboxId,
        regions: Vec<Region>,
        elsewhere: &BTreeSet<EmailId>,
    ) -> Result<Option<Vec<Done>>> {
        let (mut lost, mut before, mut now) = (Vec::new(), Vec::new(), Vec::new());
        let mut back = Vec::new();
        let mut some = false;
        for region in regions.into_iter().filter(Region::can_be_mended) {
            let standing = match self.standing(mailbox, &region).await {
                Ok(Some(standing)) => standing,
                Ok(None) | Err(StoreError::Damaged(_)) => continue,
                Err(error) => return Err(error),
            };
            let settled = settle(&region, &standing, elsewhere);
            let count = self.operations.count() + settled.extra.len();
            if settled.extra.len() > REGION_LOOSE {
                continue;
            }
            if some && (count + REGION_OPERATIONS > FULL_OPERATIONS || self.is_full()) {
                break;
            }
            some = true;
            let uids = self
                .put_settled(mailbox, &region, &standing, &settled)
                .await?;
            match settled.unclear.is_empty() {
                true => back.extend(uids),
                false => now.extend(uids),
            }
            lost.extend(settled.lost);
            before.extend(settled.unclear);
        }
        let mut done = Vec::new();
        if !lost.is_empty() {
            done.push(Done::Lost(lost.into_iter().collect()));
        }
        for (before, now) in [(before, now), (Vec::new(), back)] {
            if !now.is_empty() {
                let before = before.into_iter().collect();
                let now = now.into_iter().collect();
                done.push(Done::NewUids { before, now });
            }
        }
        Ok(some.then_some(done))
    }

    /// Reads what stands in a region; none if that is too much.
    async fn standing(&self, mailbox: MailboxId, region: &Region) -> Result<Option<Standing>> {
        let mut blocks = Vec::new();
        for uid in &region.blocks {
            blocks.extend(self.reading.block_in(mailbox, &(*uid..=*uid)).await?);
        }
        let rows = PieceKey::range(mailbox, &region.uids);
        let rows = self.reading.rows(rows, REGION_ROWS).await?;
        let mut pieces = Vec::new();
        for row in &rows {
            pieces.push(Piece {
                first: key(row, PieceKey::decode)?.1,
                fixeds: read_piece(&row.1.bytes)?,
            });
        }
        let singles = self.reading.singles(mailbox, &region.uids, REGION_ROWS);
        let singles = singles.await?;
        let is_all = pieces.len() < REGION_ROWS && singles.len() < REGION_ROWS;
        Ok(is_all.then_some(Standing {
            blocks,
            pieces,
            singles,
        }))
    }

    /// Gives the UIDs of those that got another one.
    async fn put_settled(
        &mut self,
        mailbox: MailboxId,
        region: &Region,
        standing: &Standing,
        settled: &Settled,
    ) -> Result<Vec<Uid>> {
        for block in &standing.blocks {
            self.clear_block(mailbox, block)?;
        }
        let uids = &region.uids;
        self.operations.clear(PieceKey::range(mailbox, uids));
        // Where no block is, what stands alone is as it should be.
        if !region.blocks.is_empty() {
            self.operations.clear(RecordKey::range(mailbox, uids));
            let packing = self.packing;
            self.operations
                .put_blocks(mailbox, &settled.messages, packing)?;
        }
        let mut given = Vec::new();
        for (mark, fixed) in &settled.extra {
            let uid = self.give_uid(mailbox).await?;
            let modseq = self.modseq(mailbox).await?;
            let (mark, fixed) = (
                Mark {
                    modseq,
                    ..mark.clone()
                },
                fixed.clone(),
            );
            let record = RecordValue { mark, fixed };
            self.operations.put_single(mailbox, uid, &record)?;
            given.push(uid);
        }
        Ok(given)
    }
}

/// Sorts out what stands in a region.
fn settle(region: &Region, standing: &Standing, elsewhere: &BTreeSet<EmailId>) -> Settled {
    let mut marks: BTreeMap<Uid, Mark> = BTreeMap::new();
    for block in &standing.blocks {
        for (uid, mark) in &block.marks.0 {
            add(&mut marks, *uid, mark);
        }
    }
    let in_blocks: BTreeSet<Uid> = marks.keys().copied().collect();
    let end = region.uids.end().get().saturating_add(1);
    let Sorted {
        mut known,
        loose,
        unclear,
    } = sort(&standing.pieces, &in_blocks, end);
    let mut settled = Settled::default();
    for (uid, RecordValue { mark, fixed }) in &standing.singles {
        match known.get(uid) {
            // Another message has that UID: the one that came later keeps it, but for one that
            // has a UID elsewhere.
            Some(other) if other.email_id != fixed.email_id => {
                let before = marks.get(uid);
                let is_later = before.is_none_or(|before| mark.modseq > before.modseq);
                if is_later && !elsewhere.contains(&fixed.email_id) {
                    settled.other(before, other);
                    marks.insert(*uid, mark.clone());
                    known.insert(*uid, fixed.clone());
                } else {
                    settled.other(Some(mark), fixed);
                }
                continue;
            }
            Some(_) => {}
            None => drop(known.insert(*uid, fixed.clone())),
        }
        add(&mut marks, *uid, mark);
    }
    let unclear: Vec<Uid> = unclear
        .into_iter()
        .filter(|uid| !known.contains_key(uid))
        .collect();
    let mut named: BTreeSet<EmailId> = known.values().map(|fixed| fixed.email_id).collect();
    named.extend(settled.extra.iter().map(|(_, fixed)| fixed.email_id));
    if unclear.is_empty() {
        named.extend(elsewhere);
    }
    for fixed in loose {
        if named.insert(fixed.email_id) {
            settled.extra.push((NEW, fixed));
        }
    }
    for (uid, mark) in marks {
        match known.remove(&uid) {
            Some(fixed) => settled.messages.push(Message { uid, mark, fixed }),
            None if mark.is_gone() => {}
            None if unclear.contains(&uid) => settled.unclear.push(uid),
            None => settled.lost.push(uid),
        }
    }
    settled
}

/// The same message where nobody knows it yet.
fn as_new(mark: &Mark) -> Mark {
    Mark {
        kept: Kept::Shared,
        ..mark.clone()
    }
}

/// Adds what a message is marked with; what came later counts.
fn add(marks: &mut BTreeMap<Uid, Mark>, uid: Uid, mark: &Mark) {
    let Some(known) = marks.get_mut(&uid) else {
        marks.insert(uid, mark.clone());
        return;
    };
    let is_shared = [known.kept, mark.kept].contains(&Kept::Shared);
    if mark.modseq > known.modseq {
        *known = mark.clone();
    }
    if is_shared {
        known.kept = known.kept.shared();
    }
}
