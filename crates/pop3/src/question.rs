//! What a POP3 session asks, and what it may be told.

use address::Password;
use bytes::Bytes;
use events::{Refusal, SignInFailure};

/// What the session needs to know or to have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this name sign in? Answered by one [`Piece::SignedIn`] or
    /// [`Piece::NotSignedIn`].
    SignIn {
        /// The name as the device sent it.
        name: String,
        /// The secret as the device sent it.
        password: Password,
        /// Whether the connection is encrypted now.
        encrypted: bool,
    },
    /// List the inbox of the account that has just signed in, oldest first. Answered
    /// by one or more [`Piece::Messages`] (one even when there is nothing, so that a
    /// failure never looks like an empty maildrop), or by [`Piece::Refused`].
    Open,
    /// Read a part of a message. Answered by a run of [`Piece::Octets`] that together
    /// are that part, or by [`Piece::Gone`] or [`Piece::Refused`] in place of any of
    /// them.
    Read {
        /// Which message.
        uid: u32,
        /// Where the part begins.
        from: u64,
        /// How long it is; it never goes past the size that was listed.
        octets: u64,
    },
    /// Remove these messages for good; those that are gone already count as removed.
    /// Answered by [`Piece::Removed`] once that is durable, or by [`Piece::Refused`].
    Remove {
        /// Which messages, in ascending order.
        uids: Vec<u32>,
    },
}

/// One message of the maildrop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its UID in the inbox.
    pub uid: u32,
    /// Its size in octets, as stored.
    pub size: u64,
}

/// One piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The name and password are right.
    SignedIn {
        /// The account's address.
        address: String,
    },
    /// The sign-in is refused.
    NotSignedIn {
        /// What the device is told.
        refusal: Refusal,
        /// What is true, for the log alone.
        reason: SignInFailure,
    },
    /// Messages of the inbox, in ascending order of UID.
    Messages {
        /// The inbox's UIDVALIDITY, the same in each piece.
        validity: u32,
        /// The next messages.
        messages: Vec<Message>,
    },
    /// The next octets of a message.
    Octets(Bytes),
    /// The message was removed by another session.
    Gone,
    /// The messages are removed, durably.
    Removed {
        /// How many were still there.
        messages: usize,
    },
    /// It can't be done.
    Refused(Refusal),
}
