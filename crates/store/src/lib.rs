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
//! | `set_flags.rs`, `copy.rs`, `remove.rs`, `steps.rs` | changing messages, many of them in steps |
//! | `sweep.rs` | clearing away what is no longer needed |
//! | `change.rs`, `reading.rs`, `locks.rs` | a change in the making, a snapshot, turns |
//! | `keys.rs`, `values.rs` | the bytes |
//! | `ids.rs`, `uidset.rs`, `flags.rs`, `mailbox.rs`, `record.rs`, `error.rs`, `limits.rs` | the words of the interface |
//!
//! # Invariants
//!
//! * **Success means durable**: body and record, in this order.
//! * **One change, one account, one commit.** Its conditions are the versions of the
//!   numbers it was decided on; when another change came before, it is decided anew. So
//!   any number of processes may write; the lock for each account only spares
//!   conflicts among the writers of one.
//! * **UIDs and email ids are never given twice**, crash or not, since the number that
//!   gives them is changed in the commit that uses it; likewise UIDVALIDITY and the
//!   numbers of mailboxes. `MODSEQ` only grows.
//! * **Every change of a message changes its mailbox's summary**, so that the summary's
//!   version guards all that is in the mailbox, and its counts are always right.
//! * **A removed message stays readable** for [`limits::GONE_GRACE`]. Later changes of
//!   its mailbox forget it; a session that missed the removal is then told of every UID
//!   that no message has ([`Changes::vanished`]).
//! * **Work on many messages is cut into commits** under the limits of [`kv`], in order.
//!   A deleted mailbox is gone at once and cleared away in steps, which are taken up
//!   again if they are cut short.
//! * No delivery fails for what a message looks like: where its envelope and structure
//!   are too long to be kept, the message is read again when they are asked for.
//!
//! # Later
//!
//! Records stand one to a key today. Packing hundreds of them into one value, as
//! measured, changes `keys.rs`, `values.rs`, `reading.rs` and the functions on
//! `RecordKey`; no caller can tell.

mod account;
mod change;
mod copy;
mod deliver;
#[cfg(test)]
mod edges;
mod error;
mod flags;
mod full;
#[cfg(fuzzing)]
pub mod fuzzing;
mod ids;
mod intake;
mod keys;
pub mod limits;
mod locks;
mod mailbox;
mod mailboxes;
mod name;
mod reading;
mod record;
mod records;
mod remove;
mod select;
mod set_flags;
mod steps;
mod store;
mod sweep;
mod uidset;
mod values;

pub use error::{Limit, Result, StoreError};
pub use flags::{FlagChange, Flags, How, Keyword, SystemFlags};
pub use ids::{DeliveryId, EmailId, MailboxId, Modseq, Uid, UidValidity};
pub use intake::{Incoming, Intake};
pub use mailbox::{Changes, Mailbox, Marked, Marks, Role, Selected, Summary};
pub use record::{Copied, Delivery, Details, InternalDate, Placed, Record, Usage};
pub use records::Page;
pub use store::Store;
pub use uidset::UidSet;
