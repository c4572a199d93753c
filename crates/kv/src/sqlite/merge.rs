//! One scan over the database and the layers above it.
//!
//! Each of them gives its first rows, as many as are wanted. Up to the nearest key at which
//! one of them has given all it was asked for and may have more, all that there is is
//! known: so far the rows are merged, and from there the scan goes on.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::layer::{Part, Seen};
use crate::tuple::after_key;
use crate::{Direction, Row, Value, Version};

/// The first rows that a part knows of a range.
pub(super) struct Batch {
    part: Arc<Part>,
    rows: Vec<(Vec<u8>, Seen)>,
}

impl Batch {
    pub(super) fn of(
        part: &Arc<Part>,
        range: &Range<Vec<u8>>,
        direction: Direction,
        want: usize,
        at: i64,
    ) -> Batch {
        Batch {
            part: part.clone(),
            rows: part.scan(range, direction, want, at),
        }
    }
}

/// What came of a merge.
pub(super) struct Merged {
    /// In the order of the scan.
    pub(super) rows: Vec<Row>,
    /// What of the range is still to be scanned.
    pub(super) rest: Range<Vec<u8>>,
}

/// Merges the rows of one range: `above` from the newest down, and `beneath` from the
/// database. Of each there are at most `want`, and fewer when it has no more.
pub(super) fn merge(
    above: Vec<Batch>,
    beneath: Vec<Row>,
    want: usize,
    direction: Direction,
    range: Range<Vec<u8>>,
    at: i64,
) -> Merged {
    let frontier = frontier(&above, &beneath, want, direction);
    let (known, rest) = split(range, frontier, direction);
    if above.is_empty() {
        return Merged {
            rows: beneath,
            rest,
        };
    }
    let mut merged: BTreeMap<Vec<u8>, Option<Value>> = BTreeMap::new();
    let stored = beneath.into_iter().map(|(key, value)| (key, Some(value)));
    merged.extend(stored.filter(|(key, _)| known.contains(key)));
    for Batch { part, rows } in above.into_iter().rev() {
        merged.retain(|key, _| !part.is_cleared(key, at));
        let rows = rows.into_iter().filter(|(key, _)| known.contains(key));
        merged.extend(rows.map(|(key, seen)| (key, value(seen))));
    }
    let rows = merged
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    let rows = match direction {
        Direction::Forward => rows.collect(),
        Direction::Backward => rows.rev().collect(),
    };
    Merged { rows, rest }
}

fn value(seen: Seen) -> Option<Value> {
    match seen {
        Seen::Value(version, bytes) => Some(Value {
            bytes: bytes.into(),
            version: Version(version),
        }),
        Seen::Gone => None,
    }
}

/// The nearest key at which one of the sources may have more; none if all have given all.
fn frontier(
    above: &[Batch],
    beneath: &[Row],
    want: usize,
    direction: Direction,
) -> Option<Vec<u8>> {
    let stored = (beneath.len() >= want)
        .then(|| beneath.last().map(|(key, _)| key))
        .flatten();
    let known = above
        .iter()
        .filter(|batch| batch.rows.len() >= want)
        .filter_map(|batch| batch.rows.last().map(|(key, _)| key));
    let all = stored.into_iter().chain(known);
    match direction {
        Direction::Forward => all.min().cloned(),
        Direction::Backward => all.max().cloned(),
    }
}

/// The part of a range that ends with the frontier, and the rest.
fn split(
    range: Range<Vec<u8>>,
    frontier: Option<Vec<u8>>,
    direction: Direction,
) -> (Range<Vec<u8>>, Range<Vec<u8>>) {
    match (frontier, direction) {
        (None, _) => (range, Vec::new()..Vec::new()),
        (Some(last), Direction::Forward) => {
            let next = after_key(&last);
            (range.start..next.clone(), next..range.end)
        }
        (Some(last), Direction::Backward) => (last.clone()..range.end, range.start..last),
    }
}
