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
//! A key or value is its length, 4 octets, and its bytes. Numbers have their least
//! significant octet first. Each commit gives the version after that of the one before.

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
    octets: Vec<u8>,
    commits: u32,
}

impl Encoder {
    /// Begins a group whose first commit gives this version.
    pub(super) fn new(first: i64) -> Encoder {
        let mut octets = Vec::with_capacity(4096);
        octets.push(ENCODING);
        octets.extend_from_slice(&first.to_le_bytes());
        octets.extend_from_slice(&0u32.to_le_bytes());
        Encoder { octets, commits: 0 }
    }

    /// Adds a commit.
    pub(super) fn add(&mut self, part: &[u8], operations: &[Operation]) {
        self.commits += 1;
        self.octets
            .push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        self.octets.extend_from_slice(part);
        self.number(operations.len());
        for operation in operations {
            match operation {
                Operation::Put(key, value) => self.kind(PUT).bytes(key).bytes(value),
                Operation::Delete(key) => self.kind(DELETE).bytes(key),
                Operation::ClearRange(range) => {
                    self.kind(CLEAR).bytes(&range.start).bytes(&range.end)
                }
            };
        }
    }

    fn kind(&mut self, kind: u8) -> &mut Encoder {
        self.octets.push(kind);
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Encoder {
        self.number(bytes.len());
        self.octets.extend_from_slice(bytes);
        self
    }

    fn number(&mut self, number: usize) {
        // Every length has a limit far below this (`limits.rs`).
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.octets.extend_from_slice(&number.to_le_bytes());
    }

    /// The frame's content; none when no commit was added.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        let commits = self.octets.get_mut(HEAD_OCTETS - 4..HEAD_OCTETS)?;
        commits.copy_from_slice(&self.commits.to_le_bytes());
        (self.commits > 0).then_some(self.octets)
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
    let mut reader = Reader(octets);
    if reader.octet()? != ENCODING {
        return None;
    }
    let first = i64::from_le_bytes(reader.take()?);
    let mut commits = Vec::new();
    for _ in 0..reader.number()? {
        let part = usize::from(reader.octet()?);
        let partition = Partition::from_bytes(reader.cut(part)?)?;
        let mut operations = Vec::new();
        for _ in 0..reader.number()? {
            operations.push(reader.operation()?);
        }
        commits.push((partition, operations));
    }
    reader.0.is_empty().then_some(Group { first, commits })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn cut(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(head)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.cut(N)?.try_into().ok()
    }

    fn octet(&mut self) -> Option<u8> {
        self.take().map(|[octet]| octet)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let octets = usize::try_from(self.number()?).ok()?;
        self.cut(octets).map(<[u8]>::to_vec)
    }

    fn operation(&mut self) -> Option<Operation> {
        Some(match self.octet()? {
            PUT => Operation::Put(self.bytes()?, self.bytes()?),
            DELETE => Operation::Delete(self.bytes()?),
            CLEAR => Operation::ClearRange(self.bytes()?..self.bytes()?),
            _ => return None,
        })
    }
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
