//! A large body on its way into its own file.

use segments::{Log, Single, body_header, packed_header};

use crate::packed::{BLOCK_OCTETS, Packer, is_worth};
use crate::{BlobError, BodyRef, SMALL_BODY_OCTETS};

// Each piece that is written, but the last, has whole blocks.
const _: () = assert!(SMALL_BODY_OCTETS.is_multiple_of(BLOCK_OCTETS));

/// A file that is being written. Its functions wait for the disk.
#[derive(Debug)]
pub(crate) struct Large {
    single: Single,
    /// None where it is kept as it is.
    packer: Option<Packer>,
}

impl Large {
    /// Begins a file with the first piece of a body, which says whether it is packed.
    pub(crate) fn begin(log: &Log, piece: &[u8]) -> Result<Large, BlobError> {
        let mut single = log.single()?;
        let mut packer = Packer::default();
        let mut packed = Vec::new();
        let is_packed = packer.add(piece, &mut packed).is_ok();
        if is_packed && is_worth(piece.len(), packed.len()) {
            single.write(&packed)?;
            let packer = Some(packer);
            return Ok(Large { single, packer });
        }
        single.write(piece)?;
        let packer = None;
        Ok(Large { single, packer })
    }

    /// Adds a piece, or the last part of one.
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        let Some(packer) = &mut self.packer else {
            return Ok(self.single.write(piece)?);
        };
        let mut packed = Vec::new();
        packer.add(piece, &mut packed)?;
        Ok(self.single.write(&packed)?)
    }

    /// Makes the body durable; octets and BLAKE3 of all that was written.
    pub(crate) fn finish(mut self, length: u64, hash: [u8; 32]) -> Result<BodyRef, BlobError> {
        let header = match self.packer {
            None => body_header(length, hash),
            Some(packer) => {
                let mut end = Vec::new();
                packer.end(&mut end);
                self.single.write(&end)?;
                packed_header(self.single.length(), length, hash)
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
