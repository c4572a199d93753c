//! Reading the messages of a mailbox in order, wherever they stand: most in blocks,
//! the latest alone.
//!
//! Blocks and single messages never overlap: between the first and the last UID of a
//! block no message stands alone.

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};

use kv::Row;

use crate::block::{BLOCK_MESSAGES, Marks, read_piece};
use crate::keys::{GoneKey, LeftKey, MarksKey, PieceKey, RecordKey};
use crate::mark::{Fixed, Mark, RecordValue};
use crate::reading::{Reading, key};
use crate::values::{LeftPieceValue, LeftValue, Stored, SummaryValue, damaged};
use crate::{MailboxId, Modseq, Result, StoreError, Uid, UidSet};

/// Blocks that are read at once on a long walk. It begins with few, since it may be short.
const READ_BLOCKS: usize = 32;
/// Room that is made at once for what a walk will show. It grows as more comes.
const ROOM: usize = 1 << 20;
/// Messages alone that are read at once.
const READ_SINGLES: usize = 200;

/// A block as it was read.
#[derive(Debug)]
pub(crate) struct Block {
    /// The UID of its key.
    pub(crate) key: Uid,
    pub(crate) marks: Marks,
    /// Where it is found besides.
    pub(crate) index: Index,
}

/// Where a block is found beside its own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// The last change in it.
    pub(crate) modseq: Modseq,
    /// The first removal in it, in seconds since 1970.
    pub(crate) gone: Option<u64>,
}

impl Index {
    pub(crate) fn of(marks: &Marks) -> Index {
        let gone = marks.first_gone();
        Index {
            modseq: marks.modseq(),
            gone: gone.map(|seconds| u64::try_from(seconds).unwrap_or(0)),
        }
    }
}

impl Block {
    pub(crate) fn read(row: &Row) -> Result<Block> {
        let MarksKey(_, key) = key(row, MarksKey::decode)?;
        let marks = Marks::read(key, &row.1.bytes)?;
        let index = Index::of(&marks);
        Ok(Block { key, marks, index })
    }

    pub(crate) fn last(&self) -> Uid {
        self.marks.last(self.key)
    }

    /// From the first to the last place at which a message is meant; none if none is.
    pub(crate) fn places(&self, meant: impl Fn(&(Uid, Mark)) -> bool) -> Option<Range<usize>> {
        let first = self.marks.0.iter().position(&meant)?;
        let last = self.marks.0.iter().rposition(&meant)?;
        Some(first..last + 1)
    }
}

/// What stands in one place.
#[derive(Debug)]
pub(crate) enum Place {
    /// Messages of which some are looked for.
    Block(Block),
    /// One that is looked for.
    Single(Uid, RecordValue),
}

impl Place {
    /// The first UID that it can have.
    fn first(&self) -> Uid {
        match self {
            Place::Block(block) => block.key,
            Place::Single(uid, _) => *uid,
        }
    }

    /// The last UID that it has.
    pub(crate) fn last(&self) -> Uid {
        match self {
            Place::Block(block) => block.last(),
            Place::Single(uid, _) => *uid,
        }
    }
}

/// The messages that one move took out of a mailbox: whatever is stored of them, they
/// are removed.
pub(crate) struct Left {
    value: LeftValue,
    pub(crate) uids: UidSet,
}

impl Left {
    /// Marks those of a place that were taken out.
    fn apply(&self, place: &mut Place) {
        match place {
            Place::Block(block) => {
                let marks = block.marks.0.iter_mut();
                marks.for_each(|(uid, mark)| self.apply_to(*uid, mark));
            }
            Place::Single(uid, record) => self.apply_to(*uid, &mut record.mark),
        }
    }

    /// Marks a message that was taken out.
    pub(crate) fn apply_to(&self, uid: Uid, mark: &mut Mark) {
        if !mark.is_gone() && self.uids.contains(uid) {
            mark.remove(self.value.modseq, self.value.seconds);
            mark.kept = mark.kept.shared();
        }
    }
}

/// Room for what a walk through a mailbox will show, of which no more than so much is
/// wanted.
pub(crate) fn room<T>(summary: &SummaryValue, limit: usize) -> Vec<T> {
    let messages = usize::try_from(summary.exists).unwrap_or(ROOM);
    Vec::with_capacity(messages.min(limit).min(ROOM))
}

/// A walk over those messages of a mailbox whose UIDs are in a set.
pub(crate) struct Walk {
    mailbox: MailboxId,
    /// What is still to be looked at, the next last.
    ranges: Vec<RangeInclusive<Uid>>,
    /// What was read of it, the next first.
    read: VecDeque<Place>,
    /// The last UID of the last block that was read: up to there all was given.
    passed: Option<Uid>,
    /// Blocks to read at once the next time.
    ahead: usize,
    left: Option<Left>,
    only: Option<Only>,
    /// Whether to read what version 1 kept of removed messages.
    old_gone: bool,
}

/// Where a walk does not look elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    /// In blocks.
    Blocks,
    /// Among messages that stand alone.
    Singles,
}

impl Walk {
    pub(crate) async fn new(
        reading: &Reading,
        mailbox: MailboxId,
        uids: &UidSet,
        summary: &SummaryValue,
    ) -> Result<Walk> {
        let ranges = uids.ranges().iter().rev();
        let within = |range: &RangeInclusive<Uid>| {
            // What stands past the last message that was counted is not there yet.
            let last = Uid::new(summary.uid_next.get() - 1)?.min(*range.end());
            (*range.start() <= last).then_some(*range.start()..=last)
        };
        Ok(Walk {
            mailbox,
            ranges: ranges.filter_map(within).collect(),
            read: VecDeque::new(),
            passed: None,
            ahead: 1,
            left: reading.left(mailbox, summary).await?,
            only: None,
            old_gone: false,
        })
    }

    /// Through only some of the places.
    pub(crate) fn of(mut self, only: Only) -> Walk {
        self.only = Some(only);
        self
    }

    /// By whoever wants about so many messages.
    pub(crate) fn expecting(mut self, messages: usize) -> Walk {
        self.ahead = (messages / BLOCK_MESSAGES + 1).min(READ_BLOCKS);
        self
    }

    /// With those removed ones that version 1 kept apart. That they are removed is told,
    /// and not when.
    pub(crate) fn with_old_gone(mut self, summary: &SummaryValue) -> Walk {
        self.old_gone = summary.old;
        self
    }

    pub(crate) async fn next(&mut self, reading: &Reading) -> Result<Option<Place>> {
        loop {
            if let Some(mut place) = self.read.pop_front() {
                if let Some(left) = &self.left {
                    left.apply(&mut place);
                }
                return Ok(Some(place));
            }
            let Some(range) = self.ranges.pop() else {
                return Ok(None);
            };
            self.fill(reading, range).await?;
        }
    }

    /// Reads the next places of a range, and puts back what is left of it.
    async fn fill(&mut self, reading: &Reading, range: RangeInclusive<Uid>) -> Result<()> {
        let (mut first, last) = range.into_inner();
        if let Some(passed) = self.passed {
            first = first.max(passed.next().unwrap_or(Uid::MAX));
        }
        if first > last {
            return Ok(());
        }
        // Where something was cut short, nothing is known beyond.
        let mut known = last;
        let blocks = match self.only {
            Some(Only::Singles) => Vec::new(),
            _ => {
                let range = first..=last;
                reading.blocks(self.mailbox, &range, self.ahead).await?
            }
        };
        if blocks.len() >= self.ahead {
            known = blocks.last().map_or(known, |block| known.min(block.last()));
        }
        self.ahead = READ_BLOCKS.min(2 * self.ahead);
        let range = first..=known;
        let singles = match self.only {
            Some(Only::Blocks) => Vec::new(),
            _ => reading.singles(self.mailbox, &range, READ_SINGLES).await?,
        };
        let gone = if self.old_gone {
            reading.old_gone(self.mailbox, &range, READ_SINGLES).await?
        } else {
            Vec::new()
        };
        for singles in [&singles, &gone] {
            if singles.len() >= READ_SINGLES {
                known = singles.last().map_or(known, |(uid, _)| known.min(*uid));
            }
        }
        let blocks = blocks.into_iter().map(Place::Block);
        let singles = singles.into_iter().chain(gone);
        let mut places: Vec<Place> = blocks
            .chain(singles.map(|(uid, record)| Place::Single(uid, record)))
            .filter(|place| place.first() <= known)
            .collect();
        places.sort_unstable_by_key(Place::first);
        for place in &places {
            if let Place::Block(block) = place {
                self.passed = self.passed.max(Some(block.last()));
            }
        }
        let known = self.passed.map_or(known, |passed| known.max(passed));
        if let Some(next) = known.next()
            && next <= last
        {
            self.ranges.push(next..=last);
            // The engine reads on this thread and never waits.
            tokio::task::yield_now().await;
        }
        self.read = places.into();
        Ok(())
    }
}

impl Reading {
    /// The messages that a move took out and whose rows do not say so yet.
    pub(crate) async fn left(
        &self,
        mailbox: MailboxId,
        summary: &SummaryValue,
    ) -> Result<Option<Left>> {
        let Some(value) = summary.left else {
            return Ok(None);
        };
        let mut ranges = Vec::new();
        let mut scan = self.scan(LeftKey::all(mailbox));
        while let Some(rows) = scan.page().await? {
            for row in rows {
                ranges.extend(LeftPieceValue::read(&row.1.bytes)?.0);
            }
        }
        let uids = UidSet::from_ranges(ranges);
        Ok(Some(Left { value, uids }))
    }

    /// The block that a UID lies in, or the last one before it.
    pub(crate) async fn block_at(&self, mailbox: MailboxId, uid: Uid) -> Result<Option<Block>> {
        let before = MarksKey::range(mailbox, &(Uid::MIN..=uid));
        let row = self.last_row(before).await?;
        row.as_ref().map(Block::read).transpose()
    }

    /// The first block that begins in a range.
    pub(crate) async fn block_in(
        &self,
        mailbox: MailboxId,
        range: &RangeInclusive<Uid>,
    ) -> Result<Option<Block>> {
        let rows = self.rows(MarksKey::range(mailbox, range), 1).await?;
        rows.first().map(Block::read).transpose()
    }

    /// The first blocks that may have messages of a range: so many, or one more.
    async fn blocks(
        &self,
        mailbox: MailboxId,
        range: &RangeInclusive<Uid>,
        limit: usize,
    ) -> Result<Vec<Block>> {
        let (first, last) = (*range.start(), *range.end());
        let mut blocks = Vec::new();
        let lies_in = self.block_at(mailbox, first).await?;
        blocks.extend(lies_in.filter(|block| block.last() >= first));
        let later = first.next().filter(|next| *next <= last);
        if let Some(next) = later {
            let range = MarksKey::range(mailbox, &(next..=last));
            for row in self.rows(range, limit).await? {
                blocks.push(Block::read(&row)?);
            }
        }
        Ok(blocks)
    }

    /// The first messages of a range that stand alone.
    pub(crate) async fn singles(
        &self,
        mailbox: MailboxId,
        range: &RangeInclusive<Uid>,
        limit: usize,
    ) -> Result<Vec<(Uid, RecordValue)>> {
        let rows = self.rows(RecordKey::range(mailbox, range), limit).await?;
        let single = |row: &Row| {
            let RecordKey(_, uid) = key(row, RecordKey::decode)?;
            Ok((uid, RecordValue::read(&row.1.bytes)?))
        };
        rows.iter().map(single).collect()
    }

    /// The first removed messages of a range as version 1 kept them. When they were
    /// removed is kept elsewhere ([`crate::keys::old_removed`]).
    pub(crate) async fn old_gone(
        &self,
        mailbox: MailboxId,
        range: &RangeInclusive<Uid>,
        limit: usize,
    ) -> Result<Vec<(Uid, RecordValue)>> {
        let rows = self.rows(GoneKey::range(mailbox, range), limit).await?;
        let single = |row: &Row| {
            let GoneKey(_, uid) = key(row, GoneKey::decode)?;
            let mut record = RecordValue::read(&row.1.bytes)?;
            record.mark.gone = Some(0);
            Ok((uid, record))
        };
        rows.iter().map(single).collect()
    }

    /// What never changes of those of a block's messages that are at these places.
    pub(crate) async fn fixeds(
        &self,
        mailbox: MailboxId,
        block: &Block,
        places: Range<usize>,
    ) -> Result<Fixeds> {
        let mut fixeds = Fixeds::default();
        let marks = block.marks.0.get(places).unwrap_or_default();
        let (Some((first, _)), Some((last, _))) = (marks.first(), marks.last()) else {
            return Ok(fixeds);
        };
        let within = PieceKey::range(mailbox, &(block.key..=*first));
        let mut rows: Vec<Row> = self.last_row(within).await?.into_iter().collect();
        if let Some(next) = first.next().filter(|next| next <= last) {
            let later = PieceKey::range(mailbox, &(next..=*last));
            rows.extend(self.rows(later, BLOCK_MESSAGES).await?);
        }
        for row in &rows {
            let PieceKey(_, uid) = key(row, PieceKey::decode)?;
            let place = block.marks.0.binary_search_by_key(&uid, |(uid, _)| *uid);
            let piece = read_piece(&row.1.bytes)?;
            if fixeds.all.is_empty() {
                fixeds.first = place.unwrap_or(usize::MAX);
            }
            // One piece begins where the one before ends.
            if place != Ok(fixeds.first + fixeds.all.len()) {
                return Err(lost());
            }
            fixeds.all.extend(piece);
        }
        Ok(fixeds)
    }
}

/// What never changes of some neighbours in a block.
#[derive(Debug, Default)]
pub(crate) struct Fixeds {
    /// The place of the first in the block.
    first: usize,
    all: Vec<Fixed>,
}

impl Fixeds {
    /// Of the message at this place of the block.
    ///
    /// # Errors
    /// [`crate::StoreError::Damaged`] when it is not there.
    pub(crate) fn get(&self, place: usize) -> Result<&Fixed> {
        let at = place.checked_sub(self.first);
        at.and_then(|at| self.all.get(at)).ok_or_else(lost)
    }
}

fn lost() -> StoreError {
    damaged("a block of messages", "a piece is missing")
}
