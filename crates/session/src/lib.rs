//! The shape that every protocol session has: a machine without socket or clock.
//!
//! A protocol crate implements [`Session`]: it is given one [`Input`] at a time and
//! answers with [`Step`]s until it has nothing more to do but wait ([`Step::Want`]).
//! The loop in `net` does all the input and output; `service` answers the questions.
//! So every protocol is tested by transcripts without a socket and
//! fuzzed as a whole session, and this crate is all that the two sides share. It also holds
//! the little that several protocols would else each write for themselves.
//!
//! # The contract
//!
//! * The driver calls [`Session::next`] until it returns [`Step::Want`] or
//!   [`Step::Close`]. While a [`Step::Ask`] is out it gives only [`Input::Piece`]s,
//!   then [`Input::AnswerEnd`] (and at any time [`Input::Bytes`], which the session
//!   keeps for later without looking). `next` is called after each piece, and the
//!   next piece is given only when what was sent before it has drained, so that an
//!   answer of any length costs bounded memory.
//! * A question out, the session returns [`Step::Want`] to say *go on with the
//!   answer*; its fields are then ignored.
//! * [`Step::Body`] hands a piece of an incoming message to the body that an earlier
//!   question began. The decoding (dots, literals) is the session's, so the loop
//!   knows nothing of it.
//! * [`Step::Secure`] takes effect between two bytes. The driver drops what it has
//!   read and not yet given, the session what it was given and has not yet used
//!   (RFC 3207 section 6). [`Input::Secured`] follows.
//! * Input that was given is bounded by the driver ([`READ_AHEAD`]); a session must
//!   not keep more than its protocol's own named limits beyond that.
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `steps.rs`, `moment.rs` | the words of the contract |
//! | `sasl.rs` | signing in by PLAIN and LOGIN, and when that needs encryption |
//! | `inbox.rs` | octets to lines under a limit, or to a body |
//! | `patch.rs` | octets passed on with small changes, for the dots of SMTP and POP3 |

mod inbox;
mod moment;
mod patch;
pub mod sasl;
mod steps;

pub use inbox::{Inbox, Line, LineEnd};
pub use moment::Moment;
pub use patch::Patch;
pub use steps::{Encryption, Input, READ_AHEAD, RightEnd, Step, TlsVersion, Want};

/// One conversation of one protocol, as a machine.
pub trait Session: Send {
    /// What the session needs to know or to have done.
    type Question: Send;
    /// One piece of an answer. A short answer is one piece; a long one is a run.
    type Piece: Send;

    /// Takes one input. `now` never goes back.
    fn receive(&mut self, now: Moment, input: Input<Self::Piece>);

    /// The next thing to do.
    fn next(&mut self, now: Moment) -> Step<Self::Question>;
}
