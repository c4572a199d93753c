//! What a session did, step by step.

use crate::{Refusal, Verdicts};

/// One step of a session, in the order in which they happened.
///
/// It holds no secret and no message content. The session's number, peer and
/// service are known to whoever collects the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The peer said who it is: EHLO's argument, or a line made of IMAP ID's fields.
    Greeted {
        /// As the peer wrote it, cut to a bounded length by the protocol.
        name: String,
    },
    /// A sign-in was accepted.
    SignedIn {
        /// The account's address.
        address: String,
    },
    /// A sign-in was refused.
    SignInRefused {
        /// The name as the device sent it.
        name: String,
        /// The true reason, which the reply may hide.
        reason: SignInFailure,
    },
    /// A request was refused by policy.
    Refused(Refusal),
    /// A command could not be understood.
    BadCommand,
    /// It was found out who sent a message.
    Judged(Box<Verdicts>),
    /// A message was taken into a local mailbox.
    Delivered {
        /// Our number for it, as in its `Received` field.
        id: String,
        /// Local mailboxes that got it.
        recipients: usize,
    },
    /// A message was taken into the queue for other hosts.
    Queued {
        /// Our number for it, as in its `Received` field.
        id: String,
        /// Recipients elsewhere.
        recipients: usize,
    },
    /// A message body was read by the peer.
    Read {
        /// Octets sent.
        octets: u64,
    },
    /// The user said what is unwanted: messages were put into Junk, or out of it.
    Sorted {
        /// They were put there, rather than taken out of there.
        unwanted: bool,
        /// How many.
        messages: usize,
        /// The first of them.
        shown: Vec<Sorted>,
    },
    /// Messages were removed for good.
    Removed {
        /// How many.
        messages: usize,
    },
}

/// A message that its reader sorted by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorted {
    /// Our number for it, as in its `Received` field, or a name for it in its account where
    /// it came in by no such way.
    pub id: String,
    /// What was found out about who sent it, if it was judged.
    pub verdicts: Option<Verdicts>,
}

/// Why a sign-in was refused, as we know it; the peer is not told all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInFailure {
    /// No such account.
    UnknownUser,
    /// The name has no domain: `jean` in place of `jean@exemple.fr`.
    BareLocalPart,
    /// The account is there, the password is another.
    WrongPassword,
    /// Unencrypted, and the account (or the service) does not allow that.
    Unencrypted,
    /// The service was too busy to check.
    Busy,
    /// The store did not answer.
    Broken,
}
