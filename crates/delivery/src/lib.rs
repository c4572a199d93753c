//! The queue going out: to which host, over what, when again, and what the sender is told.
//!
//! For `facteur`, which runs one [`Delivery`] a process. It looks which lanes of the queue have
//! their turn, takes a few recipients out of each, finds the hosts of their domain, hands the
//! messages over, and writes down what became of each recipient, in one commit with the report
//! that its sender gets.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `run.rs` | [`Delivery`]: which lanes are worked on, and when |
//! | `share.rs` | how many connections a destination gets at once |
//! | `job.rs` | one connection's work on a lane |
//! | `here.rs` | what was accepted for an address here that nobody has |
//! | `way.rs`, `hosts.rs` | which hosts take a domain's mail, and where they are |
//! | `promises/`, `https.rs` | what a domain promises of its hosts (MTA-STS), and fetching that |
//! | `connection.rs`, [`peer`] | messages of the queue over one connection; the connection itself |
//! | `leaving.rs` | with whose sender a message leaves, and what stands above it |
//! | `said.rs` | what went wrong with one, in words |
//! | `outcome.rs`, `schedule.rs` | what becomes of a recipient, and when it is tried again |
//! | `reports.rs`, `notice` | writing that down, and reports to the sender |
//! | `settings.rs` | what an operator decides |
//!
//! # Invariants
//!
//! * Nothing is connected to but through [`net::Gate`].
//! * What a domain promised of its hosts, by DANE or MTA-STS, is demanded of them, or the message
//!   waits: nothing goes in the clear, or to another host, for want of the proof.
//! * A message is accepted by a host only when it said so to the message's end; where the
//!   connection was lost just there, that is a doubt, and the message is sent once more (RFC
//!   5321 section 4.5.4.2: rather twice than never).
//! * No message leaves the queue without a host that has it, a report to its sender, or an
//!   operator's word; but a report that nobody can get, which nobody hears of.
//! * A report is put in the very commit that settles those that it is about: never for nothing,
//!   never not at all.
//! * One destination, or one sender, with any number of messages holds up no other.
//! * A message of any size costs the memory of a few of its pieces.

mod connection;
mod here;
mod hosts;
mod https;
mod job;
mod leaving;
mod notice;
mod outcome;
pub mod peer;
mod promises;
mod reports;
mod run;
mod said;
mod schedule;
mod settings;
mod share;
mod way;

pub use run::Delivery;
pub use settings::{Rooms, Settings, Smarthost};
pub use smtp::client::Credentials;
