//! Bodies that were written again, elsewhere.

use std::collections::HashMap;

use crate::{BodyRef, Hold};

/// Bodies that were written again: where they were, and where they are now. Whoever has such a
/// table has records refer to the new places.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    places: HashMap<BodyRef, BodyRef>,
    /// None where the new places are not taken away, whoever refers to them.
    hold: Option<Hold>,
}

impl Moved {
    /// An empty table of bodies that are written from now on to where others may take them away
    /// before a record names them.
    pub fn held() -> Moved {
        Moved {
            places: HashMap::new(),
            hold: Some(Hold::from_now()),
        }
    }

    /// Notes where a body is now.
    pub fn insert(&mut self, was: BodyRef, is: BodyRef) {
        self.places.insert(was, is);
    }

    /// Adds what another table says.
    pub fn extend(&mut self, others: Moved) {
        self.places.extend(others.places);
    }

    /// Where a body is now; none if it is where it was.
    pub fn get(&self, body: &BodyRef) -> Option<&BodyRef> {
        self.places.get(body)
    }

    /// How many bodies were moved.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True when no body was.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether a record may still be made to refer to the new places, as [`Hold::is_good`].
    pub fn is_good(&self) -> bool {
        self.hold.as_ref().is_none_or(Hold::is_good)
    }
}

impl FromIterator<(BodyRef, BodyRef)> for Moved {
    fn from_iter<T: IntoIterator<Item = (BodyRef, BodyRef)>>(places: T) -> Moved {
        Moved {
            places: places.into_iter().collect(),
            hold: None,
        }
    }
}
