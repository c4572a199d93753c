//! The name of an object, and how a reference holds it.

use std::fmt;

use segments::SegmentId;

use crate::BodyRef;

/// What tells the name of an object from the number of a segment, which counts from one
/// and never comes so far.
const OBJECT: u128 = 1 << 127;

/// The name of an object: a number drawn by lot, so large that no two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(u128);

impl ObjectName {
    /// A name that nobody has.
    pub(crate) fn draw() -> ObjectName {
        ObjectName(rand::random::<u128>() | OBJECT)
    }

    /// The name that is written so, in the one way in which it is.
    pub(crate) fn parse(text: &str) -> Option<ObjectName> {
        let name = ObjectName(u128::from_str_radix(text, 16).ok()?);
        (name.0 & OBJECT != 0 && name.to_string() == text).then_some(name)
    }

    /// A reference to the object of that name. Its upper half stands where the number of
    /// a segment would, its lower half where the place in it would: so the form of a
    /// reference is the same for both, and old ones are read as ever.
    pub(crate) fn refer(self, length: u64, hash: [u8; 32]) -> BodyRef {
        let [high, low] = [self.0 >> 64, self.0 & u128::from(u64::MAX)];
        let half = |half: u128| u64::try_from(half).unwrap_or(u64::MAX);
        BodyRef {
            segment: SegmentId::from_number(half(high)),
            offset: half(low),
            length,
            hash,
        }
    }
}

impl BodyRef {
    /// The object that it refers to; none when it refers to a place in a segment.
    pub fn object(&self) -> Option<ObjectName> {
        let number = u128::from(self.segment.number()) << 64 | u128::from(self.offset);
        (number & OBJECT != 0).then_some(ObjectName(number))
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
        for name in [
            ObjectName::draw(),
            ObjectName(OBJECT),
            ObjectName(u128::MAX),
        ] {
            let body = name.refer(7, [9; 32]);
            assert_eq!(body.object(), Some(name));
            assert_eq!(body.length(), 7);
            assert!(format!("{body:?}").contains(&name.to_string()));
        }
    }

    #[test]
    fn a_name_is_written_in_one_way() {
        let name = ObjectName::draw();
        assert_eq!(ObjectName::parse(&name.to_string()), Some(name));
        let upper = ObjectName(u128::MAX).to_string().to_uppercase();
        let small = ObjectName(1).to_string();
        for odd in ["", "ff", "FORMAT", &upper, &small, &format!("0{name}")] {
            assert_eq!(ObjectName::parse(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_place_in_a_segment_is_no_object() {
        let body = BodyRef {
            segment: SegmentId::from_number((1 << 63) - 1),
            offset: u64::MAX,
            length: 1,
            hash: [0; 32],
        };
        assert_eq!(body.object(), None);
    }
}
