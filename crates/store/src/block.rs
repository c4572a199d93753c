//! Blocks: up to some hundreds of neighbouring messages in a few values.
//!
//! One value holds what changes of all of them ([`Marks`]), and one for every dozen or so
//! what never does ([`write_piece`]), each as a version octet, the number of messages and
//! columns ([`crate::columns`]):
//!
//! ```text
//! marks: UIDs      runs of the differences, the first from the block's own UID
//!        bits      runs; the system flags, 20 and 40 for Kept, 80 for removed
//!        modseqs   runs of steps
//!        keywords  runs of the low 64 bits, then runs of the high ones
//!        removals  steps, of the removed only: seconds since 1970
//! piece: dates     steps; seconds since 1970
//!        zones     runs of steps; minutes
//!        email ids runs of steps
//!        bodies    the references, one after the other
//! ```
//!
//! So marks that are listed cost some two octets a message, and a change of flags leaves
//! the body references where they are. Pieces are small because an ordered engine reads
//! its way past the values of other keys: with one of 24 KiB for each block, every access
//! to a large mailbox in SQLite cost three times as much.

use blob::BodyRef;

use crate::columns::{NUMBER_OCTETS, Reader, Steps, Writer};
use crate::mark::{Fixed, Kept, Mark};
use crate::values::{damaged, unknown};
use crate::{EmailId, Modseq, Result, StoreError, SystemFlags, Uid};

/// Messages of one block at most.
pub(crate) const BLOCK_MESSAGES: usize = 512;
/// Messages of one piece at most: what fits a page of an engine several times.
pub(crate) const PIECE_MESSAGES: usize = 16;

const VERSION: u8 = 1;
const MARKS: &str = "a block of marks";
const PIECE: &str = "a piece of a block";

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
        let (mut columns, count) = begin(MARKS, BLOCK_MESSAGES, octets)?;
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

fn begin<'a>(what: &str, most: usize, octets: &'a [u8]) -> Result<(Reader<'a>, usize)> {
    match octets.split_first() {
        Some((&VERSION, columns)) => {
            let mut columns = Reader::new(columns);
            let count = columns
                .number()
                .and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|count| (1..=most).contains(count));
            let count = count.ok_or_else(|| damaged(what, "its number of messages"))?;
            Ok((columns, count))
        }
        Some((version, _)) => Err(unknown(what, *version)),
        None => Err(damaged(what, "it is empty")),
    }
}

fn read_marks(block: Uid, columns: &mut Reader<'_>, count: usize) -> Option<Vec<(Uid, Mark)>> {
    let mut marks = read_uids(block, columns, count)?;
    columns.runs(count, |places, bits| {
        let mut same = EMPTY;
        set_bits(&mut same, u8::try_from(bits).ok()?)?;
        for (_, mark) in marks.get_mut(places)? {
            (mark.system, mark.kept, mark.gone) = (same.system, same.kept, same.gone);
        }
        Some(())
    })?;
    let mut steps = Steps::default();
    columns.runs(count, |places, step| {
        for (_, mark) in marks.get_mut(places)? {
            mark.modseq = Modseq(steps.by(step));
        }
        Some(())
    })?;
    for shift in [0, 64] {
        columns.runs(count, |places, half| {
            // Most messages have no keyword.
            if half != 0 {
                let bits = u128::from(half) << shift;
                let marks = marks.get_mut(places)?.iter_mut();
                marks.for_each(|(_, mark)| mark.keywords |= bits);
            }
            Some(())
        })?;
    }
    let mut steps = Steps::default();
    for (_, mark) in marks.iter_mut().filter(|(_, mark)| mark.is_gone()) {
        mark.gone = Some(steps.by(columns.number()?).cast_signed());
    }
    Some(marks)
}

/// The UIDs, with nothing known of them yet.
fn read_uids(block: Uid, columns: &mut Reader<'_>, count: usize) -> Option<Vec<(Uid, Mark)>> {
    let mut marks = Vec::with_capacity(count);
    let mut last = block.get();
    columns.runs(count, |places, step| {
        let step = u32::try_from(step).ok()?;
        // All but the first are after the one before.
        if step == 0 && (places.start > 0 || places.len() > 1) {
            return None;
        }
        for _ in places {
            last = last.checked_add(step)?;
            marks.push((Uid::new(last)?, EMPTY));
        }
        Some(())
    })?;
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

/// What never changes of some neighbours in a block.
pub(crate) fn write_piece<'a>(
    messages: impl ExactSizeIterator<Item = &'a Fixed> + Clone,
) -> Result<Vec<u8>> {
    let mut out = Writer::new(vec![VERSION]);
    out.number(messages.len() as u64);
    let mut steps = Steps::default();
    let dates = messages.clone();
    out.numbers(dates.map(|message| steps.to(message.seconds.cast_unsigned())));
    let mut steps = Steps::default();
    let zones = messages.clone();
    out.runs(zones.map(|message| steps.to(i64::from(message.offset_minutes).cast_unsigned())));
    let mut steps = Steps::default();
    let emails = messages.clone();
    out.runs(emails.map(|message| steps.to(message.email_id.get())));
    let mut octets = out.finish();
    for message in messages {
        octets = postcard::to_extend(&message.body, octets)
            .map_err(|error| StoreError::Broken(format!("{PIECE}: {error}")))?;
    }
    Ok(octets)
}

/// # Errors
/// [`StoreError::Damaged`].
pub(crate) fn read_piece(octets: &[u8]) -> Result<Vec<Fixed>> {
    let (columns, count) = begin(PIECE, PIECE_MESSAGES, octets)?;
    read_fixed(columns, count).ok_or_else(|| damaged(PIECE, "its columns"))
}

fn read_fixed(mut columns: Reader<'_>, count: usize) -> Option<Vec<Fixed>> {
    let mut dates = Vec::with_capacity(count);
    let mut steps = Steps::default();
    columns.numbers(count, |step| {
        dates.push((steps.by(step).cast_signed(), 0, EmailId(0)));
        Some(())
    })?;
    let mut steps = Steps::default();
    columns.runs(count, |places, step| {
        for (_, zone, _) in dates.get_mut(places)? {
            *zone = i16::try_from(steps.by(step).cast_signed()).ok()?;
        }
        Some(())
    })?;
    let mut steps = Steps::default();
    columns.runs(count, |places, step| {
        for (_, _, email) in dates.get_mut(places)? {
            *email = EmailId(steps.by(step));
        }
        Some(())
    })?;
    let mut octets = columns.rest();
    let mut messages = Vec::with_capacity(count);
    for (seconds, offset_minutes, email_id) in dates {
        let (body, rest) = postcard::take_from_bytes::<BodyRef>(octets).ok()?;
        octets = rest;
        messages.push(Fixed {
            seconds,
            offset_minutes,
            email_id,
            body,
        });
    }
    octets.is_empty().then_some(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mark that is as long as marks get.
    fn odd(number: u64) -> Mark {
        let even = number.is_multiple_of(2);
        Mark {
            modseq: Modseq(if even { u64::MAX - number } else { number }),
            system: SystemFlags::from_bits(u8::try_from(number % 32).unwrap()),
            keywords: u128::MAX / (1 + u128::from(number)),
            kept: [Kept::Own, Kept::Shared, Kept::Here][usize::try_from(number % 3).unwrap()],
            gone: Some(if even { i64::MAX } else { i64::MIN }),
        }
    }

    #[test]
    fn marks_come_back_however_odd_and_fit_one_value() {
        let uid = |number: u64| Uid::new(u32::try_from(7 + 4_000_000 * number).unwrap()).unwrap();
        let messages = (0..BLOCK_MESSAGES as u64).map(|number| (uid(number), odd(number)));
        let marks = Marks(messages.collect());
        let octets = marks.write(Uid::MIN);
        assert!(octets.len() <= kv::VALUE_OCTETS);
        assert_eq!(Marks::read(Uid::MIN, &octets), Ok(marks));
        for cut in [0, 1, 2, octets.len() / 2, octets.len() - 1] {
            let read = Marks::read(Uid::MIN, &octets[..cut]);
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{cut}");
        }
    }

    #[test]
    fn marks_of_messages_that_were_read_take_little() {
        let mark = Mark {
            system: SystemFlags::SEEN,
            ..EMPTY
        };
        let uid = |number: u32| Uid::new(number).unwrap();
        let mark = |number| Mark {
            modseq: Modseq(u64::from(number)),
            ..mark.clone()
        };
        let marks = Marks(
            (100..612)
                .map(|number| (uid(number), mark(number)))
                .collect(),
        );
        assert!(marks.write(uid(100)).len() < 32);
    }

    #[test]
    fn marks_that_nobody_wrote_are_damage() {
        let one = Marks(vec![(Uid::MIN, EMPTY)]);
        let octets = one.write(Uid::MIN);
        assert_eq!(octets, [1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
        // A newer version, no message, too many, the same UID twice, a UID that is none,
        // details in two places, more than there should be.
        for odd in [
            &[2, 1][..],
            &[1, 0],
            &[1, 0x81, 0x04],
            &[1, 2, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0],
            &[1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
            &[1, 1, 1, 0, 1, 0x60, 1, 0, 1, 0, 1, 0],
            &[1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0],
        ] {
            let read = Marks::read(Uid::MIN, odd);
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{odd:?}");
        }
    }
}
