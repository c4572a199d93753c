//! The service itself: what the protocols ask is answered here, from the store, the queue
//! and the directory.
//!
//! It is for `facteur`, which opens the listeners and gives each connection an answerer,
//! and for `web`, which prints the table of endpoints. A protocol's crate is a machine
//! that knows neither disk nor account; the rooms below know no protocol. This is the one
//! place where the two meet, so a question becomes a call or two, and no more.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`endpoints`] | which ports are open and what is spoken there |
//! | [`smtp`] | mail coming in: from other servers, and from signed-in users |
//! | [`fan_out`] | mail for several accounts, from the queue into each INBOX |
//! | [`routes`] | where the mail for a recipient goes |
//! | [`sending`] | what accounts send, counted, and stopping one that looks stolen |
//! | [`imap`], [`pop3`] | mail being read |
//! | [`manage`] | what an operator may ask of a running service |
//! | [`publish`] | what a domain has to publish in DNS, and whether it does |
//! | [`keep`] | the same for the sake of the data folder |
//! | `junk.rs` | where suspicious mail goes |
//! | `story.rs` | how a message came in, as it is kept |
//! | `line.rs` | a connection, and what is noted of it |
//! | `sign_in.rs`, `trouble.rs` | what the protocols have alike: who is signed in, and failures |
//!
//! # Invariants
//!
//! * **Accepted means durable** (ARCHITECTURE.md, invariant 1): a message is in a mailbox,
//!   or in the queue, before the answer says so. What is in the queue for an account here
//!   gets there whatever happens in between, and once.
//! * **Nobody sends as another.** A submission is refused unless its envelope's sender and
//!   every address in its `From` and `Sender` belong to the account that signed in. Only
//!   what passed that is signed, by the domain of its `From`.
//! * **Whoever is signed in by a right is woken at its end** (invariant 12).
//! * Time comes from a clock that is given; the peer's address and the host's name too.

pub mod endpoints;
pub mod fan_out;
pub mod imap;
mod junk;
pub mod keep;
mod line;
pub mod manage;
pub mod pop3;
pub mod publish;
pub mod routes;
pub mod sending;
mod sign_in;
pub mod smtp;
mod story;
mod trouble;

pub use line::Line;
