//! Envelopes and structures as they are kept, in parts: read page by page, each page at a
//! moment of its own, and those of one message always in one.

use std::collections::BTreeSet;
use std::ops::Range;

use kv::Row;
use kv::damage::{Damage, Rest};
use message::Lineage;

use crate::intake::DETAILS_PARTS;
use crate::keys::NamedKey;
use crate::reading::Reading;
use crate::threads::named;
use crate::values::{DetailsValue, Stored, damaged};
use crate::{Result, StoreError};

/// Parts that are read at once: more than one message can have.
const READ_PARTS: usize = 300;

const _: () = assert!(READ_PARTS > u8::MAX as usize + 1);

/// A message, and a part of its details.
pub(super) type Part = (u64, u8);

/// All details of a kind.
pub(super) struct Parts {
    rest: Rest,
    read: fn(&[u8]) -> Option<Part>,
    /// The last message of which a part can't be read.
    damaged: Option<u64>,
}

/// Some messages' details.
#[derive(Default)]
pub(super) struct Page {
    /// Those of which there are any.
    pub(super) found: Vec<u64>,
    /// Those of them that can't be read: the first key, and why.
    pub(super) odd: Vec<(u64, Vec<u8>, String)>,
    /// The names that they have, where they have one.
    pub(super) named: Vec<(u64, NamedKey)>,
    pub(super) damage: Option<Damage>,
    /// Keys that are none.
    pub(super) strays: Vec<Vec<u8>>,
}

impl Parts {
    pub(super) fn new(range: Range<Vec<u8>>, read: fn(&[u8]) -> Option<Part>) -> Parts {
        Parts {
            rest: Rest::all(range),
            read,
            damaged: None,
        }
    }

    /// The next messages'; none at the end.
    pub(super) async fn page(&mut self, reading: &Reading) -> Result<Option<Page>> {
        let mut scan = reading.resume(self.rest.clone(), READ_PARTS);
        let Some(mut read) = scan.page().await? else {
            return Ok(None);
        };
        self.rest = scan.rest();
        if read.damage.is_none() && !self.rest.is_empty() {
            self.keep_whole(&mut read.rows);
        }
        let mut page = Page {
            damage: read.damage,
            ..Page::default()
        };
        let before = self.damaged;
        let damaged = page.damage.as_ref();
        let damaged = damaged
            .and_then(|damage| (self.read)(&damage.key))
            .map(|(id, _)| id);
        self.damaged = damaged.or(before);
        let broken: BTreeSet<u64> = [before, damaged].into_iter().flatten().collect();
        // Of what is damaged something is there, and was named.
        page.found.extend(damaged);
        self.look(read.rows, &broken, &mut page);
        page.found.sort_unstable();
        Ok(Some(page))
    }

    /// Leaves the last message's parts for the next page, since there may be more of them.
    fn keep_whole(&mut self, rows: &mut Vec<Row>) {
        let Some(last) = rows.last().and_then(|(key, _)| (self.read)(key)) else {
            return;
        };
        let same = |row: &Row| (self.read)(&row.0).is_some_and(|(id, _)| id == last.0);
        let kept = rows
            .iter()
            .rposition(|row| !same(row))
            .map_or(0, |at| at + 1);
        if kept > 0 {
            let left = rows.split_off(kept);
            if let Some((first, _)) = left.into_iter().next() {
                self.rest.begin_at(first);
            }
        }
    }

    fn look(&self, rows: Vec<Row>, broken: &BTreeSet<u64>, page: &mut Page) {
        let mut parts: Vec<(Part, Row)> = Vec::new();
        for row in rows {
            match (self.read)(&row.0) {
                Some(part) => parts.push((part, row)),
                None => page.strays.push(row.0),
            }
        }
        for parts in parts.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
            let Some(((id, _), (key, _))) = parts.first() else {
                continue;
            };
            page.found.push(*id);
            match decode(parts) {
                Ok(details) => {
                    let header = details.asked.as_deref().unwrap_or_default();
                    let own = Lineage::of(&details.envelope, header).own;
                    page.named.extend(own.map(|own| (*id, named(&own))));
                }
                Err(StoreError::Damaged(why)) if !broken.contains(id) => {
                    page.odd.push((*id, key.clone(), why));
                }
                Err(_) => {}
            }
        }
    }
}

/// Details that are what was once written.
fn decode(parts: &[(Part, Row)]) -> Result<DetailsValue> {
    let numbers = parts.iter().map(|((_, part), _)| usize::from(*part));
    if parts.len() > DETAILS_PARTS || !numbers.eq(0..parts.len()) {
        return Err(damaged(
            "an envelope and structure",
            "not all parts are there",
        ));
    }
    let octets = parts.iter().map(|(_, (_, value))| value.bytes.as_slice());
    DetailsValue::read(&octets.collect::<Vec<_>>().concat())
}
