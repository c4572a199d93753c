//! The values of an account's partition: a version octet, then the fields by postcard,
//! or columns ([`crate::block`]). (The engine adds a checksum.)
//!
//! A field is added to one of these types by a new version of it, and
//! [`Fields::read_older`] of that type then reads the older one too (ARCHITECTURE.md,
//! invariant 13).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{
    Keyword, MailboxId, Modseq, Placed, Result, Role, StoreError, Summary, SystemFlags, ThreadId,
    Uid, UidValidity,
};

/// What can be a value.
pub(crate) trait Stored: Sized {
    fn write(&self) -> Result<Vec<u8>>;

    /// # Errors
    /// [`StoreError::Damaged`].
    fn read(octets: &[u8]) -> Result<Self>;
}

/// A value that is written as its fields, one after the other.
pub(crate) trait Fields: Serialize + DeserializeOwned {
    /// What it is, for a report of damage.
    const WHAT: &'static str;

    /// The version that is written today.
    const VERSION: u8 = 1;

    /// Reads the fields of an older version; none if there never was such a version.
    fn read_older(_version: u8, _fields: &[u8]) -> Option<postcard::Result<Self>> {
        None
    }
}

impl<T: Fields> Stored for T {
    fn write(&self) -> Result<Vec<u8>> {
        write(T::WHAT, T::VERSION, self)
    }

    fn read(octets: &[u8]) -> Result<T> {
        let Some((&version, fields)) = octets.split_first() else {
            return Err(damaged(T::WHAT, "it is empty"));
        };
        let read = if version == T::VERSION {
            postcard::from_bytes(fields)
        } else {
            T::read_older(version, fields).ok_or_else(|| unknown(T::WHAT, version))?
        };
        read.map_err(|error| damaged(T::WHAT, &error.to_string()))
    }
}

fn write(what: &str, version: u8, fields: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_extend(fields, vec![version])
        .map_err(|error| StoreError::Broken(format!("{what}: {error}")))
}

pub(crate) fn damaged(what: &str, why: &str) -> StoreError {
    StoreError::Damaged(format!("{what}: {why}"))
}

pub(crate) fn unknown(what: &str, version: u8) -> StoreError {
    damaged(what, &format!("version {version} is not known here"))
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
    /// Messages with a number below this one came before there were threads, and some of
    /// them may not be in theirs yet ([`crate::threads`]); 0 once all are.
    pub(crate) unthreaded: u64,
}

/// The account in numbers as version 1 wrote it.
#[derive(Serialize, Deserialize)]
struct AccountV1 {
    next_mailbox: u32,
    next_email: u64,
    last_uid_validity: u32,
    list_changes: u64,
    bytes: u64,
    messages: u64,
}

impl Fields for AccountValue {
    const WHAT: &'static str = "the account in numbers";
    const VERSION: u8 = 2;

    fn read_older(version: u8, fields: &[u8]) -> Option<postcard::Result<AccountValue>> {
        (version == 1).then(|| postcard::from_bytes::<AccountV1>(fields).map(AccountValue::from))
    }
}

impl From<AccountV1> for AccountValue {
    fn from(old: AccountV1) -> AccountValue {
        AccountValue {
            next_mailbox: old.next_mailbox,
            next_email: old.next_email,
            last_uid_validity: old.last_uid_validity,
            list_changes: old.list_changes,
            bytes: old.bytes,
            messages: old.messages,
            // The first number is 1.
            unthreaded: if old.next_email > 1 {
                old.next_email
            } else {
                0
            },
        }
    }
}

/// What version 1 wrote of an account like this.
#[cfg(test)]
pub(crate) fn account_of_version_1(now: &AccountValue) -> Vec<u8> {
    let old = AccountV1 {
        next_mailbox: now.next_mailbox,
        next_email: now.next_email,
        last_uid_validity: now.last_uid_validity,
        list_changes: now.list_changes,
        bytes: now.bytes,
        messages: now.messages,
    };
    postcard::to_extend(&old, vec![1]).unwrap()
}

/// The thread of a message, or of the name of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ThreadValue(pub(crate) ThreadId);

impl Fields for ThreadValue {
    const WHAT: &'static str = "a thread";
}

/// A mailbox by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NameValue {
    pub(crate) id: MailboxId,
    pub(crate) role: Option<Role>,
}

impl Fields for NameValue {
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
    /// Rows of messages that are in no block.
    pub(crate) singles: u32,
    /// True while there may be rows that version 1 wrote.
    pub(crate) old: bool,
    /// True while a copy is under way: rows at and past [`SummaryValue::uid_next`], and
    /// of [`crate::keys::LeftKey`], are not to be believed.
    pub(crate) staged: bool,
    /// A move whose messages are not yet marked as removed one by one.
    pub(crate) left: Option<LeftValue>,
}

/// The messages that one move took out of a mailbox, which [`crate::keys::LeftKey`]
/// names: whatever their rows say, they are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeftValue {
    pub(crate) modseq: Modseq,
    /// When, in seconds since 1970.
    pub(crate) seconds: i64,
    /// Below this one their rows say so.
    pub(crate) from: Uid,
    pub(crate) to: Uid,
}

/// A mailbox in numbers as version 1 wrote it.
#[derive(Serialize, Deserialize)]
struct SummaryV1 {
    exists: u32,
    unseen: u32,
    deleted: u32,
    recent: u32,
    bytes: u64,
    uid_next: Uid,
    uid_validity: UidValidity,
    highest_modseq: Modseq,
    first_recent: Uid,
    forgotten: Modseq,
    oldest_gone: Option<i64>,
}

impl Fields for SummaryValue {
    const WHAT: &'static str = "a mailbox in numbers";
    const VERSION: u8 = 2;

    fn read_older(version: u8, fields: &[u8]) -> Option<postcard::Result<SummaryValue>> {
        (version == 1).then(|| postcard::from_bytes::<SummaryV1>(fields).map(SummaryValue::from))
    }
}

impl From<SummaryV1> for SummaryValue {
    fn from(old: SummaryV1) -> SummaryValue {
        SummaryValue {
            exists: old.exists,
            unseen: old.unseen,
            deleted: old.deleted,
            recent: old.recent,
            bytes: old.bytes,
            uid_next: old.uid_next,
            uid_validity: old.uid_validity,
            highest_modseq: old.highest_modseq,
            first_recent: old.first_recent,
            forgotten: old.forgotten,
            oldest_gone: old.oldest_gone,
            singles: old.exists,
            old: old.exists > 0 || old.oldest_gone.is_some(),
            staged: false,
            left: None,
        }
    }
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
            singles: 0,
            old: false,
            staged: false,
            left: None,
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
    pub(crate) fn add(&mut self, uid: Uid, system: SystemFlags, size: u64) {
        self.exists = self.exists.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
        if uid >= self.first_recent {
            self.recent = self.recent.saturating_add(1);
        }
        self.mark(system);
    }

    /// Counts a message out.
    pub(crate) fn take(&mut self, uid: Uid, system: SystemFlags, size: u64) {
        self.exists = self.exists.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size);
        if uid >= self.first_recent {
            self.recent = self.recent.saturating_sub(1);
        }
        self.unmark(system);
    }

    /// Notes that there is a message that was removed then.
    pub(crate) fn has_gone(&mut self, seconds: i64) {
        let oldest = self.oldest_gone.unwrap_or(seconds);
        self.oldest_gone = Some(oldest.min(seconds));
    }

    /// Counts flags in that a message has.
    pub(crate) fn mark(&mut self, flags: SystemFlags) {
        let unseen = u32::from(!flags.contains(SystemFlags::SEEN));
        let deleted = u32::from(flags.contains(SystemFlags::DELETED));
        self.unseen = self.unseen.saturating_add(unseen);
        self.deleted = self.deleted.saturating_add(deleted);
    }

    /// Counts flags out that a message had.
    pub(crate) fn unmark(&mut self, flags: SystemFlags) {
        let unseen = u32::from(!flags.contains(SystemFlags::SEEN));
        let deleted = u32::from(flags.contains(SystemFlags::DELETED));
        self.unseen = self.unseen.saturating_sub(unseen);
        self.deleted = self.deleted.saturating_sub(deleted);
    }
}

/// What version 1 wrote of a mailbox like this.
#[cfg(test)]
pub(crate) fn summary_of_version_1(now: &SummaryValue) -> Vec<u8> {
    let old = SummaryV1 {
        exists: now.exists,
        unseen: now.unseen,
        deleted: now.deleted,
        recent: now.recent,
        bytes: now.bytes,
        uid_next: now.uid_next,
        uid_validity: now.uid_validity,
        highest_modseq: now.highest_modseq,
        first_recent: now.first_recent,
        forgotten: now.forgotten,
        oldest_gone: now.oldest_gone,
    };
    postcard::to_extend(&old, vec![1]).unwrap()
}

/// Some of the UIDs that one move took out: ranges, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeftPieceValue(pub(crate) Vec<(Uid, Uid)>);

impl Fields for LeftPieceValue {
    const WHAT: &'static str = "what a move took out";
}

/// The keywords of a mailbox. A record has a bit for each, by its place in this list;
/// so nothing is ever taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeywordsValue(pub(crate) Vec<Keyword>);

impl Fields for KeywordsValue {
    const WHAT: &'static str = "the keywords of a mailbox";
}

/// A removal, as version 1 wrote it beside the removed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RemovedValue {
    /// When, in seconds since 1970.
    pub(crate) seconds: i64,
}

impl Fields for RemovedValue {
    const WHAT: &'static str = "a removal";
}

/// That the account is full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FullValue {
    /// Since when, in seconds since 1970.
    pub(crate) seconds: i64,
}

impl Fields for FullValue {
    const WHAT: &'static str = "a full account";
}

/// Where a delivery that happens once was put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnceValue {
    pub(crate) uid_validity: UidValidity,
    pub(crate) uid: Uid,
}

impl Fields for OnceValue {
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

impl Fields for MarkValue {
    const WHAT: &'static str = "a mark";
}

/// A message's envelope and structure, and the header fields that are asked for. It is cut
/// into parts after it is encoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DetailsValue {
    pub(crate) envelope: message::Envelope,
    pub(crate) structure: message::Structure,
    pub(crate) asked: Option<Vec<u8>>,
    /// How it came in, as whoever brought it in wrote that; empty where nobody did.
    pub(crate) story: Vec<u8>,
}

impl Fields for DetailsValue {
    const WHAT: &'static str = "a message's envelope and structure";

    const VERSION: u8 = 3;

    /// Version 1 had no header fields, and neither 1 nor 2 how a message came in.
    fn read_older(version: u8, fields: &[u8]) -> Option<postcard::Result<DetailsValue>> {
        let with = |(envelope, structure, asked)| DetailsValue {
            envelope,
            structure,
            asked,
            story: Vec::new(),
        };
        let with_none = |(envelope, structure)| with((envelope, structure, None));
        match version {
            1 => Some(postcard::from_bytes(fields).map(with_none)),
            2 => Some(postcard::from_bytes(fields).map(with)),
            _ => None,
        }
    }
}

impl DetailsValue {
    /// What [`Stored::write`] makes of it, from its parts.
    pub(crate) fn write_parts(
        envelope: &message::Envelope,
        structure: &message::Structure,
        asked: Option<&[u8]>,
        story: &[u8],
    ) -> Result<Vec<u8>> {
        let value = (envelope, structure, asked, story);
        write(Self::WHAT, Self::VERSION, &value)
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
        for odd in [&[][..], &[2, 1], &[1], &[1, 0x80]] {
            assert!(
                matches!(RemovedValue::read(odd), Err(StoreError::Damaged(_))),
                "{odd:?}"
            );
        }
    }

    #[test]
    fn details_are_the_same_from_their_parts_and_those_of_older_versions_are_read() {
        let mut scanner = message::Scanner::new();
        scanner.push(b"From: a@b.fr\r\nContent-Type: text/html\r\n\r\nx");
        let message::Scanned {
            envelope,
            structure,
            asked,
            ..
        } = scanner.finish();
        assert!(asked.is_some());
        let parts = DetailsValue::write_parts(&envelope, &structure, asked.as_deref(), b"by night");
        let second = write(DetailsValue::WHAT, 2, &(&envelope, &structure, &asked)).unwrap();
        let old = write(DetailsValue::WHAT, 1, &(&envelope, &structure)).unwrap();
        let mut value = DetailsValue {
            envelope,
            structure,
            asked,
            story: b"by night".to_vec(),
        };
        assert_eq!(value.write(), parts);
        assert_eq!(DetailsValue::read(&parts.unwrap()), Ok(value.clone()));
        value.story = Vec::new();
        assert_eq!(DetailsValue::read(&second), Ok(value.clone()));
        value.asked = None;
        assert_eq!(DetailsValue::read(&old), Ok(value));
    }
}
