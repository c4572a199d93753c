//! Reading a body.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use segments::{HEADER_OCTETS, Header, Kind, Log};

use crate::compressed::{Compressed, Damage};
use crate::writer::blocking;
use crate::{BlobError, BodyRef};

/// Most octets that [`crate::BodyReader::next`] gives at once.
pub const READ_OCTETS: usize = 64 * 1024;

/// Octets of a body in a segment. Each piece is read, and uncompressed if need be, on a thread
/// that may wait for the disk.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    log: Log,
    body: BodyRef,
    /// Where it is read from, once something was read: its segment stays readable whatever
    /// becomes of its name.
    source: Option<Source>,
    /// What is still to be given.
    range: Range<u64>,
    /// What was given so far, when the whole body is read.
    hasher: Option<Box<blake3::Hasher>>,
}

impl SegmentReader {
    pub(crate) fn new(log: Log, body: BodyRef, range: Range<u64>) -> SegmentReader {
        let range = range.start..range.end.min(body.length);
        let whole = range == (0..body.length);
        SegmentReader {
            log,
            body,
            source: None,
            range,
            hasher: whole.then(Box::default),
        }
    }

    /// Octets still to come.
    pub(crate) fn left(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// As [`crate::BodyReader::next`].
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, BlobError>> {
        if self.left() == 0 {
            return None;
        }
        let piece = Piece {
            log: self.log.clone(),
            body: self.body.clone(),
            source: self.source.clone(),
            at: self.range.start,
            most: usize::try_from(self.left()).map_or(READ_OCTETS, |left| left.min(READ_OCTETS)),
            hasher: self.hasher.clone(),
        };
        match blocking(move || piece.read()).await {
            Ok(read) => {
                self.range.start += read.octets.len() as u64;
                self.source = Some(read.source);
                self.hasher = read.hasher;
                Some(Ok(read.octets))
            }
            Err(error) => {
                tracing::error!(body = ?self.body, %error, "a body could not be read");
                self.range.end = self.range.start;
                Some(Err(error))
            }
        }
    }
}

/// A piece to be read.
struct Piece {
    log: Log,
    body: BodyRef,
    source: Option<Source>,
    at: u64,
    most: usize,
    hasher: Option<Box<blake3::Hasher>>,
}

/// A piece that was read.
struct Read {
    octets: Bytes,
    source: Source,
    hasher: Option<Box<blake3::Hasher>>,
}

impl Piece {
    fn read(mut self) -> Result<Read, BlobError> {
        let found = match self.source.take() {
            Some(source) => source
                .read(Bytes::new(), self.at, self.most)
                .map(|octets| (source, octets)),
            None => self.begin(),
        };
        let (source, octets) = found.map_err(|damage| self.meaning(&damage))?;
        let mut hasher = self.hasher.take();
        if let Some(hasher) = &mut hasher {
            hasher.update(&octets);
            let is_last = self.at + octets.len() as u64 == self.body.length;
            if is_last && *hasher.finalize().as_bytes() != self.body.hash {
                return Err(self.damaged("it has other octets"));
            }
        }
        Ok(Read {
            octets,
            source,
            hasher,
        })
    }

    /// The first piece. One call reads what tells how the body is kept, and with it the piece
    /// where that is not far: a short body, or the beginning of one.
    fn begin(&self) -> Result<(Source, Bytes), Damage> {
        let file = self.log.reading(self.body.segment)?;
        let far = usize::try_from(self.at).map_or(usize::MAX, |at| at.saturating_add(self.most));
        let near = if far <= READ_OCTETS { far } else { 0 };
        let mut octets = vec![0; HEADER_OCTETS + near];
        // No file has room there: a record that says so is damaged.
        let end = self.body.offset.checked_add(octets.len() as u64);
        if end.is_none_or(|end| i64::try_from(end).is_err()) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let filled = fill(&file, &mut octets, self.body.offset)?;
        octets.truncate(filled);
        let source = Source::new(file, &self.body, &octets)?;
        let known = Bytes::from(octets).split_off(HEADER_OCTETS);
        let octets = source.read(known, self.at, self.most)?;
        Ok((source, octets))
    }

    fn meaning(&self, damage: &Damage) -> BlobError {
        match damage {
            Damage::Content(what) => self.damaged(what),
            Damage::Disk(error) => match error.kind() {
                io::ErrorKind::NotFound => self.damaged("the file is not there"),
                io::ErrorKind::UnexpectedEof => self.damaged("the file ends before it"),
                _ => BlobError::Broken(format!("{:?}: {error}", self.body)),
            },
        }
    }

    fn damaged(&self, what: &str) -> BlobError {
        BlobError::Damaged(format!("{:?}: {what}", self.body))
    }
}

/// Where a body is read from.
#[derive(Clone, Debug)]
struct Source {
    file: Arc<File>,
    kept: Kept,
}

/// How a body is kept.
#[derive(Clone, Copy, Debug)]
enum Kept {
    /// As it is, from here on.
    AsItIs(u64),
    Compressed(Compressed),
}

impl Source {
    /// What the beginning of a frame says of how this body is kept.
    fn new(file: Arc<File>, body: &BodyRef, frame: &[u8]) -> Result<Source, Damage> {
        let Some(header) = frame.first_chunk() else {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        };
        let header = Header::decode(header)
            .filter(|header| header.body_octets() == Some(body.length) && header.hash == body.hash);
        let Some(header) = header else {
            return Err(Damage::Content("it is not there"));
        };
        let kept = match header.kind {
            Kind::Compressed { uncompressed } => {
                Compressed::new(body.offset, header.length, uncompressed).map(Kept::Compressed)
            }
            Kind::Body | Kind::Index(_) => {
                let begin = body.offset.checked_add(HEADER_OCTETS as u64);
                let end = begin.and_then(|begin| begin.checked_add(body.length));
                let is_there = end.is_some_and(|end| i64::try_from(end).is_ok());
                begin.filter(|_| is_there).map(Kept::AsItIs)
            }
        };
        let kept = kept.ok_or(Damage::Content("it has no such length"))?;
        Ok(Source { file, kept })
    }

    /// The body from `at` on, which lies in it: `most` octets, or fewer. `known` is what has
    /// been read already of what is kept, from its beginning.
    fn read(&self, mut known: Bytes, at: u64, most: usize) -> Result<Bytes, Damage> {
        let begin = match &self.kept {
            Kept::AsItIs(begin) => begin,
            Kept::Compressed(compressed) => {
                let octets = compressed.read(&self.file, &known, at, most)?;
                return Ok(octets.into());
            }
        };
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        if known.get(start..start.saturating_add(most)).is_some() {
            return Ok(known.split_off(start).split_to(most));
        }
        let mut octets = vec![0; most];
        self.file.read_exact_at(&mut octets, begin + at)?;
        Ok(octets.into())
    }
}

/// Reads what of these octets the file has from a place on. Gives how many that are.
fn fill(file: &File, octets: &mut [u8], place: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = octets.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, place + filled as u64) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use segments::SegmentId;

    #[tokio::test]
    async fn a_place_beyond_any_file_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path()).unwrap();
        std::fs::write(dir.path().join("0000000000000002.shared"), "x").unwrap();
        let last = i64::MAX.unsigned_abs();
        for offset in [u64::MAX, u64::MAX - 64, last + 1, last, last - 64, 1 << 40] {
            let body = BodyRef {
                segment: SegmentId::from_number(2),
                offset,
                length: 9,
                hash: [0; 32],
            };
            let mut reader = SegmentReader::new(log.clone(), body, 0..u64::MAX);
            let found = reader.next().await;
            assert!(matches!(found, Some(Err(BlobError::Damaged(_)))));
        }
    }
}
