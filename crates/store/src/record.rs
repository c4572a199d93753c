//! What is known of a message, and what is said about it on its way in.

use blob::BodyRef;
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::{DeliveryId, EmailId, Flags, Modseq, Uid, UidValidity};

/// A moment and the offset from UTC that it was given in. RFC 9051 section 2.3.3 has
/// APPEND's date come back as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternalDate {
    /// The moment, kept to the second.
    pub at: Timestamp,
    /// The zone that it was written in, kept to the minute.
    pub offset: Offset,
}

impl From<Timestamp> for InternalDate {
    /// In UTC.
    fn from(at: Timestamp) -> InternalDate {
        InternalDate {
            at,
            offset: Offset::UTC,
        }
    }
}

/// One message in one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name in the mailbox.
    pub uid: Uid,
    /// When its flags last changed (or it arrived, or was removed).
    pub modseq: Modseq,
    /// What it is marked with.
    pub flags: Flags,
    /// When it arrived, or what APPEND said.
    pub internal_date: InternalDate,
    /// Octets of the whole message.
    pub size: u64,
    /// Where its octets are.
    pub body: BodyRef,
    /// Its name in the account, shared with its copies.
    pub email_id: EmailId,
    /// True when it was removed and is only kept for sessions that still show it.
    pub gone: bool,
}

/// What FETCH asks most, kept beside the record so that no body need be opened.
#[derive(Clone, Debug)]
pub struct Details {
    /// For ENVELOPE.
    pub envelope: message::Envelope,
    /// For BODYSTRUCTURE and for finding parts.
    pub structure: message::Structure,
    /// For HEADER.FIELDS and SEARCH HEADER of names that [`message::is_asked`] knows; none
    /// where they are not kept.
    pub asked: Option<Vec<u8>>,
    /// How it came in, as whoever brought it in wrote that ([`crate::Incoming::with_story`]);
    /// empty where nobody did, or where an older version kept it.
    pub story: Vec<u8>,
}

/// How a message is put into a mailbox.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What it is marked with from the start.
    pub flags: Flags,
    /// When it arrived.
    pub internal_date: InternalDate,
    /// Makes trying again harmless for [`crate::limits::ONCE_GRACE`].
    pub once: Option<DeliveryId>,
    /// Octets that the account may hold; no limit if none.
    pub quota: Option<u64>,
}

/// Where a message was put. RFC 4315 section 3, APPENDUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Of the mailbox.
    pub uid_validity: UidValidity,
    /// Of the message.
    pub uid: Uid,
}

/// What was copied or moved. RFC 4315 section 3, COPYUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Of the mailbox where they now are.
    pub uid_validity: UidValidity,
    /// Each message's UID there (second) for its UID here (first), ascending in both.
    pub pairs: Vec<(Uid, Uid)>,
}

/// What an account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Octets of all messages; each copy counts.
    pub bytes: u64,
    /// Messages in all mailboxes.
    pub messages: u64,
}
