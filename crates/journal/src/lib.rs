//! What happened, kept for a month: who signed in from where, what was sent, who tried to
//! send without signing in, when an account was kept from sending, and what its reader found
//! unwanted.
//!
//! It is for `service`, which notes and reads, for the limits on sending, which are counted
//! here, and for whoever is to explain something to a person later. It stands on `kv` alone
//! and keeps its records in [`kv::Partition::Journal`].
//!
//! # How it costs little
//!
//! What is noted is added up in memory, one [`Record`] for each hour and each thing that is
//! alike (an account's sign-ins from one network, say), and written some seconds later, all of
//! it in one commit that nobody waits for. So a device that polls each minute writes no record
//! a poll, and no mail is slower for it. A crash loses the last seconds
//! ([`FLUSH`]); what must not be lost is written at once ([`Journal::flush`]).
//!
//! Each process writes records of its own and puts the whole of each anew, so that nodes
//! never wait for each other: whoever reads adds up. A node knows what another noted when that
//! has been written, and its own at once.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `journal.rs` | [`Journal`], the door: noting, and writing down |
//! | `read.rs` | what was noted, added up |
//! | `record.rs` | what is noted, and how two of a kind are added |
//! | `stored.rs` | keys and values |
//! | `tidy.rs` | forgetting what is old, and accounts that are gone |
//! | `check.rs` | looking at every record |
//! | `error.rs` | why something was not done |
//!
//! # Invariants
//!
//! * Nothing here decides anything, and nothing is said of a message but its sender, its
//!   subject and its number, and that only where sending was stopped.
//! * What is kept of an account is bounded: [`AN_HOUR`] records of a kind for each hour and
//!   process, for [`KEPT`]; so is what is in memory ([`IN_MEMORY`]). Beyond, things are counted
//!   together and not told apart.
//! * Two records of one key never differ in who wrote them: what left memory is never written
//!   again under the same key.

mod check;
mod error;
mod journal;
mod read;
mod record;
mod stored;
#[cfg(test)]
mod tests;
mod tidy;

use std::time::Duration;

pub use check::Checked;
pub use error::JournalError;
pub use journal::Journal;
pub use read::SentHour;
pub use record::{
    Lifted, Lock, LockChange, Protocol, Record, Refused, Sample, Seen, Sent, SignIn, Sorted, Times,
    Unsigned, network_of,
};

/// For how long things are kept: a month, in which somebody comes back from a holiday and asks.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// For how long it is known who was at a network: *POP before SMTP* means minutes.
pub const SEEN_FOR: Duration = Duration::from_secs(30 * 60);
/// Records of one kind that one account, or all networks together, may get in an hour from one
/// process; what comes beyond is counted together. A person has a handful of networks.
pub const AN_HOUR: usize = 50;
/// Records in memory: some 30 MB. While there are more, nothing new is noted.
pub const IN_MEMORY: usize = 100_000;
/// How long after something was noted it is written down: long enough that all who do
/// something meanwhile share one commit, and short beside what a limit by the hour counts.
pub const FLUSH: Duration = Duration::from_secs(2);
