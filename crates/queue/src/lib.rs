//! Mail that was accepted and is not yet handed over. RFC 5321 section 4.5.4.
//!
//! It is for `service`, which puts mail here before it says 250, and for whoever hands
//! it over: to other hosts, or to several accounts of ours. A message for several
//! accounts is made durable once, as an entry here; then each recipient is delivered
//! by itself with the entry's number as the key that makes the delivery happen once,
//! and settled. After a crash the rest is fanned out from [`Queue::list`].
//!
//! The body is not here: an entry holds a reference to it.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `queue.rs` | [`Queue`], the door |
//! | `entry.rs` | what an entry is |
//! | `id.rs` | [`QueueId`], its number |
//! | `stored.rs` | the bytes |
//! | `care.rs` | what the care of all that is kept asks: which bodies, and that some moved |
//! | `check.rs`, `fault.rs` | looking at all that waits, and what is wrong with it |
//! | `error.rs` | why something was not done |
//!
//! # Invariants
//!
//! * What [`Queue::put`] answered is on stable storage.
//! * An entry is there as long as one of its recipients is: the commit that settles
//!   the last recipient removes the entry. Each of these commits changes the entry's own
//!   record under its version, so that two of them can't both think to be the last but one.
//! * To settle what is settled changes nothing.

mod care;
mod check;
mod entry;
mod error;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod id;
mod queue;
mod stored;

pub use care::{body_of_row, row_with_body};
pub use check::{Checked, FAULTS};
pub use entry::{Destination, Entry, RECIPIENTS, Recipient, TROUBLE_OCTETS};
pub use error::QueueError;
pub use fault::{Fault, Wrong};
pub use id::QueueId;
pub use queue::Queue;
