//! The bytes of the queue's partition, in the notation of [`kv::tuple`]:
//!
//! ```text
//! 00                       which of these rows there are: see `upgrade`
//! 01 entry                 an entry without its recipients
//! 02 entry place           one of its recipients, by its place among them
//! 03 lane due entry place  a recipient that waits in a lane, and when it is due
//! 04 due lane              a turn: from then on there may be something to do in the lane
//! 05 node entry place      a recipient that a node is trying to reach, instead of its 03
//! 06 node                  until when a node is taken to be alive
//! 07 domain                a destination that is left in peace for a time
//! 08 domain                what a destination promised of its hosts
//! ```
//!
//! `entry` has sixteen octets, `place` four, `due` eight: seconds since 1970. A lane is the
//! text of its domain (none for accounts here) and the account's number plus one in eight
//! octets (0 for none). A value is a version octet, then the fields by postcard; those of 03
//! and 04 are empty. (The engine adds a checksum.) Recipients have keys of their own since a
//! thousand of them are longer than a value may be.

use std::ops::Range;

use address::{AccountId, Address, Domain, ReversePath};
use blob::BodyRef;
use jiff::Timestamp;
use kv::tuple::{Reader, Writer, after_key};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::recipient::{DeliverBy, Late, Notify, Trouble};
use crate::{
    Destination, Entry, Lane, NodeId, QueueError, QueueId, Recipient, Returned, Status, TlsWish,
};

const LAYOUT: u8 = 0x00;
const ENTRY: u8 = 0x01;
const RECIPIENT: u8 = 0x02;
const PLACE: u8 = 0x03;
const TURN: u8 = 0x04;
const TAKEN: u8 = 0x05;
const NODE: u8 = 0x06;
const STANDING: u8 = 0x07;
const PROMISE: u8 = 0x08;

/// `00`.
pub(crate) fn layout_key() -> Vec<u8> {
    Writer::new(LAYOUT).finish()
}

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
    read().ok_or_else(|| damaged_key(key))
}

/// Entries after one.
pub(crate) fn entries_after(id: Option<QueueId>) -> Range<Vec<u8>> {
    let all = Writer::new(ENTRY).prefix();
    match id {
        Some(id) => after_key(&entry_key(id))..all.end,
        None => all,
    }
}

/// `02 entry place`.
pub(crate) fn recipient_key(id: QueueId, place: u32) -> Vec<u8> {
    Writer::new(RECIPIENT).u128(id.get()).u32(place).finish()
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

/// The place among the entry's recipients, of a recipient's key.
pub(crate) fn read_recipient_key(key: &[u8]) -> Result<u32, QueueError> {
    let read = || {
        let mut parts = Reader::new(key, RECIPIENT)?;
        parts.u128()?;
        let place = parts.u32()?;
        parts.end().map(|()| place)
    };
    read().ok_or_else(|| damaged_key(key))
}

/// A recipient that waits in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) lane: Lane,
    pub(crate) due: Timestamp,
    pub(crate) entry: QueueId,
    pub(crate) place: u32,
}

impl Place {
    pub(crate) fn of(entry: QueueId, lane: Lane, recipient: &Recipient) -> Place {
        Place {
            lane,
            due: recipient.due,
            entry,
            place: recipient.place,
        }
    }

    /// `03 lane due entry place`.
    pub(crate) fn key(&self) -> Vec<u8> {
        in_lane(PLACE, &self.lane)
            .u64(seconds(self.due))
            .u128(self.entry.get())
            .u32(self.place)
            .finish()
    }

    pub(crate) fn read(key: &[u8]) -> Result<Place, QueueError> {
        let read = || {
            let mut parts = Reader::new(key, PLACE)?;
            let place = Place {
                lane: read_lane(&mut parts)?,
                due: time(parts.u64()?)?,
                entry: QueueId::from_number(parts.u128()?),
                place: parts.u32()?,
            };
            parts.end().map(|()| place)
        };
        read().ok_or_else(|| damaged_key(key))
    }
}

/// All places of all lanes.
pub(crate) fn all_places() -> Range<Vec<u8>> {
    Writer::new(PLACE).prefix()
}

/// All places of a lane.
pub(crate) fn lane_places(lane: &Lane) -> Range<Vec<u8>> {
    in_lane(PLACE, lane).prefix()
}

/// The places of a lane that are due at a time.
pub(crate) fn due_places(lane: &Lane, until: Timestamp) -> Range<Vec<u8>> {
    let end = in_lane(PLACE, lane).u64(seconds(until)).prefix().end;
    lane_places(lane).start..end
}

/// All places of the lanes that lead to a domain.
pub(crate) fn domain_places(domain: &Domain) -> Range<Vec<u8>> {
    Writer::new(PLACE).text(domain.as_str()).prefix()
}

/// `04 due lane`.
pub(crate) fn turn_key(due: Timestamp, lane: &Lane) -> Vec<u8> {
    lane_parts(Writer::new(TURN).u64(seconds(due)), lane).finish()
}

pub(crate) fn read_turn_key(key: &[u8]) -> Result<(Timestamp, Lane), QueueError> {
    let read = || {
        let mut parts = Reader::new(key, TURN)?;
        let due = time(parts.u64()?)?;
        let lane = read_lane(&mut parts)?;
        parts.end().map(|()| (due, lane))
    };
    read().ok_or_else(|| damaged_key(key))
}

/// All turns.
pub(crate) fn all_turns() -> Range<Vec<u8>> {
    Writer::new(TURN).prefix()
}

/// Turns that have come at a time.
pub(crate) fn turns_until(until: Timestamp) -> Range<Vec<u8>> {
    all_turns().start..Writer::new(TURN).u64(seconds(until)).prefix().end
}

/// `05 node entry place`.
pub(crate) fn taken_key(node: NodeId, entry: QueueId, place: u32) -> Vec<u8> {
    let key = Writer::new(TAKEN).u128(node.0).u128(entry.get());
    key.u32(place).finish()
}

pub(crate) fn read_taken_key(key: &[u8]) -> Result<(NodeId, QueueId, u32), QueueError> {
    let read = || {
        let mut parts = Reader::new(key, TAKEN)?;
        let node = NodeId(parts.u128()?);
        let entry = QueueId::from_number(parts.u128()?);
        let place = parts.u32()?;
        parts.end().map(|()| (node, entry, place))
    };
    read().ok_or_else(|| damaged_key(key))
}

/// All that nodes have taken.
pub(crate) fn all_taken() -> Range<Vec<u8>> {
    Writer::new(TAKEN).prefix()
}

/// All that a node has taken.
pub(crate) fn taken_by(node: NodeId) -> Range<Vec<u8>> {
    Writer::new(TAKEN).u128(node.0).prefix()
}

/// `06 node`.
pub(crate) fn node_key(node: NodeId) -> Vec<u8> {
    Writer::new(NODE).u128(node.0).finish()
}

pub(crate) fn read_node_key(key: &[u8]) -> Result<NodeId, QueueError> {
    let read = || {
        let mut parts = Reader::new(key, NODE)?;
        let node = NodeId(parts.u128()?);
        parts.end().map(|()| node)
    };
    read().ok_or_else(|| damaged_key(key))
}

/// All nodes.
pub(crate) fn all_nodes() -> Range<Vec<u8>> {
    Writer::new(NODE).prefix()
}

/// `07 domain`.
pub(crate) fn standing_key(domain: &Domain) -> Vec<u8> {
    Writer::new(STANDING).text(domain.as_str()).finish()
}

pub(crate) fn read_standing_key(key: &[u8]) -> Result<Domain, QueueError> {
    let read = || {
        let mut parts = Reader::new(key, STANDING)?;
        let domain = parts.text()?.parse().ok()?;
        parts.end().map(|()| domain)
    };
    read().ok_or_else(|| damaged_key(key))
}

/// All destinations that are left in peace.
pub(crate) fn all_standings() -> Range<Vec<u8>> {
    Writer::new(STANDING).prefix()
}

/// `08 domain`.
pub(crate) fn promise_key(domain: &Domain) -> Vec<u8> {
    Writer::new(PROMISE).text(domain.as_str()).finish()
}

pub(crate) fn read_promise_key(key: &[u8]) -> Result<Domain, QueueError> {
    let read = || {
        let mut parts = Reader::new(key, PROMISE)?;
        let domain = parts.text()?.parse().ok()?;
        parts.end().map(|()| domain)
    };
    read().ok_or_else(|| damaged_key(key))
}

/// All promises of destinations after one.
pub(crate) fn promises_after(domain: Option<&Domain>) -> Range<Vec<u8>> {
    let all = Writer::new(PROMISE).prefix();
    match domain {
        Some(domain) => after_key(&promise_key(domain))..all.end,
        None => all,
    }
}

/// Where no kind of key is.
pub(crate) fn strays() -> [Range<Vec<u8>>; 2] {
    [
        after_key(&layout_key())..Writer::new(ENTRY).prefix().start,
        promises_after(None).end..vec![0xff; kv::KEY_OCTETS],
    ]
}

fn in_lane(kind: u8, lane: &Lane) -> Writer {
    lane_parts(Writer::new(kind), lane)
}

fn lane_parts(key: Writer, lane: &Lane) -> Writer {
    let domain = lane.destination.as_ref().map_or("", Domain::as_str);
    key.text(domain).u64(match lane.account {
        Some(AccountId(number)) => number.saturating_add(1),
        None => 0,
    })
}

fn read_lane(parts: &mut Reader<'_>) -> Option<Lane> {
    let domain = parts.text()?;
    let account = parts.u64()?;
    Some(Lane {
        destination: match domain.as_str() {
            "" => None,
            domain => Some(domain.parse().ok()?),
        },
        account: account.checked_sub(1).map(AccountId),
    })
}

/// A time as a key has it.
fn seconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_second()).unwrap_or(0)
}

fn time(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

fn damaged_key(key: &[u8]) -> QueueError {
    QueueError::Damaged(format!("a key: {key:02x?}"))
}

/// What can be a value.
pub(crate) trait Fields: Serialize + DeserializeOwned {
    /// The version that is written today.
    const VERSION: u8;

    /// Reads the fields of an older version; none if there never was such a version.
    fn read_older(_version: u8, _fields: &[u8]) -> Option<postcard::Result<Self>> {
        None
    }
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
    pub(crate) on_top: String,
    pub(crate) envelope_id: Option<String>,
    pub(crate) returned: Option<Returned>,
    pub(crate) held: bool,
    pub(crate) is_suspect: bool,
    pub(crate) tls: TlsWish,
    pub(crate) story: Vec<u8>,
}

/// The second version, of when no message asked for TLS and nothing was noted of its coming.
#[derive(Deserialize)]
struct EntryV2 {
    before: EntryBefore,
    on_top: String,
    envelope_id: Option<String>,
    returned: Option<Returned>,
    held: bool,
    is_suspect: bool,
}

/// The first version, of when nothing left for elsewhere.
#[derive(Deserialize)]
struct EntryBefore {
    from: ReversePath,
    body: BodyRef,
    received: i64,
    submitted_by: Option<AccountId>,
    smtputf8: bool,
    eight_bit: bool,
    waiting: u32,
}

impl Fields for EntryValue {
    const VERSION: u8 = 3;

    fn read_older(version: u8, fields: &[u8]) -> Option<postcard::Result<EntryValue>> {
        match version {
            1 => Some(postcard::from_bytes::<EntryBefore>(fields).map(EntryValue::from)),
            2 => Some(postcard::from_bytes::<EntryV2>(fields).map(EntryValue::from)),
            _ => None,
        }
    }
}

impl From<EntryBefore> for EntryValue {
    fn from(before: EntryBefore) -> EntryValue {
        EntryValue {
            from: before.from,
            body: before.body,
            received: before.received,
            submitted_by: before.submitted_by,
            smtputf8: before.smtputf8,
            eight_bit: before.eight_bit,
            waiting: before.waiting,
            on_top: String::new(),
            envelope_id: None,
            returned: None,
            held: false,
            is_suspect: false,
            tls: TlsWish::Usual,
            story: Vec::new(),
        }
    }
}

impl From<EntryV2> for EntryValue {
    fn from(value: EntryV2) -> EntryValue {
        EntryValue {
            on_top: value.on_top,
            envelope_id: value.envelope_id,
            returned: value.returned,
            held: value.held,
            is_suspect: value.is_suspect,
            ..value.before.into()
        }
    }
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
            on_top: entry.on_top.clone(),
            envelope_id: entry.envelope_id.clone(),
            returned: entry.returned,
            held: entry.held,
            is_suspect: entry.is_suspect,
            tls: entry.tls,
            story: entry.story.clone(),
        }
    }

    pub(crate) fn received(&self) -> Timestamp {
        Timestamp::from_second(self.received).unwrap_or_default()
    }

    pub(crate) fn entry(self, id: QueueId, recipients: Vec<Recipient>) -> Entry {
        Entry {
            id,
            received: self.received(),
            from: self.from,
            recipients,
            body: self.body,
            submitted_by: self.submitted_by,
            smtputf8: self.smtputf8,
            eight_bit: self.eight_bit,
            on_top: self.on_top,
            envelope_id: self.envelope_id,
            returned: self.returned,
            held: self.held,
            is_suspect: self.is_suspect,
            tls: self.tls,
            story: self.story,
        }
    }
}

/// A recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecipientValue {
    pub(crate) address: Address,
    pub(crate) to: Destination,
    pub(crate) notify: Option<Notify>,
    pub(crate) original: Option<String>,
    /// Seconds since 1970; 0, which has long passed, where an older program wrote it.
    pub(crate) due: i64,
    pub(crate) attempts: u32,
    pub(crate) told: bool,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) sent_on_by: Option<Address>,
    /// Seconds since 1970.
    pub(crate) not_before: Option<i64>,
    /// The same, what becomes of it, and whether it is traced.
    pub(crate) deliver_by: Option<(i64, Late, bool)>,
}

/// The fourth version, of when no sender said by when it is to be delivered.
#[derive(Deserialize)]
struct RecipientHeld {
    sent_on: RecipientSentOn,
    not_before: Option<i64>,
}

impl From<RecipientHeld> for RecipientValue {
    fn from(before: RecipientHeld) -> RecipientValue {
        RecipientValue {
            not_before: before.not_before,
            ..before.sent_on.into()
        }
    }
}

/// The third version, of when nothing was held by its sender.
#[derive(Deserialize)]
struct RecipientSentOn {
    named: RecipientNamed,
    sent_on_by: Option<Address>,
}

impl From<RecipientSentOn> for RecipientValue {
    fn from(before: RecipientSentOn) -> RecipientValue {
        RecipientValue {
            sent_on_by: before.sent_on_by,
            ..before.named.into()
        }
    }
}

/// The second version, of when it was not noted who sends a message on.
#[derive(Deserialize)]
struct RecipientNamed {
    address: Address,
    to: Destination,
    notify: Option<Notify>,
    original: Option<String>,
    due: i64,
    attempts: u32,
    told: bool,
    trouble: Option<Trouble>,
}

impl From<RecipientNamed> for RecipientValue {
    fn from(before: RecipientNamed) -> RecipientValue {
        RecipientValue {
            address: before.address,
            to: before.to,
            notify: before.notify,
            original: before.original,
            due: before.due,
            attempts: before.attempts,
            told: before.told,
            trouble: before.trouble,
            sent_on_by: None,
            not_before: None,
            deliver_by: None,
        }
    }
}

/// The first version, of when nothing left for elsewhere.
#[derive(Deserialize)]
struct RecipientBefore {
    address: Address,
    to: Destination,
    trouble: Option<String>,
}

impl From<RecipientBefore> for RecipientValue {
    fn from(before: RecipientBefore) -> RecipientValue {
        let trouble = |text| Trouble::ours(Status::OTHER_FOR_NOW, text);
        RecipientValue {
            address: before.address,
            to: before.to,
            notify: None,
            original: None,
            due: 0,
            attempts: 0,
            told: false,
            trouble: before.trouble.map(trouble),
            sent_on_by: None,
            not_before: None,
            deliver_by: None,
        }
    }
}

impl Fields for RecipientValue {
    const VERSION: u8 = 5;

    fn read_older(version: u8, fields: &[u8]) -> Option<postcard::Result<RecipientValue>> {
        match version {
            1 => Some(postcard::from_bytes::<RecipientBefore>(fields).map(Into::into)),
            2 => Some(postcard::from_bytes::<RecipientNamed>(fields).map(Into::into)),
            3 => Some(postcard::from_bytes::<RecipientSentOn>(fields).map(Into::into)),
            4 => Some(postcard::from_bytes::<RecipientHeld>(fields).map(Into::into)),
            _ => None,
        }
    }
}

impl RecipientValue {
    pub(crate) fn new(recipient: &Recipient) -> RecipientValue {
        RecipientValue {
            address: recipient.address.clone(),
            to: recipient.to,
            notify: recipient.notify,
            original: recipient.original.clone(),
            due: recipient.due.as_second(),
            attempts: recipient.attempts,
            told: recipient.told,
            trouble: recipient.trouble.clone().map(Trouble::cut),
            sent_on_by: recipient.sent_on_by.clone(),
            not_before: recipient.not_before.map(Timestamp::as_second),
            deliver_by: recipient
                .deliver_by
                .map(|by| (by.at.as_second(), by.late, by.traced)),
        }
    }

    pub(crate) fn recipient(self, place: u32) -> Recipient {
        Recipient {
            address: self.address,
            to: self.to,
            place,
            notify: self.notify,
            original: self.original,
            due: Timestamp::from_second(self.due).unwrap_or_default(),
            attempts: self.attempts,
            told: self.told,
            trouble: self.trouble,
            sent_on_by: self.sent_on_by,
            not_before: self
                .not_before
                .and_then(|second| Timestamp::from_second(second).ok()),
            deliver_by: self.deliver_by.and_then(|(second, late, traced)| {
                let at = Timestamp::from_second(second).ok()?;
                Some(DeliverBy { at, late, traced })
            }),
        }
    }
}

/// Which rows there are: with the first version, those of 03 and 04.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayoutValue;

impl Fields for LayoutValue {
    const VERSION: u8 = 1;
}

/// Until when a node is taken to be alive, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeValue {
    pub(crate) until: i64,
}

impl Fields for NodeValue {
    const VERSION: u8 = 1;
}

/// A destination that is left in peace for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingValue {
    /// How often in a row nothing could be handed over.
    pub(crate) failures: u32,
    /// Seconds since 1970.
    pub(crate) until: i64,
    pub(crate) trouble: Trouble,
}

impl Fields for StandingValue {
    const VERSION: u8 = 1;
}

/// What a destination promised of its hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PromiseValue {
    pub(crate) number: String,
    pub(crate) text: String,
    /// These are seconds since 1970.
    pub(crate) heard: i64,
    pub(crate) until: i64,
    pub(crate) used: i64,
}

impl Fields for PromiseValue {
    const VERSION: u8 = 1;
}

/// A value as it is stored.
pub(crate) fn write<T: Fields>(value: &T) -> Result<Vec<u8>, QueueError> {
    postcard::to_extend(value, vec![T::VERSION])
        .map_err(|error| QueueError::Broken(error.to_string()))
}

/// A value from how it is stored.
pub(crate) fn read<T: Fields>(octets: &[u8]) -> Result<T, QueueError> {
    let read = match octets.split_first() {
        Some((&version, fields)) if version == T::VERSION => Some(postcard::from_bytes(fields)),
        Some((&version, fields)) => T::read_older(version, fields),
        None => None,
    };
    let unknown = || QueueError::Damaged("a value of a version not known here".into());
    read.ok_or_else(unknown)?
        .map_err(|error| QueueError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who gets it, and how it stands, as the second version wrote it.
    type Named = (
        Address,
        Destination,
        Option<Notify>,
        Option<String>,
        i64,
        u32,
        bool,
        Option<Trouble>,
    );

    #[test]
    fn recipients_of_older_versions_are_read() {
        let address: Address = "lea@b.fr".parse().unwrap();
        let trouble = Trouble::ours(Status(4, 4, 1), "no answer");
        let named: Named = (
            address.clone(),
            Destination::Remote,
            Some(Notify::default()),
            Some("rfc822;a@b.fr".into()),
            7,
            2,
            true,
            Some(trouble.clone()),
        );
        let octets = postcard::to_extend(&named, vec![2]).unwrap();
        let value: RecipientValue = read(&octets).unwrap();
        let recipient = value.clone().recipient(3);
        assert_eq!((recipient.address, recipient.place), (address.clone(), 3));
        assert_eq!((recipient.attempts, recipient.told), (2, true));
        assert_eq!(
            (recipient.trouble, recipient.sent_on_by),
            (Some(trouble), None)
        );
        let sent_on = (named, Some(address.clone()));
        let octets = postcard::to_extend(&sent_on, vec![3]).unwrap();
        let value: RecipientValue = read(&octets).unwrap();
        assert_eq!(
            (value.attempts, value.sent_on_by),
            (2, Some(address.clone()))
        );
        assert_eq!(value.not_before, None);
        let held = (sent_on, Some(60));
        let octets = postcard::to_extend(&held, vec![4]).unwrap();
        let value: RecipientValue = read(&octets).unwrap();
        assert_eq!((value.not_before, value.deliver_by), (Some(60), None));
        let before = (address, Destination::Remote, Some("full"));
        let octets = postcard::to_extend(&before, vec![1]).unwrap();
        let value: RecipientValue = read(&octets).unwrap();
        assert_eq!(value.trouble.unwrap().text, "full");
        assert!(read::<RecipientValue>(&[6]).is_err());
    }

    #[tokio::test]
    async fn what_the_second_version_wrote_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = blob::Blobs::open(dir.path()).unwrap().writer();
        writer.write(b"Return-Path: <>\r\n\r\n").await.unwrap();
        let body = writer.finish().await.unwrap();
        let entry = Entry {
            on_top: "DKIM-Signature: x\r\n".into(),
            returned: Some(Returned::Full),
            is_suspect: true,
            ..Entry::new(
                QueueId::from_number(1),
                ReversePath::Null,
                vec![],
                body,
                Timestamp::UNIX_EPOCH,
            )
        };
        let value = EntryValue::new(&entry, 3);
        // What is new stands at the end.
        let mut octets = write(&value).unwrap();
        assert_eq!((octets.pop(), octets.pop()), (Some(0), Some(0)));
        assert_eq!(std::mem::replace(&mut octets[0], 2), 3);
        assert_eq!(read(&octets), Ok(value));
    }
}
