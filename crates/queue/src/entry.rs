//! What waits in the queue.

use std::ops::Range;

use address::{AccountId, ReversePath};
use blob::BodyRef;
use jiff::Timestamp;
use message::trace::return_path;
use serde::{Deserialize, Serialize};

use crate::recipient::RECIPIENT_CHANGES;
use crate::{QueueId, Recipient};

/// Recipients of one entry. RFC 5321 section 4.5.3.1.8 asks for at least 100; an alias
/// can multiply them. With the changes of rows that each takes it fits one commit.
pub const RECIPIENTS: usize = 1200;
const _: () = assert!(RECIPIENTS * RECIPIENT_CHANGES + 10 <= kv::COMMIT_OPERATIONS);
/// Octets of the recipients of one entry ([`Recipient::octets`]), so that they fit one commit.
pub const RECIPIENTS_OCTETS: usize = kv::COMMIT_OCTETS - 2 * kv::VALUE_OCTETS;
/// Octets of [`Entry::on_top`]: many signatures.
pub const ON_TOP_OCTETS: usize = 16 * 1024;

/// Octets of [`Entry::story`].
pub const STORY_OCTETS: usize = 16 * 1024;
const _: () = assert!(ON_TOP_OCTETS + STORY_OCTETS < kv::VALUE_OCTETS / 2 + 1);

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
    /// Header fields that stand above all others in what leaves for elsewhere, each with its
    /// line end: our signatures. At most [`ON_TOP_OCTETS`].
    pub on_top: String,
    /// How the sender names it, as given. RFC 3461 section 4.4.
    pub envelope_id: Option<String>,
    /// How much of it the sender wants back with bad news, where that was said.
    pub returned: Option<Returned>,
    /// An operator had it stay where it is.
    pub held: bool,
    /// What is asked of the way that it takes.
    pub tls: TlsWish,
    /// The domain that it says it is from asks to be suspicious of it: at an account here
    /// it goes to the mailbox for unwanted mail. RFC 9989 section 4.7.
    pub is_suspect: bool,
    /// How it came in, as whoever brought it in writes that; empty where nobody does. At most
    /// [`STORY_OCTETS`].
    pub story: Vec<u8>,
}

/// What a message asks of the hosts that it goes through. RFC 8689.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlsWish {
    /// Nothing: what its recipient's domain asks for counts.
    #[default]
    Usual,
    /// That it goes by TLS alone, to hosts that can be verified and promise the same. REQUIRETLS.
    Required,
    /// That it goes even where the recipient's domain asks for more than can be had.
    /// `TLS-Required: No`.
    Waived,
}

/// How much of a message comes back with a report that it was not delivered. RFC 3461 section
/// 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Returned {
    /// All of it.
    Full,
    /// Its header.
    Header,
}

impl Entry {
    /// Mail from another host, of which nothing more is known. The recipients get their places.
    pub fn new(
        id: QueueId,
        from: ReversePath,
        mut recipients: Vec<Recipient>,
        body: BodyRef,
        received: Timestamp,
    ) -> Entry {
        for (place, recipient) in (0..).zip(&mut recipients) {
            recipient.place = place;
        }
        Entry {
            id,
            from,
            recipients,
            body,
            received,
            submitted_by: None,
            smtputf8: false,
            eight_bit: false,
            on_top: String::new(),
            envelope_id: None,
            returned: None,
            held: false,
            tls: TlsWish::Usual,
            is_suspect: false,
            story: Vec::new(),
        }
    }

    /// Since when it is to be delivered: when its sender had it held until, or when it was
    /// accepted.
    pub fn released(&self) -> Timestamp {
        let held = self
            .recipients
            .iter()
            .filter_map(|one| one.not_before)
            .max();
        held.map_or(self.received, |end| end.max(self.received))
    }

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
        self.on_top.len() as u64 + (outgoing.end - outgoing.start)
    }
}
