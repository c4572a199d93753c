//! The way in for the proof `fuzz`: only it sets `--cfg fuzzing`.

use crate::Uid;
use crate::block::{Marks, read_piece, write_piece};
use crate::keys::{
    self, BlockChangedKey, BlockGoneKey, DetailsKey, DoomedKey, GoneKey, LeftKey, MarksKey,
    NameKey, NamedKey, OnceAgeKey, PieceKey, RecordKey, SubscriptionKey, ThreadKey,
};
use crate::mark::RecordValue;
use crate::values::{
    AccountValue, DetailsValue, Fields, FullValue, KeywordsValue, LeftPieceValue, MarkValue,
    NameValue, OnceValue, RemovedValue, Stored, SummaryValue, ThreadValue,
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
    value::<LeftPieceValue>(octets);
    value::<FullValue>(octets);
    value::<RemovedValue>(octets);
    value::<OnceValue>(octets);
    value::<MarkValue>(octets);
    value::<DetailsValue>(octets);
    value::<ThreadValue>(octets);
    if let Some(record) = value::<RecordValue>(octets) {
        let size = record.fixed.size();
        let _ = record.fixed.internal_date();
        if let Some(mut summary) = value::<SummaryValue>(octets) {
            summary.take(summary.uid_next, record.mark.system, size);
            summary.add(summary.uid_next, record.mark.system, size);
        }
    }
    block(octets);
    let same = |key: Option<Vec<u8>>| assert!(key.is_none_or(|key| key == octets));
    same(NameKey::decode(octets).map(|key| key.encode()));
    same(SubscriptionKey::decode(octets).map(|key| key.encode()));
    same(OnceAgeKey::decode(octets).map(|key| key.encode()));
    same(DoomedKey::decode(octets).map(|key| key.encode()));
    same(RecordKey::decode(octets).map(|key| key.encode()));
    same(GoneKey::decode(octets).map(|key| key.encode()));
    same(MarksKey::decode(octets).map(|key| key.encode()));
    same(PieceKey::decode(octets).map(|key| key.encode()));
    same(BlockChangedKey::decode(octets).map(|key| key.encode()));
    same(BlockGoneKey::decode(octets).map(|key| key.encode()));
    same(DetailsKey::decode(octets).map(|key| key.encode()));
    same(NamedKey::decode(octets).map(NamedKey::encode));
    same(ThreadKey::decode(octets).map(|key| key.encode()));
    same(LeftKey::decode(octets).map(|key| key.encode()));
    same(keys::read_once(octets).map(keys::once));
    let _ = keys::mailbox_of(octets);
    let _ = (
        keys::read_old_details(octets),
        keys::read_old_change(octets),
    );
}

/// Reads octets as either value of a block.
fn block(octets: &[u8]) {
    for key in [Uid::MIN, Uid::MAX] {
        if let Ok(marks) = Marks::read(key, octets) {
            let again = Marks::read(key, &marks.write(key));
            assert!(again.as_ref() == Ok(&marks), "a block of marks");
            assert!(marks.last(key) >= key && marks.modseq() >= crate::Modseq::NEVER);
        }
    }
    if let Ok(piece) = read_piece(octets) {
        let again = write_piece(piece.iter()).and_then(|octets| read_piece(&octets));
        assert!(again == Ok(piece), "a piece of a block");
    }
}

fn value<T: Fields + PartialEq>(octets: &[u8]) -> Option<T> {
    let value = T::read(octets).ok()?;
    let written = value.write().ok();
    let again = written.and_then(|octets| T::read(&octets).ok());
    assert!(again.as_ref() == Some(&value), "{}", T::WHAT);
    again
}
