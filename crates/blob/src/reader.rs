//! Reading a body.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use segments::{HEADER_OCTETS, Log};

use crate::writer::blocking;
use crate::{BlobError, BodyRef};

/// Most octets that [`crate::BodyReader::next`] gives at once.
pub const READ_OCTETS: usize = 64 * 1024;

/// Octets of a body in a segment. Each piece is read on a thread that may wait for the
/// disk.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    log: Log,
    body: BodyRef,
    /// Its segment, once something was read: it stays readable whatever becomes of its name.
    file: Option<Arc<File>>,
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
            file: None,
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
            file: self.file.clone(),
            at: self.range.start,
            octets: usize::try_from(self.left()).map_or(READ_OCTETS, |left| left.min(READ_OCTETS)),
            hasher: self.hasher.clone(),
        };
        match blocking(move || piece.read()).await {
            Ok(read) => {
                self.range.start += read.octets.len() as u64;
                self.file = Some(read.file);
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
    file: Option<Arc<File>>,
    at: u64,
    octets: usize,
    hasher: Option<Box<blake3::Hasher>>,
}

/// A piece that was read.
struct Read {
    octets: Bytes,
    file: Arc<File>,
    hasher: Option<Box<blake3::Hasher>>,
}

impl Piece {
    fn read(mut self) -> Result<Read, BlobError> {
        let mut octets = vec![0; self.octets];
        let file = self
            .fill(&mut octets)
            .map_err(|error| self.meaning(&error))?;
        let mut hasher = self.hasher.take();
        if let Some(hasher) = &mut hasher {
            hasher.update(&octets);
            let is_last = self.at + self.octets as u64 == self.body.length;
            if is_last && *hasher.finalize().as_bytes() != self.body.hash {
                let body = &self.body;
                return Err(BlobError::Damaged(format!("{body:?} has other octets")));
            }
        }
        Ok(Read {
            octets: octets.into(),
            file,
            hasher,
        })
    }

    fn fill(&self, octets: &mut [u8]) -> io::Result<Arc<File>> {
        let file = match &self.file {
            Some(file) => file.clone(),
            None => self.log.reading(self.body.segment)?,
        };
        // No file has room there: a record that says so is damaged.
        let place = self.place().ok_or(io::ErrorKind::UnexpectedEof)?;
        file.read_exact_at(octets, place)?;
        Ok(file)
    }

    /// Where in the segment it begins; `None` beyond any file.
    fn place(&self) -> Option<u64> {
        let body = self.body.offset.checked_add(HEADER_OCTETS as u64)?;
        let place = body.checked_add(self.at)?;
        i64::try_from(place).is_ok().then_some(place)
    }

    fn meaning(&self, error: &io::Error) -> BlobError {
        match error.kind() {
            io::ErrorKind::NotFound => {
                BlobError::Damaged(format!("{:?}: the file is not there", self.body))
            }
            io::ErrorKind::UnexpectedEof => {
                BlobError::Damaged(format!("{:?}: the file ends before it", self.body))
            }
            _ => BlobError::Broken(format!("{:?}: {error}", self.body)),
        }
    }
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
        for offset in [u64::MAX, u64::MAX - HEADER_OCTETS as u64, 1 << 63, 1 << 40] {
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
