//! What happened in a session, and why something was refused, as data.
//!
//! A policy refusal has three readers (ARCHITECTURE.md, invariant 4): each protocol
//! maps a [`Refusal`] to its own code in one `match`, the doctor reads it as
//! evidence, and `words` says it to a person with a remedy. Syntax refusals (a bad
//! command, a line too long) stay inside their protocol.
//!
//! [`Event`] is the stream that each session writes about itself: log lines come
//! from it today, devices seen, incidents and the doctor later.
//!
//! [`Verdicts`] is what was found out about who sent a message from elsewhere.
//!
//! None of them holds a secret or a word of a message. The true reason of a refusal that
//! must not tell who exists ([`SignInFailure`]) is in the event, never in the refusal.

mod event;
mod refusal;
mod verdict;

pub use event::{Event, SignInFailure};
pub use refusal::{HeaderField, Limited, Pace, Refusal};
pub use verdict::{
    ArcVerdict, DkimFlaw, DkimVerdict, DmarcPolicy, DmarcVerdict, Finding, IprevVerdict,
    SpfVerdict, Verdicts,
};
