//! What waits in the queue.

use std::ops::Range;

use address::{AccountId, Address, ReversePath};
use blob::BodyRef;
use jiff::Timestamp;
use message::trace::return_path;
use serde::{Deserialize, Serialize};

use crate::QueueId;

/// Recipients of one entry. RFC 5321 section 4.5.3.1.8 asks for at least 100; an alias
/// can multiply them. It fits one commit ([`kv::COMMIT_OPERATIONS`]).
pub const RECIPIENTS: usize = 1500;
/// Octets that are kept of why a recipient has to wait.
pub const TROUBLE_OCTETS: usize = 300;

/// One message with those who have not got it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, the one in its `Received` field.
    pub id: QueueId,
    /// The sender of the envelope.
    pub from: ReversePath,
    /// Who has not got it yet; no two with the same address and destination.
    pub recipients: Vec<Recipient>,
    /// Where its octets are; the first are the `Return-Path` of `from`
    /// ([`message::trace::return_path`]).
    pub body: BodyRef,
    /// When it was accepted, to the second.
    pub received: Timestamp,
    /// Who signed in to send it; none for mail from other hosts.
    pub submitted_by: Option<AccountId>,
    /// An address or a header that only SMTPUTF8 can carry. RFC 6531.
    pub smtputf8: bool,
    /// Octets that only 8BITMIME can carry. RFC 6152.
    pub eight_bit: bool,
}

impl Entry {
    /// Which octets of the body leave for elsewhere: all behind our `Return-Path`, which
    /// is for final delivery alone (RFC 5321 section 4.4). An account here gets all.
    pub fn outgoing(&self) -> Range<u64> {
        let end = self.body.length();
        let field = return_path(&self.from).len() as u64;
        field.min(end)..end
    }

    /// Octets of the message as it leaves for elsewhere.
    pub fn size(&self) -> u64 {
        let outgoing = self.outgoing();
        outgoing.end - outgoing.start
    }
}

/// One who has not got the message yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The recipient of the envelope.
    pub address: Address,
    /// Where it goes.
    pub to: Destination,
    /// Why the last try did not hand it over; none before the first. For the operator.
    pub trouble: Option<String>,
}

/// Where a recipient's copy goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Destination {
    /// Into the INBOX of an account of ours.
    Local(AccountId),
    /// To the host of the address's domain.
    Remote,
}
