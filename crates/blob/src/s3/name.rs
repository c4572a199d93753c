//! The name of an object, and how a reference holds it.
//!
//! A reference to a body in a bucket has 128 bits where one to a body in a segment has the
//! number of the segment and the place in it: so the form is the same for both, and old ones
//! are read as ever.
//!
//! ```text
//! 1...                      the name of an object that is one body
//! 01...            the name of a pack, and in the last 24 bits where in it the body is
//! 00...                     a place in a segment
//! ```

use std::fmt;
use std::ops::Range;

use segments::{HEADER_OCTETS, SegmentId};

use crate::BodyRef;

/// What tells the name of a body's own object from all else. The number of a segment counts
/// from one and never comes so far.
const OWN: u128 = 1 << 127;
/// What then tells the name of a pack from a segment's number.
const PACK: u128 = 1 << 126;
/// The bits that are free in a pack's name, for a place in it.
const PLACE: u128 = (1 << 24) - 1;

/// The name of an object: a number drawn by lot, so large that no two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(u128);

impl ObjectName {
    /// A name that nobody has, for one body.
    pub(crate) fn draw() -> ObjectName {
        ObjectName(rand::random::<u128>() | OWN)
    }

    /// A name that nobody has, for a pack.
    pub(crate) fn draw_for_pack() -> ObjectName {
        ObjectName(rand::random::<u128>() & !(OWN | PLACE) | PACK)
    }

    /// The name that is written so, in the one way in which it is.
    pub(crate) fn parse(text: &str) -> Option<ObjectName> {
        let number = u128::from_str_radix(text, 16).ok()?;
        let name = ObjectName(number);
        let is_one = number & OWN != 0 || (name.is_pack() && number & PLACE == 0);
        (is_one && name.to_string() == text).then_some(name)
    }

    /// Whether it is the name of an object that has several bodies.
    pub fn is_pack(self) -> bool {
        self.0 & (OWN | PACK) == PACK
    }

    /// What of it was drawn by lot for a pack too.
    pub fn lot(self) -> u64 {
        let drawn = self.0 >> PLACE.count_ones() & u128::from(u64::MAX);
        u64::try_from(drawn).unwrap_or(u64::MAX)
    }

    /// A reference to the body that is the object of that name.
    pub(crate) fn refer(self, length: u64, hash: [u8; 32]) -> BodyRef {
        refer(self.0, length, hash)
    }

    /// A reference to a body whose frame begins there in the pack of that name; none where no
    /// place is so far behind.
    pub(crate) fn refer_to(self, place: u64, length: u64, hash: [u8; 32]) -> Option<BodyRef> {
        let fits = self.is_pack() && u128::from(place) <= PLACE;
        fits.then(|| refer(self.0 | u128::from(place), length, hash))
    }
}

fn refer(number: u128, length: u64, hash: [u8; 32]) -> BodyRef {
    let [high, low] = [number >> 64, number & u128::from(u64::MAX)];
    let half = |half: u128| u64::try_from(half).unwrap_or(u64::MAX);
    BodyRef {
        segment: SegmentId::from_number(half(high)),
        offset: half(low),
        length,
        hash,
    }
}

impl BodyRef {
    /// The object that it is, or is in; none when it refers to a place in a segment.
    pub fn object(&self) -> Option<ObjectName> {
        let number = self.number();
        match number & (OWN | PACK) {
            0 => None,
            PACK => Some(ObjectName(number & !PLACE)),
            _ => Some(ObjectName(number)),
        }
    }

    /// Which octets of a pack are the frame of the body; none when it is in no pack.
    pub fn frame(&self) -> Option<Range<u64>> {
        let number = self.number();
        let begins = u64::try_from(number & PLACE).ok();
        let begins = begins.filter(|_| ObjectName(number).is_pack())?;
        let octets = self.length.saturating_add(HEADER_OCTETS as u64);
        Some(begins..begins.saturating_add(octets))
    }

    /// Where in its object its octets begin.
    pub(crate) fn begins(&self) -> u64 {
        let frame = self.frame();
        frame.map_or(0, |frame| frame.start + HEADER_OCTETS as u64)
    }

    fn number(&self) -> u128 {
        u128::from(self.segment.number()) << 64 | u128::from(self.offset)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_leads_to_the_name_it_was_made_of() {
        for name in [ObjectName::draw(), ObjectName(OWN), ObjectName(u128::MAX)] {
            let body = name.refer(7, [9; 32]);
            assert_eq!(body.object(), Some(name));
            assert_eq!((body.begins(), body.length()), (0, 7));
            assert_eq!((body.place(), body.frame()), (None, None));
            assert!(format!("{body:?}").contains(&name.to_string()));
        }
    }

    #[test]
    fn a_reference_into_a_pack_leads_to_it_and_to_the_place() {
        for pack in [
            ObjectName::draw_for_pack(),
            ObjectName(PACK),
            ObjectName((OWN - 1) & !PLACE),
        ] {
            for place in [0, 1, 0xff_ffff] {
                let body = pack.refer_to(place, 7, [9; 32]).unwrap();
                assert_eq!(body.object(), Some(pack));
                assert_eq!((body.begins(), body.length()), (place + 64, 7));
                assert_eq!(body.frame(), Some(place..place + 71));
                assert_eq!(body.place(), None);
                assert!(format!("{body:?}").contains(&pack.to_string()));
            }
            assert_eq!(pack.refer_to(1 << 24, 7, [9; 32]), None);
        }
        assert_eq!(ObjectName::draw().refer_to(0, 7, [9; 32]), None);
    }

    #[test]
    fn a_name_is_written_in_one_way() {
        let name = ObjectName::draw();
        assert_eq!(ObjectName::parse(&name.to_string()), Some(name));
        let pack = ObjectName::draw_for_pack();
        assert_eq!(ObjectName::parse(&pack.to_string()), Some(pack));
        // A place in it is no other pack.
        let within = ObjectName(pack.0 | 1).to_string();
        let upper = ObjectName(u128::MAX).to_string().to_uppercase();
        let small = ObjectName(1).to_string();
        for odd in [
            "",
            "ff",
            "FORMAT",
            &upper,
            &small,
            &within,
            &format!("0{name}"),
        ] {
            assert_eq!(ObjectName::parse(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_place_in_a_segment_is_no_object() {
        let body = BodyRef {
            segment: SegmentId::from_number((1 << 62) - 1),
            offset: u64::MAX,
            length: 1,
            hash: [0; 32],
        };
        assert_eq!(body.object(), None);
    }
}
