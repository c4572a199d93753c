//! Reading a compressed body. What a disk has made of it is taken for nothing: every length is
//! looked at, and a block takes no more memory than it had.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use segments::{HEADER_OCTETS, SEAL_OCTETS};
use zstd::bulk::Decompressor;

use super::idle::Idle;
use super::{BLOCK_OCTETS, MORE_OCTETS, PLACE_OCTETS};

/// Most octets that a block has compressed.
const COMPRESSED_BLOCK_OCTETS: u64 = (BLOCK_OCTETS + MORE_OCTETS) as u64;

static DECOMPRESSORS: Idle<Decompressor<'static>> = Idle::new();

/// Why a compressed body could not be read.
#[derive(Debug)]
pub(crate) enum Damage {
    /// The disk, or that the file ends.
    Disk(io::Error),
    /// It is not what was once written, and what is wrong with it.
    Content(&'static str),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Damage {
        Damage::Disk(error)
    }
}

/// Where the parts of a compressed body are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compressed {
    /// Where its blocks begin in the file.
    begin: u64,
    /// Octets of the body as it was.
    length: u64,
    /// How many blocks that are.
    blocks: u64,
    /// Octets of them, as they are kept.
    octets: u64,
}

impl Compressed {
    /// A body of `length` octets, of which the frame at `offset` keeps `kept`; none when it
    /// can't.
    pub(crate) fn new(offset: u64, kept: u64, length: u64) -> Option<Compressed> {
        let blocks = length.div_ceil(BLOCK_OCTETS as u64);
        let table = blocks.checked_sub(1)?.checked_mul(PLACE_OCTETS as u64)?;
        let octets = kept.checked_sub(SEAL_OCTETS as u64)?.checked_sub(table)?;
        let begin = offset.checked_add(HEADER_OCTETS as u64)?;
        // So that no place in it is beyond what a file can have.
        i64::try_from(begin.checked_add(kept)?).ok()?;
        Some(Compressed {
            begin,
            length,
            blocks,
            octets,
        })
    }

    /// The body from `at` on, which lies in it, to the end of a block or of `most` octets.
    /// `known` is what has been read already of what is kept, from its beginning.
    pub(crate) fn read(
        &self,
        file: &File,
        known: &[u8],
        at: u64,
        most: usize,
    ) -> Result<Vec<u8>, Damage> {
        let block = at / BLOCK_OCTETS as u64;
        let before = at % BLOCK_OCTETS as u64;
        let left = self.length - (at - before);
        let octets = usize::try_from(left).map_or(BLOCK_OCTETS, |left| left.min(BLOCK_OCTETS));
        let place = self.place(file, known, block)?;
        let mut uncompressed = vec![0; octets];
        let compressed = get(file, self.begin, known, place)?;
        let filled = DECOMPRESSORS.with(Decompressor::new, |decompressor| {
            decompressor.decompress_to_buffer(&compressed, &mut uncompressed[..])
        });
        match filled {
            Ok(filled) if filled == octets => {}
            Ok(_) => return Err(Damage::Content("a block has another length")),
            Err(_) => return Err(Damage::Content("a block can't be uncompressed")),
        }
        // It is less than a block.
        uncompressed.drain(..usize::try_from(before).unwrap_or(octets));
        uncompressed.truncate(most);
        Ok(uncompressed)
    }

    /// Where a block is, counted from the first.
    fn place(&self, file: &File, known: &[u8], block: u64) -> Result<Range<u64>, Damage> {
        let begin = match block.checked_sub(1) {
            None => 0,
            Some(before) => self.entry(file, known, before)?,
        };
        let end = if block + 1 < self.blocks {
            self.entry(file, known, block)?
        } else {
            self.octets
        };
        let octets = end.checked_sub(begin).filter(|_| end <= self.octets);
        match octets {
            Some(octets) if octets <= COMPRESSED_BLOCK_OCTETS => Ok(begin..end),
            _ => Err(Damage::Content("its table is wrong")),
        }
    }

    /// A place in the table.
    fn entry(&self, file: &File, known: &[u8], at: u64) -> Result<u64, Damage> {
        let begin = self.octets + at * PLACE_OCTETS as u64;
        let range = begin..begin + PLACE_OCTETS as u64;
        let octets = get(file, self.begin, known, range)?;
        let place = octets.first_chunk().copied().unwrap_or_default();
        Ok(u64::from_le_bytes(place))
    }
}

/// Octets of what is kept, of what is known of them or else from the file.
fn get<'a>(
    file: &File,
    begin: u64,
    known: &'a [u8],
    range: Range<u64>,
) -> io::Result<Cow<'a, [u8]>> {
    let index = |at: u64| usize::try_from(at).ok();
    let there = index(range.start).zip(index(range.end));
    if let Some(octets) = there.and_then(|(start, end)| known.get(start..end)) {
        return Ok(Cow::Borrowed(octets));
    }
    let octets = usize::try_from(range.end - range.start);
    let mut octets = vec![0; octets.map_err(|_| io::ErrorKind::UnexpectedEof)?];
    file.read_exact_at(&mut octets, begin + range.start)?;
    Ok(Cow::Owned(octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compressed::Encoder;
    use proptest::prelude::*;
    use std::io::Write;

    fn file(octets: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(octets).unwrap();
        file
    }

    #[test]
    fn the_room_for_a_block_is_what_zstd_wants_and_no_more_is_believed() {
        let bound = zstd::zstd_safe::compress_bound(BLOCK_OCTETS) as u64;
        assert!(bound <= COMPRESSED_BLOCK_OCTETS, "{bound}");
        let compressed = Compressed::new(0, COMPRESSED_BLOCK_OCTETS + 1 + 32, 9).unwrap();
        let found = compressed.read(&file(&[]), &[], 0, 9);
        assert!(matches!(found, Err(Damage::Content("its table is wrong"))));
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        assert!(Compressed::new(0, 31, 1).is_none());
        assert!(Compressed::new(0, 32, 0).is_none());
        assert!(Compressed::new(0, 39, 65_537).is_none());
        assert!(Compressed::new(0, 40, 65_537).is_some());
        assert!(Compressed::new(0, u64::MAX, u64::MAX).is_none());
        assert!(Compressed::new(u64::MAX, 100, 100).is_none());
        assert!(Compressed::new(i64::MAX.unsigned_abs() - 100, 100, 100).is_none());
    }

    /// What a frame has after its header.
    fn content(body: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        let mut encoder = Encoder::default();
        encoder.add(body, &mut content).unwrap();
        encoder.end(&mut content);
        content
    }

    proptest! {
        /// Whatever the disk has made of it: octets or an error, and never more than were asked
        /// for.
        #[test]
        fn damage_is_told_or_harmless(
            length in 1..200_000_usize,
            said in prop_oneof![Just(None), (0..u64::MAX).prop_map(Some)],
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..9),
            at in any::<prop::sample::Index>(),
        ) {
            let body: Vec<u8> = (0..length).map(|at| (at / 7 % 251) as u8).collect();
            let mut content = content(&body);
            for (at, octet) in &changes {
                let at = at.index(content.len());
                content[at] = *octet;
            }
            let frame = file(&[&[0; HEADER_OCTETS][..], &content].concat());
            let said = said.unwrap_or(length as u64);
            let Some(compressed) = Compressed::new(0, content.len() as u64, said) else { return Ok(()) };
            let at = at.index(length).min(usize::try_from(said - 1).unwrap_or(usize::MAX));
            let read = compressed.read(&frame, &[], at as u64, 1000);
            if let Ok(octets) = &read {
                prop_assert!((1..=1000).contains(&octets.len()));
            }
            if changes.is_empty() && said == length as u64 {
                let read = read.unwrap();
                prop_assert_eq!(&read[..], &body[at..at + read.len()]);
                // The same where some of it was read before.
                let known = &content[..content.len() / 2];
                let again = compressed.read(&frame, known, at as u64, 1000).unwrap();
                prop_assert_eq!(again, read);
            }
        }
    }
}
