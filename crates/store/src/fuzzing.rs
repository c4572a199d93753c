//! The way in for the proof `fuzz`: only it sets `--cfg fuzzing`.

use crate::keys::{
    ChangedKey, DoomedKey, GoneKey, NameKey, OnceAgeKey, RecordKey, RemovedKey, SubscriptionKey,
};
use crate::values::{
    AccountValue, ChangedValue, DetailsValue, KeywordsValue, MarkValue, NameValue, OnceValue,
    RecordValue, RemovedValue, Stored, SummaryValue,
};

/// Reads octets as each kind of key and value that a store holds.
///
/// # Panics
/// Where what was read is not written as what reads the same again.
pub fn read_anything(octets: &[u8]) {
    value::<AccountValue>(octets);
    value::<NameValue>(octets);
    value::<SummaryValue>(octets);
    value::<KeywordsValue>(octets);
    value::<ChangedValue>(octets);
    value::<RemovedValue>(octets);
    value::<OnceValue>(octets);
    value::<MarkValue>(octets);
    value::<DetailsValue>(octets);
    if let Some(record) = value::<RecordValue>(octets) {
        let _ = (record.internal_date(), record.size());
        if let Some(mut summary) = value::<SummaryValue>(octets) {
            summary.take(summary.uid_next, &record);
            summary.add(summary.uid_next, &record);
        }
    }
    let same = |key: Option<Vec<u8>>| assert!(key.is_none_or(|key| key == octets));
    same(NameKey::decode(octets).map(|key| key.encode()));
    same(SubscriptionKey::decode(octets).map(|key| key.encode()));
    same(OnceAgeKey::decode(octets).map(|key| key.encode()));
    same(DoomedKey::decode(octets).map(|key| key.encode()));
    same(RecordKey::decode(octets).map(|key| key.encode()));
    same(GoneKey::decode(octets).map(|key| key.encode()));
    same(ChangedKey::decode(octets).map(|key| key.encode()));
    same(RemovedKey::decode(octets).map(|key| key.encode()));
}

fn value<T: Stored + PartialEq>(octets: &[u8]) -> Option<T> {
    let value = T::read(octets).ok()?;
    let written = value.write().ok();
    let again = written.and_then(|octets| T::read(&octets).ok());
    assert!(again.as_ref() == Some(&value), "{}", T::WHAT);
    again
}
