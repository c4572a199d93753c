//! Whose each part of a block is that never changes, where that is not plain.
//!
//! A piece says how many messages it has, and the UID of the first. The others' are those that
//! follow in the block, as it was when the piece was written. So whose they are is known
//!
//! * if as many messages are in the block before the next piece begins,
//! * if the piece has as many as there are UIDs before the next one: then it has them all,
//! * or if it has fewer than are in the block: another piece is missing behind it.
//!
//! Else some are of messages that are in the block no more, and nothing says which.

use std::collections::{BTreeMap, BTreeSet};

use crate::mark::Fixed;
use crate::{EmailId, Uid};

/// A piece as it was read.
pub(super) struct Piece {
    pub(super) first: Uid,
    pub(super) fixeds: Vec<Fixed>,
}

/// Pieces, sorted out.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) known: BTreeMap<Uid, Fixed>,
    /// Of messages that are not in a block, or nobody knows which of them they are.
    pub(super) loose: Vec<Fixed>,
    /// Messages in a block that are one of the loose.
    pub(super) unclear: BTreeSet<Uid>,
}

/// Sorts out pieces, ascending, of what blocks have up to a UID.
pub(super) fn sort(pieces: &[Piece], in_blocks: &BTreeSet<Uid>, end: u32) -> Sorted {
    let mut sorted = Sorted::default();
    let mut rest = pieces;
    while let Some((piece, mut later)) = rest.split_first() {
        // One that has more messages than fit, and another that repeats them.
        while let Some((next, others)) = later.split_first()
            && piece.fixeds.len() > span(piece.first, next.first.get())
            && repeats(next, piece)
        {
            later = others;
        }
        let end = later.first().map_or(end, |next| next.first.get());
        sorted.add(piece, in_blocks, end);
        rest = later;
    }
    sorted
}

/// UIDs from one on, up to another.
fn span(first: Uid, end: u32) -> usize {
    usize::try_from(end.saturating_sub(first.get())).unwrap_or(usize::MAX)
}

fn repeats(one: &Piece, other: &Piece) -> bool {
    let emails: BTreeSet<EmailId> = other.fixeds.iter().map(|fixed| fixed.email_id).collect();
    let mut fixeds = one.fixeds.iter();
    fixeds.all(|fixed| emails.contains(&fixed.email_id))
}

impl Sorted {
    fn add(&mut self, piece: &Piece, in_blocks: &BTreeSet<Uid>, end: u32) {
        let count = piece.fixeds.len();
        let within = in_blocks.range(piece.first..);
        let within: Vec<Uid> = within.copied().take_while(|uid| uid.get() < end).collect();
        let begins = within.first() == Some(&piece.first);
        if begins && count <= within.len() {
            let fixeds = piece.fixeds.iter().cloned();
            self.known.extend(within.into_iter().zip(fixeds));
            return;
        }
        let is_whole = count >= span(piece.first, end);
        for (at, fixed) in piece.fixeds.iter().enumerate() {
            // All are known, or the first alone.
            let uid = u32::try_from(at).ok().filter(|_| is_whole || at == 0);
            let uid = uid.and_then(|at| Uid::new(piece.first.get().checked_add(at)?));
            match uid.filter(|uid| uid.get() < end && in_blocks.contains(uid)) {
                Some(uid) => drop(self.known.insert(uid, fixed.clone())),
                None => self.loose.push(fixed.clone()),
            }
        }
        if !is_whole {
            self.unclear
                .extend(within.into_iter().filter(|uid| *uid != piece.first));
        }
    }
}
