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
//! 10 mailbox 02 uid             a message that is in no block
//! 10 mailbox 07 uid             a block of messages from this UID on: what changes
//! 10 mailbox 08 uid             some of a block's messages from this one on: what never does
//! 10 mailbox 09 modseq uid      a block by its last change
//! 10 mailbox 0a seconds uid     a block by the first removal in it
//! 10 mailbox 0b piece           UIDs that one move took out, not yet marked one by one
//! 11 email part                 a message's envelope and structure, in parts
//! 12 hash                       the thread that the name of a message leads to
//! 13 email                      the thread of a message that did not begin it
//! ```
//!
//! Version 1 knew no blocks. It wrote, and nothing writes any more:
//!
//! ```text
//! 10 mailbox 03 uid part        its envelope and structure, in parts
//! 10 mailbox 04 modseq uid      a message by its last change
//! 10 mailbox 05 modseq uid      a removed message by its removal
//! 10 mailbox 06 uid             a removed message that is still readable
//! ```
//!
//! The numbers `mailbox`, `uid` and `piece` have four octets, `modseq`, `seconds` and
//! `email` eight, like `hash`, `delivery` sixteen, `part` one. All of a mailbox is one range, and the
//! key that makes it a mailbox is the first of it.

use std::ops::{Range, RangeInclusive};

use kv::tuple::{Reader, Writer, after_key};

use crate::{EmailId, MailboxId, Modseq, Uid};

const ACCOUNT: u8 = 0x01;
const NAME: u8 = 0x02;
const SUBSCRIPTION: u8 = 0x03;
const ONCE: u8 = 0x04;
const ONCE_AGE: u8 = 0x05;
const DOOMED: u8 = 0x06;
const FULL: u8 = 0x07;
const MAILBOX: u8 = 0x10;
const EMAIL: u8 = 0x11;
const NAMED: u8 = 0x12;
const THREAD: u8 = 0x13;

const SUMMARY: u8 = 0x00;
const KEYWORDS: u8 = 0x01;
const RECORD: u8 = 0x02;
const DETAILS: u8 = 0x03;
const CHANGED: u8 = 0x04;
const REMOVED: u8 = 0x05;
const GONE: u8 = 0x06;
const MARKS: u8 = 0x07;
const PIECE: u8 = 0x08;
const BLOCK_CHANGED: u8 = 0x09;
const BLOCK_GONE: u8 = 0x0a;
const LEFT: u8 = 0x0b;

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

/// Where no kind of key is: what stands there was not written by a store. What is within a
/// mailbox is apart ([`strays_of_mailbox`]).
pub(crate) fn strays() -> [Range<Vec<u8>>; 4] {
    let prefix = |kind: u8| Writer::new(kind).prefix();
    [
        Vec::new()..account(),
        after_key(&account())..prefix(NAME).start,
        after_key(&full())..prefix(MAILBOX).start,
        prefix(THREAD).end..vec![0xff; kv::KEY_OCTETS],
    ]
}

/// The same within a mailbox.
pub(crate) fn strays_of_mailbox(mailbox: MailboxId) -> [Range<Vec<u8>>; 4] {
    let all = all_of_mailbox(mailbox);
    let (summary, keywords) = (summary(mailbox), keywords(mailbox));
    [
        all.start..summary.clone(),
        after_key(&summary)..keywords.clone(),
        after_key(&keywords)..RecordKey::all(mailbox).start,
        LeftKey::all(mailbox).end..all.end,
    ]
}

/// All keys of all mailboxes.
pub(crate) fn all_mailboxes() -> Range<Vec<u8>> {
    Writer::new(MAILBOX).prefix()
}

/// The mailbox of a key that is within one.
pub(crate) fn mailbox_of(key: &[u8]) -> Option<MailboxId> {
    Reader::new(key, MAILBOX)?.u32().map(MailboxId)
}

/// All keys of a mailbox: `10 mailbox ...`.
pub(crate) fn all_of_mailbox(mailbox: MailboxId) -> Range<Vec<u8>> {
    Writer::new(MAILBOX).u32(mailbox.get()).prefix()
}

/// The same without its numbers and keywords.
#[cfg(test)]
pub(crate) fn messages_of_mailbox(mailbox: MailboxId) -> Range<Vec<u8>> {
    within(mailbox, RECORD).finish()..all_of_mailbox(mailbox).end
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

/// The delivery of such a key.
pub(crate) fn read_once(key: &[u8]) -> Option<u128> {
    let mut parts = Reader::new(key, ONCE)?;
    let delivery = parts.u128()?;
    parts.end().map(|()| delivery)
}

/// All of them.
pub(crate) fn all_once() -> Range<Vec<u8>> {
    Writer::new(ONCE).prefix()
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

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(ONCE_AGE).prefix()
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

/// `10 mailbox 02 uid`: a message that is in no block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RecordKey(pub(crate) MailboxId, pub(crate) Uid);

impl RecordKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, RECORD).u32(self.1.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<RecordKey> {
        decode_uid(key, RECORD).map(|(mailbox, uid)| RecordKey(mailbox, uid))
    }

    pub(crate) fn all(mailbox: MailboxId) -> Range<Vec<u8>> {
        within(mailbox, RECORD).prefix()
    }

    pub(crate) fn range(mailbox: MailboxId, uids: &RangeInclusive<Uid>) -> Range<Vec<u8>> {
        let last = RecordKey(mailbox, *uids.end()).encode();
        RecordKey(mailbox, *uids.start()).encode()..after_key(&last)
    }
}

/// `10 mailbox 06 uid`: a removed message that is still readable, as version 1 kept it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GoneKey(pub(crate) MailboxId, pub(crate) Uid);

impl GoneKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, GONE).u32(self.1.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<GoneKey> {
        decode_uid(key, GONE).map(|(mailbox, uid)| GoneKey(mailbox, uid))
    }

    pub(crate) fn all(mailbox: MailboxId) -> Range<Vec<u8>> {
        within(mailbox, GONE).prefix()
    }

    pub(crate) fn range(mailbox: MailboxId, uids: &RangeInclusive<Uid>) -> Range<Vec<u8>> {
        let last = GoneKey(mailbox, *uids.end()).encode();
        GoneKey(mailbox, *uids.start()).encode()..after_key(&last)
    }
}

/// `10 mailbox 07 uid`: a block of messages, what changes of them. No UID in it is below
/// that of its key, nor as high as that of the next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MarksKey(pub(crate) MailboxId, pub(crate) Uid);

impl MarksKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, MARKS).u32(self.1.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<MarksKey> {
        decode_uid(key, MARKS).map(|(mailbox, uid)| MarksKey(mailbox, uid))
    }

    pub(crate) fn all(mailbox: MailboxId) -> Range<Vec<u8>> {
        within(mailbox, MARKS).prefix()
    }

    pub(crate) fn range(mailbox: MailboxId, uids: &RangeInclusive<Uid>) -> Range<Vec<u8>> {
        let last = MarksKey(mailbox, *uids.end()).encode();
        MarksKey(mailbox, *uids.start()).encode()..after_key(&last)
    }
}

/// `10 mailbox 08 uid`: some of a block's messages, what never changes of them. The key is
/// the UID of the first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PieceKey(pub(crate) MailboxId, pub(crate) Uid);

impl PieceKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, PIECE).u32(self.1.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<PieceKey> {
        decode_uid(key, PIECE).map(|(mailbox, uid)| PieceKey(mailbox, uid))
    }

    pub(crate) fn all(mailbox: MailboxId) -> Range<Vec<u8>> {
        within(mailbox, PIECE).prefix()
    }

    pub(crate) fn range(mailbox: MailboxId, uids: &RangeInclusive<Uid>) -> Range<Vec<u8>> {
        let last = PieceKey(mailbox, *uids.end()).encode();
        PieceKey(mailbox, *uids.start()).encode()..after_key(&last)
    }
}

/// `10 mailbox 09 modseq uid`: a block by its last change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BlockChangedKey(pub(crate) MailboxId, pub(crate) Modseq, pub(crate) Uid);

impl BlockChangedKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, BLOCK_CHANGED)
            .u64(self.1.get())
            .u32(self.2.get())
            .finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<BlockChangedKey> {
        let (mailbox, mut parts) = read_within(key, BLOCK_CHANGED)?;
        let (modseq, uid) = (Modseq(parts.u64()?), Uid::new(parts.u32()?)?);
        parts.end().map(|()| BlockChangedKey(mailbox, modseq, uid))
    }

    pub(crate) fn all(mailbox: MailboxId) -> Range<Vec<u8>> {
        within(mailbox, BLOCK_CHANGED).prefix()
    }

    /// Blocks that changed after a change that is known.
    pub(crate) fn since(mailbox: MailboxId, known: Modseq) -> Range<Vec<u8>> {
        let end = within(mailbox, BLOCK_CHANGED).prefix().end;
        let known = within(mailbox, BLOCK_CHANGED).u64(known.next().get());
        known.finish()..end
    }
}

/// `10 mailbox 0a seconds uid`: a block by the first removal in it, in seconds since 1970.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BlockGoneKey(pub(crate) MailboxId, pub(crate) u64, pub(crate) Uid);

impl BlockGoneKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, BLOCK_GONE)
            .u64(self.1)
            .u32(self.2.get())
            .finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<BlockGoneKey> {
        let (mailbox, mut parts) = read_within(key, BLOCK_GONE)?;
        let (seconds, uid) = (parts.u64()?, Uid::new(parts.u32()?)?);
        parts.end().map(|()| BlockGoneKey(mailbox, seconds, uid))
    }

    pub(crate) fn all(mailbox: MailboxId) -> Range<Vec<u8>> {
        within(mailbox, BLOCK_GONE).prefix()
    }
}

/// `10 mailbox 0b piece`: UIDs that one move took out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LeftKey(pub(crate) MailboxId, pub(crate) u32);

impl LeftKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        within(self.0, LEFT).u32(self.1).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<LeftKey> {
        let (mailbox, mut parts) = read_within(key, LEFT)?;
        let piece = parts.u32()?;
        parts.end().map(|()| LeftKey(mailbox, piece))
    }

    pub(crate) fn all(mailbox: MailboxId) -> Range<Vec<u8>> {
        within(mailbox, LEFT).prefix()
    }
}

/// `11 email part`: a part of a message's envelope and structure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DetailsKey(pub(crate) EmailId, pub(crate) u8);

impl DetailsKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        Writer::new(EMAIL).u64(self.0.get()).u8(self.1).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<DetailsKey> {
        let mut parts = Reader::new(key, EMAIL)?;
        let details = DetailsKey(EmailId(parts.u64()?), parts.u8()?);
        parts.end().map(|()| details)
    }

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(EMAIL).prefix()
    }

    /// All parts of these messages'.
    pub(crate) fn range(emails: &RangeInclusive<EmailId>) -> Range<Vec<u8>> {
        let end = Writer::new(EMAIL).u64(emails.end().get()).prefix().end;
        Writer::new(EMAIL).u64(emails.start().get()).finish()..end
    }
}

/// `12 hash`: the thread that the name of a message leads to, by what
/// [`crate::threads::Line`] makes of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NamedKey(pub(crate) u64);

impl NamedKey {
    pub(crate) fn encode(self) -> Vec<u8> {
        Writer::new(NAMED).u64(self.0).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<NamedKey> {
        let mut parts = Reader::new(key, NAMED)?;
        let hash = parts.u64()?;
        parts.end().map(|()| NamedKey(hash))
    }

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(NAMED).prefix()
    }
}

/// `13 email`: the thread of a message that did not begin it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ThreadKey(pub(crate) EmailId);

impl ThreadKey {
    pub(crate) fn encode(&self) -> Vec<u8> {
        Writer::new(THREAD).u64(self.0.get()).finish()
    }

    pub(crate) fn decode(key: &[u8]) -> Option<ThreadKey> {
        let mut parts = Reader::new(key, THREAD)?;
        let email = EmailId(parts.u64()?);
        parts.end().map(|()| ThreadKey(email))
    }

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(THREAD).prefix()
    }

    /// Those of these messages.
    pub(crate) fn range(emails: &RangeInclusive<EmailId>) -> Range<Vec<u8>> {
        let last = ThreadKey(*emails.end()).encode();
        ThreadKey(*emails.start()).encode()..after_key(&last)
    }
}

fn decode_uid(key: &[u8], kind: u8) -> Option<(MailboxId, Uid)> {
    let (mailbox, mut parts) = read_within(key, kind)?;
    let uid = Uid::new(parts.u32()?)?;
    parts.end().map(|()| (mailbox, uid))
}

/// `10 mailbox 03 uid part`: a part of a message's envelope and structure, as version 1
/// kept it. (It is written still where it is missing: [`crate::Store::mend`].)
pub(crate) fn old_details(mailbox: MailboxId, uid: Uid, part: u8) -> Vec<u8> {
    within(mailbox, DETAILS).u32(uid.get()).u8(part).finish()
}

/// The message and the part of such a key.
pub(crate) fn read_old_details(key: &[u8]) -> Option<(Uid, u8)> {
    let (_, mut parts) = read_within(key, DETAILS)?;
    let (uid, part) = (Uid::new(parts.u32()?)?, parts.u8()?);
    parts.end().map(|()| (uid, part))
}

/// All parts of all messages'.
pub(crate) fn every_old_details(mailbox: MailboxId) -> Range<Vec<u8>> {
    within(mailbox, DETAILS).prefix()
}

/// All parts of these messages'.
pub(crate) fn all_old_details(mailbox: MailboxId, uids: &RangeInclusive<Uid>) -> Range<Vec<u8>> {
    let end = within(mailbox, DETAILS).u32(uids.end().get()).prefix().end;
    within(mailbox, DETAILS).u32(uids.start().get()).finish()..end
}

/// `10 mailbox 04 modseq uid`: a message by its last change, as version 1 kept it.
pub(crate) fn old_changed(mailbox: MailboxId, modseq: Modseq, uid: Uid) -> Vec<u8> {
    let key = within(mailbox, CHANGED).u64(modseq.get());
    key.u32(uid.get()).finish()
}

/// `10 mailbox 05 modseq uid`: a removed message by its removal, as version 1 kept it.
pub(crate) fn old_removed(mailbox: MailboxId, modseq: Modseq, uid: Uid) -> Vec<u8> {
    let key = within(mailbox, REMOVED).u64(modseq.get());
    key.u32(uid.get()).finish()
}

/// The change and the message of either of these two kinds of keys.
pub(crate) fn read_old_change(key: &[u8]) -> Option<(Modseq, Uid)> {
    let (_, mut parts) = read_within(key, CHANGED).or_else(|| read_within(key, REMOVED))?;
    let change = (Modseq(parts.u64()?), Uid::new(parts.u32()?)?);
    parts.end().map(|()| change)
}

/// Messages by their last change, as version 1 kept them.
pub(crate) fn all_old_changed(mailbox: MailboxId) -> Range<Vec<u8>> {
    within(mailbox, CHANGED).prefix()
}

/// Removed messages by their removal, as version 1 kept them.
pub(crate) fn all_old_removed(mailbox: MailboxId) -> Range<Vec<u8>> {
    within(mailbox, REMOVED).prefix()
}

/// All that version 1 kept beside the messages of a mailbox and their details.
pub(crate) fn all_old(mailbox: MailboxId) -> Range<Vec<u8>> {
    within(mailbox, CHANGED).finish()..within(mailbox, GONE).prefix().end
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
        let marks = MarksKey(MAILBOX_7, uid(3));
        assert_eq!(MarksKey::decode(&marks.encode()), Some(marks));
        let piece = PieceKey(MAILBOX_7, uid(3));
        assert_eq!(PieceKey::decode(&piece.encode()), Some(piece));
        let changed = BlockChangedKey(MAILBOX_7, Modseq(5), uid(3));
        assert_eq!(BlockChangedKey::decode(&changed.encode()), Some(changed));
        let gone = BlockGoneKey(MAILBOX_7, 5, uid(3));
        assert_eq!(BlockGoneKey::decode(&gone.encode()), Some(gone));
        let details = DetailsKey(EmailId(5), 1);
        assert_eq!(DetailsKey::decode(&details.encode()), Some(details));
        let left = LeftKey(MAILBOX_7, 3);
        assert_eq!(LeftKey::decode(&left.encode()), Some(left));
        let named = NamedKey(5);
        assert_eq!(NamedKey::decode(&named.encode()), Some(named));
        let thread = ThreadKey(EmailId(5));
        assert_eq!(ThreadKey::decode(&thread.encode()), Some(thread));
        assert_eq!(read_once(&once(u128::MAX)), Some(u128::MAX));
        let old = old_details(MAILBOX_7, uid(3), 1);
        assert_eq!(read_old_details(&old), Some((uid(3), 1)));
        let change = Some((Modseq(5), uid(3)));
        let old = [old_changed, old_removed].map(|key| key(MAILBOX_7, Modseq(5), uid(3)));
        assert_eq!(old.map(|key| read_old_change(&key)), [change, change]);
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
            old_details(MAILBOX_7, uid(1), 2),
            [0x10, 0, 0, 0, 7, 3, 0, 0, 0, 1, 2]
        );
        assert_eq!(
            DetailsKey(EmailId(258), 2).encode(),
            [0x11, 0, 0, 0, 0, 0, 0, 1, 2, 2]
        );
    }

    /// Every key is of one kind or a stray, and of one only.
    #[test]
    fn kinds_and_strays_are_all_there_is() {
        let whole = |parts: Vec<Range<Vec<u8>>>, all: Range<Vec<u8>>| {
            let mut next = all.start;
            for part in parts {
                assert_eq!(part.start, next);
                next = part.end;
            }
            assert_eq!(next, all.end);
        };
        let one = |key: Vec<u8>| key.clone()..after_key(&key);
        let [a, b, c, d] = strays();
        let named = [NameKey::all(), SubscriptionKey::all(), all_once()];
        let more = [OnceAgeKey::all(), DoomedKey::all(), one(full()), c];
        let mail = [all_mailboxes(), DetailsKey::all()];
        let rest = [NamedKey::all(), ThreadKey::all(), d.clone()];
        let parts = [a, one(account()), b].into_iter().chain(named);
        whole(
            parts.chain(more).chain(mail).chain(rest).collect(),
            Vec::new()..d.end,
        );
        let [a, b, c, d] = strays_of_mailbox(MAILBOX_7);
        let parts = [
            a,
            one(summary(MAILBOX_7)),
            b,
            one(keywords(MAILBOX_7)),
            c,
            RecordKey::all(MAILBOX_7),
            every_old_details(MAILBOX_7),
            all_old_changed(MAILBOX_7),
            all_old_removed(MAILBOX_7),
            GoneKey::all(MAILBOX_7),
            MarksKey::all(MAILBOX_7),
            PieceKey::all(MAILBOX_7),
            BlockChangedKey::all(MAILBOX_7),
            BlockGoneKey::all(MAILBOX_7),
            LeftKey::all(MAILBOX_7),
            d,
        ];
        whole(parts.into(), all_of_mailbox(MAILBOX_7));
    }

    #[test]
    fn ranges_hold_their_ends() {
        let range = RecordKey::range(MAILBOX_7, &(uid(2)..=Uid::MAX));
        assert!(!range.contains(&RecordKey(MAILBOX_7, uid(1)).encode()));
        assert!(range.contains(&RecordKey(MAILBOX_7, uid(2)).encode()));
        assert!(range.contains(&RecordKey(MAILBOX_7, Uid::MAX).encode()));
        assert!(!range.contains(&old_details(MAILBOX_7, uid(2), 0)));
        let since = BlockChangedKey::since(MAILBOX_7, Modseq(5));
        assert!(!since.contains(&BlockChangedKey(MAILBOX_7, Modseq(5), Uid::MAX).encode()));
        assert!(since.contains(&BlockChangedKey(MAILBOX_7, Modseq(6), Uid::MIN).encode()));
        assert!(!since.contains(&BlockGoneKey(MAILBOX_7, 6, Uid::MIN).encode()));
        let emails = DetailsKey::range(&(EmailId(5)..=EmailId(6)));
        assert!(!emails.contains(&DetailsKey(EmailId(4), 255).encode()));
        assert!(emails.contains(&DetailsKey(EmailId(5), 0).encode()));
        assert!(emails.contains(&DetailsKey(EmailId(6), 255).encode()));
        assert!(!emails.contains(&DetailsKey(EmailId(7), 0).encode()));
        let threads = ThreadKey::range(&(EmailId(5)..=EmailId(6)));
        assert!(threads.contains(&ThreadKey(EmailId(6)).encode()));
        assert!(!threads.contains(&ThreadKey(EmailId(7)).encode()));
        let mailbox = all_of_mailbox(MAILBOX_7);
        assert_eq!(mailbox.start.len() + 1, summary(MAILBOX_7).len());
        assert!(mailbox.contains(&GoneKey(MAILBOX_7, Uid::MAX).encode()));
        assert!(!mailbox.contains(&summary(MailboxId(8))));
    }
}
