//! How the commits of a group stand in the log: one frame, so that they happen together.
//!
//! ```text
//! 01                      the version of this encoding
//! first                   the version that the first commit gives, 8 octets
//! commits                 how many, 4 octets; then for each
//!   partition             its length, 1 octet, and its bytes
//!   operations            how many, 4 octets; then for each
//!     01 key value        a put
//!     02 key              a delete
//!     03 key key          a range that is cleared
//! ```
//!
//! The pieces are those of `octets.rs`. Each commit gives the version after that of the one
//! before.

use super::octets::{Reader, Writer};
use crate::{Operation, Partition};

const ENCODING: u8 = 1;
const PUT: u8 = 1;
const DELETE: u8 = 2;
const CLEAR: u8 = 3;
/// Octets before the first commit.
const HEAD_OCTETS: usize = 1 + 8 + 4;

/// A group in the making.
#[derive(Debug)]
pub(super) struct Encoder {
    octets: Writer,
    commits: u32,
}

impl Encoder {
    /// Begins a group whose first commit gives this version.
    pub(super) fn new(first: i64) -> Encoder {
        let mut octets = Writer::new(ENCODING);
        octets.wide(first.cast_unsigned()).number(0);
        Encoder { octets, commits: 0 }
    }

    /// Adds a commit.
    pub(super) fn add(&mut self, part: &[u8], operations: &[Operation]) {
        self.commits += 1;
        self.octets.partition(part).number(operations.len());
        for operation in operations {
            match operation {
                Operation::Put(key, value) => self.octets.octet(PUT).bytes(key).bytes(value),
                Operation::Delete(key) => self.octets.octet(DELETE).bytes(key),
                Operation::ClearRange(range) => self
                    .octets
                    .octet(CLEAR)
                    .bytes(&range.start)
                    .bytes(&range.end),
            };
        }
    }

    /// The frame's content; none when no commit was added.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        let mut octets = self.octets.finish();
        let commits = octets.get_mut(HEAD_OCTETS - 4..HEAD_OCTETS)?;
        commits.copy_from_slice(&self.commits.to_le_bytes());
        (self.commits > 0).then_some(octets)
    }
}

/// A group that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The version that its first commit gave.
    pub(super) first: i64,
    pub(super) commits: Vec<(Partition, Vec<Operation>)>,
}

/// The group in a frame; none if it is not one of this encoding.
pub(super) fn decode(octets: &[u8]) -> Option<Group> {
    let mut reader = Reader::new(octets, ENCODING)?;
    let first = reader.wide()?.cast_signed();
    let mut commits = Vec::new();
    for _ in 0..reader.number()? {
        let partition = reader.partition()?;
        let mut operations = Vec::new();
        for _ in 0..reader.number()? {
            operations.push(operation(&mut reader)?);
        }
        commits.push((partition, operations));
    }
    reader.end().map(|()| Group { first, commits })
}

fn operation(reader: &mut Reader<'_>) -> Option<Operation> {
    Some(match reader.octet()? {
        PUT => Operation::Put(reader.bytes()?, reader.bytes()?),
        DELETE => Operation::Delete(reader.bytes()?),
        CLEAR => Operation::ClearRange(reader.bytes()?..reader.bytes()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use address::AccountId;
    use proptest::prelude::*;

    fn operations() -> impl Strategy<Value = Vec<Operation>> {
        let key = || proptest::collection::vec(any::<u8>(), 0..20);
        let value = proptest::collection::vec(any::<u8>(), 0..300);
        let operation = prop_oneof![
            (key(), value).prop_map(|(key, value)| Operation::Put(key, value)),
            key().prop_map(Operation::Delete),
            (key(), key()).prop_map(|(from, to)| Operation::ClearRange(from..to)),
        ];
        proptest::collection::vec(operation, 0..6)
    }

    fn partition() -> impl Strategy<Value = Partition> {
        prop_oneof![
            Just(Partition::Directory),
            Just(Partition::Queue),
            Just(Partition::Journal),
            any::<u64>().prop_map(|number| Partition::Account(AccountId(number))),
        ]
    }

    proptest! {
        #[test]
        fn groups_come_back(
            first: i64,
            commits in proptest::collection::vec((partition(), operations()), 1..5),
        ) {
            let mut encoder = Encoder::new(first);
            for (partition, operations) in &commits {
                encoder.add(&partition.to_bytes(), operations);
            }
            let octets = encoder.finish().unwrap();
            prop_assert_eq!(decode(&octets), Some(Group { first, commits }));
            prop_assert_eq!(decode(&octets[..octets.len() - 1]), None);
        }

        #[test]
        fn any_octets_are_read_without_harm(octets in any::<Vec<u8>>()) {
            let _ = decode(&octets);
        }
    }

    #[test]
    fn a_group_of_nothing_is_none() {
        assert_eq!(Encoder::new(7).finish(), None);
    }
}
