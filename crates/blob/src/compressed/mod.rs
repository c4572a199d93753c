//! Bodies that are kept smaller than they are.
//!
//! What a compressed frame holds of a body (`frame.rs` of `segments`):
//!
//! ```text
//! blocks    of each 64 KiB of the body, the last may have less: a frame of zstd by itself
//! table     8 octets for each block but the first: where it begins, counted from the first
//! seal      32 octets: BLAKE3 of all the above
//! ```
//!
//! So a range is read without what lies before it, and one block at a time is in memory. A
//! body of one block, as most are, has no table. What nothing makes smaller, such as a picture
//! between lines of text, zstd keeps as it is, block by block, for some octets more.
//!
//! A body is compressed where at least a tenth of it is saved by that. Of a large one the first
//! 256 KiB decide, of another the first block, and then all of it. zstd tries its least
//! (level 1), since level 3 saves a hundredth more and takes a third more time
//! (`docs/benchmarks.md`).
//!
//! Numbers have their least significant octet first.

mod compress;
mod decompress;
mod idle;

pub(crate) use compress::{Encoder, compressed, is_worth};
pub(crate) use decompress::{Compressed, Damage};

/// Octets of a body in each block but the last.
pub(crate) const BLOCK_OCTETS: usize = 64 * 1024;
/// What nothing makes smaller grows by less than so many octets for each block; zstd wants to
/// have room for it beforehand.
const MORE_OCTETS: usize = 512;
/// Octets of a place in the table.
const PLACE_OCTETS: usize = 8;
