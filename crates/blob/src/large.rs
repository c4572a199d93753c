//! A large body on its way into its own file.

use segments::{Log, Single, body_header, compressed_header};

use crate::compressed::{BLOCK_OCTETS, Encoder, is_worth};
use crate::{BlobError, BodyRef, SMALL_BODY_OCTETS};

// Each piece that is written, but the last, has whole blocks.
const _: () = assert!(SMALL_BODY_OCTETS.is_multiple_of(BLOCK_OCTETS));

/// A file that is being written. Its functions wait for the disk.
#[derive(Debug)]
pub(crate) struct Large {
    single: Single,
    /// None where it is kept as it is.
    encoder: Option<Encoder>,
}

impl Large {
    /// Begins a file with the first piece of a body, which says whether it is compressed.
    pub(crate) fn begin(log: &Log, piece: &[u8]) -> Result<Large, BlobError> {
        let mut single = log.single()?;
        let mut encoder = Encoder::default();
        let mut compressed = Vec::new();
        let is_compressed = encoder.add(piece, &mut compressed).is_ok();
        if is_compressed && is_worth(piece.len(), compressed.len()) {
            single.write(&compressed)?;
            let encoder = Some(encoder);
            return Ok(Large { single, encoder });
        }
        single.write(piece)?;
        let encoder = None;
        Ok(Large { single, encoder })
    }

    /// Adds a piece, or the last part of one.
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        let Some(encoder) = &mut self.encoder else {
            return Ok(self.single.write(piece)?);
        };
        let mut compressed = Vec::new();
        encoder.add(piece, &mut compressed)?;
        Ok(self.single.write(&compressed)?)
    }

    /// Makes the body durable; octets and BLAKE3 of all that was written.
    pub(crate) fn finish(mut self, length: u64, hash: [u8; 32]) -> Result<BodyRef, BlobError> {
        let header = match self.encoder {
            None => body_header(length, hash),
            Some(encoder) => {
                let mut end = Vec::new();
                encoder.end(&mut end);
                self.single.write(&end)?;
                compressed_header(self.single.length(), length, hash)
            }
        };
        Ok(BodyRef {
            segment: self.single.finish(&header)?,
            offset: 0,
            length,
            hash,
        })
    }
}
