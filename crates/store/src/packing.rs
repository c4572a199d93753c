//! When messages that stand alone are packed into blocks.

use crate::block::{BLOCK_MESSAGES, PIECE_MESSAGES};

/// When messages that stand alone are packed into blocks, and how many into one. A
/// setting for the tests of this crate, which meet every edge with a few messages; the
/// store itself has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    /// Messages of one block at most.
    pub(crate) block: usize,
    /// Messages of one piece of it at most.
    pub(crate) piece: usize,
    /// As many messages stand alone before they are packed: few enough that reading them
    /// is no burden, enough that a block is seldom written for them.
    pub(crate) singles: u32,
    /// Messages that one commit copies at most: none but those of a commit's limits.
    pub(crate) copied: usize,
}

impl Packing {
    pub(crate) const USUAL: Packing = Packing {
        block: BLOCK_MESSAGES,
        piece: PIECE_MESSAGES,
        singles: 64,
        copied: usize::MAX,
    };
}
