//! The bytes of the queue's partition, in the notation of [`kv::tuple`]:
//!
//! ```text
//! 01 entry              an entry without its recipients
//! 02 entry number       one of its recipients, by its place among them
//! ```
//!
//! `entry` has sixteen octets, `number` four. A value is a version octet, then the
//! fields by postcard. (The engine adds a checksum.) Recipients have keys of their own
//! since a thousand of them are longer than a value may be.

use std::ops::Range;

use address::{AccountId, ReversePath};
use blob::BodyRef;
use jiff::Timestamp;
use kv::tuple::{Reader, Writer, after_key};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Entry, QueueError, QueueId, Recipient};

const ENTRY: u8 = 0x01;
const RECIPIENT: u8 = 0x02;
/// The version of every value that is written today.
const VERSION: u8 = 1;

/// `01 entry`.
pub(crate) fn entry_key(id: QueueId) -> Vec<u8> {
    Writer::new(ENTRY).u128(id.get()).finish()
}

/// The number of an entry's key.
pub(crate) fn read_entry_key(key: &[u8]) -> Result<QueueId, QueueError> {
    let read = || {
        let mut parts = Reader::new(key, ENTRY)?;
        let id = QueueId::from_number(parts.u128()?);
        parts.end().map(|()| id)
    };
    read().ok_or_else(|| QueueError::Damaged(format!("a key: {key:02x?}")))
}

/// Entries after one.
pub(crate) fn entries_after(id: Option<QueueId>) -> Range<Vec<u8>> {
    let all = Writer::new(ENTRY).prefix();
    match id {
        Some(id) => after_key(&entry_key(id))..all.end,
        None => all,
    }
}

/// `02 entry number`.
pub(crate) fn recipient_key(id: QueueId, number: u32) -> Vec<u8> {
    Writer::new(RECIPIENT).u128(id.get()).u32(number).finish()
}

/// All recipients of an entry.
pub(crate) fn recipients(id: QueueId) -> Range<Vec<u8>> {
    Writer::new(RECIPIENT).u128(id.get()).prefix()
}

/// All recipients of all entries.
pub(crate) fn all_recipients() -> Range<Vec<u8>> {
    Writer::new(RECIPIENT).prefix()
}

/// The entry of a recipient's key.
pub(crate) fn recipient_entry(key: &[u8]) -> Option<QueueId> {
    let number = Reader::new(key, RECIPIENT)?.u128()?;
    Some(QueueId::from_number(number))
}

/// Where no kind of key is.
pub(crate) fn strays() -> [Range<Vec<u8>>; 2] {
    [
        Vec::new()..Writer::new(ENTRY).prefix().start,
        all_recipients().end..vec![0xff; kv::KEY_OCTETS],
    ]
}

/// The place among the entry's recipients, of a recipient's key.
pub(crate) fn read_recipient_key(key: &[u8]) -> Result<u32, QueueError> {
    let read = || {
        let mut parts = Reader::new(key, RECIPIENT)?;
        parts.u128()?;
        let number = parts.u32()?;
        parts.end().map(|()| number)
    };
    read().ok_or_else(|| QueueError::Damaged(format!("a key: {key:02x?}")))
}

/// An entry without its recipients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntryValue {
    pub(crate) from: ReversePath,
    pub(crate) body: BodyRef,
    /// Seconds since 1970.
    pub(crate) received: i64,
    pub(crate) submitted_by: Option<AccountId>,
    pub(crate) smtputf8: bool,
    pub(crate) eight_bit: bool,
    /// Recipients that are not settled.
    pub(crate) waiting: u32,
}

impl EntryValue {
    pub(crate) fn new(entry: &Entry, waiting: u32) -> EntryValue {
        EntryValue {
            from: entry.from.clone(),
            body: entry.body.clone(),
            received: entry.received.as_second(),
            submitted_by: entry.submitted_by,
            smtputf8: entry.smtputf8,
            eight_bit: entry.eight_bit,
            waiting,
        }
    }

    pub(crate) fn entry(self, id: QueueId, recipients: Vec<Recipient>) -> Entry {
        Entry {
            id,
            from: self.from,
            recipients,
            body: self.body,
            received: Timestamp::from_second(self.received).unwrap_or_default(),
            submitted_by: self.submitted_by,
            smtputf8: self.smtputf8,
            eight_bit: self.eight_bit,
        }
    }
}

/// A value as it is stored.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>, QueueError> {
    postcard::to_extend(value, vec![VERSION]).map_err(|error| QueueError::Broken(error.to_string()))
}

/// A value from how it is stored.
pub(crate) fn read<T: DeserializeOwned>(octets: &[u8]) -> Result<T, QueueError> {
    match octets.split_first() {
        Some((&VERSION, fields)) => {
            postcard::from_bytes(fields).map_err(|error| QueueError::Damaged(error.to_string()))
        }
        _ => Err(QueueError::Damaged(
            "a value of a version not known here".into(),
        )),
    }
}
