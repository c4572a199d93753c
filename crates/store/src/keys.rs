//! The keys of an account's partition. Each kind is one type; its comment shows the
//! bytes, in the notation of [`kv::tuple`]:
//!
//! ```text
//! 01                            the account in numbers
//! 02 name                       a mailbox by its name
//! 03 name                       a name that is subscribed to
//! 04 delivery                   where a delivery that happens once was put
//! 05 seconds delivery           the same by age, to be forgotten
//! 06 mailbox                    a mailbox whose contents are being cleared away
//! 07                            since when the account is full
//! 10 mailbox 00                 the mailbox in numbers
//! 10 mailbox 01                 its keywords
//! 10 mailbox 02 uid             a message
//! 10 mailbox 03 uid part        its envelope and structure, in parts
//! 10 mailbox 04 modseq uid      a message by its last change
//! 10 mailbox 05 modseq uid      a removed message by its removal
//! 10 mailbox 06 uid             a removed message that is still readable
//! ```
//!
//! The numbers `mailbox` and `uid` have four octets, `modseq` and `seconds` eight,
//! `delivery` sixteen, `part` one. All of a mailbox is one range, and the key that makes
//! it a mailbox is the first of it.

use std::ops::{Range, RangeInclusive};

use kv::tuple::{Reader, Writer, after_key};

use crate::{MailboxId, Modseq, Uid};

const ACCOUNT: u8 = 0x01;
const NAME: u8 = 0x02;
const SUBSCRIPTION: u8 = 0x03;
const ONCE: u8 = 0x04;
const ONCE_AGE: u8 = 0x05;
const DOOMED: u8 = 0x06;
const FULL: u8 = 0x07;
const MAILBOX: u8 = 0x10;

const SUMMARY: u8 = 0x00;
const KEYWORDS: u8 = 0x01;
const RECORD: u8 = 0x02;
const DETAILS: u8 = 0x03;
const CHANGED: u8 = 0x04;
const REMOVED: u8 = 0x05;
const GONE: u8 = 0x06;

fn within(mailbox: MailboxId, kind: u8) -> Writer {
    Writer::new(MAILBOX).u32(mailbox.get()).u8(kind)
}

fn read_within(key: &[u8], kind: u8) -> Option<(MailboxId, Reader<'_>)> {
    let mut parts = Reader::new(key, MAILBOX)?;
    let mailbox = MailboxId(parts.u32()?);
    (parts.u8()? == kind).then_some((mailbox, parts))
}

/// All keys of the partition.
pub(crate) fn everything() -> Range<Vec<u8>> {
    Vec::new()..vec![0xff]
}

/// All keys of a mailbox: `10 mailbox ...`.
pub(crate) fn all_of_mailbox(mailbox: MailboxId) -> Range<Vec<u8>> {
    Writer::new(MAILBOX).u32(mailbox.get()).prefix()
}

/// `01`: the account in numbers.
pub(crate) fn account() -> Vec<u8> {
    Writer::new(ACCOUNT).finish()
}

/// `07`: since when the account is full.
pub(crate) fn full() -> Vec<u8> {
    Writer::new(FULL).finish()
}

/// `02 name`: a mailbox by its name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NameKey(pub(crate) String);

impl NameKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        Writer::new(NAME).text(&self.0).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<NameKey> {
        let mut parts = Reader::new(key, NAME)?;
        let name = parts.text()?;
        parts.end().map(|()| NameKey(name))
    }

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(NAME).prefix()
    }
}

/// `03 name`: a name that is subscribed to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SubscriptionKey(pub(crate) String);

impl SubscriptionKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        Writer::new(SUBSCRIPTION).text(&self.0).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<SubscriptionKey> {
        let mut parts = Reader::new(key, SUBSCRIPTION)?;
        let name = parts.text()?;
        parts.end().map(|()| SubscriptionKey(name))
    }

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(SUBSCRIPTION).prefix()
    }
}

/// `04 delivery`: where a delivery that happens once was put.
pub(crate) fn once(delivery: u128) -> Vec<u8> {
    Writer::new(ONCE).u128(delivery).finish()
}

/// `05 seconds delivery`: the same by age; seconds since 1970.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OnceAgeKey {
    pub(crate) seconds: u64,
    pub(crate) delivery: u128,
}

impl OnceAgeKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        Writer::new(ONCE_AGE)
            .u64(self.seconds)
            .u128(self.delivery)
            .finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<OnceAgeKey> {
        let mut parts = Reader::new(key, ONCE_AGE)?;
        let age = OnceAgeKey {
            seconds: parts.u64()?,
            delivery: parts.u128()?,
        };
        parts.end().map(|()| age)
    }

    /// Those from before a time.
    pub(crate) fn before(seconds: u64) -> Range<Vec<u8>> {
        Writer::new(ONCE_AGE).finish()..Writer::new(ONCE_AGE).u64(seconds).finish()
    }
}

/// `06 mailbox`: a mailbox whose contents are being cleared away.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DoomedKey(pub(crate) MailboxId);

impl DoomedKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        Writer::new(DOOMED).u32(self.0.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<DoomedKey> {
        let mut parts = Reader::new(key, DOOMED)?;
        let mailbox = MailboxId(parts.u32()?);
        parts.end().map(|()| DoomedKey(mailbox))
    }

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(DOOMED).prefix()
    }
}

/// `10 mailbox 00`: the mailbox in numbers.
pub(crate) fn summary(mailbox: MailboxId) -> Vec<u8> {
    within(mailbox, SUMMARY).finish()
}

/// `10 mailbox 01`: its keywords.
pub(crate) fn keywords(mailbox: MailboxId) -> Vec<u8> {
    within(mailbox, KEYWORDS).finish()
}

/// `10 mailbox 02 uid`: a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RecordKey(pub(crate) MailboxId, pub(crate) Uid);

impl RecordKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, RECORD).u32(self.1.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<RecordKey> {
        decode_uid(key, RECORD).map(|(mailbox, uid)| RecordKey(mailbox, uid))
    }

    pub(crate) fn range(mailbox: MailboxId, uids: &RangeInclusive<Uid>) -> Range<Vec<u8>> {
        let last = RecordKey(mailbox, *uids.end()).encode();
        RecordKey(mailbox, *uids.start()).encode()..after_key(&last)
    }
}

/// `10 mailbox 06 uid`: a removed message that is still readable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GoneKey(pub(crate) MailboxId, pub(crate) Uid);

impl GoneKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, GONE).u32(self.1.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<GoneKey> {
        decode_uid(key, GONE).map(|(mailbox, uid)| GoneKey(mailbox, uid))
    }

    pub(crate) fn range(mailbox: MailboxId, uids: &RangeInclusive<Uid>) -> Range<Vec<u8>> {
        let last = GoneKey(mailbox, *uids.end()).encode();
        GoneKey(mailbox, *uids.start()).encode()..after_key(&last)
    }
}

fn decode_uid(key: &[u8], kind: u8) -> Option<(MailboxId, Uid)> {
    let (mailbox, mut parts) = read_within(key, kind)?;
    let uid = Uid::new(parts.u32()?)?;
    parts.end().map(|()| (mailbox, uid))
}

/// `10 mailbox 03 uid part`: a part of a message's envelope and structure.
pub(crate) fn details(mailbox: MailboxId, uid: Uid, part: u8) -> Vec<u8> {
    within(mailbox, DETAILS).u32(uid.get()).u8(part).finish()
}

/// All parts of a message's envelope and structure.
pub(crate) fn all_details(mailbox: MailboxId, uid: Uid) -> Range<Vec<u8>> {
    within(mailbox, DETAILS).u32(uid.get()).prefix()
}

/// `10 mailbox 04 modseq uid`: a message by its last change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ChangedKey(pub(crate) MailboxId, pub(crate) Modseq, pub(crate) Uid);

impl ChangedKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, CHANGED)
            .u64(self.1.get())
            .u32(self.2.get())
            .finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<ChangedKey> {
        let (mailbox, modseq, uid) = decode_change(key, CHANGED)?;
        Some(ChangedKey(mailbox, modseq, uid))
    }

    /// Changes after one that is known.
    pub(crate) fn since(mailbox: MailboxId, known: Modseq) -> Range<Vec<u8>> {
        since(mailbox, CHANGED, known)
    }
}

/// `10 mailbox 05 modseq uid`: a removed message by its removal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RemovedKey(pub(crate) MailboxId, pub(crate) Modseq, pub(crate) Uid);

impl RemovedKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, REMOVED)
            .u64(self.1.get())
            .u32(self.2.get())
            .finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<RemovedKey> {
        let (mailbox, modseq, uid) = decode_change(key, REMOVED)?;
        Some(RemovedKey(mailbox, modseq, uid))
    }

    /// Removals after a change that is known.
    pub(crate) fn since(mailbox: MailboxId, known: Modseq) -> Range<Vec<u8>> {
        since(mailbox, REMOVED, known)
    }
}

fn decode_change(key: &[u8], kind: u8) -> Option<(MailboxId, Modseq, Uid)> {
    let (mailbox, mut parts) = read_within(key, kind)?;
    let (modseq, uid) = (Modseq(parts.u64()?), Uid::new(parts.u32()?)?);
    parts.end().map(|()| (mailbox, modseq, uid))
}

fn since(mailbox: MailboxId, kind: u8, known: Modseq) -> Range<Vec<u8>> {
    let end = within(mailbox, kind).prefix().end;
    within(mailbox, kind).u64(known.next().get()).finish()..end
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAILBOX_7: MailboxId = MailboxId(7);

    fn uid(number: u32) -> Uid {
        Uid::new(number).unwrap()
    }

    #[test]
    fn keys_come_back() {
        let name = NameKey("Élèves/a".into());
        assert_eq!(NameKey::decode(&name.encode()), Some(name));
        let name = SubscriptionKey("Sent".into());
        assert_eq!(SubscriptionKey::decode(&name.encode()), Some(name));
        let age = OnceAgeKey {
            seconds: 9,
            delivery: u128::MAX,
        };
        assert_eq!(OnceAgeKey::decode(&age.encode()), Some(age));
        assert_eq!(
            DoomedKey::decode(&DoomedKey(MAILBOX_7).encode()),
            Some(DoomedKey(MAILBOX_7))
        );
        let record = RecordKey(MAILBOX_7, uid(3));
        assert_eq!(RecordKey::decode(&record.encode()), Some(record));
        let gone = GoneKey(MAILBOX_7, uid(3));
        assert_eq!(GoneKey::decode(&gone.encode()), Some(gone));
        let changed = ChangedKey(MAILBOX_7, Modseq(5), uid(3));
        assert_eq!(ChangedKey::decode(&changed.encode()), Some(changed));
        let removed = RemovedKey(MAILBOX_7, Modseq(5), uid(3));
        assert_eq!(RemovedKey::decode(&removed.encode()), Some(removed));
    }

    #[test]
    fn the_bytes_are_those_of_the_page() {
        assert_eq!(account(), [1]);
        assert_eq!(NameKey("a".into()).encode(), [2, b'a', 0, 0]);
        assert_eq!(summary(MAILBOX_7), [0x10, 0, 0, 0, 7, 0]);
        assert_eq!(
            RecordKey(MAILBOX_7, uid(258)).encode(),
            [0x10, 0, 0, 0, 7, 2, 0, 0, 1, 2]
        );
        assert_eq!(
            details(MAILBOX_7, uid(1), 2),
            [0x10, 0, 0, 0, 7, 3, 0, 0, 0, 1, 2]
        );
    }

    #[test]
    fn ranges_hold_their_ends() {
        let range = RecordKey::range(MAILBOX_7, &(uid(2)..=Uid::MAX));
        assert!(!range.contains(&RecordKey(MAILBOX_7, uid(1)).encode()));
        assert!(range.contains(&RecordKey(MAILBOX_7, uid(2)).encode()));
        assert!(range.contains(&RecordKey(MAILBOX_7, Uid::MAX).encode()));
        assert!(!range.contains(&details(MAILBOX_7, uid(2), 0)));
        let since = ChangedKey::since(MAILBOX_7, Modseq(5));
        assert!(!since.contains(&ChangedKey(MAILBOX_7, Modseq(5), Uid::MAX).encode()));
        assert!(since.contains(&ChangedKey(MAILBOX_7, Modseq(6), Uid::MIN).encode()));
        assert!(!since.contains(&RemovedKey(MAILBOX_7, Modseq(6), Uid::MIN).encode()));
        let mailbox = all_of_mailbox(MAILBOX_7);
        assert_eq!(mailbox.start.len() + 1, summary(MAILBOX_7).len());
        assert!(mailbox.contains(&GoneKey(MAILBOX_7, Uid::MAX).encode()));
        assert!(!mailbox.contains(&summary(MailboxId(8))));
    }
}
