//! From frame to frame through a segment: where it ends, and whether what does not fit was
//! torn by a crash or damaged later.
//!
//! A crash leaves any part of what was not yet synced, in any order: a frame may have its
//! header and not its content, or be there while one before it is not. So whatever lies
//! after the last known sync is believed up to the first frame that is not whole, and no
//! further: nobody was told that any of it had happened. How far the syncs had come, the
//! frames of an index say.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use memchr::memmem;

use crate::frame::{HEADER_OCTETS, Header, Kind, MAGIC, SEAL_OCTETS};

/// Octets that are read at once where a whole segment is searched.
const SEARCH_OCTETS: usize = 1024 * 1024;

/// A frame that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) at: u64,
    pub(crate) header: Header,
    /// Where the next one begins.
    pub(crate) end: u64,
}

/// What a walk over a segment found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// The frames that are to be believed, in order.
    pub(crate) frames: Vec<Found>,
    /// Where the last of them ends.
    pub(crate) end: u64,
    /// Octets after it: what was being written when everything stopped.
    pub(crate) torn: u64,
    /// Where frames were once whole and are not: from here to the next that is.
    pub(crate) damaged: Vec<u64>,
}

/// Walks over a segment.
pub(crate) fn walk(file: &File) -> io::Result<Walked> {
    let octets = file.metadata()?.len();
    let mut walked = frames(file, octets)?;
    believe(file, &mut walked)?;
    walked.torn = octets - walked.end;
    Ok(walked)
}

/// All frames whose headers are there, believed or not.
pub(crate) fn frames(file: &File, octets: u64) -> io::Result<Walked> {
    let mut walked = Walked::default();
    let mut at = 0;
    loop {
        while let Some(found) = frame_at(file, at, octets)? {
            walked.frames.push(found);
            at = found.end;
        }
        // A frame further on that was written when this was on stable storage?
        let Some(next) = later_witness(file, at, octets)? else {
            break;
        };
        walked.damaged.push(at);
        at = next;
    }
    walked.end = at;
    Ok(walked)
}

/// Keeps of what was found that which is to be believed.
fn believe(file: &File, walked: &mut Walked) -> io::Result<()> {
    let synced = walked.frames.iter().map(|found| found.header.synced).max();
    let synced = synced.unwrap_or(0);
    let doubtful = walked.frames.partition_point(|found| found.at < synced);
    let mut whole = doubtful;
    for found in walked.frames.get(doubtful..).unwrap_or_default() {
        if !is_whole(file, found)? {
            break;
        }
        whole += 1;
    }
    walked.frames.truncate(whole);
    walked.end = walked.frames.last().map_or(0, |found| found.end);
    Ok(())
}

/// The frame at an offset, if all of it is there.
pub(crate) fn frame_at(file: &File, at: u64, octets: u64) -> io::Result<Option<Found>> {
    if octets.saturating_sub(at) < HEADER_OCTETS as u64 {
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
    Ok(end
        .filter(|end| *end <= octets)
        .map(|end| Found { at, header, end }))
}

/// Where the next frame begins after `from`, if one follows that says that `from` was
/// synced.
fn later_witness(file: &File, from: u64, octets: u64) -> io::Result<Option<u64>> {
    let mut first = None;
    let mut at = from;
    while let Some(next) = next_magic(file, at, octets)? {
        if let Some(found) = frame_at(file, next, octets)? {
            first = first.or(Some(found.at));
            if found.header.synced > from {
                return Ok(first);
            }
            at = found.end;
        } else {
            at = next + 1;
        }
    }
    Ok(None)
}

/// Where the next header may begin, from `at` on.
fn next_magic(file: &File, mut at: u64, octets: u64) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; SEARCH_OCTETS];
    while at + (HEADER_OCTETS as u64) <= octets {
        let left = usize::try_from(octets - at).unwrap_or(SEARCH_OCTETS);
        let piece = &mut buffer[..left.min(SEARCH_OCTETS)];
        file.read_exact_at(piece, at)?;
        if let Some(found) = memmem::find(piece, &MAGIC) {
            return Ok(Some(at + found as u64));
        }
        // One may begin at the end of this piece.
        at += (piece.len() - (MAGIC.len() - 1)) as u64;
    }
    Ok(None)
}

/// Whether a frame's content is what its header says, or its seal.
fn is_whole(file: &File, found: &Found) -> io::Result<bool> {
    let mut at = found.at + HEADER_OCTETS as u64;
    let mut expected = found.header.hash;
    let mut end = found.end;
    if matches!(found.header.kind, Kind::Compressed { .. }) {
        let Some(sealed) = end
            .checked_sub(SEAL_OCTETS as u64)
            .filter(|seal| *seal >= at)
        else {
            return Ok(false);
        };
        file.read_exact_at(&mut expected, sealed)?;
        end = sealed;
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 64 * 1024];
    while at < end {
        let left = usize::try_from(end - at).unwrap_or(usize::MAX);
        let take = left.min(buffer.len());
        let piece = &mut buffer[..take];
        file.read_exact_at(piece, at)?;
        hasher.update(piece);
        at += take as u64;
    }
    Ok(*hasher.finalize().as_bytes() == expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{IndexKind, body_header, compressed_header};
    use std::io::Write;

    fn body(content: &[u8]) -> Vec<u8> {
        let hash = *blake3::hash(content).as_bytes();
        let header = body_header(content.len() as u64, hash);
        [&header[..], content].concat()
    }

    /// As if it had been smaller than it was.
    fn compressed(content: &[u8]) -> Vec<u8> {
        let length = (content.len() + SEAL_OCTETS) as u64;
        let header = compressed_header(length, 7_777_777, [9; 32]);
        let seal = blake3::hash(content);
        [&header[..], content, seal.as_bytes()].concat()
    }

    fn changes(content: &[u8], synced: u64) -> Vec<u8> {
        let header = Header::of_index(IndexKind::Changes, content, synced).encode();
        [&header[..], content].concat()
    }

    fn walked(content: &[u8]) -> Walked {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        walk(&file).unwrap()
    }

    fn ends(content: &[u8]) -> (u64, u64) {
        let walked = walked(content);
        (walked.end, walked.torn)
    }

    #[test]
    fn a_walk_ends_at_the_last_whole_frame() {
        let (first, second) = (body(b"first"), changes(&[b'x'; 1000], 0));
        let both = [first.clone(), second].concat();
        for cut in 0..=both.len() {
            let end = match cut {
                cut if cut == both.len() => both.len(),
                cut if cut >= first.len() => first.len(),
                _ => 0,
            };
            assert_eq!(ends(&both[..cut]), (end as u64, (cut - end) as u64));
        }
    }

    #[test]
    fn a_compressed_body_is_whole_by_its_seal() {
        let (first, second) = (compressed(b"first"), compressed(&[b'x'; 1000]));
        let both = [first.clone(), second].concat();
        let whole = both.len() as u64;
        // What its header says of the body as it was is no sync: all is in doubt here.
        assert_eq!(ends(&both), (whole, 0));
        for cut in first.len()..both.len() {
            let end = first.len() as u64;
            assert_eq!(ends(&both[..cut]), (end, cut as u64 - end));
        }
        for flipped in first.len()..both.len() {
            let mut torn = both.clone();
            torn[flipped] ^= 1;
            let end = first.len() as u64;
            assert_eq!(ends(&torn), (end, whole - end), "{flipped}");
        }
        // Too short for a seal, by a header that fits.
        let short = [&compressed_header(31, 9, [9; 32])[..], &[0; 31]].concat();
        assert_eq!(ends(&short), (0, short.len() as u64));
    }

    #[test]
    fn nothing_after_a_torn_frame_is_believed() {
        let first = body(b"first");
        let mut content = first.clone();
        content.extend(body(&[b'x'; 1000]));
        let hole = content.len() - 500;
        // It reached the disk, and the body that it refers to did not.
        content.extend(changes(b"refers to it", 0));
        content[hole..hole + 400].fill(0);
        let octets = content.len() as u64;
        let end = first.len() as u64;
        assert_eq!(ends(&content), (end, octets - end));
        // The same where the header is what did not.
        content[first.len()..first.len() + 64].fill(0);
        assert_eq!(ends(&content), (end, octets - end));
        assert_eq!(ends(&[0; 4096]), (0, 4096));
    }

    #[test]
    fn what_was_synced_and_does_not_fit_is_damaged() {
        let first = body(b"first");
        let second = changes(&[b'x'; 1000], 0);
        let start = first.len() as u64;
        let mut content = [first.clone(), second].concat();
        let synced = content.len() as u64;
        content.extend(changes(b"third", synced));
        let octets = content.len() as u64;
        assert_eq!(ends(&content), (octets, 0));
        assert_eq!(walked(&content).damaged, []);
        content[first.len() + 3] ^= 1;
        let walked = walked(&content);
        assert_eq!(walked.damaged, [start]);
        assert_eq!((walked.end, walked.torn), (octets, 0));
        assert_eq!(walked.frames.len(), 2);
    }

    #[test]
    fn a_length_beyond_all_files_is_torn() {
        assert_eq!(ends(&body_header(u64::MAX - 8, [0; 32])), (0, 64));
    }
}
