//! A body on its way in or out, whatever keeps it.

use bytes::Bytes;

use crate::reader::SegmentReader;
#[cfg(feature = "s3")]
use crate::s3::{ObjectReader, ObjectWriter};
use crate::writer::SegmentWriter;
use crate::{BlobError, BodyRef, Hold};

/// A body on its way in. Dropped before [`BodyWriter::finish`] has answered, it never
/// was.
#[derive(Debug)]
pub struct BodyWriter(Writer);

#[derive(Debug)]
enum Writer {
    Segment(SegmentWriter),
    #[cfg(feature = "s3")]
    Object(ObjectWriter),
}

impl BodyWriter {
    /// Octets so far.
    pub fn length(&self) -> u64 {
        match &self.0 {
            Writer::Segment(writer) => writer.length(),
            #[cfg(feature = "s3")]
            Writer::Object(writer) => writer.length(),
        }
    }

    /// A hold on the body, to be kept until a record that names it is committed: without one
    /// the body may be taken for one that nobody needs. To be asked for just before the body
    /// is finished, since one on a body in a bucket does not last for ever.
    pub fn hold(&self) -> Hold {
        match &self.0 {
            Writer::Segment(writer) => writer.hold(),
            #[cfg(feature = "s3")]
            Writer::Object(_) => Hold::from_now(),
        }
    }

    /// Adds to the body.
    ///
    /// # Errors
    /// [`BlobError::Full`] when the disk is; the body is then lost and every further
    /// call says so again. If the future is dropped, so should the writer be.
    pub async fn write(&mut self, octets: &[u8]) -> Result<(), BlobError> {
        match &mut self.0 {
            Writer::Segment(writer) => writer.write(octets).await,
            #[cfg(feature = "s3")]
            Writer::Object(writer) => writer.write(octets).await,
        }
    }

    /// Ends the body. It is durable when this returns, or, where the index shares the log
    /// ([`crate::Blobs::on`]), together with the next commit.
    ///
    /// # Errors
    /// [`BlobError::Full`] when the disk is; the body is then lost.
    pub async fn finish(self) -> Result<BodyRef, BlobError> {
        match self.0 {
            Writer::Segment(writer) => writer.finish().await,
            #[cfg(feature = "s3")]
            Writer::Object(writer) => writer.finish().await,
        }
    }
}

impl From<SegmentWriter> for BodyWriter {
    fn from(writer: SegmentWriter) -> BodyWriter {
        BodyWriter(Writer::Segment(writer))
    }
}

#[cfg(feature = "s3")]
impl From<ObjectWriter> for BodyWriter {
    fn from(writer: ObjectWriter) -> BodyWriter {
        BodyWriter(Writer::Object(writer))
    }
}

/// Octets of a body, piece by piece as they are asked for.
#[derive(Debug)]
pub struct BodyReader(Reader);

#[derive(Debug)]
enum Reader {
    Segment(SegmentReader),
    #[cfg(feature = "s3")]
    Object(ObjectReader),
}

impl BodyReader {
    /// Octets still to come.
    pub fn left(&self) -> u64 {
        match &self.0 {
            Reader::Segment(reader) => reader.left(),
            #[cfg(feature = "s3")]
            Reader::Object(reader) => reader.left(),
        }
    }

    /// The next piece; none after the last or after an error. The future may be dropped
    /// and the piece asked for again.
    ///
    /// Of a body that is read whole, the last piece is given only if all of it is what
    /// was once written ([`BlobError::Damaged`] otherwise). A part is given unchecked.
    pub async fn next(&mut self) -> Option<Result<Bytes, BlobError>> {
        match &mut self.0 {
            Reader::Segment(reader) => reader.next().await,
            #[cfg(feature = "s3")]
            Reader::Object(reader) => reader.next().await,
        }
    }
}

impl From<SegmentReader> for BodyReader {
    fn from(reader: SegmentReader) -> BodyReader {
        BodyReader(Reader::Segment(reader))
    }
}

#[cfg(feature = "s3")]
impl From<ObjectReader> for BodyReader {
    fn from(reader: ObjectReader) -> BodyReader {
        BodyReader(Reader::Object(reader))
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    /// Sessions hold them, and go from thread to thread.
    #[test]
    fn both_doors_may_be_sent_and_shared() {
        fn is_shared<T: Send + Sync>() {}
        is_shared::<BodyWriter>();
        is_shared::<BodyReader>();
    }
}
