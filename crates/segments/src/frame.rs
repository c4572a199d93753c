//! The header of a frame.
//!
//! ```text
//!  0  4  magic        "FcBd"
//!  4  1  version      1
//!  5  1  kind         0: a body; 2: changes of an index; 3: a page of a copy of an index;
//!                     4: the end of a copy
//!  6  2  room         0
//!  8  8  length       octets of the content
//! 16 32  hash         BLAKE3 of the content
//! 48  8  synced       the octets of this segment that were on stable storage when the
//!                     frame was written; a body: 0
//! 56  8  check        the first octets of BLAKE3 over all the above
//! ```
//!
//! Numbers have their least significant octet first.

/// Octets of a header.
pub const HEADER_OCTETS: usize = 64;

/// What a header begins with.
pub(crate) const MAGIC: [u8; 4] = *b"FcBd";
const VERSION: u8 = 1;
const BODY: u8 = 0;
const CHANGES: u8 = 2;
const PAGE: u8 = 3;
const END: u8 = 4;
const CHECKED_OCTETS: usize = 56;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body of a message.
    Body,
    /// Something of an index.
    Index(IndexKind),
}

/// What a frame holds of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKind {
    /// What was changed.
    Changes,
    /// Some of what there was when a copy was made.
    Page,
    /// That a copy is complete.
    End,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    /// Octets of the segment that were on stable storage when this was written, as far as
    /// the frame says.
    pub(crate) synced: u64,
    pub(crate) length: u64,
    pub(crate) hash: [u8; 32],
}

/// The header of a body of so many octets with this BLAKE3.
pub fn body_header(length: u64, hash: [u8; 32]) -> [u8; HEADER_OCTETS] {
    let header = Header {
        kind: Kind::Body,
        synced: 0,
        length,
        hash,
    };
    header.encode()
}

impl Header {
    /// The header of what is kept of an index.
    pub(crate) fn of_index(kind: IndexKind, content: &[u8], synced: u64) -> Header {
        Header {
            kind: Kind::Index(kind),
            synced,
            length: content.len() as u64,
            hash: *blake3::hash(content).as_bytes(),
        }
    }

    pub(crate) fn encode(&self) -> [u8; HEADER_OCTETS] {
        let kind = match self.kind {
            Kind::Body => BODY,
            Kind::Index(IndexKind::Changes) => CHANGES,
            Kind::Index(IndexKind::Page) => PAGE,
            Kind::Index(IndexKind::End) => END,
        };
        let mut octets = [0; HEADER_OCTETS];
        let parts: [(usize, &[u8]); 5] = [
            (0, &MAGIC),
            (4, &[VERSION, kind]),
            (8, &self.length.to_le_bytes()),
            (16, &self.hash),
            (48, &self.synced.to_le_bytes()),
        ];
        for (at, part) in parts {
            octets[at..at + part.len()].copy_from_slice(part);
        }
        let check = blake3::hash(&octets[..CHECKED_OCTETS]);
        octets[CHECKED_OCTETS..]
            .copy_from_slice(&check.as_bytes()[..HEADER_OCTETS - CHECKED_OCTETS]);
        octets
    }

    /// `None` for what no header of this version is.
    pub(crate) fn decode(octets: &[u8; HEADER_OCTETS]) -> Option<Header> {
        let (checked, check) = octets.split_at(CHECKED_OCTETS);
        let known = checked.starts_with(&MAGIC) && checked[4] == VERSION && checked[6..8] == [0, 0];
        if !known || !blake3::hash(checked).as_bytes().starts_with(check) {
            return None;
        }
        let kind = match checked[5] {
            BODY => Kind::Body,
            CHANGES => Kind::Index(IndexKind::Changes),
            PAGE => Kind::Index(IndexKind::Page),
            END => Kind::Index(IndexKind::End),
            _ => return None,
        };
        Some(Header {
            kind,
            synced: u64::from_le_bytes(checked[48..56].try_into().ok()?),
            length: u64::from_le_bytes(checked[8..16].try_into().ok()?),
            hash: checked[16..48].try_into().ok()?,
        })
    }

    /// Octets of the whole frame.
    pub(crate) fn frame_octets(&self) -> Option<u64> {
        self.length.checked_add(HEADER_OCTETS as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_and_any_flipped_bit_is_found() {
        let index = [IndexKind::Changes, IndexKind::Page, IndexKind::End].map(Kind::Index);
        for kind in [Kind::Body].into_iter().chain(index) {
            let header = Header {
                kind,
                synced: 70_001,
                length: 70_000,
                hash: [9; 32],
            };
            let octets = header.encode();
            assert_eq!(Header::decode(&octets), Some(header));
            for bit in 0..octets.len() * 8 {
                let mut flipped = octets;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Header::decode(&flipped), None);
            }
        }
    }
}
