//! Compressing a body.

use std::io;

use segments::{HEADER_OCTETS, compressed_header};
use zstd::bulk::Compressor;

use super::idle::Idle;
use super::{BLOCK_OCTETS, MORE_OCTETS};

/// How hard zstd tries.
const LEVEL: i32 = 1;
/// A body that is smaller stays as it is: a MB saved of such takes 15 ms of a processor, and
/// one of larger ones 2 to 6; and of all octets of mail hardly any are in them.
const LEAST_OCTETS: usize = 4096;
/// A body is compressed if so many of a hundred octets are left of it, or fewer.
const WORTH_PERCENT: usize = 90;

static COMPRESSORS: Idle<Compressor<'static>> = Idle::new();

/// A body that is being compressed, block by block.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Where each block but the first begins: 8 octets for each 64 KiB of the body.
    table: Vec<u8>,
    /// Octets of the blocks so far.
    length: u64,
    /// Of all that was given out. Boxed, as a writer holds it.
    seal: Box<blake3::Hasher>,
}

impl Encoder {
    /// Compresses the next octets of a body to the end of `out`. All but the last of its pieces must
    /// be whole blocks.
    ///
    /// # Errors
    /// What zstd says: that there is no memory.
    pub(crate) fn add(&mut self, octets: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        octets
            .chunks(BLOCK_OCTETS)
            .try_for_each(|block| self.add_block(block, out))
    }

    fn add_block(&mut self, block: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        if self.length > 0 {
            self.table.extend_from_slice(&self.length.to_le_bytes());
        }
        let begin = out.len();
        out.resize(begin + zstd::zstd_safe::compress_bound(block.len()), 0);
        let room = out.get_mut(begin..).unwrap_or_default();
        let octets = COMPRESSORS.with(
            || Compressor::new(LEVEL),
            |compressor| compressor.compress_to_buffer(block, room),
        )?;
        out.truncate(begin + octets);
        self.seal.update(out.get(begin..).unwrap_or_default());
        self.length += octets as u64;
        Ok(())
    }

    /// Writes what follows the blocks to the end of `out`.
    pub(crate) fn end(mut self, out: &mut Vec<u8>) {
        self.seal.update(&self.table);
        out.extend_from_slice(&self.table);
        out.extend_from_slice(self.seal.finalize().as_bytes());
    }
}

/// Whether what is left of a body, or of its first block, is worth the compression.
pub(crate) fn is_worth(octets: usize, compressed: usize) -> bool {
    compressed * 100 <= octets * WORTH_PERCENT
}

/// The frame of a body that is worth the compression; none of another.
pub(crate) fn compressed(body: &[u8], hash: [u8; 32]) -> Option<Vec<u8>> {
    if body.len() < LEAST_OCTETS {
        return None;
    }
    let (first, rest) = body.split_at(body.len().min(BLOCK_OCTETS));
    // As much as zstd wants to have before it begins, so that nothing is moved.
    let room = HEADER_OCTETS + body.len() + MORE_OCTETS;
    let mut frame = Vec::with_capacity(room);
    frame.resize(HEADER_OCTETS, 0);
    let mut encoder = Encoder::default();
    encoder.add(first, &mut frame).ok()?;
    if !is_worth(first.len(), frame.len() - HEADER_OCTETS) {
        return None;
    }
    encoder.add(rest, &mut frame).ok()?;
    encoder.end(&mut frame);
    let content = frame.len() - HEADER_OCTETS;
    *frame.first_chunk_mut()? = compressed_header(content as u64, body.len() as u64, hash);
    is_worth(body.len(), content).then_some(frame)
}
