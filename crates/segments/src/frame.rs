//! The header of a frame.
//!
//! ```text
//!  0  4  magic        "FcBd"
//!  4  1  version      1
//!  5  1  kind         0: a body; 2: changes of an index; 3: a page of a copy of an index;
//!                     4: the end of a copy; 5: a body that is compressed
//!  6  2  room         0
//!  8  8  length       octets of the content
//! 16 32  hash         BLAKE3 of the content; a compressed body: of the body as it was
//! 48  8  synced       the octets of this segment that were on stable storage when the
//!                     frame was written; a body: 0; a compressed body: its octets as it was
//! 56  8  check        the first octets of BLAKE3 over all the above
//! ```
//!
//! Numbers have their least significant octet first.
//!
//! How a body is compressed is the business of who wrote it. The log knows that the content ends
//! with a seal, BLAKE3 of all of it before that, and so tells what is whole from what is not
//! without decompression anything.

/// Octets of a header.
pub const HEADER_OCTETS: usize = 64;

/// Octets of the seal that ends the content of a compressed body.
pub const SEAL_OCTETS: usize = 32;

/// What a header begins with.
pub(crate) const MAGIC: [u8; 4] = *b"FcBd";
const VERSION: u8 = 1;
const BODY: u8 = 0;
const CHANGES: u8 = 2;
const PAGE: u8 = 3;
const END: u8 = 4;
const COMPRESSED: u8 = 5;
const CHECKED_OCTETS: usize = 56;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body of a message, as it is.
    Body,
    /// The body of a message, compressed.
    Compressed {
        /// Octets of the body as it was.
        uncompressed: u64,
    },
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
pub struct Header {
    /// What the frame holds.
    pub kind: Kind,
    /// Octets of the segment that were on stable storage when this was written, as far as
    /// the frame says.
    pub(crate) synced: u64,
    /// Octets of the content.
    pub length: u64,
    /// BLAKE3 of the content; of a compressed body, of the body as it was.
    pub hash: [u8; 32],
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

/// The header of a compressed body: the octets of what is kept of it, its seal included, and
/// octets and BLAKE3 of the body as it was.
pub fn compressed_header(length: u64, uncompressed: u64, hash: [u8; 32]) -> [u8; HEADER_OCTETS] {
    let header = Header {
        kind: Kind::Compressed { uncompressed },
        synced: 0,
        length,
        hash,
    };
    header.encode()
}

impl Kind {
    /// True for the body of a message, compressed or not.
    pub fn is_body(self) -> bool {
        match self {
            Kind::Body | Kind::Compressed { .. } => true,
            Kind::Index(_) => false,
        }
    }
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
        let (kind, number) = match self.kind {
            Kind::Body => (BODY, self.synced),
            Kind::Compressed { uncompressed } => (COMPRESSED, uncompressed),
            Kind::Index(IndexKind::Changes) => (CHANGES, self.synced),
            Kind::Index(IndexKind::Page) => (PAGE, self.synced),
            Kind::Index(IndexKind::End) => (END, self.synced),
        };
        let mut octets = [0; HEADER_OCTETS];
        let parts: [(usize, &[u8]); 5] = [
            (0, &MAGIC),
            (4, &[VERSION, kind]),
            (8, &self.length.to_le_bytes()),
            (16, &self.hash),
            (48, &number.to_le_bytes()),
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
    pub fn decode(octets: &[u8; HEADER_OCTETS]) -> Option<Header> {
        let (checked, check) = octets.split_at(CHECKED_OCTETS);
        let known = checked.starts_with(&MAGIC) && checked[4] == VERSION && checked[6..8] == [0, 0];
        if !known || !blake3::hash(checked).as_bytes().starts_with(check) {
            return None;
        }
        let number = u64::from_le_bytes(checked[48..56].try_into().ok()?);
        let (kind, synced) = match checked[5] {
            BODY => (Kind::Body, number),
            COMPRESSED => (
                Kind::Compressed {
                    uncompressed: number,
                },
                0,
            ),
            CHANGES => (Kind::Index(IndexKind::Changes), number),
            PAGE => (Kind::Index(IndexKind::Page), number),
            END => (Kind::Index(IndexKind::End), number),
            _ => return None,
        };
        Some(Header {
            kind,
            synced,
            length: u64::from_le_bytes(checked[8..16].try_into().ok()?),
            hash: checked[16..48].try_into().ok()?,
        })
    }

    /// Octets of the body, as that was before it was compressed; none when the frame holds none.
    pub fn body_octets(&self) -> Option<u64> {
        match self.kind {
            Kind::Body => Some(self.length),
            Kind::Compressed { uncompressed } => Some(uncompressed),
            Kind::Index(_) => None,
        }
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
        let bodies = [
            (Kind::Body, 0),
            (
                Kind::Compressed {
                    uncompressed: 90_000,
                },
                0,
            ),
        ];
        for (kind, synced) in bodies.into_iter().chain(index.map(|kind| (kind, 70_001))) {
            let header = Header {
                kind,
                synced,
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
