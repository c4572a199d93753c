//! What can be wrong with an account, in plain words.

use std::fmt;

use address::AccountId;
use kv::damage::Hex;

use crate::{MailboxId, Uid, UidSet};

/// Ranges of UIDs that a fault is shown with.
const SHOWN_RANGES: usize = 10;

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whose it is.
    pub account: AccountId,
    /// In which mailbox, where it is in one.
    pub mailbox: Option<MailboxId>,
    /// What that one is called, where it has a name.
    pub name: Option<String>,
    /// Which messages of it, as far as that is known.
    pub uids: UidSet,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A record can't be read. The others are checked as if it were not there.
    Unreadable {
        /// Its key.
        key: Vec<u8>,
        /// Why not.
        why: String,
    },
    /// From this key on nothing can be read, and nothing was checked, of one kind.
    Unread {
        /// The key.
        key: Vec<u8>,
        /// What the engine says.
        why: String,
    },
    /// A record of no kind that this program knows.
    Stray {
        /// Its key.
        key: Vec<u8>,
    },
    /// A number is not what was counted.
    Miscounted {
        /// Which.
        what: Number,
        /// As it is kept.
        kept: u64,
        /// As it should be.
        counted: u64,
    },
    /// A number is past another that should bound it.
    TooHigh {
        /// Which.
        what: Number,
        /// As it was found.
        found: u64,
        /// The highest that it may be.
        most: u64,
    },
    /// INBOX is not there, or is not the mailbox of that number.
    NoInbox,
    /// A mailbox or a subscription has a name that none can have.
    BadName,
    /// Another name has the same mailbox.
    TwoNames {
        /// The other.
        other: String,
    },
    /// Its name is there, and its numbers are not.
    NoNumbers,
    /// No name has it, and it is not being cleared away.
    NoName,
    /// It is being cleared away, and is still there.
    HalfDeleted,
    /// Another mailbox has the same UIDVALIDITY.
    SameUidValidity {
        /// The other.
        other: MailboxId,
    },
    /// There is a message where a block of others is.
    Overlap,
    /// What never changes of messages (their dates, where their bodies are) is missing.
    NoFixed,
    /// What never changes of messages stands where none of them is.
    StrayFixed,
    /// A block is not found by its last change, or by the first removal in it.
    NotFoundBy(By),
    /// By a change, or a removal, a block is found that does not have it.
    FoundByWrong(By),
    /// A message is marked with keywords that have no name.
    NamelessKeyword,
    /// One keyword is named twice.
    KeywordTwice,
    /// What a move took out is not named, or is named and there was no move.
    Left,
    /// Removed messages that nobody will collect, since nothing says when they were.
    Uncollected,
    /// Records of version 1 that the mailbox does not say it has.
    OldRows,
    /// A message's envelope and structure are not there.
    NoDetails,
    /// A message has its envelope and structure for itself, and another message has them.
    NotOwn,
    /// The name of a message does not lead to the thread that it is in.
    Misled,
    /// A delivery that happens once is remembered, and will never be forgotten.
    Unaged {
        /// Its number.
        delivery: u128,
    },
    /// A delivery is to be forgotten that is not remembered.
    AgedOnly {
        /// Its number.
        delivery: u128,
    },
    /// The body of messages can't be read, or is not what was once written.
    Body {
        /// Octets that it should have.
        length: u64,
        /// What was found.
        why: String,
    },
}

/// A number that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// How many messages there are.
    Messages,
    /// Their octets together.
    Octets,
    /// How many have no `\Seen`.
    Unseen,
    /// How many have `\Deleted`.
    Deleted,
    /// How many no session has been told of as `\Recent`.
    Recent,
    /// How many are in no block.
    Alone,
    /// The UID of a message; bounded by UIDNEXT.
    Uid,
    /// The change of a message; bounded by HIGHESTMODSEQ.
    Modseq,
    /// The last change that was forgotten; bounded by HIGHESTMODSEQ.
    Forgotten,
    /// The first UID that is `\Recent`; bounded by UIDNEXT.
    FirstRecent,
    /// The number of a message in the account; bounded by the last that was given.
    EmailId,
    /// The number of a thread; bounded by the last that was given to a message.
    Thread,
    /// The number of a mailbox; bounded by the last that was given.
    Mailbox,
    /// UIDVALIDITY; bounded by the last that was given.
    UidValidity,
}

/// How a block is found beside its own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The last change in it.
    Change,
    /// The first removal in it.
    Removal,
}

/// Says whose it is, and in which mailbox.
pub(crate) fn write_where(
    f: &mut fmt::Formatter<'_>,
    account: AccountId,
    mailbox: Option<MailboxId>,
    name: Option<&str>,
) -> fmt::Result {
    write!(f, "account {account}")?;
    if let Some(mailbox) = mailbox {
        write!(f, ", mailbox {mailbox}")?;
    }
    match name {
        Some(name) => write!(f, " ({name:?})"),
        None => Ok(()),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_where(f, self.account, self.mailbox, self.name.as_deref())?;
        let ranges = self.uids.ranges();
        if !ranges.is_empty() {
            f.write_str(", UID ")?;
        }
        for (at, range) in ranges.iter().take(SHOWN_RANGES).enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let (first, last) = (range.start(), range.end());
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}:{last}")?;
            }
        }
        if ranges.len() > SHOWN_RANGES {
            f.write_str(" and more")?;
        }
        write!(f, ": {}", self.wrong)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { key, why } => {
                write!(f, "the record {} can't be read: {why}", Hex(key))
            }
            Self::Unread { key, why } => {
                write!(f, "from {} on nothing could be read: {why}", Hex(key))
            }
            Self::Stray { key } => write!(f, "the record {} is of no known kind", Hex(key)),
            Self::Miscounted {
                what,
                kept,
                counted,
            } => write!(f, "{what}: {kept} are written down, {counted} are there"),
            Self::TooHigh { what, found, most } => {
                write!(f, "{what}: {found} was found, and {most} is the highest")
            }
            Self::TwoNames { other } => write!(f, "{other:?} is a name of the same mailbox"),
            Self::SameUidValidity { other } => {
                write!(f, "mailbox {other} has the same UIDVALIDITY")
            }
            Self::NotFoundBy(by) => write!(f, "a block is not found by {by}"),
            Self::FoundByWrong(by) => write!(f, "a block is found by {by} that it does not have"),
            Self::Unaged { delivery } => {
                write!(f, "delivery {delivery:032x} will never be forgotten")
            }
            Self::AgedOnly { delivery } => write!(
                f,
                "delivery {delivery:032x} is to be forgotten, and is not remembered"
            ),
            Self::Body { length, why } => write!(f, "the message of {length} octets: {why}"),
            Self::NoInbox => f.write_str("INBOX is not there"),
            Self::BadName => f.write_str("no mailbox can have that name"),
            Self::NoNumbers => f.write_str("the mailbox has a name, and its numbers are not there"),
            Self::NoName => f.write_str("there are records of a mailbox that has no name"),
            Self::HalfDeleted => {
                f.write_str("the mailbox is being cleared away, and is still there")
            }
            Self::Overlap => f.write_str("a message stands where a block of others is"),
            Self::NoFixed => {
                f.write_str("the dates of messages, and where their bodies are, are missing")
            }
            Self::StrayFixed => f.write_str("dates and places of bodies stand where no message is"),
            Self::NamelessKeyword => {
                f.write_str("a message is marked with a keyword that has no name")
            }
            Self::KeywordTwice => f.write_str("a keyword is named twice"),
            Self::Left => f.write_str("what a move took out is not what is written down of it"),
            Self::Uncollected => f.write_str("removed messages will never be cleared away"),
            Self::OldRows => f.write_str("records of version 1 are left behind"),
            Self::NoDetails => f.write_str("the envelope and structure are missing"),
            Self::Misled => f.write_str("its name does not lead to the thread that it is in"),
            Self::NotOwn => {
                f.write_str("another message has the envelope and structure that are its own")
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Messages => "messages",
            Self::Octets => "octets",
            Self::Unseen => "messages without \\Seen",
            Self::Deleted => "messages with \\Deleted",
            Self::Recent => "messages that are \\Recent",
            Self::Alone => "messages that are in no block",
            Self::Uid => "a UID",
            Self::Modseq => "the MODSEQ of a message",
            Self::Forgotten => "the last change that is forgotten",
            Self::FirstRecent => "the first UID that is \\Recent",
            Self::EmailId => "the number of a message",
            Self::Thread => "the number of a thread",
            Self::Mailbox => "the number of a mailbox",
            Self::UidValidity => "UIDVALIDITY",
        })
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Change => "a last change",
            Self::Removal => "a first removal",
        })
    }
}

/// A message, or nothing that is known.
pub(super) fn only(uid: Option<Uid>) -> UidSet {
    uid.into_iter().collect()
}
