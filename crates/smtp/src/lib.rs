//! SMTP, both sides, as machines without socket or clock.
//!
//! [`client`] is the side that hands mail over to other hosts, and has a page of its own;
//! [`dsn`] is what is said about reports. The rest is the server's side.
//!
//! It is for whoever takes mail from other servers ([`Role::Exchange`], port 25) or from
//! signed-in users ([`Role::Submission`], ports 465 and 587). It speaks RFC 5321 and RFC 6409
//! with PIPELINING (RFC 2920), SIZE (RFC 1870), 8BITMIME (RFC 6152), CHUNKING (RFC 3030),
//! ENHANCEDSTATUSCODES (RFC 2034), SMTPUTF8 (RFC 6531), DSN (RFC 3461), DELIVERBY (RFC 2852)
//! and FUTURERELEASE (RFC 4865, both on submission), LIMITS (RFC 9422), STARTTLS (RFC 3207),
//! REQUIRETLS (RFC 8689) and AUTH (RFC 4954). It decides nothing about accounts, recipients or
//! messages: it asks ([`Question`]) and is answered in pieces ([`Piece`]). How it is driven is
//! written in the `session` crate.
//!
//! # What the other side may rely on
//!
//! * `250` after a message means that it is on stable storage (ARCHITECTURE.md,
//!   invariant 1); anything else means that nothing of it was kept.
//! * A message ends at the five octets CRLF `.` CRLF and at nothing else, on every
//!   port; or, where it comes in chunks, with the last of them. `data` tells why that matters and what is done about line ends of other
//!   kinds.
//! * A command ends at CRLF and at nothing else; one with a line end of another kind
//!   inside is refused as a whole.
//! * After DATA there is always a reply before the connection is closed, and so there
//!   is after any silence, shutdown, or end of the right to be here: some devices take
//!   the end of the stream for success.
//! * What was pipelined before TLS began is dropped.
//!
//! # How the files are cut
//!
//! | file | what it does |
//! | --- | --- |
//! | `wire` | the octets of a line to a command: `wire::path` for the addresses, `wire::parameters` for what follows them |
//! | `data` | the octets after DATA, or BDAT, to a message |
//! | `device` | which device it is that speaks, where that matters |
//! | `say` | everything that the server itself may say |
//! | `refusal` | each refusal by policy as a reply, in one `match` |
//! | `reply` | a reply as lines: the only way to the wire |
//! | `session` | the states, and what each command does in them |
//! | `limits` | every bound, with its source |
//! | `client` | the other side |
//! | `dsn` | what a sender asks to be told (RFC 3461) |
//!
//! # Invariants
//!
//! * The parser is total: any octets are a command or a reply that says what is wrong.
//! * How the peer's octets are cut into reads changes no reply and no octet of a
//!   message.
//! * While a question is out nothing that the peer says is looked at.
//! * Memory is bounded by `limits`; messages and recipient lists are the service's.

mod by;
pub mod client;
mod data;
mod device;
pub mod dsn;
mod hold;
pub mod limits;
mod question;
mod refusal;
mod reply;
mod say;
mod session;
#[cfg(test)]
mod tests;
mod wire;

pub use by::{DeliverBy, Late, NoDeliverBy};
pub use hold::Hold;
pub use question::{Begin, ForwardPath, Hello, Piece, Question, Sender};
pub use session::{Role, Settings, Smtp};
