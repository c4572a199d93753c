//! Blocks: up to some hundreds of neighbouring messages in two values.
//!
//! One holds what changes ([`Marks`]), the other what never does ([`Fixeds`]), each as a
//! version octet, the number of messages and columns ([`crate::columns`]):
//!
//! ```text
//! marks: UIDs      runs of the differences, the first from the block's own UID
//!        bits      runs; the system flags, 20 and 40 for Kept, 80 for removed
//!        modseqs   runs of steps
//!        keywords  runs of the low 64 bits, then runs of the high ones
//!        removals  steps, of the removed only: seconds since 1970
//! fixed: dates     steps; seconds since 1970
//!        zones     runs of steps; minutes
//!        email ids runs of steps
//!        lengths   runs; octets of each body reference
//!        bodies    the references, one after the other
//! ```
//!
//! So marks that are listed cost some two octets a message, and a change of flags leaves
//! the body references where they are.

use std::ops::Range;

use blob::BodyRef;

use crate::columns::{NUMBER_OCTETS, Reader, Steps, Writer};
use crate::mark::{Fixed, Kept, Mark};
use crate::values::{damaged, unknown};
use crate::{EmailId, Modseq, Result, StoreError, SystemFlags, Uid};

/// Messages of one block at most.
pub(crate) const BLOCK_MESSAGES: usize = 512;
/// Octets of what never changes of a block's messages at most; a block that would have
/// more is cut in two.
pub(crate) const FIXED_OCTETS: usize = 60 * 1024;

const VERSION: u8 = 1;
const MARKS: &str = "a block of marks";
const FIXED: &str = "a block of messages";

/// The bits of [`SystemFlags`].
const SYSTEM: u8 = 0x1f;
const SHARED: u8 = 0x20;
const HERE: u8 = 0x40;
const GONE: u8 = 0x80;

// Whatever their marks, the messages of a block fit one value: five columns of runs of
// one, and the removals.
const _: () = assert!(1 + 3 + BLOCK_MESSAGES * (5 + 6 * NUMBER_OCTETS) <= kv::VALUE_OCTETS);

/// What changes of a block's messages, ascending. It is never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marks(pub(crate) Vec<(Uid, Mark)>);

impl Marks {
    /// The octets of the block that begins at this UID.
    pub(crate) fn write(&self, block: Uid) -> Vec<u8> {
        let mut out = Writer::new(vec![VERSION]);
        out.number(self.0.len() as u64);
        let mut before = block.get();
        out.runs(self.0.iter().map(|(uid, _)| {
            let step = uid.get().saturating_sub(before);
            before = uid.get();
            step.into()
        }));
        out.runs(self.marks().map(|mark| bits(mark).into()));
        let mut steps = Steps::default();
        out.runs(self.marks().map(|mark| steps.to(mark.modseq.get())));
        out.runs(self.marks().map(|mark| halves(mark.keywords).0));
        out.runs(self.marks().map(|mark| halves(mark.keywords).1));
        let mut steps = Steps::default();
        let gone = self.marks().filter_map(|mark| mark.gone);
        out.numbers(gone.map(|seconds| steps.to(seconds.cast_unsigned())));
        out.finish()
    }

    /// # Errors
    /// [`StoreError::Damaged`].
    pub(crate) fn read(block: Uid, octets: &[u8]) -> Result<Marks> {
        let (mut columns, count) = begin(MARKS, octets)?;
        read_marks(block, &mut columns, count)
            .filter(|_| columns.rest().is_empty())
            .map(Marks)
            .ok_or_else(|| damaged(MARKS, "its columns"))
    }

    fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter().map(|(_, mark)| mark)
    }

    /// The last UID; that of the block's key, where it has none.
    pub(crate) fn last(&self, block: Uid) -> Uid {
        self.0.last().map_or(block, |(uid, _)| *uid)
    }

    /// The last change of any.
    pub(crate) fn modseq(&self) -> Modseq {
        let modseqs = self.marks().map(|mark| mark.modseq);
        modseqs.max().unwrap_or(Modseq::NEVER)
    }

    /// The first removal of any, in seconds since 1970.
    pub(crate) fn first_gone(&self) -> Option<i64> {
        self.marks().filter_map(|mark| mark.gone).min()
    }
}

fn begin<'a>(what: &str, octets: &'a [u8]) -> Result<(Reader<'a>, usize)> {
    match octets.split_first() {
        Some((&VERSION, columns)) => {
            let mut columns = Reader::new(columns);
            let count = columns
                .number()
                .and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|count| (1..=BLOCK_MESSAGES).contains(count));
            let count = count.ok_or_else(|| damaged(what, "its number of messages"))?;
            Ok((columns, count))
        }
        Some((version, _)) => Err(unknown(what, *version)),
        None => Err(damaged(what, "it is empty")),
    }
}

fn read_marks(block: Uid, columns: &mut Reader<'_>, count: usize) -> Option<Vec<(Uid, Mark)>> {
    let mut marks = Vec::with_capacity(count);
    let mut before = u64::from(block.get());
    columns.runs(count, |step| {
        // All but the first are after the one before.
        if step == 0 && !marks.is_empty() {
            return None;
        }
        before = before.checked_add(step)?;
        let uid = Uid::new(u32::try_from(before).ok()?)?;
        marks.push((uid, EMPTY));
        Some(())
    })?;
    let mut each = marks.iter_mut();
    columns.runs(count, |bits| {
        set_bits(&mut each.next()?.1, u8::try_from(bits).ok()?)
    })?;
    let (mut each, mut steps) = (marks.iter_mut(), Steps::default());
    columns.runs(count, |step| {
        each.next()?.1.modseq = Modseq(steps.by(step));
        Some(())
    })?;
    let mut each = marks.iter_mut();
    columns.runs(count, |low| {
        each.next()?.1.keywords = low.into();
        Some(())
    })?;
    let mut each = marks.iter_mut();
    columns.runs(count, |high| {
        each.next()?.1.keywords |= u128::from(high) << 64;
        Some(())
    })?;
    let mut steps = Steps::default();
    for (_, mark) in marks.iter_mut().filter(|(_, mark)| mark.is_gone()) {
        mark.gone = Some(steps.by(columns.number()?).cast_signed());
    }
    Some(marks)
}

const EMPTY: Mark = Mark {
    modseq: Modseq::NEVER,
    system: SystemFlags::NONE,
    keywords: 0,
    kept: Kept::Own,
    gone: None,
};

fn bits(mark: &Mark) -> u8 {
    let kept = match mark.kept {
        Kept::Own => 0,
        Kept::Shared => SHARED,
        Kept::Here => HERE,
    };
    let gone = if mark.is_gone() { GONE } else { 0 };
    mark.system.bits() & SYSTEM | kept | gone
}

fn set_bits(mark: &mut Mark, bits: u8) -> Option<()> {
    mark.system = SystemFlags::from_bits(bits & SYSTEM);
    mark.kept = match bits & (SHARED | HERE) {
        0 => Kept::Own,
        SHARED => Kept::Shared,
        HERE => Kept::Here,
        _ => return None,
    };
    mark.gone = (bits & GONE != 0).then_some(0);
    Some(())
}

/// The low and the high 64 bits.
fn halves(keywords: u128) -> (u64, u64) {
    let low = keywords & u128::from(u64::MAX);
    let half = |bits: u128| u64::try_from(bits).unwrap_or(0);
    (half(low), half(keywords >> 64))
}

/// What never changes of a block's messages, in the order of its [`Marks`]. What is not
/// asked for is not decoded.
#[derive(Debug)]
pub(crate) struct Fixeds {
    dates: Vec<(i64, i16, EmailId)>,
    /// Where each body reference is in `octets`.
    bodies: Vec<Range<usize>>,
    octets: Vec<u8>,
}

impl Fixeds {
    pub(crate) fn write<'a>(messages: impl Iterator<Item = &'a Fixed> + Clone) -> Result<Vec<u8>> {
        let mut bodies = Vec::new();
        let mut lengths = Vec::new();
        for message in messages.clone() {
            let before = bodies.len();
            bodies = postcard::to_extend(&message.body, bodies)
                .map_err(|error| StoreError::Broken(format!("{FIXED}: {error}")))?;
            lengths.push((bodies.len() - before) as u64);
        }
        let mut out = Writer::new(vec![VERSION]);
        out.number(lengths.len() as u64);
        let mut steps = Steps::default();
        out.numbers(
            messages
                .clone()
                .map(|message| steps.to(message.seconds.cast_unsigned())),
        );
        let mut steps = Steps::default();
        out.runs(
            messages
                .clone()
                .map(|message| steps.to(i64::from(message.offset_minutes).cast_unsigned())),
        );
        let mut steps = Steps::default();
        out.runs(messages.map(|message| steps.to(message.email_id.get())));
        out.runs(lengths.into_iter());
        out.octets(&bodies);
        Ok(out.finish())
    }

    /// # Errors
    /// [`StoreError::Damaged`].
    pub(crate) fn read(octets: Vec<u8>) -> Result<Fixeds> {
        let (columns, count) = begin(FIXED, &octets)?;
        let (dates, bodies) = read_fixed(columns, count, octets.len())
            .ok_or_else(|| damaged(FIXED, "its columns"))?;
        Ok(Fixeds {
            dates,
            bodies,
            octets,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.dates.len()
    }

    /// Of the message at this place.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub(crate) fn get(&self, at: usize) -> Result<Fixed> {
        let lost = || damaged(FIXED, "a body reference");
        let (seconds, offset_minutes, email_id) = *self.dates.get(at).ok_or_else(lost)?;
        let range = self.bodies.get(at).cloned().ok_or_else(lost)?;
        let octets = self.octets.get(range).ok_or_else(lost)?;
        let (body, rest) = postcard::take_from_bytes::<BodyRef>(octets).map_err(|_| lost())?;
        if !rest.is_empty() {
            return Err(lost());
        }
        Ok(Fixed {
            seconds,
            offset_minutes,
            email_id,
            body,
        })
    }
}

type FixedColumns = (Vec<(i64, i16, EmailId)>, Vec<Range<usize>>);

fn read_fixed(mut columns: Reader<'_>, count: usize, octets: usize) -> Option<FixedColumns> {
    let mut dates = Vec::with_capacity(count);
    let mut steps = Steps::default();
    columns.numbers(count, |step| {
        dates.push((steps.by(step).cast_signed(), 0, EmailId(0)));
        Some(())
    })?;
    let (mut each, mut steps) = (dates.iter_mut(), Steps::default());
    columns.runs(count, |step| {
        each.next()?.1 = i16::try_from(steps.by(step).cast_signed()).ok()?;
        Some(())
    })?;
    let (mut each, mut steps) = (dates.iter_mut(), Steps::default());
    columns.runs(count, |step| {
        each.next()?.2 = EmailId(steps.by(step));
        Some(())
    })?;
    let mut lengths = Vec::with_capacity(count);
    columns.runs(count, |length| {
        lengths.push(usize::try_from(length).ok()?);
        Some(())
    })?;
    let mut start = octets.checked_sub(columns.rest().len())?;
    let mut bodies = Vec::with_capacity(count);
    for length in lengths {
        let end = start.checked_add(length)?;
        bodies.push(start..end);
        start = end;
    }
    (start == octets).then_some((dates, bodies))
}
