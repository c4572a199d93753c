//! The header of a frame, and the walk over the frames of a segment.
//!
//! ```text
//!  0  4  magic        "FcBd"
//!  4  1  version      1
//!  5  1  form         0: the body is as it came
//!  6  2  notes        octets of the notes after the body
//!  8  8  length       octets of the body
//! 16 32  hash         BLAKE3 of the body
//! 48  8  room         0
//! 56  8  check        the first octets of BLAKE3 over all the above
//! ```
//!
//! Numbers have their least significant octet first.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Octets of a header.
pub(crate) const HEADER_OCTETS: usize = 64;

const MAGIC: [u8; 4] = *b"FcBd";
const VERSION: u8 = 1;
const CHECKED_OCTETS: usize = 56;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) notes: u16,
    pub(crate) length: u64,
    pub(crate) hash: [u8; 32],
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_OCTETS] {
        let mut octets = [0; HEADER_OCTETS];
        let parts: [(usize, &[u8]); 5] = [
            (0, &MAGIC),
            (4, &[VERSION, 0]),
            (6, &self.notes.to_le_bytes()),
            (8, &self.length.to_le_bytes()),
            (16, &self.hash),
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
        let known = checked.starts_with(&MAGIC) && checked[4..6] == [VERSION, 0];
        if !known || !blake3::hash(checked).as_bytes().starts_with(check) {
            return None;
        }
        Some(Header {
            notes: u16::from_le_bytes(checked[6..8].try_into().ok()?),
            length: u64::from_le_bytes(checked[8..16].try_into().ok()?),
            hash: checked[16..48].try_into().ok()?,
        })
    }

    /// Octets of the whole frame.
    fn frame_octets(&self) -> Option<u64> {
        self.length
            .checked_add(u64::from(self.notes))?
            .checked_add(HEADER_OCTETS as u64)
    }
}

/// What a walk over a segment found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Where the last whole frame ends.
    pub(crate) end: u64,
    /// Octets after it: what was being written when everything stopped.
    pub(crate) torn: u64,
}

/// Walks over a segment by its headers. Of the bodies it reads the last alone, which
/// may have its length and not its content.
pub(crate) fn walk(file: &File) -> io::Result<Walked> {
    let octets = file.metadata()?.len();
    let mut end = 0;
    let mut last = None;
    while let Some((header, next)) = frame_at(file, end, octets)? {
        last = Some((end, header));
        end = next;
    }
    if let Some((start, header)) = last
        && !is_whole(file, start, &header)?
    {
        end = start;
    }
    Ok(Walked {
        end,
        torn: octets - end,
    })
}

/// The header of the frame at an offset, and where the frame ends, if all of it is there.
fn frame_at(file: &File, at: u64, octets: u64) -> io::Result<Option<(Header, u64)>> {
    if octets - at < HEADER_OCTETS as u64 {
        return Ok(None);
    }
    let mut header = [0; HEADER_OCTETS];
    file.read_exact_at(&mut header, at)?;
    let Some(header) = Header::decode(&header) else {
        return Ok(None);
    };
    let end = header
        .frame_octets()
        .and_then(|frame| at.checked_add(frame));
    Ok(end.filter(|end| *end <= octets).map(|end| (header, end)))
}

fn is_whole(file: &File, start: u64, header: &Header) -> io::Result<bool> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut at = start + HEADER_OCTETS as u64;
    let mut left = header.length;
    while left > 0 {
        let take = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let piece = &mut buffer[..take];
        file.read_exact_at(piece, at)?;
        hasher.update(piece);
        at += take as u64;
        left -= take as u64;
    }
    Ok(*hasher.finalize().as_bytes() == header.hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn frame(body: &[u8]) -> Vec<u8> {
        let hash = *blake3::hash(body).as_bytes();
        let header = Header {
            notes: 0,
            length: body.len() as u64,
            hash,
        };
        [&header.encode()[..], body].concat()
    }

    fn walked(content: &[u8]) -> Walked {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        walk(&file).unwrap()
    }

    #[test]
    fn headers_come_back_and_any_flipped_bit_is_found() {
        let header = Header {
            notes: 3,
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

    #[test]
    fn a_walk_ends_at_the_last_whole_frame() {
        let (first, second) = (frame(b"first"), frame(&[b'x'; 1000]));
        let both = [first.clone(), second].concat();
        let (one, two) = (first.len() as u64, both.len() as u64);
        for cut in 0..=both.len() {
            let octets = cut as u64;
            let end = if octets == two {
                two
            } else if octets >= one {
                one
            } else {
                0
            };
            assert_eq!(
                walked(&both[..cut]),
                Walked {
                    end,
                    torn: octets - end
                }
            );
        }
    }

    #[test]
    fn a_last_frame_that_has_its_length_only_is_torn() {
        let mut content = frame(b"first");
        let end = content.len() as u64;
        content.extend(frame(&[b'x'; 1000]));
        let octets = content.len();
        content[octets - 500..].fill(0);
        assert_eq!(
            walked(&content),
            Walked {
                end,
                torn: octets as u64 - end
            }
        );
        assert_eq!(walked(&[0; 4096]), Walked { end: 0, torn: 4096 });
    }

    #[test]
    fn a_length_beyond_all_files_is_torn() {
        let header = Header {
            notes: 9,
            length: u64::MAX - 8,
            hash: [0; 32],
        };
        assert_eq!(walked(&header.encode()), Walked { end: 0, torn: 64 });
    }
}
