//! The pieces of blocks: what never changes of their messages.

use std::ops::Range;

use super::mailbox::{Pass, Span};
use super::{Check, READ_ROWS, Wrong};
use crate::block::read_piece;
use crate::keys::PieceKey;
use crate::mark::Fixed;
use crate::walk::Block;
use crate::{Result, Uid, UidSet};

/// What was found of a block's messages.
struct Found {
    fixeds: Vec<Option<Fixed>>,
    /// Where the next piece begins; none behind one that can't be read.
    next: Option<usize>,
}

impl Pass<'_> {
    /// What never changes of a block's messages, one by one.
    pub(super) async fn pieces(
        &self,
        check: &mut Check<'_>,
        block: &Block,
    ) -> Result<Vec<Option<Fixed>>> {
        let mut found = Found {
            fixeds: vec![None; block.marks.0.len()],
            next: Some(0),
        };
        let range = PieceKey::range(self.mailbox, &(block.key..=block.last()));
        let mut scan = self.reading.past_damage(range, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                self.piece(check, block, &mut found, (key, &value.bytes))?;
            }
            if let Some(damage) = page.damage {
                found.next = None;
                let uids = PieceKey::decode(&damage.key).map(|PieceKey(_, uid)| uid);
                check.damage(Some(self.mailbox), uids.into_iter().collect(), damage);
            }
        }
        self.ends_at(check, block, &found, block.marks.0.len());
        Ok(found.fixeds)
    }

    fn piece(
        &self,
        check: &mut Check<'_>,
        block: &Block,
        found: &mut Found,
        (key, octets): (Vec<u8>, &[u8]),
    ) -> Result<()> {
        let Some(PieceKey(_, uid)) = PieceKey::decode(&key) else {
            self.fault(check, None, Wrong::Stray { key });
            return Ok(());
        };
        let Ok(at) = block.marks.0.binary_search_by_key(&uid, |(uid, _)| *uid) else {
            self.fault(check, Some(uid), Wrong::StrayFixed);
            return Ok(());
        };
        self.ends_at(check, block, found, at);
        let piece = match read_piece(octets) {
            Ok(piece) => piece,
            Err(error) => {
                found.next = None;
                let uids = [uid].into_iter().collect();
                return check.unreadable(Some(self.mailbox), uids, key, error);
            }
        };
        let end = at + piece.len();
        found.next = Some(end);
        match found.fixeds.get_mut(at..end) {
            Some(places) => places
                .iter_mut()
                .zip(piece)
                .for_each(|(place, fixed)| *place = Some(fixed)),
            None => {
                found.next = None;
                self.fault(check, Some(uid), Wrong::StrayFixed);
            }
        }
        Ok(())
    }

    /// One piece ends where the next begins, or the block ends.
    fn ends_at(&self, check: &mut Check<'_>, block: &Block, found: &Found, at: usize) {
        let Some(next) = found.next.filter(|next| *next != at) else {
            return;
        };
        let missing = block.marks.0.get(next..at).unwrap_or_default();
        let wrong = match missing.is_empty() {
            // It has what the next one has too.
            true => Wrong::StrayFixed,
            false => Wrong::NoFixed,
        };
        let uids: UidSet = match block.marks.0.get(at) {
            Some((uid, _)) if missing.is_empty() => [*uid].into_iter().collect(),
            _ => missing.iter().map(|(uid, _)| *uid).collect(),
        };
        check.fault(Some(self.mailbox), uids, wrong);
    }

    /// Finds pieces where no block is.
    pub(super) async fn stray_pieces(&self, check: &mut Check<'_>) -> Result<()> {
        let all = PieceKey::all(self.mailbox);
        let (mut start, mut before) = (all.start, None::<Span>);
        for span in &self.spans {
            let (first, last) = (span.first, span.last.unwrap_or(span.first));
            let uids = PieceKey::range(self.mailbox, &(first..=last));
            if before.is_none_or(|before| before.last.is_none_or(|last| last.next() != Some(first)))
            {
                let gap = start.clone()..uids.start.clone();
                self.between(check, before, gap).await?;
            }
            // Those of a block that can't be read are looked at with what follows.
            let end = if span.last.is_some() {
                uids.end
            } else {
                uids.start
            };
            (start, before) = (start.max(end), Some(*span));
        }
        self.between(check, before, start..all.end).await
    }

    /// Pieces behind a block that can't be read may be its own.
    async fn between(
        &self,
        check: &mut Check<'_>,
        before: Option<Span>,
        gap: Range<Vec<u8>>,
    ) -> Result<()> {
        let may_be = before.is_some_and(|span| span.last.is_none());
        let mut scan = self.reading.past_damage(gap, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                let Some(PieceKey(_, uid)) = PieceKey::decode(&key) else {
                    self.fault(check, None, Wrong::Stray { key });
                    continue;
                };
                if self.is_unseen(uid) {
                    continue;
                }
                if !may_be {
                    self.fault(check, Some(uid), Wrong::StrayFixed);
                }
                match read_piece(&value.bytes) {
                    // Of whom each is nobody knows: of the first or of one behind it.
                    Ok(piece) if may_be => piece
                        .iter()
                        .for_each(|fixed| self.refers(check, uid, &fixed.body)),
                    Ok(_) => {}
                    Err(error) => {
                        let uids = [uid].into_iter().collect();
                        check.unreadable(Some(self.mailbox), uids, key, error)?;
                    }
                }
            }
            if let Some(damage) = page.damage {
                let uid: Option<Uid> = PieceKey::decode(&damage.key).map(|PieceKey(_, uid)| uid);
                check.damage(Some(self.mailbox), uid.into_iter().collect(), damage);
            }
        }
        Ok(())
    }
}
