//! The way in for the proof `fuzz`: only it sets `--cfg fuzzing`.

use crate::QueueId;
use crate::stored::{
    EntryValue, Place, PromiseValue, RecipientValue, read, read_entry_key, read_promise_key,
    read_recipient_key, read_taken_key, read_turn_key, write,
};

/// Reads octets as each kind of key and value that a queue holds.
///
/// # Panics
/// Where what was read is not written as what reads the same again.
pub fn read_anything(octets: &[u8]) {
    let _ = (read_entry_key(octets), read_recipient_key(octets));
    let _ = (read_taken_key(octets), read_turn_key(octets));
    let _ = read_promise_key(octets);
    if let Ok(place) = Place::read(octets) {
        assert!(Place::read(&place.key()) == Ok(place));
    }
    if let Ok(value) = read::<EntryValue>(octets) {
        let written = write(&value).unwrap_or_default();
        assert!(read(&written).as_ref() == Ok(&value));
        let _ = value.entry(QueueId::from_number(1), Vec::new());
    }
    if let Ok(recipient) = read::<RecipientValue>(octets) {
        let written = write(&recipient).unwrap_or_default();
        assert!(read(&written).as_ref() == Ok(&recipient));
    }
    if let Ok(promise) = read::<PromiseValue>(octets) {
        let written = write(&promise).unwrap_or_default();
        assert!(read(&written).as_ref() == Ok(&promise));
    }
}
