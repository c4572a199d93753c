//! One who has not got a message yet.

use address::{AccountId, Address};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lane::Lane;

/// Octets that are kept of what was said in a [`Trouble`].
pub const TROUBLE_OCTETS: usize = 300;

/// Changes of rows with which one recipient gets another place: the old one goes, and there are
/// itself, the new place, and the lane's turn.
pub(crate) const RECIPIENT_CHANGES: usize = 4;
/// Octets of its rows besides the texts in them, generously.
const ROWS_OCTETS: usize = 150;
/// One who has not got the message yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The recipient of the envelope.
    pub address: Address,
    /// Where it goes.
    pub to: Destination,
    /// Its place among the entry's recipients, from 0 on ([`crate::Entry::new`]).
    pub place: u32,
    /// What the sender wants to hear, where that was said.
    pub notify: Option<Notify>,
    /// The recipient as the sender first wrote it, with its type: `rfc822;jean@exemple.fr`. RFC
    /// 3461 section 4.2.
    pub original: Option<String>,
    /// The address here that the message is sent on from: an alias, or an account whose mail
    /// goes on. None for whom the sender named.
    pub sent_on_by: Option<Address>,
    /// When it is to be tried next, to the second.
    pub due: Timestamp,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// The sender was told that it takes long.
    pub told: bool,
    /// Why the last try did not hand it over; none before the first.
    pub trouble: Option<Trouble>,
}

impl Recipient {
    /// One who gets a message that was accepted then, and of whom nothing more is known.
    pub fn new(address: Address, to: Destination, due: Timestamp) -> Recipient {
        Recipient {
            address,
            to,
            place: 0,
            notify: None,
            original: None,
            sent_on_by: None,
            due,
            attempts: 0,
            told: false,
            trouble: None,
        }
    }

    /// Octets that it is written down with, about.
    pub fn octets(&self) -> usize {
        let domain = self.address.domain().as_str().len();
        let original = self.original.as_ref().map_or(0, String::len);
        let sent_on_by = self.sent_on_by.as_ref();
        let sent_on_by = sent_on_by.map_or(0, |address| address.to_string().len());
        ROWS_OCTETS + self.address.to_string().len() + 2 * domain + original + sent_on_by
    }

    /// What the sender wants to hear, said or not.
    pub fn notify(&self) -> Notify {
        self.notify.unwrap_or_default()
    }

    /// Where it waits, if that account sent the message.
    pub fn lane(&self, submitted_by: Option<AccountId>) -> Lane {
        match self.to {
            Destination::Local(_) => Lane::HERE,
            Destination::Remote => Lane {
                destination: Some(self.address.domain().clone()),
                account: submitted_by,
            },
        }
    }
}

/// Where a recipient's copy goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Destination {
    /// Into the INBOX of an account of ours.
    Local(AccountId),
    /// To the host of the address's domain.
    Remote,
}

/// What a sender wants to hear of a recipient. RFC 3461 section 4.1; `NEVER` is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// That it was delivered.
    pub success: bool,
    /// That it never will be.
    pub failure: bool,
    /// That it takes long.
    pub delay: bool,
}

impl Default for Notify {
    /// What is told where nothing was said.
    fn default() -> Notify {
        Notify {
            success: false,
            failure: true,
            delay: true,
        }
    }
}

/// Why somebody did not get a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What the other host replied, or what happened in our words. At most [`TROUBLE_OCTETS`]
    /// are kept.
    pub text: String,
    /// The host whose reply that is; none if it is none.
    pub host: Option<String>,
    /// What kind of trouble it is. RFC 3463.
    pub status: Status,
}

impl Trouble {
    /// Trouble that no other host spoke of.
    pub fn ours(status: Status, text: impl Into<String>) -> Trouble {
        Trouble {
            text: text.into(),
            host: None,
            status,
        }
    }

    /// As it is kept.
    pub(crate) fn cut(mut self) -> Trouble {
        let end = self.text.floor_char_boundary(TROUBLE_OCTETS);
        self.text.truncate(end);
        self
    }
}

/// An enhanced status code: class, subject, detail. RFC 3463 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status(pub u8, pub u16, pub u16);

impl Status {
    /// Nothing more is known than that it may pass. RFC 3463 section 3.1.
    pub const OTHER_FOR_NOW: Status = Status(4, 0, 0);

    /// Whether it stays so.
    pub fn is_for_good(self) -> bool {
        self.0 == 5
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}
