//! Octets that are passed on with small changes.

use bytes::{Bytes, BytesMut};

/// Octets with a few left out and put in, for whoever takes dots off lines or puts them
/// there. Without any change, nothing is copied. Changes are made from the first octet to
/// the last.
#[derive(Debug)]
pub struct Patch {
    octets: Bytes,
    /// What comes before `copied` is in `out`, or is left out.
    copied: usize,
    out: BytesMut,
}

impl Patch {
    /// Nothing is changed yet.
    pub fn new(octets: Bytes) -> Patch {
        Patch {
            octets,
            copied: 0,
            out: BytesMut::new(),
        }
    }

    /// The octets as they were.
    pub fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// Puts something before the octet at that place.
    pub fn insert(&mut self, at: usize, what: &[u8]) {
        self.copy_to(at);
        self.out.extend_from_slice(what);
    }

    /// Leaves out the octet at that place.
    pub fn remove(&mut self, at: usize) {
        self.copy_to(at);
        self.copied = at + 1;
    }

    /// All up to `end`, as changed.
    pub fn finish(mut self, end: usize) -> Bytes {
        if self.out.is_empty() {
            return self.octets.slice(self.copied.min(end)..end);
        }
        self.copy_to(end);
        self.out.freeze()
    }

    fn copy_to(&mut self, at: usize) {
        self.out
            .extend_from_slice(self.octets.get(self.copied..at).unwrap_or_default());
        self.copied = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_in_order() {
        let mut patch = Patch::new(Bytes::from_static(b"abcdef"));
        patch.remove(0);
        patch.insert(2, b"XY");
        patch.remove(4);
        assert_eq!(&patch.finish(6)[..], b"bXYcdf");
        let mut patch = Patch::new(Bytes::from_static(b"abcdef"));
        patch.insert(0, b"X");
        assert_eq!(&patch.finish(3)[..], b"Xabc");
    }

    #[test]
    fn what_is_not_changed_is_not_copied() {
        let octets = Bytes::from_static(b"abcdef");
        let same = Patch::new(octets.clone()).finish(4);
        assert_eq!((same.as_ptr(), same.len()), (octets.as_ptr(), 4));
        let mut patch = Patch::new(octets.clone());
        patch.remove(0);
        assert_eq!(&patch.finish(1)[..], b"");
    }
}
