//! Sets of UIDs.

use std::ops::RangeInclusive;

use crate::Uid;

/// A set of UIDs, held as ranges: ascending, apart from each other, none empty.
///
/// Its size follows how it is written and not how many UIDs it holds, so that
/// `1:2147483647` costs what `1` costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UidSet(Vec<RangeInclusive<Uid>>);

impl UidSet {
    /// Every UID there can be.
    pub fn all() -> UidSet {
        UidSet(vec![Uid::MIN..=Uid::MAX])
    }

    /// The set of these ranges, in any order, touching or not. A range whose ends are
    /// the wrong way round is read the other way (RFC 9051 section 9, seq-range).
    pub fn from_ranges(ranges: impl IntoIterator<Item = (Uid, Uid)>) -> UidSet {
        let mut sorted: Vec<(Uid, Uid)> = ranges
            .into_iter()
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect();
        sorted.sort_unstable();
        let mut set = UidSet::default();
        for (first, last) in sorted {
            set.append(first, last);
        }
        set
    }

    /// The ranges, ascending and apart from each other.
    pub fn ranges(&self) -> &[RangeInclusive<Uid>] {
        &self.0
    }

    /// True when it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when it holds this one.
    pub fn contains(&self, uid: Uid) -> bool {
        let at = self.0.partition_point(|range| *range.end() < uid);
        self.0.get(at).is_some_and(|range| range.contains(&uid))
    }

    /// All of its UIDs in order. The set may hold 2^31 of them.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        self.0
            .iter()
            .flat_map(|range| (range.start().get()..=range.end().get()).filter_map(Uid::new))
    }

    /// The part of it that lies after this UID.
    pub fn after(&self, uid: Option<Uid>) -> UidSet {
        let Some(uid) = uid else { return self.clone() };
        let Some(first) = uid.next() else {
            return UidSet::default();
        };
        let rest = self.0.iter().filter(|range| *range.end() >= first);
        UidSet(
            rest.map(|range| *range.start().max(&first)..=*range.end())
                .collect(),
        )
    }

    /// Adds a range that begins at or after the start of the last one.
    fn append(&mut self, first: Uid, last: Uid) {
        match self.0.last_mut() {
            Some(range) if range.end().next().is_none_or(|next| first <= next) => {
                *range = *range.start()..=last.max(*range.end());
            }
            _ => self.0.push(first..=last),
        }
    }
}

impl FromIterator<Uid> for UidSet {
    fn from_iter<I: IntoIterator<Item = Uid>>(uids: I) -> UidSet {
        UidSet::from_ranges(uids.into_iter().map(|uid| (uid, uid)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u32, u32)]) -> UidSet {
        let uid = |n| Uid::new(n).unwrap();
        UidSet::from_ranges(ranges.iter().map(|(a, b)| (uid(*a), uid(*b))))
    }

    #[test]
    fn ranges_are_put_in_order_and_joined() {
        assert_eq!(
            set(&[(7, 5), (1, 2), (3, 3), (6, 9)]),
            set(&[(1, 3), (5, 9)])
        );
        assert_eq!(set(&[(1, 100), (5, 6)]).ranges().len(), 1);
        assert_eq!(set(&[(1, 2), (4, 4)]).ranges().len(), 2);
    }

    #[test]
    fn the_widest_set_is_one_range() {
        assert_eq!(set(&[(1, (1 << 31) - 1), (3, 5)]), UidSet::all());
    }

    #[test]
    fn membership_follows_the_ranges() {
        let some = set(&[(2, 3), (8, 9)]);
        let held: Vec<u32> = (1..=10)
            .filter(|n| some.contains(Uid::new(*n).unwrap()))
            .collect();
        assert_eq!(held, [2, 3, 8, 9]);
        assert_eq!(some.iter().map(Uid::get).collect::<Vec<_>>(), held);
        assert!(!UidSet::default().contains(Uid::MIN));
    }

    #[test]
    fn after_cuts_within_a_range() {
        let some = set(&[(2, 5), (8, 9)]);
        assert_eq!(some.after(Uid::new(3)), set(&[(4, 5), (8, 9)]));
        assert_eq!(some.after(Uid::new(9)), UidSet::default());
        assert_eq!(some.after(Some(Uid::MAX)), UidSet::default());
        assert_eq!(some.after(None), some);
    }
}
