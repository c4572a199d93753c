//! A mailbox as a session sees it: which message has which number. RFC 9051 sections
//! 2.3.1.2, 5.2 and 7.5.1.
//!
//! What happens in the mailbox reaches the view in two steps. First it is known: new
//! messages and gone ones are noted here. Then the client is told, at a moment when that
//! is allowed, and only with that do numbers change.

use std::ops::Range;

use crate::limits;
use crate::number::{SequenceNumber, SequenceSet, Uid, UidSet};

/// The view of one selected mailbox: four octets for each message.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The messages that the client knows of, then those that it has not been told of.
    uids: Vec<Uid>,
    /// How many it knows of.
    told: usize,
    /// Those that are `\Recent` in this session.
    recent: UidSet,
    /// Gone, and the client does not know it yet.
    gone: Vec<Uid>,
}

/// Numbers in a command that are not in the view. RFC 9051 section 9, `seq-number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoSuchMessage;

/// Changes that the client is to be told of now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    /// Numbers that go, each as it is when those before it have gone.
    pub(super) expunged: Vec<SequenceNumber>,
    /// How many messages there are and how many are `\Recent`, where there are new ones.
    pub(super) grown: Option<(usize, usize)>,
}

impl View {
    pub(super) fn with_capacity(messages: usize) -> View {
        View {
            uids: Vec::with_capacity(messages),
            ..View::default()
        }
    }

    /// Adds a message at the end; one that is not above all others is there already. A view
    /// that holds more than it may has one too many, and takes no more.
    pub(super) fn add(&mut self, uid: Uid, recent: bool) {
        let room = self.uids.len() <= limits::VIEW;
        if room && self.uids.last().is_none_or(|&last| last < uid) {
            self.uids.push(uid);
            if recent {
                self.recent.append(uid, uid);
            }
        }
    }

    /// How many messages the client knows of.
    pub(super) fn told(&self) -> usize {
        self.told
    }

    /// How many of all messages are `\Recent`.
    pub(super) fn recent(&self) -> usize {
        self.recent
            .ranges()
            .iter()
            .map(|&(from, to)| self.between(from, to).len())
            .sum()
    }

    pub(super) fn is_recent(&self, uid: Uid) -> bool {
        self.recent.contains(uid)
    }

    /// The number of a message that the client knows of.
    pub(super) fn number(&self, uid: Uid) -> Option<SequenceNumber> {
        let index = self.known().binary_search(&uid).ok()?;
        SequenceNumber::at(index)
    }

    /// Notes that a message is gone.
    pub(super) fn vanish(&mut self, uid: Uid) {
        if self.uids.binary_search(&uid).is_ok() {
            self.gone.push(uid);
        }
    }

    /// Notes that all messages of a set are gone.
    pub(super) fn vanish_all(&mut self, set: &UidSet) {
        for &(from, to) in set.ranges() {
            let range = self.places(from, to);
            self.gone
                .extend_from_slice(self.uids.get(range).unwrap_or_default());
        }
    }

    /// True when nothing is gone that the client does not know of.
    pub(super) fn is_told(&self) -> bool {
        self.gone.is_empty()
    }

    /// What the client is to be told now, as if it had been. Without `expunges`, what is
    /// gone stays until it may be told.
    pub(super) fn tell(&mut self, expunges: bool) -> News {
        let expunged = if expunges {
            self.drop_gone()
        } else {
            Vec::new()
        };
        let grown = self.uids.len() > self.told;
        self.told = self.uids.len();
        News {
            expunged,
            grown: grown.then(|| (self.uids.len(), self.recent())),
        }
    }

    /// Takes the gone messages out; their numbers from the highest down, so that none
    /// changes another.
    fn drop_gone(&mut self) -> Vec<SequenceNumber> {
        let mut gone = std::mem::take(&mut self.gone);
        if gone.is_empty() {
            return Vec::new();
        }
        gone.sort_unstable();
        gone.dedup();
        let mut numbers: Vec<_> = gone.iter().filter_map(|&uid| self.number(uid)).collect();
        numbers.reverse();
        // What came and went before the client heard of it goes without a word.
        let mut left = gone.into_iter().peekable();
        self.uids.retain(|uid| left.next_if_eq(uid).is_none());
        self.told -= numbers.len();
        numbers
    }

    /// The messages that a client's set of numbers means.
    pub(super) fn by_sequence(&self, set: &SequenceSet) -> Result<UidSet, NoSuchMessage> {
        let last = u32::try_from(self.told).unwrap_or(u32::MAX);
        let ranges = set.resolved(last);
        if ranges.iter().any(|&(from, to)| from == 0 || to > last) {
            return Err(NoSuchMessage);
        }
        Ok(self.at_places(ranges))
    }

    /// The same in SEARCH, where a number that is no message just finds nothing: some
    /// devices take a refusal for an empty mailbox.
    pub(super) fn by_sequence_as_far(&self, set: &SequenceSet) -> UidSet {
        let last = u32::try_from(self.told).unwrap_or(u32::MAX);
        let there = set
            .resolved(last)
            .into_iter()
            .map(|(from, to)| (from.max(1), to.min(last)));
        self.at_places(there.filter(|(from, to)| from <= to).collect())
    }

    fn at_places(&self, ranges: Vec<(u32, u32)>) -> UidSet {
        let uid = |number: u32| {
            self.uids
                .get(usize::try_from(number).ok()?.checked_sub(1)?)
                .copied()
        };
        let mut uids = UidSet::default();
        for (from, to) in ranges {
            if let (Some(from), Some(to)) = (uid(from), uid(to)) {
                uids.append(from, to);
            }
        }
        uids
    }

    /// The messages that a client's set of UIDs means; UIDs of none are passed over.
    pub(super) fn by_uid(&self, set: &SequenceSet) -> UidSet {
        let mut uids = UidSet::default();
        let Some(last) = self.known().last() else {
            return uids;
        };
        for (from, to) in set.resolved(last.get()) {
            let to = to.min(last.get());
            if let (Some(from), Some(to)) = (Uid::new(from), Uid::new(to))
                && let [first, ..] = self.between(from, to)
                && let [.., last] = self.between(from, to)
            {
                uids.append(*first, *last);
            }
        }
        uids
    }

    /// All that are `\Recent`.
    pub(super) fn recent_set(&self) -> UidSet {
        let mut uids = UidSet::default();
        for &(from, to) in self.recent.ranges() {
            if let ([first, ..], [.., last]) = (self.between(from, to), self.between(from, to)) {
                uids.append(*first, *last);
            }
        }
        uids
    }

    /// How many messages that the client knows of are in a set.
    pub(super) fn count(&self, set: &UidSet) -> usize {
        set.ranges()
            .iter()
            .map(|&(from, to)| self.between(from, to).len())
            .sum()
    }

    fn known(&self) -> &[Uid] {
        self.uids.get(..self.told).unwrap_or_default()
    }

    /// The messages from one UID to another, which need not be there.
    fn between(&self, from: Uid, to: Uid) -> &[Uid] {
        self.uids.get(self.places(from, to)).unwrap_or_default()
    }

    fn places(&self, from: Uid, to: Uid) -> Range<usize> {
        let start = self.uids.partition_point(|&uid| uid < from);
        start..self.uids.partition_point(|&uid| uid <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::command::Command;
    use crate::codec::parse::parse;

    fn uid(number: u32) -> Uid {
        Uid::new(number).unwrap()
    }

    /// A view of messages that the client knows, the last two `\Recent`.
    fn view(uids: &[u32]) -> View {
        let mut view = View::with_capacity(uids.len());
        for (index, &number) in uids.iter().enumerate() {
            view.add(uid(number), index + 2 >= uids.len());
        }
        view.tell(true);
        view
    }

    fn set(text: &str) -> SequenceSet {
        let request = parse(format!("a UID EXPUNGE {text}").as_bytes()).unwrap();
        let Command::Expunge(Some(set)) = request.command else {
            panic!("no set")
        };
        set
    }

    fn ranges(uids: &UidSet) -> Vec<(u32, u32)> {
        uids.ranges()
            .iter()
            .map(|(from, to)| (from.get(), to.get()))
            .collect()
    }

    fn numbers(news: &News) -> Vec<u32> {
        news.expunged.iter().map(|number| number.0.get()).collect()
    }

    #[test]
    fn sets_of_numbers_become_sets_of_uids() {
        let view = view(&[3, 5, 8, 13]);
        let by_sequence = |text: &str| view.by_sequence(&set(text)).map(|uids| ranges(&uids));
        assert_eq!(by_sequence("1,3:*"), Ok(vec![(3, 3), (8, 13)]));
        assert_eq!(by_sequence("4:2"), Ok(vec![(5, 13)]));
        assert_eq!(by_sequence("*"), Ok(vec![(13, 13)]));
        assert_eq!(by_sequence("4:5"), Err(NoSuchMessage));
        assert_eq!(ranges(&view.by_sequence_as_far(&set("4:9,7"))), [(13, 13)]);
        let by_uid = |text: &str| ranges(&view.by_uid(&set(text)));
        assert_eq!(by_uid("1:4,9:12"), [(3, 3)]);
        assert_eq!(by_uid("5,8"), [(5, 5), (8, 8)]);
        assert_eq!(by_uid("99:*"), [(13, 13)]);
        assert_eq!(by_uid("99"), []);
        assert_eq!(view.count(&view.by_uid(&set("4:*"))), 3);
    }

    #[test]
    fn an_empty_view_has_no_star() {
        let view = view(&[]);
        assert_eq!(view.by_sequence(&set("*")), Err(NoSuchMessage));
        assert_eq!(view.by_sequence(&set("1:*")), Err(NoSuchMessage));
        assert!(view.by_uid(&set("1:*")).is_empty());
        assert!(view.by_sequence_as_far(&set("1:*")).is_empty());
    }

    #[test]
    fn numbers_change_only_when_the_client_is_told() {
        let mut view = view(&[3, 5, 8, 13]);
        view.vanish(uid(5));
        let mut set = UidSet::default();
        set.append(uid(4), uid(6));
        set.append(uid(10), uid(99));
        view.vanish_all(&set);
        view.add(uid(20), true);
        assert_eq!(view.number(uid(13)), SequenceNumber::at(3));
        assert_eq!(view.number(uid(20)), None);
        let news = view.tell(false);
        assert_eq!((numbers(&news), news.grown), (vec![], Some((5, 3))));
        assert_eq!(view.number(uid(20)), SequenceNumber::at(4));
        let news = view.tell(true);
        assert_eq!((numbers(&news), news.grown), (vec![4, 2], None));
        assert_eq!(view.number(uid(20)), SequenceNumber::at(2));
        assert_eq!(view.recent(), 2);
    }

    #[test]
    fn what_came_and_went_unseen_is_not_spoken_of() {
        let mut view = view(&[3]);
        view.add(uid(4), false);
        view.add(uid(5), false);
        view.vanish(uid(4));
        let news = view.tell(true);
        assert_eq!((numbers(&news), news.grown), (vec![], Some((2, 1))));
        view.add(uid(5), true);
        assert_eq!(view.told(), 2);
    }
}
