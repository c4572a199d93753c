//! What a session has to have answered, and the pieces that answers are made of.
//!
//! Whoever answers holds what belongs to the connection: who is signed in, which mailbox
//! is selected, and the body that an [`Append`](Question::Append) began. Every answer
//! must end with [`Piece::Done`] (or the one piece that is named with the question) or
//! have a [`Piece::Refused`] in it; one that just ends is taken for a failure, so that
//! no success is ever told that nobody vouched for. All that is told as done is durable.

use std::num::NonZeroU32;

use address::Password;
use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use jiff::civil::Date;
use message::{Envelope, Structure};

use crate::codec::command::{FlagChange, MailboxName};
use crate::codec::date::InternalDate;
use crate::codec::fetch::Section;
use crate::codec::flag::{Flags, Keyword, SystemFlag};
use crate::codec::object::ObjectId;
use crate::codec::search::{Relation, SearchDate, TextPlace};
use crate::number::{Modseq, Uid, UidSet, UidValidity};

/// One question. "The mailbox" is the one that the last answered
/// [`Select`](Question::Select) opened, by its identity, whatever it is called now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this person come in? [`Piece::SignedIn`].
    SignIn {
        /// The name as it came, bounded by the command's length.
        name: String,
        /// The secret as it came.
        password: Password,
        /// Whether the connection is encrypted.
        encrypted: bool,
    },
    /// All mailboxes and subscriptions: [`Piece::Mailboxes`] and [`Piece::Subscriptions`]
    /// in any number and order.
    Mailboxes,
    /// The counts of a mailbox, selected or not: [`Piece::Status`].
    Status(MailboxName),
    /// Open a mailbox in place of the one that is open: [`Piece::Selected`] first, then
    /// [`Piece::Uids`]. Refused, no mailbox is open.
    Select {
        /// Which.
        mailbox: MailboxName,
        /// EXAMINE: nothing is changed, `\Recent` is left for another session.
        read_only: bool,
    },
    /// Close the mailbox.
    Close {
        /// First remove what is marked `\Deleted`.
        expunge: bool,
    },
    /// Make a mailbox, and those above it that are missing: [`Piece::Created`].
    Create(MailboxName),
    /// Remove one: [`Piece::Deleted`].
    Delete(MailboxName),
    /// Rename one with all below it; of INBOX, move its messages (RFC 9051 section 6.3.6).
    Rename {
        /// Its name.
        from: MailboxName,
        /// Its new name.
        to: MailboxName,
    },
    /// Subscribe to a name or no longer; it need not exist (RFC 9051 section 6.3.7).
    Subscribe {
        /// The name.
        mailbox: MailboxName,
        /// True to subscribe.
        on: bool,
    },
    /// Begin to take a message in. `Done` invites it: its octets come as
    /// [`session::Step::Body`], exactly `size`, then [`Question::AppendEnd`] or
    /// [`Question::AppendCancel`].
    Append(Append),
    /// The message is whole: keep it. [`Piece::Appended`].
    AppendEnd,
    /// The message is not to be kept.
    AppendCancel,
    /// What happened in the mailbox beyond what is known: [`Piece::Changes`] in any number.
    Changes(Known),
    /// Messages: for each in the order of UIDs a [`Piece::Message`], then for each of the
    /// sections a [`Piece::Body`] with its [`Piece::Chunk`]s, or a [`Piece::NoBody`].
    /// Messages that are gone for good are left out.
    Fetch(Fetch),
    /// Change flags: a [`Piece::Flags`] for each message of the set that is there, changed
    /// or not.
    Store {
        /// Of which.
        uids: UidSet,
        /// How.
        change: FlagChange,
    },
    /// Which messages fulfil this: [`Piece::Found`] in any number, in rising order. What is
    /// not in the view is passed over.
    Search(Condition),
    /// Copy into another mailbox, `\Recent` there: [`Piece::Copied`] in any number.
    Copy {
        /// Which.
        uids: UidSet,
        /// Where to.
        to: MailboxName,
    },
    /// Move into another mailbox: [`Piece::Copied`] for those that have arrived there and
    /// left here, in any number, also before a refusal.
    Move {
        /// Which.
        uids: UidSet,
        /// Where to.
        to: MailboxName,
    },
    /// Remove those that are marked `\Deleted`: [`Piece::Expunged`] in any number.
    Expunge {
        /// None but these.
        only: Option<UidSet>,
    },
}

/// A message that a client wants to leave in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub mailbox: MailboxName,
    /// With which flags.
    pub flags: Flags,
    /// As if it had come then; now, when none.
    pub date: Option<InternalDate>,
    /// How many octets it has, more than none.
    pub size: u64,
}

/// What a session knows of its mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// All changes up to here.
    pub modseq: Modseq,
    /// All messages below this UID.
    pub uid_next: u32,
}

/// What is wanted of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetch {
    /// Which messages.
    pub uids: UidSet,
    /// Messages that were removed by this change or an earlier one may be passed over: the
    /// client knows.
    pub told: Modseq,
    /// Their flags.
    pub flags: bool,
    /// When they came.
    pub date: bool,
    /// How many octets they have.
    pub size: bool,
    /// Their envelope.
    pub envelope: bool,
    /// Their structure.
    pub structure: bool,
    /// Their names for ever.
    pub email_id: bool,
    /// Those of the conversations that they belong to.
    pub thread_id: bool,
    /// Set `\Seen` where it is missing, before anything is told. Where that fails the
    /// message is told all the same, unmarked: reading must work on a full disk.
    pub mark_seen: bool,
    /// Some of their octets.
    pub sections: Vec<Section>,
}

/// A condition on messages. Texts compare in any case (ASCII at least), as a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// None or any.
    All,
    /// One of these.
    Uids(UidSet),
    /// It has this flag.
    Has(SystemFlag),
    /// It has this keyword.
    Keyword(Keyword),
    /// One of its dates.
    Date {
        /// Which of them.
        which: SearchDate,
        /// How it compares.
        relation: Relation,
        /// With this day.
        date: Date,
    },
    /// It has this name for ever.
    EmailId(ObjectId),
    /// It belongs to this conversation.
    ThreadId(ObjectId),
    /// More octets than this.
    Larger(u32),
    /// Fewer octets than this.
    Smaller(u32),
    /// It holds a text.
    Text {
        /// Where.
        place: TextPlace,
        /// Which.
        text: String,
    },
    /// All of these.
    And(Vec<Condition>),
    /// One of these or both.
    Or(Box<Condition>, Box<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

/// One piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It was done, or that was all.
    Done,
    /// It was declined, or failed. What the answer holds beside this is still true.
    Refused {
        /// Why, for the peer.
        refusal: Refusal,
        /// Why a sign-in was refused, as we know it.
        failure: Option<SignInFailure>,
    },
    /// Nothing yet, but somebody is at it: the client hears a line, so that it waits on.
    /// To be sent every 20 seconds or so.
    Working,
    /// Something that happened, for whoever collects that; the client hears nothing of it.
    Noted(Box<Event>),
    /// Signed in.
    SignedIn {
        /// The account's address.
        address: String,
    },
    /// Mailboxes.
    Mailboxes(Vec<Mailbox>),
    /// Names that are subscribed to, whether or not there is such a mailbox.
    Subscriptions(Vec<String>),
    /// The counts of a mailbox.
    Status(Status),
    /// A mailbox was made, and has this name for ever.
    Created(ObjectId),
    /// A mailbox was opened.
    Selected(Opened),
    /// UIDs of its messages, in rising order.
    Uids(Vec<Uid>),
    /// A mailbox was deleted.
    Deleted {
        /// True when it was the one that is open.
        selected: bool,
    },
    /// A message was kept.
    Appended {
        /// The mailbox's validity.
        validity: UidValidity,
        /// The message's UID.
        uid: Uid,
    },
    /// What happened in the mailbox.
    Changes(Changes),
    /// A message begins.
    Message(Box<Message>),
    /// A section of the message begins, this many octets long.
    Body(u64),
    /// Octets of the section, some or all that remain.
    Chunk(Bytes),
    /// The message has no such section.
    NoBody,
    /// The flags of a message after a STORE.
    Flags {
        /// What they are now.
        of: FlagsOf,
        /// The number of the change that was its last before: the same as that of its
        /// flags where this STORE changed nothing.
        before: Modseq,
    },
    /// Messages that fulfil the condition.
    Found(Vec<Uid>),
    /// Messages that were copied or moved.
    Copied {
        /// The validity of the mailbox they are in now.
        validity: UidValidity,
        /// What they were here, and what they are there.
        pairs: Vec<(Uid, Uid)>,
    },
    /// Messages that were removed.
    Expunged(Vec<Uid>),
}

/// A mailbox as LIST shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub special_use: Option<SpecialUse>,
}

/// What a mailbox is for. RFC 6154 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialUse {
    /// Messages in the making.
    Drafts,
    /// Unwanted messages.
    Junk,
    /// Copies of what was sent.
    Sent,
    /// What was thrown away.
    Trash,
}

impl SpecialUse {
    /// Its attribute on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Drafts => "\\Drafts",
            Self::Junk => "\\Junk",
            Self::Sent => "\\Sent",
            Self::Trash => "\\Trash",
        }
    }
}

/// The counts of a mailbox. RFC 3501 section 6.3.10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Messages.
    pub messages: u32,
    /// Of which no session has been told.
    pub recent: u32,
    /// Without `\Seen`.
    pub unseen: u32,
    /// The UID that the next message will have, or a lower one that none will have.
    pub uid_next: NonZeroU32,
    /// Which life of the name this is.
    pub validity: UidValidity,
    /// Its own name, whatever it is called: no other mailbox ever has it (RFC 8474 section 4).
    pub id: ObjectId,
}

/// A mailbox that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// As [`Status::id`].
    pub id: ObjectId,
    /// Which life of the name this is.
    pub validity: UidValidity,
    /// The UID that the next message will have: no message at or above it is among the
    /// [`Piece::Uids`].
    pub uid_next: NonZeroU32,
    /// All changes up to here are in what is told.
    pub modseq: Modseq,
    /// The first message without `\Seen`.
    pub first_unseen: Option<Uid>,
    /// Messages from this one on are `\Recent` in this session; `None` for none.
    pub recent_from: Option<Uid>,
    /// Keywords that messages here have.
    pub keywords: Vec<Keyword>,
    /// How many messages there are, at most: the view is made of this size.
    pub messages: u32,
}

/// What happened in a mailbox, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New messages, in rising order.
    pub new: Vec<NewMessage>,
    /// Messages whose flags changed; new ones need not be among them.
    pub changed: Vec<FlagsOf>,
    /// Messages that are gone. It may hold others that the session does not show, and
    /// UIDs that no message ever had.
    pub vanished: UidSet,
    /// With the last piece: what is known now.
    pub known: Option<Known>,
}

/// A message that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its UID.
    pub uid: Uid,
    /// True when this session is the one that is told of it first.
    pub recent: bool,
}

/// The flags of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagsOf {
    /// The message.
    pub uid: Uid,
    /// The number of the change that made them so.
    pub modseq: Modseq,
    /// Its flags.
    pub flags: Flags,
}

/// A message, as far as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its UID.
    pub uid: Uid,
    /// Its flags, also unasked where [`Message::marked`] tells that they changed.
    pub flags: Option<Flags>,
    /// The number of the change that set `\Seen` for this question.
    pub marked: Option<Modseq>,
    /// When it came.
    pub date: Option<InternalDate>,
    /// Its octets.
    pub size: Option<u64>,
    /// Its envelope.
    pub envelope: Option<Envelope>,
    /// Its structure.
    pub structure: Option<Structure>,
    /// Its name for ever, shared with its copies (RFC 8474 section 5.1).
    pub email_id: Option<ObjectId>,
    /// The conversation that it belongs to, for ever (RFC 8474 section 5.2).
    pub thread_id: Option<ObjectId>,
}
