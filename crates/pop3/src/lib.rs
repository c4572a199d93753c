//! POP3, the server's side, as a machine without socket or clock.
//!
//! For whoever serves a mailbox to a device that fetches mail: this crate speaks
//! RFC 1939 with CAPA, RESP-CODES and PIPELINING (RFC 2449), STLS (RFC 2595), SASL
//! PLAIN (RFC 5034) and AUTH-RESP-CODE (RFC 3206). It decides nothing about accounts
//! and holds no mail: it asks ([`Question`]) and is answered in pieces ([`Piece`]).
//! How it is driven is written in the `session` crate; POP3 is the smallest protocol
//! and proves that contract.
//!
//! # What a device may rely on
//!
//! * The maildrop is fixed when it signs in: numbers, sizes and unique ids. Mail that
//!   arrives later waits for the next session, and several sessions of one maildrop
//!   run side by side without knowing of each other.
//! * A unique id is `UIDVALIDITY.UID` of the inbox in decimal, so it is the same for
//!   ever and never used again.
//! * DELE is a mark. Messages are removed at QUIT alone, and `+OK` to it means that
//!   they are gone for good (ARCHITECTURE.md, invariant 1). A session that ends in any
//!   other way removes nothing (RFC 1939 section 6).
//! * On the wire every line of a message ends in CRLF, whatever is stored, so that a
//!   message can't end early for a client that reads lines another way than we do.
//! * There is always a reply before the connection is closed, and an answer of many
//!   lines is never cut: some devices take the end of the stream for an empty line
//!   and wait for the rest of the list for ever. The one exception is a body that
//!   can't be read to its end from our disk: it must not look whole.
//!
//! # How the files are cut
//!
//! | file | what it does |
//! | --- | --- |
//! | `wire` | octets of a line to a command |
//! | `reply` | what may be said, and the only way to say it |
//! | `refusal` | each refusal by policy as a reply, in one `match` |
//! | `maildrop` | the messages as fixed at sign-in, and the marks |
//! | `listing` | LIST and UIDL of the whole maildrop, a stretch at a time |
//! | `text` | a message as dot-ended lines, whole or its top |
//! | `session` | the states of RFC 1939, and what each command does in them |
//! | `limits` | every bound, with its source |
//!
//! # Invariants
//!
//! * The parser is total: any octets are a command or a reply that says what is wrong.
//! * How the client's octets are cut into reads changes no reply.
//! * While a question is out no line is looked at.
//! * Memory is bounded by `limits` and by the number of messages (13 octets each).

pub mod limits;
mod listing;
mod maildrop;
mod question;
mod refusal;
mod reply;
mod session;
#[cfg(test)]
mod tests;
mod text;
mod wire;

pub use question::{Message, Piece, Question};
pub use session::{Pop3, Settings};
