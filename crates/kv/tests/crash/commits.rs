//! The commits of the load. What one does follows from its name alone, so that whoever
//! judges needs to be told no more than names.

use std::ops::Range;

use address::AccountId;
use kv::{Operation, Partition, VALUE_OCTETS};
use testbed::power::Chance;

/// What commits at the same time.
pub(crate) const TASKS: u64 = 24;

/// The tasks take turns in these.
pub(crate) const PARTITIONS: [Partition; 6] = [
    Partition::Directory,
    Partition::Queue,
    Partition::Account(AccountId(1)),
    Partition::Account(AccountId(2)),
    Partition::Account(AccountId(256)),
    Partition::Account(AccountId(u64::MAX)),
];

/// Keys that a task has for itself.
const OWN_KEYS: u64 = 40;
/// Keys that the tasks of a partition share.
const SHARED_KEYS: u64 = 16;

/// Counts the commits that have taken part in the race of their partition, one at a time.
pub(crate) const RACE: &str = "race";

/// Names an attempt to commit: no two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    /// Which start of the program it was.
    pub(crate) round: u64,
    pub(crate) task: u64,
    /// Counts what this start has asked for.
    pub(crate) serial: u64,
}

/// The index of a task's partition.
pub(crate) fn part_of(task: u64) -> usize {
    task as usize % PARTITIONS.len()
}

/// An attempt to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) id: Id,
    /// How many commits of its task there are with this one. Its condition is that there is
    /// one less.
    pub(crate) chain: u64,
    /// The same of the race, if it takes part.
    pub(crate) race: Option<u64>,
}

impl Ask {
    /// All that it does.
    pub(crate) fn operations(self) -> Vec<Operation> {
        let mut operations = self.own();
        operations.extend(self.shared());
        operations
    }

    /// What it does to keys that no other task writes: the same whatever others do.
    pub(crate) fn own(self) -> Vec<Operation> {
        let mut chance = self.chance(1);
        let key = |number| own_key(self.id.task, number);
        let mut operations = Vec::new();
        if chance.happens(15) {
            operations.push(clear(&mut chance, OWN_KEYS, key));
        }
        operations.push(self.put(chain_key(self.id.task), self.chain, 100));
        for _ in 0..chance.between(1, 7) {
            let octets = some_octets(&mut chance);
            let number = chance.below(OWN_KEYS);
            operations.push(self.put(key(number), number, octets));
        }
        for _ in 0..chance.below(3) {
            let number = chance.below(OWN_KEYS);
            operations.push(Operation::Delete(key(number).into_bytes()));
        }
        operations
    }

    /// What it does to keys that others write too, if it takes part in the race.
    pub(crate) fn shared(self) -> Vec<Operation> {
        let Some(race) = self.race else {
            return Vec::new();
        };
        let mut chance = self.chance(2);
        let mut operations = Vec::new();
        if chance.happens(20) {
            operations.push(clear(&mut chance, SHARED_KEYS, shared_key));
        }
        operations.push(self.put(RACE.to_owned(), race, 40));
        for _ in 0..chance.between(1, 3) {
            let number = chance.below(SHARED_KEYS);
            operations.push(self.put(shared_key(number), number, 200));
        }
        let number = chance.below(SHARED_KEYS);
        operations.push(Operation::Delete(shared_key(number).into_bytes()));
        operations
    }

    fn chance(self, salt: u64) -> Chance {
        let Id {
            round,
            task,
            serial,
        } = self.id;
        Chance::new(round << 40 ^ task << 32 ^ serial << 3 ^ salt)
    }

    fn put(self, key: String, number: u64, octets: usize) -> Operation {
        let value = Content {
            id: self.id,
            number,
        };
        let filler = self.chance(3 + number);
        Operation::Put(key.into_bytes(), value.to_octets(filler, octets))
    }
}

/// Most values are small, some as large as one may be.
fn some_octets(chance: &mut Chance) -> usize {
    let most = *chance.one_of(&[200, 200, 200, 600, 600, 3000, 8000, VALUE_OCTETS as u64]);
    chance.below(most + 1) as usize
}

fn clear(chance: &mut Chance, keys: u64, key: impl Fn(u64) -> String) -> Operation {
    let from = chance.below(keys);
    let to = (from + chance.between(1, 8)).min(keys);
    let Range { start, end } = key(from)..key(to);
    Operation::ClearRange(start.into_bytes()..end.into_bytes())
}

/// Counts the commits of a task.
pub(crate) fn chain_key(task: u64) -> String {
    format!("chain/{task:02}")
}

/// Some are short and some almost as long as one may be.
fn own_key(task: u64, number: u64) -> String {
    let long = "-".repeat((number * 97 % 380) as usize);
    format!("own/{task:02}/{number:02}/{long}")
}

fn shared_key(number: u64) -> String {
    format!("shared/{number:02}")
}

/// What every value begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Who wrote it.
    pub(crate) id: Id,
    /// In a key that counts, the count.
    pub(crate) number: u64,
}

impl Content {
    fn to_octets(self, mut filler: Chance, octets: usize) -> Vec<u8> {
        let Id {
            round,
            task,
            serial,
        } = self.id;
        let mut value = [round, task, serial, self.number]
            .map(u64::to_be_bytes)
            .concat();
        let octets = octets.max(value.len());
        while value.len() < octets {
            value.extend(filler.any().to_be_bytes());
        }
        value.truncate(octets);
        value
    }

    pub(crate) fn read(value: &[u8]) -> Option<Content> {
        let mut words = value.chunks_exact(8);
        let mut next = || Some(u64::from_be_bytes(words.next()?.try_into().ok()?));
        Some(Content {
            id: Id {
                round: next()?,
                task: next()?,
                serial: next()?,
            },
            number: next()?,
        })
    }
}
