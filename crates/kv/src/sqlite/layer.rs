//! What was committed and is not yet in the database: in memory, every version of it.
//!
//! A layer holds for each partition what its commits put under keys, newest last, so that
//! a snapshot sees the newest that is not newer than itself, while the writer goes on.
//! What a layer does not know is to be looked for beneath it: in the layer before, then in
//! the database.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::RwLock;

use crate::{Direction, Partition};

/// What an entry takes beside its octets, about.
const ENTRY_OCTETS: usize = 96;

/// What a layer says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// This is under it, put there by the commit of this version.
    Value(i64, Bytes),
    /// Nothing is under it, whatever is beneath.
    Gone,
}

/// Changes of many partitions.
#[derive(Debug, Default)]
pub(super) struct Layer {
    parts: RwLock<HashMap<Partition, Arc<Part>>>,
    octets: AtomicUsize,
}

impl Layer {
    /// Octets that it takes, about.
    pub(super) fn octets(&self) -> usize {
        self.octets.load(Ordering::Relaxed)
    }

    /// What it holds of a partition, if it holds anything.
    pub(super) fn part(&self, partition: Partition) -> Option<Arc<Part>> {
        self.parts.read().get(&partition).cloned()
    }

    /// All that it holds, in the order of the database.
    pub(super) fn parts(&self) -> Vec<(Partition, Arc<Part>)> {
        let parts = self.parts.read();
        let mut parts: Vec<_> = parts
            .iter()
            .map(|(partition, part)| (*partition, part.clone()))
            .collect();
        parts.sort_unstable_by_key(|(partition, _)| *partition);
        parts
    }

    fn part_to_change(&self, partition: Partition) -> Arc<Part> {
        if let Some(part) = self.part(partition) {
            return part;
        }
        self.parts.write().entry(partition).or_default().clone()
    }

    /// Says what is under a key from this version on.
    pub(super) fn set(
        &self,
        partition: Partition,
        key: Vec<u8>,
        version: i64,
        value: Option<Bytes>,
    ) {
        let more = key.len() + value.as_ref().map_or(0, Bytes::len) + ENTRY_OCTETS;
        self.part_to_change(partition).set(key, version, value);
        self.octets.fetch_add(more, Ordering::Relaxed);
    }

    /// Says that nothing is in this range from this version on. What is beneath is named by
    /// its keys; where these are too many, the range is kept.
    pub(super) fn clear(
        &self,
        partition: Partition,
        range: Range<Vec<u8>>,
        version: i64,
        beneath: Option<Vec<Vec<u8>>>,
    ) {
        let named = beneath.iter().flatten().map(|key| key.len() + ENTRY_OCTETS);
        let more = named.sum::<usize>() + ENTRY_OCTETS;
        self.part_to_change(partition)
            .clear(range, version, beneath);
        self.octets.fetch_add(more, Ordering::Relaxed);
    }

    /// Forgets what versions after this one said of a partition.
    pub(super) fn undo(&self, partition: Partition, after: i64) {
        if let Some(part) = self.part(partition) {
            part.undo(after);
        }
    }
}

/// What a layer holds of one partition.
#[derive(Debug, Default)]
pub(super) struct Part(RwLock<Rows>);

#[derive(Debug, Default)]
struct Rows {
    /// What is under each key, the newest last.
    keys: BTreeMap<Vec<u8>, Vec<Entry>>,
    /// Ranges where nothing is beneath, and since which version.
    cleared: Vec<(Range<Vec<u8>>, i64)>,
}

#[derive(Clone, Debug)]
struct Entry {
    version: i64,
    value: Option<Bytes>,
}

impl Entry {
    fn seen(&self) -> Seen {
        match &self.value {
            Some(value) => Seen::Value(self.version, value.clone()),
            None => Seen::Gone,
        }
    }
}

/// The newest entry that is not newer than `at`.
fn newest(entries: &[Entry], at: i64) -> Option<Seen> {
    let known = entries.iter().rev().find(|entry| entry.version <= at);
    known.map(Entry::seen)
}

impl Rows {
    fn set(&mut self, key: Vec<u8>, version: i64, value: Option<Bytes>) {
        let entries = self.keys.entry(key).or_default();
        match entries.last_mut() {
            // The same commit changes its mind.
            Some(last) if last.version == version => last.value = value,
            _ => entries.push(Entry { version, value }),
        }
    }

    fn is_cleared(&self, key: &[u8], at: i64) -> bool {
        self.cleared.iter().any(|(range, version)| {
            *version <= at && range.start.as_slice() <= key && key < range.end.as_slice()
        })
    }
}

impl Part {
    fn set(&self, key: Vec<u8>, version: i64, value: Option<Bytes>) {
        self.0.write().set(key, version, value);
    }

    fn clear(&self, range: Range<Vec<u8>>, version: i64, beneath: Option<Vec<Vec<u8>>>) {
        if range.start >= range.end {
            return;
        }
        let mut rows = self.0.write();
        let keys = rows.keys.range(range.clone());
        let keys: Vec<Vec<u8>> = keys.map(|(key, _)| key.clone()).collect();
        if beneath.is_none() {
            rows.cleared.push((range, version));
        }
        for key in keys.into_iter().chain(beneath.into_iter().flatten()) {
            rows.set(key, version, None);
        }
    }

    fn undo(&self, after: i64) {
        let mut rows = self.0.write();
        rows.cleared.retain(|(_, version)| *version <= after);
        rows.keys.retain(|_, entries| {
            entries.retain(|entry| entry.version <= after);
            !entries.is_empty()
        });
    }

    /// What it says of a key at a version; none when that is to be looked for beneath.
    pub(super) fn get(&self, key: &[u8], at: i64) -> Option<Seen> {
        let rows = self.0.read();
        let known = rows.keys.get(key).and_then(|entries| newest(entries, at));
        known.or_else(|| rows.is_cleared(key, at).then_some(Seen::Gone))
    }

    /// True when it says that nothing beneath it is under this key.
    pub(super) fn is_cleared(&self, key: &[u8], at: i64) -> bool {
        self.0.read().is_cleared(key, at)
    }

    /// What it says of the first `limit` keys of a range that it knows at a version.
    pub(super) fn scan(
        &self,
        range: &Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
        at: i64,
    ) -> Vec<(Vec<u8>, Seen)> {
        // BTreeMap::range refuses a range that ends before it begins.
        if range.start >= range.end {
            return Vec::new();
        }
        let rows = self.0.read();
        let bounds = (
            Bound::Included(range.start.as_slice()),
            Bound::Excluded(range.end.as_slice()),
        );
        let known = rows.keys.range::<[u8], _>(bounds);
        let known = known.filter_map(|(key, entries)| Some((key, newest(entries, at)?)));
        let own = |(key, seen): (&Vec<u8>, Seen)| (key.clone(), seen);
        match direction {
            Direction::Forward => known.take(limit).map(own).collect(),
            Direction::Backward => known.rev().take(limit).map(own).collect(),
        }
    }

    /// Ranges where nothing beneath it is to be left.
    pub(super) fn cleared(&self) -> Vec<Range<Vec<u8>>> {
        let rows = self.0.read();
        rows.cleared
            .iter()
            .map(|(range, _)| range.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: Partition = Partition::Queue;

    fn value(version: i64, text: &str) -> Option<Seen> {
        Some(Seen::Value(
            version,
            Bytes::copy_from_slice(text.as_bytes()),
        ))
    }

    fn set(layer: &Layer, key: &str, version: i64, text: Option<&str>) {
        let value = text.map(|text| Bytes::copy_from_slice(text.as_bytes()));
        layer.set(QUEUE, key.into(), version, value);
    }

    fn get(layer: &Layer, key: &str, at: i64) -> Option<Seen> {
        layer
            .part(QUEUE)
            .and_then(|part| part.get(key.as_bytes(), at))
    }

    #[test]
    fn each_version_sees_what_was_there() {
        let layer = Layer::default();
        assert_eq!(get(&layer, "a", 9), None);
        set(&layer, "a", 2, Some("x"));
        set(&layer, "a", 4, Some("y"));
        set(&layer, "a", 4, Some("z"));
        set(&layer, "a", 6, None);
        assert_eq!(get(&layer, "a", 1), None);
        assert_eq!(get(&layer, "a", 3), value(2, "x"));
        assert_eq!(get(&layer, "a", 5), value(4, "z"));
        assert_eq!(get(&layer, "a", 6), Some(Seen::Gone));
    }

    #[test]
    fn a_cleared_range_hides_what_is_beneath_and_not_what_comes_after() {
        let layer = Layer::default();
        set(&layer, "b", 1, Some("x"));
        layer.clear(QUEUE, b"a".to_vec()..b"c".to_vec(), 2, None);
        set(&layer, "bb", 3, Some("y"));
        assert_eq!(get(&layer, "b", 1), value(1, "x"));
        assert_eq!(get(&layer, "b", 2), Some(Seen::Gone));
        assert_eq!(get(&layer, "a", 1), None);
        assert_eq!(get(&layer, "a", 2), Some(Seen::Gone));
        assert_eq!(get(&layer, "c", 2), None);
        assert_eq!(get(&layer, "bb", 2), Some(Seen::Gone));
        assert_eq!(get(&layer, "bb", 3), value(3, "y"));
    }

    #[test]
    fn a_range_is_cleared_by_the_keys_beneath() {
        let layer = Layer::default();
        set(&layer, "a", 1, Some("x"));
        let beneath = Some(vec![b"b".to_vec()]);
        layer.clear(QUEUE, b"a".to_vec()..b"d".to_vec(), 2, beneath);
        assert_eq!(get(&layer, "a", 2), Some(Seen::Gone));
        assert_eq!(get(&layer, "b", 1), None);
        assert_eq!(get(&layer, "b", 2), Some(Seen::Gone));
        assert_eq!(get(&layer, "c", 2), None);
    }

    #[test]
    fn what_is_undone_never_was() {
        let layer = Layer::default();
        set(&layer, "a", 1, Some("x"));
        set(&layer, "a", 2, Some("y"));
        set(&layer, "b", 2, None);
        layer.clear(QUEUE, b"c".to_vec()..b"d".to_vec(), 3, None);
        layer.undo(QUEUE, 1);
        assert_eq!(get(&layer, "a", 9), value(1, "x"));
        assert_eq!(get(&layer, "b", 9), None);
        assert_eq!(get(&layer, "c", 9), None);
    }

    #[test]
    fn scans_give_the_first_that_are_known() {
        let layer = Layer::default();
        for (version, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
            set(&layer, key, version as i64, Some(key));
        }
        let part = layer.part(QUEUE).unwrap();
        let range = b"a".to_vec()..b"d".to_vec();
        let keys = |direction, limit, at| -> Vec<Vec<u8>> {
            let rows = part.scan(&range, direction, limit, at);
            rows.into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(keys(Direction::Forward, 2, 9), [b"a", b"b"]);
        assert_eq!(keys(Direction::Backward, 2, 9), [b"c", b"b"]);
        assert_eq!(keys(Direction::Backward, 9, 1), [b"b", b"a"]);
    }
}
