//! Rows that refer to bodies.

use std::ops::{Range, RangeInclusive};

use blob::BodyRef;

use crate::block::{read_piece, write_piece};
use crate::keys::{GoneKey, PieceKey, RecordKey};
use crate::mark::{Fixed, RecordValue};
use crate::values::Stored;
use crate::{MailboxId, Result, Uid};

/// A kind of rows that refer to bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pieces of blocks.
    Pieces,
    Singles,
    /// Removed messages as version 1 kept them.
    OldGone,
}

impl Kind {
    pub(crate) const ALL: [Kind; 3] = [Kind::Pieces, Kind::Singles, Kind::OldGone];

    /// All rows of this kind in a mailbox.
    pub(crate) fn all(self, mailbox: MailboxId) -> Range<Vec<u8>> {
        const EVERY: RangeInclusive<Uid> = Uid::MIN..=Uid::MAX;
        match self {
            Kind::Pieces => PieceKey::range(mailbox, &EVERY),
            Kind::Singles => RecordKey::range(mailbox, &EVERY),
            Kind::OldGone => GoneKey::range(mailbox, &EVERY),
        }
    }

    /// The kind of a key; none for rows that refer to no body.
    fn of(key: &[u8]) -> Option<Kind> {
        let is = |kind: &Kind| match kind {
            Kind::Pieces => PieceKey::decode(key).is_some(),
            Kind::Singles => RecordKey::decode(key).is_some(),
            Kind::OldGone => GoneKey::decode(key).is_some(),
        };
        Kind::ALL.into_iter().find(is)
    }

    /// What never changes of the messages of a row.
    pub(crate) fn read(self, octets: &[u8]) -> Result<Vec<Fixed>> {
        match self {
            Kind::Pieces => read_piece(octets),
            Kind::Singles | Kind::OldGone => Ok(vec![RecordValue::read(octets)?.fixed]),
        }
    }

    /// The row with those references changed of which `change` gives something; none when
    /// there are none.
    pub(crate) fn changed(
        self,
        octets: &[u8],
        mut change: impl FnMut(&BodyRef) -> Option<BodyRef>,
    ) -> Result<Option<Vec<u8>>> {
        let mut all = self.read(octets)?;
        let mut changed = false;
        for fixed in &mut all {
            if let Some(body) = change(&fixed.body) {
                fixed.body = body;
                changed = true;
            }
        }
        if !changed {
            return Ok(None);
        }
        match (self, all.first()) {
            (Kind::Singles | Kind::OldGone, Some(fixed)) => {
                let mut record = RecordValue::read(octets)?;
                record.fixed = fixed.clone();
                record.write().map(Some)
            }
            _ => write_piece(all.iter()).map(Some),
        }
    }
}

/// The bodies that a row of an account's partition refers to.
///
/// # Errors
/// [`crate::StoreError::Damaged`].
pub fn bodies_of_row(key: &[u8], value: &[u8]) -> Result<Vec<BodyRef>> {
    let Some(kind) = Kind::of(key) else {
        return Ok(Vec::new());
    };
    let fixed = kind.read(value)?.into_iter();
    Ok(fixed.map(|fixed| fixed.body).collect())
}

/// A row of an account's partition as it is when its bodies are elsewhere.
///
/// # Errors
/// [`crate::StoreError::Damaged`].
pub fn row_with_bodies(
    key: &[u8],
    value: &[u8],
    mut elsewhere: impl FnMut(&BodyRef) -> BodyRef,
) -> Result<Vec<u8>> {
    let changed = match Kind::of(key) {
        Some(kind) => kind.changed(value, |body| Some(elsewhere(body)))?,
        None => None,
    };
    Ok(changed.unwrap_or_else(|| value.to_vec()))
}
