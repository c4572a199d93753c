//! The values of an account's partition: a version octet, then the fields by postcard.
//! (The engine adds a checksum.)
//!
//! A field is added to one of these types by a new version of it; [`Stored::read`] of
//! that type then reads the older one too (ARCHITECTURE.md, invariant 13).

use blob::BodyRef;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{
    EmailId, InternalDate, Keyword, MailboxId, Modseq, Placed, Result, Role, StoreError, Summary,
    SystemFlags, Uid, UidValidity,
};

/// The version of every value that is written today.
const VERSION: u8 = 1;

/// What can be a value.
pub(crate) trait Stored: Serialize + DeserializeOwned {
    /// What it is, for a report of damage.
    const WHAT: &'static str;

    fn write(&self) -> Result<Vec<u8>> {
        write(Self::WHAT, self)
    }

    fn read(octets: &[u8]) -> Result<Self> {
        let damaged = |why: &str| StoreError::Damaged(format!("{}: {why}", Self::WHAT));
        match octets.split_first() {
            Some((&VERSION, fields)) => {
                postcard::from_bytes(fields).map_err(|error| damaged(&error.to_string()))
            }
            Some((version, _)) => Err(damaged(&format!("version {version} is not known here"))),
            None => Err(damaged("it is empty")),
        }
    }
}

fn write(what: &str, fields: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_extend(fields, vec![VERSION])
        .map_err(|error| StoreError::Broken(format!("{what}: {error}")))
}

/// The account in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountValue {
    pub(crate) next_mailbox: u32,
    pub(crate) next_email: u64,
    /// The highest that was given to a mailbox.
    pub(crate) last_uid_validity: u32,
    /// Grows with every change to the list of mailboxes or subscriptions, so that two
    /// of them can't happen on the same list.
    pub(crate) list_changes: u64,
    pub(crate) bytes: u64,
    pub(crate) messages: u64,
}

impl Stored for AccountValue {
    const WHAT: &'static str = "the account in numbers";
}

/// A mailbox by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NameValue {
    pub(crate) id: MailboxId,
    pub(crate) role: Option<Role>,
}

impl Stored for NameValue {
    const WHAT: &'static str = "a mailbox";
}

/// A mailbox in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SummaryValue {
    pub(crate) exists: u32,
    pub(crate) unseen: u32,
    pub(crate) deleted: u32,
    pub(crate) recent: u32,
    pub(crate) bytes: u64,
    pub(crate) uid_next: Uid,
    pub(crate) uid_validity: UidValidity,
    pub(crate) highest_modseq: Modseq,
    pub(crate) first_recent: Uid,
    /// Removals up to this change may be forgotten: who knows no later one must compare
    /// what it shows with what is there.
    pub(crate) forgotten: Modseq,
    /// When the oldest removed message that is kept was removed, in seconds since 1970.
    pub(crate) oldest_gone: Option<i64>,
}

impl Stored for SummaryValue {
    const WHAT: &'static str = "a mailbox in numbers";
}

impl SummaryValue {
    /// An empty mailbox.
    pub(crate) fn new(uid_validity: UidValidity) -> SummaryValue {
        SummaryValue {
            exists: 0,
            unseen: 0,
            deleted: 0,
            recent: 0,
            bytes: 0,
            uid_next: Uid::MIN,
            uid_validity,
            // RFC 7162 section 3.1.2.1: HIGHESTMODSEQ of an empty mailbox is 1, not 0.
            highest_modseq: Modseq(1),
            first_recent: Uid::MIN,
            forgotten: Modseq::NEVER,
            oldest_gone: None,
        }
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            exists: self.exists,
            unseen: self.unseen,
            deleted: self.deleted,
            recent: self.recent,
            bytes: self.bytes,
            uid_next: self.uid_next,
            uid_validity: self.uid_validity,
            highest_modseq: self.highest_modseq,
            first_recent: self.first_recent,
        }
    }

    /// Counts a message in.
    pub(crate) fn add(&mut self, uid: Uid, record: &RecordValue) {
        self.exists = self.exists.saturating_add(1);
        self.bytes = self.bytes.saturating_add(record.size());
        if uid >= self.first_recent {
            self.recent = self.recent.saturating_add(1);
        }
        self.mark(record.system);
    }

    /// Counts a message out.
    pub(crate) fn take(&mut self, uid: Uid, record: &RecordValue) {
        self.exists = self.exists.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(record.size());
        if uid >= self.first_recent {
            self.recent = self.recent.saturating_sub(1);
        }
        self.unmark(record.system);
    }

    /// Counts flags in that a message has.
    pub(crate) fn mark(&mut self, flags: SystemFlags) {
        self.unseen += u32::from(!flags.contains(SystemFlags::SEEN));
        self.deleted += u32::from(flags.contains(SystemFlags::DELETED));
    }

    /// Counts flags out that a message had.
    pub(crate) fn unmark(&mut self, flags: SystemFlags) {
        let unseen = u32::from(!flags.contains(SystemFlags::SEEN));
        let deleted = u32::from(flags.contains(SystemFlags::DELETED));
        self.unseen = self.unseen.saturating_sub(unseen);
        self.deleted = self.deleted.saturating_sub(deleted);
    }
}

/// The keywords of a mailbox. A record has a bit for each, by its place in this list;
/// so nothing is ever taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeywordsValue(pub(crate) Vec<Keyword>);

impl Stored for KeywordsValue {
    const WHAT: &'static str = "the keywords of a mailbox";
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordValue {
    pub(crate) modseq: Modseq,
    pub(crate) system: SystemFlags,
    /// Bits of [`KeywordsValue`].
    pub(crate) keywords: u128,
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// Of the date's zone.
    pub(crate) offset_minutes: i16,
    pub(crate) email_id: EmailId,
    pub(crate) body: BodyRef,
}

impl Stored for RecordValue {
    const WHAT: &'static str = "a message";
}

impl RecordValue {
    pub(crate) fn size(&self) -> u64 {
        self.body.length()
    }

    pub(crate) fn internal_date(&self) -> InternalDate {
        InternalDate {
            at: Timestamp::from_second(self.seconds).unwrap_or_default(),
            offset: Offset::from_seconds(i32::from(self.offset_minutes) * 60)
                .unwrap_or(Offset::UTC),
        }
    }
}

/// The offset of a date's zone in minutes.
pub(crate) fn offset_minutes(offset: Offset) -> i16 {
    i16::try_from(offset.seconds() / 60).unwrap_or(0)
}

/// A message by its last change: what changed most of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangedValue {
    pub(crate) system: SystemFlags,
    /// Bits of [`KeywordsValue`].
    pub(crate) keywords: u128,
}

impl Stored for ChangedValue {
    const WHAT: &'static str = "a change";
}

/// A removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RemovedValue {
    /// When, in seconds since 1970.
    pub(crate) seconds: i64,
}

impl Stored for RemovedValue {
    const WHAT: &'static str = "a removal";
}

/// That the account is full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FullValue {
    /// Since when, in seconds since 1970.
    pub(crate) seconds: i64,
}

impl Stored for FullValue {
    const WHAT: &'static str = "a full account";
}

/// Where a delivery that happens once was put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnceValue {
    pub(crate) uid_validity: UidValidity,
    pub(crate) uid: Uid,
}

impl Stored for OnceValue {
    const WHAT: &'static str = "a delivery";
}

impl OnceValue {
    pub(crate) fn placed(&self) -> Placed {
        Placed {
            uid_validity: self.uid_validity,
            uid: self.uid,
        }
    }
}

/// What is there or not, and says nothing more: a subscription, a mailbox to be cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MarkValue;

impl Stored for MarkValue {
    const WHAT: &'static str = "a mark";
}

/// A message's envelope and structure. It is cut into parts after it is encoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DetailsValue {
    pub(crate) envelope: message::Envelope,
    pub(crate) structure: message::Structure,
}

impl Stored for DetailsValue {
    const WHAT: &'static str = "a message's envelope and structure";
}

impl DetailsValue {
    /// What [`Stored::write`] makes of it, from its halves.
    pub(crate) fn write_halves(
        envelope: &message::Envelope,
        structure: &message::Structure,
    ) -> Result<Vec<u8>> {
        write(Self::WHAT, &(envelope, structure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_others_are_damage() {
        let value = RemovedValue { seconds: -3 };
        let octets = value.write().unwrap();
        assert_eq!(RemovedValue::read(&octets), Ok(value));
        for odd in [&[][..], &[2, 1], &[VERSION], &[VERSION, 0x80]] {
            assert!(
                matches!(RemovedValue::read(odd), Err(StoreError::Damaged(_))),
                "{odd:?}"
            );
        }
    }

    #[test]
    fn details_are_the_same_from_their_halves() {
        let mut scanner = message::Scanner::new();
        scanner.push(b"From: a@b.fr\r\nContent-Type: text/html\r\n\r\nx");
        let message::Scanned {
            envelope,
            structure,
            ..
        } = scanner.finish();
        let halves = DetailsValue::write_halves(&envelope, &structure);
        assert_eq!(
            DetailsValue {
                envelope,
                structure
            }
            .write(),
            halves
        );
    }

    #[test]
    fn a_date_keeps_its_zone() {
        let offset = Offset::from_seconds(-(9 * 60 + 30) * 60).unwrap();
        assert_eq!(offset_minutes(offset), -570);
    }
}
