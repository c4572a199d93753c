//! Mail that was accepted and is not yet handed over. RFC 5321 section 4.5.4.
//!
//! It is for `service`, which puts mail here before it says 250, and for whoever hands
//! it over: `delivery` to other hosts, `service` to several accounts of ours. A message for
//! several is made durable once, as an entry here; then each recipient is cared for by itself.
//! A copy for an account here carries the entry's number as the key that makes the delivery
//! happen once.
//!
//! The body is not here: an entry holds a reference to it.
//!
//! # How mail waits
//!
//! Recipients stand in [`Lane`]s, in the order in which they are due: one for all accounts
//! here, and one for each destination and account that sends there. A lane has [`Turn`]s: from
//! then on there may be something to do in it. So whoever looks for work reads the turns that
//! have come, one after the other, and takes a few recipients out of each lane; neither a
//! destination nor a sender with a million messages makes another wait, and nothing depends on
//! how many there are.
//!
//! ```text
//!              take                       conclude: Done
//!   in a lane ------> taken by a node ----------------------> gone
//!       ^                    |
//!       +--------------------+  conclude: Later, or the node died
//! ```
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `queue.rs` | [`Queue`], the door; putting and reading entries |
//! | `entry.rs`, `recipient.rs`, `lane.rs` | what an entry is, who waits for it, and where |
//! | `taking.rs` | turns, and taking recipients to try to reach them |
//! | `conclude.rs` | what came of it |
//! | `nodes.rs` | who has taken them, and bringing them back from the dead |
//! | `standing.rs` | destinations that are left in peace for a time |
//! | `promise.rs` | what destinations promised of their hosts |
//! | `operate.rs` | what an operator has done to mail that waits |
//! | `hold.rs` | holding what an account sent that may not any more |
//! | `id.rs` | [`QueueId`], the number of an entry |
//! | `stored.rs`, `upgrade.rs` | the bytes, and those of an older program |
//! | `care.rs` | what the care of all that is kept asks: which bodies, and that some moved |
//! | `check.rs`, `fault.rs`, `mend.rs` | looking at all that waits, what is wrong with it, and putting that right |
//! | `error.rs` | why something was not done |
//!
//! # Invariants
//!
//! * What [`Queue::put`] answered is on stable storage.
//! * An entry is there as long as one of its recipients is: the commit that settles
//!   the last recipient removes the entry. Each of these commits changes the entry's own
//!   record under its version, so that two of them can't both think to be the last but one.
//! * A recipient is in its lane, or taken by one node, unless its entry is held. A lane in which
//!   somebody waits has a turn no later than when the first of them is due, unless that turn was
//!   put off ([`Queue::pass`]).
//! * To settle what is settled changes nothing.

mod care;
mod check;
mod conclude;
mod entry;
mod error;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hold;
mod id;
mod lane;
mod mend;
mod nodes;
mod operate;
mod promise;
mod queue;
mod recipient;
mod standing;
mod stored;
mod taking;
mod upgrade;

pub use care::{body_of_row, row_with_body};
pub use check::{Checked, FAULTS};
pub use conclude::{Concluded, Fate};
pub use entry::{
    Entry, ON_TOP_OCTETS, RECIPIENTS, RECIPIENTS_OCTETS, Returned, STORY_OCTETS, TlsWish,
};
pub use error::QueueError;
pub use fault::{Fault, Wrong};
pub use id::QueueId;
pub use lane::{Lane, Turn};
pub use nodes::NodeId;
pub use operate::Wish;
pub use promise::{PROMISE_OCTETS, Promise};
pub use queue::{Queue, Waiter};
pub use recipient::{
    DeliverBy, Destination, Late, Notify, Recipient, Status, TROUBLE_OCTETS, Trouble,
};
pub use standing::Standing;
