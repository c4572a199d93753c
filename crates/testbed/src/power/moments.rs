//! When to cut, and what to lose: drawn by chance, and each kind in turn.

use super::chance::Chance;
use super::file::Tails;
use super::names::Names;
use super::shim::{Manner, When};

/// Longest time in a sync before the cut, in microseconds.
const IN_SYNC: u64 = 3000;

impl When {
    /// Just before one of the next `most` changes.
    pub fn a_write(chance: &mut Chance, most: u64) -> When {
        When::AtWrite(some(chance, most))
    }

    /// Within one of the next `most` syncs.
    pub fn a_sync(chance: &mut Chance, most: u64) -> When {
        When::InSync(some(chance, most), chance.below(IN_SYNC))
    }

    /// One of both; of syncs there are about half as many as of changes.
    pub fn some_moment(chance: &mut Chance, most: u64) -> When {
        if chance.happens(50) {
            When::a_write(chance, most)
        } else {
            When::a_sync(chance, most / 2)
        }
    }
}

impl Manner {
    /// Each way to lose what may be lost, in turn.
    pub fn of_round(round: u64) -> Manner {
        let tails = [Tails::Cut, Tails::Holes];
        let names = [Names::ByFolder, Names::Apart, Names::ByAnySync];
        Manner {
            tails: tails[round as usize % tails.len()],
            names: names[round as usize % names.len()],
        }
    }
}

/// Small numbers as often as large ones, up to `most`.
fn some(chance: &mut Chance, most: u64) -> u64 {
    let limit = chance.between(1, most);
    chance.between(1, limit)
}
