//! Columns of numbers, packed: what the blocks of a mailbox are written in.
//!
//! A number takes seven bits an octet, the lowest first, the high bit set on all but the
//! last. A column whose neighbours are often the same is written as runs: how many, then
//! which. So 512 messages that came one after the other and were read take some ten
//! octets. Numbers that lie near each other are written as steps from one to the next.

use std::ops::Range;

/// The most octets that one number takes.
pub(crate) const NUMBER_OCTETS: usize = 10;

/// Writes columns one after the other.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Behind what is written already.
    pub(crate) fn new(octets: Vec<u8>) -> Writer {
        Writer(octets)
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                self.0.push(low & 0x7f);
                return;
            }
            self.0.push(low | 0x80);
        }
    }

    /// A column as it is.
    pub(crate) fn numbers(&mut self, numbers: impl Iterator<Item = u64>) {
        numbers.for_each(|number| self.number(number));
    }

    /// A column as runs.
    pub(crate) fn runs(&mut self, mut numbers: impl Iterator<Item = u64>) {
        let Some(mut current) = numbers.next() else {
            return;
        };
        let mut length = 1;
        for number in numbers {
            if number == current {
                length += 1;
            } else {
                self.number(length);
                self.number(current);
                (current, length) = (number, 1);
            }
        }
        self.number(length);
        self.number(current);
    }
}

/// Reads columns. None is what no writer wrote.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Reader<'a> {
        Reader(octets)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (octet, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(octet & 0x7f);
            // The tenth octet has room for one bit.
            if shift > 63 || (shift == 63 && bits > 1) {
                return None;
            }
            number |= bits << shift;
            if *octet < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    /// A column as it is, of so many numbers.
    pub(crate) fn numbers(
        &mut self,
        count: usize,
        mut take: impl FnMut(u64) -> Option<()>,
    ) -> Option<()> {
        (0..count).try_for_each(|_| take(self.number()?))
    }

    /// A column as runs, of so many numbers. Each run is given with the places it fills.
    pub(crate) fn runs(
        &mut self,
        count: usize,
        mut take: impl FnMut(Range<usize>, u64) -> Option<()>,
    ) -> Option<()> {
        let mut at = 0;
        while at < count {
            let length = usize::try_from(self.number()?).ok()?;
            let number = self.number()?;
            let end = at.checked_add(length)?;
            if length == 0 || end > count {
                return None;
            }
            take(at..end, number)?;
            at = end;
        }
        Some(())
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// Turns numbers into the steps between them, beginning at 0.
#[derive(Default)]
pub(crate) struct Steps(u64);

impl Steps {
    /// The step to the next number. Steps down are odd, so that small ones are short.
    pub(crate) fn to(&mut self, number: u64) -> u64 {
        let step = number.wrapping_sub(self.0).cast_signed();
        self.0 = number;
        ((step << 1) ^ (step >> 63)).cast_unsigned()
    }

    /// The number that a step leads to.
    pub(crate) fn by(&mut self, step: u64) -> u64 {
        let step = (step >> 1) ^ (step & 1).wrapping_neg();
        self.0 = self.0.wrapping_add(step);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: [u64; 9] = [0, 1, 127, 128, 300, 300, 300, u64::MAX - 1, u64::MAX];

    fn read(octets: &[u8], count: usize, runs: bool) -> Option<(Vec<u64>, usize)> {
        let mut reader = Reader::new(octets);
        let mut found = Vec::new();
        if runs {
            reader.runs(count, |places, number| {
                found.extend(places.map(|_| number));
                Some(())
            })?;
        } else {
            reader.numbers(count, |number| {
                found.push(number);
                Some(())
            })?;
        }
        Some((found, reader.rest().len()))
    }

    #[test]
    fn columns_come_back() {
        for runs in [false, true] {
            let mut writer = Writer::new(Vec::new());
            if runs {
                writer.runs(ODD.into_iter());
            } else {
                writer.numbers(ODD.into_iter());
            }
            let octets = writer.finish();
            assert_eq!(read(&octets, ODD.len(), runs), Some((ODD.to_vec(), 0)));
            for cut in 0..octets.len() {
                assert_eq!(read(&octets[..cut], ODD.len(), runs), None, "{cut}");
            }
        }
    }

    #[test]
    fn neighbours_that_are_the_same_cost_nothing() {
        let mut writer = Writer::new(Vec::new());
        writer.runs(std::iter::repeat_n(5, 512));
        assert_eq!(writer.finish().len(), 3);
    }

    #[test]
    fn what_nobody_wrote_is_no_column() {
        // A number of more than 64 bits, one that never ends, a run of none, one too long.
        let mut wide = [0xff; 10];
        wide[9] = 2;
        assert_eq!(Reader::new(&wide).number(), None);
        assert_eq!(Reader::new(&[0x80; 11]).number(), None);
        assert_eq!(read(&[0, 7], 1, true), None);
        assert_eq!(read(&[3, 7], 2, true), None);
    }

    #[test]
    fn steps_lead_back() {
        let (mut to, mut by) = (Steps::default(), Steps::default());
        for number in ODD.into_iter().rev() {
            let step = to.to(number);
            assert_eq!(by.by(step), number);
        }
        let mut to = Steps::default();
        assert_eq!([8, 7, 7, 9].map(|number| to.to(number)), [16, 1, 0, 4]);
    }
}
