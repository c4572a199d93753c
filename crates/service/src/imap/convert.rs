//! The words of the protocol for those of the store, and back.

use std::fmt::Display;

use address::AccountId;
use imap::{ObjectId, Piece};
use jiff::Timestamp;
use jiff::tz::Offset;
use store::{EmailId, MailboxId, StoreError, ThreadId};

use events::{Limited, Refusal};

/// What the peer is told of a failure of the store.
pub(super) fn refusal(error: &StoreError) -> Refusal {
    match error {
        StoreError::Gone | StoreError::NoSuchMailbox => Refusal::NoSuchMailbox,
        StoreError::Exists => Refusal::MailboxExists,
        StoreError::BadName => Refusal::MailboxForbidden,
        StoreError::TooMany(limit) => Refusal::TooMany(limited(*limit)),
        StoreError::OverQuota => Refusal::OverQuota { temporary: true },
        StoreError::Full => Refusal::DiskFull,
        StoreError::Damaged(_) | StoreError::Broken(_) => {
            tracing::error!(%error, "an IMAP session could not be answered");
            Refusal::Temporary
        }
    }
}

fn limited(limit: store::Limit) -> Limited {
    match limit {
        store::Limit::Mailboxes => Limited::Mailboxes,
        store::Limit::Subscriptions => Limited::Subscriptions,
        store::Limit::Keywords => Limited::Keywords,
        store::Limit::Uids => Limited::Messages,
    }
}

/// The name for ever of a thing: which kind, whose, and its number there. None of them is
/// ever given twice, nor to something else.
fn object(kind: char, account: AccountId, number: impl Display) -> Option<ObjectId> {
    ObjectId::new(&format!("{kind}{account}-{number}"))
}

pub(super) fn mailbox_id(account: AccountId, mailbox: MailboxId) -> Option<ObjectId> {
    object('M', account, mailbox)
}

pub(super) fn email_id(account: AccountId, email: EmailId) -> Option<ObjectId> {
    object('E', account, email.get())
}

pub(super) fn thread_id(account: AccountId, thread: ThreadId) -> Option<ObjectId> {
    object('T', account, thread.get())
}

/// The number of such a name; none where this account has no thing of this kind that could
/// be called so.
fn number(kind: char, account: AccountId, id: &ObjectId) -> Option<u64> {
    let (_, number) = id.as_str().rsplit_once('-')?;
    let number = number.parse::<u64>().ok()?;
    (object(kind, account, number).as_ref() == Some(id)).then_some(number)
}

pub(super) fn email_number(account: AccountId, id: &ObjectId) -> Option<u64> {
    number('E', account, id)
}

pub(super) fn thread_number(account: AccountId, id: &ObjectId) -> Option<u64> {
    number('T', account, id)
}

/// The piece that tells a refusal.
pub(super) fn refused(refusal: Refusal) -> Piece {
    Piece::Refused {
        refusal,
        failure: None,
    }
}

pub(super) fn uid(uid: store::Uid) -> Option<imap::Uid> {
    imap::Uid::new(uid.get())
}

pub(super) fn uids(uids: impl IntoIterator<Item = store::Uid>) -> Vec<imap::Uid> {
    uids.into_iter().filter_map(uid).collect()
}

/// Numbers beyond those that the store gives are those of no message.
pub(super) fn stored_set(set: &imap::UidSet) -> store::UidSet {
    let range = |&(from, to): &(imap::Uid, imap::Uid)| {
        let to = store::Uid::new(to.get()).unwrap_or(store::Uid::MAX);
        Some((store::Uid::new(from.get())?, to))
    };
    store::UidSet::from_ranges(set.ranges().iter().filter_map(range))
}

pub(super) fn set(set: &store::UidSet) -> imap::UidSet {
    let mut uids = imap::UidSet::default();
    for range in set.ranges() {
        if let (Some(from), Some(to)) = (uid(*range.start()), uid(*range.end())) {
            uids.append(from, to);
        }
    }
    uids
}

pub(super) fn validity(validity: store::UidValidity) -> Option<imap::UidValidity> {
    validity.get().try_into().ok().map(imap::UidValidity)
}

/// Each system flag here and there.
const SYSTEM: [(imap::SystemFlag, store::SystemFlags); 5] = [
    (imap::SystemFlag::Seen, store::SystemFlags::SEEN),
    (imap::SystemFlag::Answered, store::SystemFlags::ANSWERED),
    (imap::SystemFlag::Flagged, store::SystemFlags::FLAGGED),
    (imap::SystemFlag::Deleted, store::SystemFlags::DELETED),
    (imap::SystemFlag::Draft, store::SystemFlags::DRAFT),
];

pub(super) fn flags(flags: &store::Flags) -> imap::Flags {
    let there = |(_, stored): &(_, store::SystemFlags)| flags.system.contains(*stored);
    let mut all: imap::Flags = SYSTEM
        .into_iter()
        .filter(there)
        .map(|(flag, _)| flag)
        .collect();
    keywords(&flags.keywords)
        .into_iter()
        .for_each(|keyword| all.add(keyword));
    all
}

pub(super) fn keywords(keywords: &[store::Keyword]) -> Vec<imap::Keyword> {
    keywords
        .iter()
        .filter_map(|keyword| imap::Keyword::new(keyword.as_str()))
        .collect()
}

pub(super) fn stored_flags(flags: &imap::Flags) -> store::Flags {
    let keyword = |keyword: &imap::Keyword| store::Keyword::new(keyword.as_str());
    store::Flags {
        system: flags
            .system()
            .map(stored_flag)
            .fold(store::SystemFlags::NONE, |all, flag| all | flag),
        keywords: flags.keywords().iter().filter_map(keyword).collect(),
    }
}

pub(super) fn stored_flag(flag: imap::SystemFlag) -> store::SystemFlags {
    let same = SYSTEM.into_iter().find(|(known, _)| *known == flag);
    same.map_or(store::SystemFlags::NONE, |(_, stored)| stored)
}

pub(super) fn stored_change(change: &imap::FlagChange) -> store::FlagChange {
    store::FlagChange {
        how: match change.how {
            imap::FlagChangeKind::Add => store::How::Add,
            imap::FlagChangeKind::Remove => store::How::Remove,
            imap::FlagChangeKind::Replace => store::How::Replace,
        },
        flags: stored_flags(&change.flags),
    }
}

pub(super) fn flags_of(marks: &store::Marks) -> Option<imap::FlagsOf> {
    Some(imap::FlagsOf {
        uid: uid(marks.uid)?,
        modseq: imap::Modseq(marks.modseq.get()),
        flags: flags(&marks.flags),
    })
}

pub(super) fn date(date: store::InternalDate) -> imap::InternalDate {
    imap::InternalDate {
        seconds: date.at.as_second(),
        offset_minutes: i16::try_from(date.offset.seconds() / 60).unwrap_or(0),
    }
}

/// What a client says a message's date is; now, where that is no date.
pub(super) fn stored_date(date: Option<imap::InternalDate>, now: Timestamp) -> store::InternalDate {
    let given = |date: imap::InternalDate| {
        let at = Timestamp::from_second(date.seconds).ok()?;
        let offset = Offset::from_seconds(i32::from(date.offset_minutes) * 60).ok()?;
        Some(store::InternalDate { at, offset })
    };
    date.and_then(given).unwrap_or_else(|| now.into())
}

pub(super) fn special_use(role: store::Role) -> imap::SpecialUse {
    match role {
        store::Role::Sent => imap::SpecialUse::Sent,
        store::Role::Drafts => imap::SpecialUse::Drafts,
        store::Role::Trash => imap::SpecialUse::Trash,
        store::Role::Junk => imap::SpecialUse::Junk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_for_ever_is_one() {
        for account in [0, 1, u64::MAX] {
            let id = mailbox_id(AccountId(account), MailboxId::INBOX);
            assert_eq!(id.unwrap().as_str(), format!("M{account}-1"));
        }
        let number = |text: &str| email_number(AccountId(3), &ObjectId::new(text).unwrap());
        assert_eq!(number("E3-12"), Some(12));
        for odd in [
            "E3-012", "E3-", "E3", "12", "T3-12", "E2-12", "e3-12", "E3--12",
        ] {
            assert_eq!(number(odd), None, "{odd}");
        }
    }

    #[test]
    fn flags_come_back_as_they_went() {
        let mut all: imap::Flags = imap::SystemFlag::ALL.into_iter().collect();
        all.add(imap::Keyword::new("$Forwarded").unwrap());
        assert_eq!(flags(&stored_flags(&all)), all);
        let none = imap::Flags::default();
        assert_eq!(flags(&stored_flags(&none)), none);
    }

    #[test]
    fn every_keyword_that_a_client_may_set_can_be_kept() {
        let longest = "k".repeat(imap::limits::KEYWORD);
        for text in ["$Junk", "a+b", "!#$&'+,-./:;<=>?@^_`|}~", &longest] {
            assert!(imap::Keyword::new(text).is_some(), "{text}");
            assert!(store::Keyword::new(text).is_some(), "{text}");
        }
    }

    #[test]
    fn dates_keep_their_zone() {
        let given = imap::InternalDate {
            seconds: 1_793_869_872,
            offset_minutes: -210,
        };
        assert_eq!(date(stored_date(Some(given), Timestamp::UNIX_EPOCH)), given);
        let nonsense = imap::InternalDate {
            seconds: i64::MAX,
            offset_minutes: 0,
        };
        assert_eq!(
            date(stored_date(Some(nonsense), Timestamp::UNIX_EPOCH)).seconds,
            0
        );
    }

    #[test]
    fn sets_keep_their_ranges() {
        let mut some = imap::UidSet::default();
        let uid = |number| imap::Uid::new(number).unwrap();
        some.append(uid(2), uid(5));
        some.append(uid(9), uid(u32::MAX));
        let stored = stored_set(&some);
        assert_eq!(stored.ranges().len(), 2);
        assert!(stored.contains(store::Uid::MAX));
        assert_eq!(set(&stored).ranges()[0], (uid(2), uid(5)));
    }
}
