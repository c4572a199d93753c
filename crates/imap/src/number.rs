//! Numbers of messages and mailboxes, and sets of them.

use std::num::NonZeroU32;

/// Identifies a message within one mailbox; never reused. RFC 9051 section 2.3.1.1.
///
/// The store keeps them below 2^31, since some devices read them as signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub NonZeroU32);

impl Uid {
    /// The UID of this number; zero is none.
    pub fn new(number: u32) -> Option<Uid> {
        NonZeroU32::new(number).map(Uid)
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// Says which life of a mailbox name UIDs belong to. RFC 9051 section 2.3.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UidValidity(pub NonZeroU32);

/// Where in the run of a mailbox's changes something stands: it grows with each of them.
/// RFC 7162 section 3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modseq(pub u64);

/// The place of a message in a session's view, from 1. RFC 9051 section 2.3.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SequenceNumber(pub(crate) NonZeroU32);

impl SequenceNumber {
    /// The number of the place with this index from 0.
    pub(crate) fn at(index: usize) -> Option<SequenceNumber> {
        let number = u32::try_from(index).ok()?.checked_add(1)?;
        NonZeroU32::new(number).map(SequenceNumber)
    }
}

/// One end of a range in a [`SequenceSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// A number.
    Number(NonZeroU32),
    /// `*`: the largest number in use.
    Last,
}

/// A set as a client writes it: `1,5:7,10:*`. Of sequence numbers or of UIDs: the command
/// says which. RFC 9051 section 9, `sequence-set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SequenceSet {
    /// Both ends of each range, 0 for `*`: eight octets, as a command may hold thousands.
    ranges: Vec<(u32, u32)>,
}

impl SequenceSet {
    pub(crate) fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    pub(crate) fn push(&mut self, from: Bound, to: Bound) {
        self.ranges.push((Self::pack(from), Self::pack(to)));
    }

    fn pack(bound: Bound) -> u32 {
        match bound {
            Bound::Number(number) => number.get(),
            Bound::Last => 0,
        }
    }

    /// The ranges in rising order, none touching another, `last` standing for `*`.
    pub(crate) fn resolved(&self, last: u32) -> Vec<(u32, u32)> {
        let end = |number: u32| if number == 0 { last } else { number };
        let order = |&(from, to): &(u32, u32)| {
            let (from, to) = (end(from), end(to));
            (from.min(to), from.max(to))
        };
        merged(self.ranges.iter().map(order).collect())
    }
}

/// Sorts ranges and joins those that touch.
fn merged(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1.saturating_add(1);
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
    ranges
}

/// A set of UIDs as ranges, in rising order, none touching another.
///
/// In a [`Question`](crate::Question) each range begins and ends with a UID of the view;
/// what lies between and is not in the view (any more) is to be passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UidSet {
    ranges: Vec<(Uid, Uid)>,
}

impl UidSet {
    /// The ranges, each with its first and its last UID.
    pub fn ranges(&self) -> &[(Uid, Uid)] {
        &self.ranges
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// True when the UID lies in one of the ranges.
    pub fn contains(&self, uid: Uid) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= uid);
        let before = after
            .checked_sub(1)
            .and_then(|index| self.ranges.get(index));
        before.is_some_and(|range| uid <= range.1)
    }

    /// Adds a range that begins after all that is in it; joins it to the last one where
    /// they touch. One that begins earlier is left out.
    pub fn append(&mut self, from: Uid, to: Uid) {
        match self.ranges.last_mut() {
            Some(last) if from <= last.1 => {}
            Some(last) if from.get() == last.1.get().saturating_add(1) => last.1 = to,
            _ => self.ranges.push((from, to)),
        }
    }
}

impl FromIterator<Uid> for UidSet {
    /// The set of these, in any order.
    fn from_iter<I: IntoIterator<Item = Uid>>(uids: I) -> UidSet {
        let mut sorted: Vec<Uid> = uids.into_iter().collect();
        sorted.sort_unstable();
        let mut set = UidSet::default();
        sorted.into_iter().for_each(|uid| set.append(uid, uid));
        set
    }
}

/// UIDs in an order that means something: the nth of COPYUID's first set became the nth
/// of its second (RFC 4315 section 3). Neighbours are joined, nothing is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UidRun {
    ranges: Vec<(Uid, Uid)>,
}

impl UidRun {
    pub(crate) fn push(&mut self, uid: Uid) {
        match self.ranges.last_mut() {
            Some(last) if uid.get() == last.1.get().saturating_add(1) => last.1 = uid,
            _ => self.ranges.push((uid, uid)),
        }
    }

    pub(crate) fn ranges(&self) -> &[(Uid, Uid)] {
        &self.ranges
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u32, u32)]) -> SequenceSet {
        SequenceSet {
            ranges: ranges.to_vec(),
        }
    }

    #[test]
    fn a_set_is_put_in_order() {
        assert_eq!(
            set(&[(5, 3), (1, 1), (4, 8)]).resolved(10),
            [(1, 1), (3, 8)]
        );
        assert_eq!(set(&[(1, 2), (3, 4)]).resolved(10), [(1, 4)]);
        assert_eq!(set(&[(12, 0)]).resolved(10), [(10, 12)]);
        assert_eq!(set(&[(0, 0)]).resolved(7), [(7, 7)]);
    }

    #[test]
    fn uid_sets_know_what_they_hold() {
        let uid = |number| Uid::new(number).unwrap();
        let mut set = UidSet::default();
        set.append(uid(2), uid(4));
        set.append(uid(5), uid(5));
        set.append(uid(9), uid(12));
        assert_eq!(set.ranges().len(), 2);
        let held: Vec<u32> = (1..15).filter(|&n| set.contains(uid(n))).collect();
        assert_eq!(held, [2, 3, 4, 5, 9, 10, 11, 12]);
    }
}
