//! Which bodies are named, in little memory.
//!
//! A Bloom filter: a body that is named is always found to be. One that is not may seem to be,
//! too, where bits of others happen to make up its own; then it stays, and goes with a later
//! pass, since each draws by lot which bits are whose. With ten million bodies that happens to
//! one needless body in four hundred, with fifty million to every other one, and with a
//! million to hardly any.

use std::hash::{BuildHasher, RandomState};

use blob::s3::ObjectName;

/// Memory of a sieve, in octets.
pub(super) const OCTETS: usize = 16 * 1024 * 1024;
/// Bits that stand for one body.
const BITS: u64 = 6;

/// Names of bodies, and by chance some more.
pub(super) struct Sieve {
    words: Vec<u64>,
    chance: [RandomState; 2],
}

impl Sieve {
    pub(super) fn new() -> Sieve {
        Sieve {
            words: vec![0; OCTETS / size_of::<u64>()],
            chance: [RandomState::new(), RandomState::new()],
        }
    }

    pub(super) fn add(&mut self, name: ObjectName) {
        for (word, bit) in self.places(name) {
            if let Some(word) = self.words.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// False only if the name was not added.
    pub(super) fn may_have(&self, name: ObjectName) -> bool {
        let is_set = |(word, bit): (usize, u64)| {
            let word = self.words.get(word);
            word.is_none_or(|word| word & bit != 0)
        };
        self.places(name).into_iter().all(is_set)
    }

    /// The words, and in each the bit, that stand for a name.
    fn places(&self, name: ObjectName) -> [(usize, u64); BITS as usize] {
        let [first, step] = self.chance.each_ref().map(|chance| chance.hash_one(name));
        let bits = 8 * OCTETS as u64;
        let mut number = 0;
        [(); BITS as usize].map(|()| {
            // An odd step comes by all bits, their number being a power of two.
            let bit = first.wrapping_add((step | 1).wrapping_mul(number)) % bits;
            number += 1;
            let word = usize::try_from(bit / 64).unwrap_or(usize::MAX);
            (word, 1 << (bit % 64))
        })
    }
}

const _: () = assert!(OCTETS.is_power_of_two());

#[cfg(test)]
mod tests {
    use blob::BodyRef;

    use super::*;

    fn names(from: u64, count: u64) -> impl Iterator<Item = ObjectName> {
        (from..from + count).map(|number| {
            let hash = (1 << 63) | number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let text = format!("[{hash},{number},1,{:?}]", [0; 32]);
            let body: BodyRef = serde_json::from_str(&text).unwrap();
            body.object().unwrap()
        })
    }

    #[test]
    fn all_that_was_added_is_found_and_hardly_anything_else() {
        let mut sieve = Sieve::new();
        names(0, 200_000).for_each(|name| sieve.add(name));
        assert!(names(0, 200_000).all(|name| sieve.may_have(name)));
        let mistaken = names(1_000_000, 200_000).filter(|name| sieve.may_have(*name));
        assert_eq!(mistaken.count(), 0);
    }

    #[test]
    fn a_sieve_that_is_too_small_errs_on_the_side_of_keeping() {
        let mut sieve = Sieve::new();
        sieve.words.iter_mut().for_each(|word| *word = u64::MAX);
        assert!(names(0, 1000).all(|name| sieve.may_have(name)));
    }
}
