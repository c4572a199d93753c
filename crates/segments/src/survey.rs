//! What is in a segment, and taking it away.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::folder::Folder;
use crate::frame::{HEADER_OCTETS, Header, Kind, SEAL_OCTETS};
use crate::walk::{Found, frames};
use crate::{LogError, Place, SegmentId};

/// Most octets of one frame of an index: what a group of commits can have, and more than
/// that is damage.
const INDEX_OCTETS: u64 = 256 * 1024 * 1024;

/// A frame in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where it begins.
    pub place: Place,
    /// What it holds.
    pub kind: Kind,
    /// Its octets with its header.
    pub octets: u64,
    /// What it begins with.
    header: Header,
}

/// What was found in a segment. Of the frames only the headers were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Octets of the file.
    pub octets: u64,
    /// All frames, in order. Of the segment that is appended to: those that were there.
    pub frames: Vec<Frame>,
    /// Where frames were once whole and are not.
    pub damaged: Vec<Place>,
}

impl Survey {
    pub(crate) fn of(file: &File, segment: SegmentId) -> io::Result<Survey> {
        let octets = file.metadata()?.len();
        let place = |offset| Place { segment, offset };
        let walked = frames(file, octets)?;
        let frames = walked.frames.iter().map(|found| Frame::of(found, segment));
        Ok(Survey {
            octets,
            frames: frames.collect(),
            damaged: walked.damaged.into_iter().map(place).collect(),
        })
    }
}

impl Frame {
    pub(crate) fn of(found: &Found, segment: SegmentId) -> Frame {
        Frame {
            place: Place {
                segment,
                offset: found.at,
            },
            kind: found.header.kind,
            octets: found.end - found.at,
            header: found.header,
        }
    }

    /// BLAKE3 of what it holds; of a compressed body, of the body as it was.
    pub fn hash(&self) -> &[u8; 32] {
        &self.header.hash
    }

    /// Octets of the body that it holds, as that was before it was compressed; none when it holds
    /// no body.
    pub fn body_octets(&self) -> Option<u64> {
        self.header.body_octets()
    }

    /// The header of a body as it stands there, which fits anywhere: that of an index does not,
    /// since it tells of its segment.
    pub fn header(&self) -> [u8; HEADER_OCTETS] {
        self.header.encode()
    }

    /// What it holds, if that is what was once written. A compressed body stays as it is.
    pub(crate) fn read(&self, folder: &Folder) -> Result<Vec<u8>, LogError> {
        let damage = || LogError::Damaged(format!("changes in {}", self.place));
        let octets = self.octets - HEADER_OCTETS as u64;
        if octets > INDEX_OCTETS {
            return Err(damage());
        }
        let mut content = vec![0; usize::try_from(octets).unwrap_or(0)];
        let file = folder.reading(self.place.segment)?;
        file.read_exact_at(&mut content, self.place.offset + HEADER_OCTETS as u64)?;
        if self.is_sound(&content) {
            Ok(content)
        } else {
            Err(damage())
        }
    }

    fn is_sound(&self, content: &[u8]) -> bool {
        if !matches!(self.kind, Kind::Compressed { .. }) {
            return blake3::hash(content).as_bytes() == self.hash();
        }
        let sealed = content.split_last_chunk::<SEAL_OCTETS>();
        sealed.is_some_and(|(compressed, seal)| blake3::hash(compressed).as_bytes() == seal)
    }
}
