//! IMAP as the server speaks it: bytes in, steps out, no socket, no clock, no store.
//!
//! [`Imap`] is one connection as a [`Session`](::session::Session). It reads commands, keeps the
//! client's view of its mailbox, asks a [`Question`] for whatever it does not know itself,
//! and makes of the [`Piece`]s of the answer what goes on the wire. `net` drives it,
//! `service` answers it; its tests play it by hand.
//!
//! # What it speaks
//!
//! All of IMAP4rev1 (RFC 3501), read in the light of RFC 9051 where that explains it
//! better, and in full what is advertised beside it:
//!
//! | capability | source | |
//! | --- | --- | --- |
//! | `STARTTLS`, `LOGINDISABLED`, `AUTH=PLAIN` | RFC 3501, RFC 4616 | as the moment has it |
//! | `LITERAL+` | RFC 7888 | literals that need no consent |
//! | `SASL-IR` | RFC 4959 | sign-in in one line |
//! | `ID` | RFC 2971 | who the client is |
//! | `ENABLE` | RFC 5161 | nothing to be enabled yet |
//! | `IDLE` | RFC 2177 | news while waiting |
//! | `NAMESPACE` | RFC 2342 | one, personal, `/` |
//! | `UIDPLUS` | RFC 4315 | which UIDs APPEND and COPY gave; UID EXPUNGE |
//! | `UNSELECT` | RFC 3691 | CLOSE without EXPUNGE |
//! | `MOVE` | RFC 6851 | |
//! | `CHILDREN`, `LIST-EXTENDED` | RFC 3348, RFC 5258 | |
//! | `SPECIAL-USE` | RFC 6154 | Sent, Drafts, Trash, Junk |
//! | `OBJECTID` | RFC 8474 | names for ever: of mailboxes, messages, conversations |
//!
//! Codes of RFC 5530 tell programs why something was refused.
//!
//! # How the files are cut
//!
//! | folder, file | what it holds |
//! | --- | --- |
//! | `codec/` | bytes to commands in two stages, answers to bytes; what commands are made of |
//! | `session/` | the machine: states, view, a file for each family of commands |
//! | `question.rs` | what a session has to have answered, and the pieces of answers |
//! | `number.rs` | UIDs, sequence numbers, sets of them |
//! | `limits.rs` | every bound, with its reason |
//!
//! # Invariants
//!
//! * Whatever the peer sends, memory is bounded by [`limits`], no octet of one command is
//!   ever taken for another, and each command has one answer, in order. How the input is
//!   cut makes no difference.
//! * The message of an APPEND and the bodies that FETCH tells pass through and are never
//!   held. What was announced as a literal is sent to its last octet, or the connection ends.
//! * Sequence numbers change only where RFC 3501 sections 5.5 and 7.4.1 allow, and only when
//!   the client is told. Nothing is said between a literal's line and its `+`.
//! * No success is told that the answer does not vouch for.
//! * What is said can be read by the strictest parser that we know, that of a tablet of
//!   2012: strings with quotes or backslashes are literals, `+` has its space, an encoding
//!   is never NIL, SEARCH is never answered NO on a failure. Its client tells people no
//!   words but those of an ALERT, so it gets them so.
//! * Nothing pipelined before STARTTLS survives it.

mod codec;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod limits;
mod number;
mod question;
mod session;

pub use self::session::{Imap, Settings};
pub use codec::command::{FlagChange, FlagChangeKind, MailboxName};
pub use codec::date::InternalDate;
pub use codec::fetch::{Partial, Section, SectionText};
pub use codec::flag::{Flags, Keyword, SystemFlag};
pub use codec::object::ObjectId;
pub use codec::search::{Relation, SearchDate, TextPlace};
pub use number::{Modseq, Uid, UidSet, UidValidity};
pub use question::{
    Append, Changes, Condition, Fetch, FlagsOf, Known, Mailbox, Message, NewMessage, Opened, Piece,
    Question, SpecialUse, Status,
};
