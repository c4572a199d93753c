//! What is known of a mailbox.

use serde::{Deserialize, Serialize};

use crate::{Flags, Keyword, MailboxId, Modseq, Uid, UidSet, UidValidity};

/// One mailbox (folder) of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its number, which it keeps when it is renamed.
    pub id: MailboxId,
    /// Its name in UTF-8, `/` between a parent and its child; `INBOX` in upper case.
    pub name: String,
    /// What it is for, if it is one of those that have a use.
    pub role: Option<Role>,
    /// True when its name is subscribed to. RFC 9051 section 6.3.7.
    pub subscribed: bool,
}

/// What a mailbox is for. RFC 6154 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Copies of what was sent (`\Sent`).
    Sent,
    /// What is being written (`\Drafts`).
    Drafts,
    /// What is to be removed (`\Trash`).
    Trash,
    /// Unwanted mail (`\Junk`).
    Junk,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 4] = [Role::Sent, Role::Drafts, Role::Trash, Role::Junk];

    /// The name of the mailbox that every account gets for it.
    pub fn name(self) -> &'static str {
        match self {
            Role::Sent => "Sent",
            Role::Drafts => "Drafts",
            Role::Trash => "Trash",
            Role::Junk => "Junk",
        }
    }

    /// Its attribute in LIST.
    pub fn attribute(self) -> &'static str {
        match self {
            Role::Sent => "\\Sent",
            Role::Drafts => "\\Drafts",
            Role::Trash => "\\Trash",
            Role::Junk => "\\Junk",
        }
    }
}

/// A mailbox in numbers, kept up to date by every change: reading it costs one key
/// however many messages there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Messages in it.
    pub exists: u32,
    /// Those without `\Seen`.
    pub unseen: u32,
    /// Those with `\Deleted`.
    pub deleted: u32,
    /// Those that no session has been told of as `\Recent` yet.
    pub recent: u32,
    /// Their octets together.
    pub bytes: u64,
    /// The UID that the next message gets. RFC 9051 section 2.3.1.1.
    pub uid_next: Uid,
    /// That the UIDs are still the same messages.
    pub uid_validity: UidValidity,
    /// The last change.
    pub highest_modseq: Modseq,
    /// From this UID on no session has been told of a message as `\Recent`.
    pub first_recent: Uid,
}

/// What a session learns when it opens a mailbox.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The mailbox in numbers. Its [`Summary::first_recent`] is that from before the
    /// session claimed anything.
    pub summary: Summary,
    /// Every UID in it, ascending: the place in this list, counted from 1, is the
    /// sequence number.
    pub uids: Vec<Uid>,
    /// The first without `\Seen`.
    pub first_unseen: Option<Uid>,
    /// From this UID on messages are `\Recent` to this session. RFC 3501 section 2.3.2.
    pub recent_from: Uid,
    /// Every keyword that a message in this mailbox has or had.
    pub keywords: Vec<Keyword>,
}

/// A message whose flags changed, or that is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Which message.
    pub uid: Uid,
    /// When it last changed.
    pub modseq: Modseq,
    /// All its flags now.
    pub flags: Flags,
}

/// A message whose flags were to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// What it is marked with now.
    pub marks: Marks,
    /// When it had last changed before, in the eyes of whoever decided this change: the
    /// same as its [`Marks::modseq`] where its flags were so already.
    pub before: Modseq,
}

/// What happened in a mailbox since a session last looked.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Messages that the session does not know yet, ascending.
    pub new: Vec<Marks>,
    /// Messages that it knows and whose flags changed, ascending.
    pub changed: Vec<Marks>,
    /// Messages that it may know and that are gone. It can name UIDs that were gone
    /// before, or were never used: the session removes those that it still shows.
    pub vanished: UidSet,
    /// The mailbox in numbers now (before the claim of this call, as in [`Selected`]).
    pub summary: Summary,
    /// From this UID on the *new* messages are `\Recent` to this session.
    pub recent_from: Uid,
    /// Every keyword that a message in this mailbox has or had.
    pub keywords: Vec<Keyword>,
}
