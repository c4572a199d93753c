//! What of packs is needed, in little memory: of all packs, or where there are too many bodies in
//! them of every second, fourth, eighth...; the next passes then look at the others.

use blob::BodyRef;
use blob::s3::{ObjectName, PACK_OCTETS, PACKED_OCTETS};

/// So many bodies are remembered, in 16 MiB.
const MOST: usize = 1024 * 1024;

/// Bits that a place in a pack takes, and octets of a frame.
const BITS: u32 = 24;
const _: () = assert!(PACK_OCTETS + 2 * PACKED_OCTETS < 1 << BITS);

/// Which bodies of packs are named.
pub(super) struct Packed {
    /// Of each body what its pack is called, as far as that was drawn by lot and fits, then where
    /// it is in that, and its octets there: in order of this once all were added. Two packs may
    /// seem to be the same, once in millions of years; more of each then seems to be needed.
    bodies: Vec<u128>,
    /// The pass that this is for.
    pass: u64,
    /// Of two to the power of this, one pack is looked at.
    halvings: u32,
    most: usize,
}

/// What is needed of a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Needed {
    pub(super) bodies: u64,
    /// With their frames.
    pub(super) octets: u64,
}

impl Packed {
    /// For the pass of this number.
    pub(super) fn new(pass: u64) -> Packed {
        Packed {
            bodies: Vec::new(),
            pass,
            halvings: 0,
            most: MOST,
        }
    }

    /// Notes that a body is named.
    pub(super) fn add(&mut self, body: &BodyRef) {
        let (Some(pack), Some(frame)) = (body.object(), body.frame()) else {
            return;
        };
        if !self.looks_at(pack) {
            return;
        }
        let octets = frame.end - frame.start;
        let place = u128::from(frame.start) << BITS | u128::from(octets);
        self.bodies.push(prefix(pack) | place);
        if self.bodies.len() > self.most {
            self.thin_out();
        }
    }

    /// Whether this pass looks at that pack.
    fn looks_at(&self, pack: ObjectName) -> bool {
        is_due(pack.lot(), self.pass, self.halvings)
    }

    fn thin_out(&mut self) {
        // Several messages may have the same one.
        self.end();
        while self.bodies.len() > self.most / 2 && self.halvings < u64::BITS {
            self.halvings += 1;
            let (pass, halvings) = (self.pass, self.halvings);
            let lot = |body: u128| u64::try_from(body >> u64::BITS).unwrap_or_default();
            self.bodies
                .retain(|body| is_due(lot(*body), pass, halvings));
        }
    }

    /// To be said when all were added.
    pub(super) fn end(&mut self) {
        self.bodies.sort_unstable();
        self.bodies.dedup();
    }

    /// In how many passes each pack is looked at, if none of them has to leave out more.
    pub(super) fn passes(&self) -> u64 {
        1_u64.checked_shl(self.halvings).unwrap_or(u64::MAX)
    }

    /// What is needed of a pack; none when nothing is, or the pack is not looked at.
    pub(super) fn needed(&self, pack: ObjectName) -> Option<Needed> {
        let begins = prefix(pack);
        let first = self.bodies.partition_point(|body| *body < begins);
        let bodies = self.bodies.get(first..).unwrap_or_default();
        let same = |body: &&u128| **body >> u64::BITS == begins >> u64::BITS;
        let mut needed = Needed::default();
        for body in bodies.iter().take_while(same) {
            let octets = *body & ((1 << BITS) - 1);
            needed.bodies += 1;
            needed.octets += u64::try_from(octets).unwrap_or_default();
        }
        (needed.bodies > 0).then_some(needed)
    }
}

fn prefix(pack: ObjectName) -> u128 {
    u128::from(pack.lot()) << u64::BITS
}

fn is_due(lot: u64, pass: u64, halvings: u32) -> bool {
    let mask = 1_u64.checked_shl(halvings).map_or(u64::MAX, |bit| bit - 1);
    (lot ^ pass) & mask == 0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A body of so many octets in the pack of this number.
    fn body(pack: u64, place: u64, octets: u64) -> BodyRef {
        let number = 1 << 126 | u128::from(pack) << BITS | u128::from(place);
        let (high, low) = (number >> 64, number & u128::from(u64::MAX));
        let text = format!("[{high},{low},{octets},{:?}]", [0; 32]);
        serde_json::from_str(&text).unwrap()
    }

    fn name(pack: u64) -> ObjectName {
        body(pack, 0, 0).object().unwrap()
    }

    #[test]
    fn what_is_needed_of_a_pack_is_counted_once() {
        let mut packed = Packed::new(3);
        for (pack, place, octets) in [
            (7, 0, 10),
            (8, 0, 1),
            (7, 74, 20),
            (7, 0, 10),
            (u64::MAX, 5, 262_144),
        ] {
            packed.add(&body(pack, place, octets));
        }
        packed.end();
        let needed = |bodies, octets| Some(Needed { bodies, octets });
        assert_eq!(packed.needed(name(7)), needed(2, 10 + 20 + 2 * 64));
        assert_eq!(packed.needed(name(8)), needed(1, 65));
        assert_eq!(packed.needed(name(u64::MAX)), needed(1, 262_208));
        assert_eq!(packed.needed(name(9)), None);
        assert_eq!(packed.passes(), 1);
    }

    #[test]
    fn of_too_many_each_is_looked_at_in_some_pass() {
        let lots = (0..1000_u64).map(|pack| pack.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let lots: Vec<u64> = lots.collect();
        let mut seen = BTreeSet::new();
        let mut passes = 1;
        let mut pass = 70;
        while pass < 70 + passes {
            let mut packed = Packed::new(pass);
            packed.most = 300;
            for lot in &lots {
                packed.add(&body(*lot, 0, 1));
                packed.add(&body(*lot, 65, 1));
            }
            packed.end();
            assert!(packed.bodies.len() <= 300);
            passes = passes.max(packed.passes());
            assert!((8..=32).contains(&packed.passes()), "{passes}");
            let needed = |lot: &&u64| packed.needed(name(**lot)).is_some();
            for lot in lots.iter().filter(needed) {
                let needed = packed.needed(name(*lot)).unwrap();
                assert_eq!((needed.bodies, needed.octets), (2, 130));
                seen.insert(*lot);
            }
            pass += 1;
        }
        assert_eq!(seen.len(), lots.len());
    }
}
