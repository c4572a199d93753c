//! What a group of commits does: each is judged on top of those before it, and what
//! they do together is written once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::{Condition, Operation, Outcome, Partition};

/// A commit as it was asked for.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) partition: Partition,
    pub(super) conditions: Vec<Condition>,
    pub(super) operations: Vec<Operation>,
}

impl Commit {
    pub(super) fn octets(&self) -> usize {
        self.operations.iter().map(Operation::octets).sum()
    }
}

/// The versions of the keys that conditions name, as they were before the group. A key
/// that is not there has none.
pub(super) type Before = HashMap<(Vec<u8>, Vec<u8>), i64>;

/// What a group does, partition by partition in the order of their bytes: the order in
/// which everybody locks them, so that no two groups wait for each other.
#[derive(Default)]
pub(super) struct Group<'a> {
    partitions: BTreeMap<Vec<u8>, Changes<'a>>,
}

/// What happens to one partition: first ranges are cleared, then what is left is
/// written, so that the order in which it was asked for need not be kept.
#[derive(Default)]
struct Changes<'a> {
    cleared: Vec<&'a Range<Vec<u8>>>,
    /// Of each key what was last put there; none where it was deleted.
    points: BTreeMap<&'a [u8], Option<&'a [u8]>>,
}

/// Rows to be written or removed, column by column, as the database takes them.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) part: Vec<&'a [u8]>,
    pub(super) key: Vec<&'a [u8]>,
    /// Values of rows to be put, ends of ranges to be cleared, nothing for a deletion.
    pub(super) more: Vec<&'a [u8]>,
}

impl<'a> Group<'a> {
    /// The partitions that these commits touch, in order, each once.
    pub(super) fn of(commits: &[&'a Commit]) -> Group<'a> {
        let touched = commits.iter().map(|commit| commit.partition.to_bytes());
        let partitions = touched.map(|part| (part, Changes::default())).collect();
        Group { partitions }
    }

    pub(super) fn parts(&self) -> Vec<&[u8]> {
        self.partitions.keys().map(Vec::as_slice).collect()
    }

    /// Judges one commit and takes its operations in, if its conditions hold. `version`
    /// is what the values of this group get in its partition: nobody has seen it yet.
    pub(super) fn judge(&mut self, commit: &'a Commit, before: &Before, version: i64) -> Outcome {
        let part = commit.partition.to_bytes();
        let changes = self.partitions.entry(part.clone()).or_default();
        let mut conditions = commit.conditions.iter();
        let all = conditions.all(|condition| changes.hold(&part, condition, before, version));
        if !all {
            return Outcome::Conflict;
        }
        for operation in &commit.operations {
            changes.apply(operation);
        }
        Outcome::Committed
    }

    /// The ranges to be cleared.
    pub(super) fn cleared(&self) -> Rows<'_> {
        let mut rows = Rows::default();
        for (part, changes) in &self.partitions {
            for range in &changes.cleared {
                rows.part.push(part);
                rows.key.push(&range.start);
                rows.more.push(&range.end);
            }
        }
        rows
    }

    /// The keys to be deleted, after the ranges were cleared.
    pub(super) fn deleted(&self) -> Rows<'_> {
        let mut rows = Rows::default();
        for (part, changes) in &self.partitions {
            for (key, value) in &changes.points {
                if value.is_none() {
                    rows.part.push(part);
                    rows.key.push(key);
                }
            }
        }
        rows
    }

    /// The rows to be put, after the ranges were cleared.
    pub(super) fn put(&self) -> Rows<'_> {
        let mut rows = Rows::default();
        for (part, changes) in &self.partitions {
            for (key, value) in &changes.points {
                if let Some(value) = value {
                    rows.part.push(part);
                    rows.key.push(key);
                    rows.more.push(value);
                }
            }
        }
        rows
    }
}

impl<'a> Changes<'a> {
    fn hold(&self, part: &[u8], condition: &Condition, before: &Before, version: i64) -> bool {
        let (Condition::Absent(key) | Condition::Version(key, _)) = condition;
        let found = match self.points.get(key.as_slice()) {
            Some(Some(_)) => Some(version),
            Some(None) => None,
            None if self.cleared.iter().any(|range| range.contains(key)) => None,
            None => before.get(&(part.to_vec(), key.clone())).copied(),
        };
        match condition {
            Condition::Absent(_) => found.is_none(),
            Condition::Version(_, wanted) => found == Some(wanted.0),
        }
    }

    fn apply(&mut self, operation: &'a Operation) {
        match operation {
            Operation::Put(key, value) => drop(self.points.insert(key, Some(value))),
            Operation::Delete(key) => drop(self.points.insert(key, None)),
            Operation::ClearRange(range) => {
                self.points.retain(|key, _| !holds(range, key));
                self.cleared.push(range);
            }
        }
    }
}

fn holds(range: &Range<Vec<u8>>, key: &[u8]) -> bool {
    range.start.as_slice() <= key && key < range.end.as_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    fn commit(conditions: Vec<Condition>, operations: Vec<Operation>) -> Commit {
        Commit {
            partition: Partition::Queue,
            conditions,
            operations,
        }
    }

    fn put(key: &[u8], value: &[u8]) -> Operation {
        Operation::Put(key.to_vec(), value.to_vec())
    }

    fn clear(from: &[u8], to: &[u8]) -> Operation {
        Operation::ClearRange(from.to_vec()..to.to_vec())
    }

    fn before(keys: &[(&[u8], i64)]) -> Before {
        let part = Partition::Queue.to_bytes();
        keys.iter()
            .map(|(key, version)| ((part.clone(), key.to_vec()), *version))
            .collect()
    }

    #[test]
    fn the_last_of_several_changes_of_a_key_is_written() {
        let one = commit(vec![], vec![put(b"a", b"1"), put(b"b", b"1")]);
        let two = commit(vec![], vec![clear(b"a", b"b"), put(b"c", b"2")]);
        let three = commit(
            vec![],
            vec![Operation::Delete(b"b".to_vec()), put(b"c", b"3")],
        );
        let all = [&one, &two, &three];
        let mut group = Group::of(&all);
        for commit in all {
            assert_eq!(group.judge(commit, &Before::new(), 1), Outcome::Committed);
        }
        assert_eq!(group.put().key, [b"c"]);
        assert_eq!(group.put().more, [b"3"]);
        assert_eq!(group.deleted().key, [b"b"]);
        assert_eq!(group.cleared().key, [b"a"]);
        assert_eq!(group.cleared().more, [b"b"]);
    }

    #[test]
    fn a_commit_sees_what_those_before_it_did() {
        let absent = |key: &[u8]| vec![Condition::Absent(key.to_vec())];
        let is = |key: &[u8], version| vec![Condition::Version(key.to_vec(), Version(version))];
        let before = before(&[(b"a", 7), (b"b", 8)]);
        let steps = [
            (commit(is(b"a", 7), vec![put(b"a", b"")]), true),
            (commit(is(b"a", 7), vec![put(b"lost", b"")]), false),
            (commit(absent(b"a"), vec![]), false),
            (commit(is(b"b", 8), vec![clear(b"", b"z")]), true),
            (commit(absent(b"a"), vec![put(b"a", b"")]), true),
            (commit(absent(b"a"), vec![]), false),
            (commit(is(b"b", 8), vec![]), false),
            (commit(absent(b"b"), vec![]), true),
        ];
        let all: Vec<&Commit> = steps.iter().map(|(commit, _)| commit).collect();
        let mut group = Group::of(&all);
        for (number, (commit, happens)) in steps.iter().enumerate() {
            let outcome = group.judge(commit, &before, 9);
            assert_eq!(outcome == Outcome::Committed, *happens, "step {number}");
        }
        assert_eq!(group.put().key, [b"a"]);
    }

    #[test]
    fn partitions_are_locked_in_one_order() {
        let of = |partition| Commit {
            partition,
            conditions: vec![],
            operations: vec![],
        };
        let (queue, directory) = (of(Partition::Queue), of(Partition::Directory));
        let group = Group::of(&[&queue, &directory, &queue]);
        assert_eq!(group.parts(), [[1], [2]]);
    }
}
