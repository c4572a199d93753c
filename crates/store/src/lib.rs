//! Mailboxes and messages: the only door to mail.
//!
//! It is for whoever answers what protocol sessions and pages ask. On it mail semantics
//! are written once: UIDs, flags, `MODSEQ`, `\Recent`, quotas, copies and moves, what
//! changed since. Under it are an index ([`kv`]) and bodies ([`blob`]), whose engines
//! it does not know.
//!
//! ```text
//! let mut intake = store.body();              // streams to its place, unseen
//! intake.write(b"Subject: Bonjour\r\n").await?;
//! let incoming = intake.finish().await?;      // durable, unseen
//! store.deliver(account, MailboxId::INBOX, &incoming, &delivery, now).await?;   // seen
//! ```
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `store.rs` | [`Store`]; how a change waits for its turn and is committed |
//! | `account.rs`, `full.rs` | accounts made and removed; since when one is full |
//! | `mailboxes.rs`, `name.rs` | the list of mailboxes, subscriptions, names |
//! | `intake.rs`, `deliver.rs` | a message on its way in |
//! | `select.rs`, `records.rs` | opening a mailbox, what changed, records and envelopes |
//! | `set_flags.rs`, `remove.rs`, `steps.rs` | changing messages, many of them in steps |
//! | `copy.rs` | copying and moving, all or nothing |
//! | `threads.rs`, `threads/` | which messages belong to one conversation |
//! | `tend.rs`, `fold.rs`, `collect.rs` | what keeps a mailbox quick and small, beside its changes |
//! | `sweep.rs` | clearing away mailboxes and old deliveries |
//! | `care.rs`, `references.rs` | what the care of a whole store asks; rows that refer to bodies |
//! | `check.rs`, `check/` | looking at all that an account has, and what is wrong with it |
//! | `mend.rs`, `mend/` | putting right what a check finds wrong |
//! | `change.rs`, `reading.rs`, `glimpse.rs`, `locks.rs` | a change in the making, what it reads, turns |
//! | `walk.rs`, `writing.rs` | messages read and written, wherever they stand |
//! | `keys.rs`, `values.rs`, `mark.rs`, `block.rs`, `columns.rs`, `packing.rs` | the bytes |
//! | `ids.rs`, `uidset.rs`, `flags.rs`, `mailbox.rs`, `record.rs`, `error.rs`, `limits.rs` | the words of the interface |
//!
//! # How a mailbox is kept
//!
//! A message that arrives **stands alone**: one small row. Once there are some dozens of
//! those they are **folded into blocks** of up to 512 neighbours. A block has one row for
//! what changes of its messages (UIDs, flags, `MODSEQ`, whether they are removed), in
//! columns that take some octets a message or none, and one for every 16 of them for what
//! never does (dates, email ids, where the bodies are), twenty times as large in all. So
//! opening a mailbox and listing its flags read only the one row; a change of flags, a
//! removal or a whole mailbox marked as read write only that; and what a change costs does
//! not depend on how many messages there are. A further, tiny row names each block by its
//! last change: what happened since is found without looking at the others. One more names
//! those that hold removed messages by the time of the first removal, for collecting them.
//!
//! Envelope and structure are kept by email id, apart from mailboxes, so that copies share
//! them. Of a message that was never copied they go when it does; for others see
//! [`Store::sweep`].
//!
//! Which conversation a message belongs to is kept in the account, apart from mailboxes
//! too: a row for each name that leads to a thread, and one for each message that did not
//! begin its thread (`threads.rs`).
//!
//! Folding and collecting are done beside other changes, one step after each, and for
//! mailboxes that nothing changes by [`Store::tend`].
//!
//! Version 1 had a row for each message and further ones for its changes. Such a mailbox
//! works as it is, each message standing alone, and every change of it folds some more.
//!
//! # Invariants
//!
//! Those of what is kept are looked at by [`Store::check`], and put right by
//! [`Store::mend`], while others go on.
//!
//! * **Success means durable**: body and record, in this order.
//! * **One change, one account, one commit.** Its conditions are the versions of the
//!   numbers it was decided on; when another change came before, it is decided anew. So
//!   any number of processes may write; the lock for each account only spares
//!   conflicts among the writers of one.
//! * **The thread of a message never changes**, wherever it is copied or moved to, and copies
//!   share it. What the name of a message leads to stays while its thread has a message.
//! * **UIDs and email ids are never given twice**, crash or not, since the number that
//!   gives them is changed in the commit that uses it; likewise UIDVALIDITY and the
//!   numbers of mailboxes. `MODSEQ` only grows.
//! * **Every change of a message changes its mailbox's summary**, so that the summary's
//!   version guards all that is in the mailbox, and its counts are always right.
//! * **Blocks and single messages never overlap**, and the rows that name a block say what
//!   is in it: both are written by one function.
//! * **A removed message stays readable** for [`limits::GONE_GRACE`]. Later changes of
//!   its mailbox forget it; a session that missed the removal is then told of every UID
//!   that no message has ([`Changes::vanished`]).
//! * **COPY and MOVE happen wholly or not at all**, whatever their number. What no commit
//!   has room for is written unseen, and the last, small one makes all of it seen.
//! * **Other work on many messages is cut into commits** under the limits of [`kv`], in
//!   order. A deleted mailbox is gone at once and cleared away in steps, which are taken up
//!   again if they are cut short.
//! * No delivery fails for what a message looks like: where its envelope and structure
//!   are too long to be kept, the message is read again when they are asked for.

mod account;
mod block;
mod care;
mod change;
mod check;
mod collect;
mod columns;
mod copy;
mod deliver;
mod error;
mod flags;
mod fold;
mod full;
#[cfg(fuzzing)]
pub mod fuzzing;
mod glimpse;
mod ids;
mod intake;
mod keys;
pub mod limits;
mod locks;
mod mailbox;
mod mailboxes;
mod mark;
mod mend;
mod name;
mod packing;
mod reading;
mod record;
mod records;
mod references;
mod remove;
mod select;
mod set_flags;
mod steps;
mod store;
mod sweep;
mod tend;
#[cfg(test)]
mod tests;
mod threads;
mod uidset;
mod values;
mod walk;
mod writing;

pub use check::{Bodies, By, Checked, FAULTS, Fault, Number, Progress, Wrong};
pub use error::{Limit, Result, StoreError};
pub use flags::{FlagChange, Flags, How, Keyword, SystemFlags};
pub use ids::{DeliveryId, EmailId, MailboxId, Modseq, ThreadId, Uid, UidValidity};
pub use intake::{Incoming, Intake, STORY_OCTETS};
pub use mailbox::{Changes, Mailbox, Marked, Marks, Role, Selected, Summary};
pub use mend::{Done, Mended, Note};
pub use record::{Copied, Delivery, Details, InternalDate, Placed, Record, Usage};
pub use records::{Flagged, FlaggedMessage, Page};
pub use references::{bodies_of_row, row_with_bodies};
pub use store::Store;
pub use uidset::UidSet;
