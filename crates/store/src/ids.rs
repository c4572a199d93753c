//! The numbers that name things in an account.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Names a mailbox (a folder) within one account. Never given twice there, whatever
/// is created, renamed or deleted; a mailbox keeps it when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MailboxId(pub(crate) u32);

impl MailboxId {
    /// The mailbox where mail arrives. It is the first that an account gets, and it
    /// can be neither deleted nor renamed away, so that its number is always this.
    pub const INBOX: MailboxId = MailboxId(1);

    /// The number itself; with the account's number it is fit for OBJECTID's
    /// MAILBOXID (RFC 8474).
    pub fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Names a message within one mailbox; never reused, and ascending in order of
/// arrival. RFC 9051 section 2.3.1.1.
///
/// It stays below 2^31, since old devices read it into a signed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Uid(NonZeroU32);

impl Uid {
    /// The smallest.
    pub const MIN: Uid = Uid(NonZeroU32::MIN);
    /// The largest that can be written down. It is never given to a message, so
    /// that UIDNEXT is always a UID too.
    pub const MAX: Uid = match NonZeroU32::new((1 << 31) - 1) {
        Some(number) => Uid(number),
        None => Uid::MIN,
    };

    /// A number from a command. `None` for 0 and from 2^31 on: no message has it.
    pub fn new(number: u32) -> Option<Uid> {
        NonZeroU32::new(number)
            .map(Uid)
            .filter(|uid| *uid <= Uid::MAX)
    }

    /// The number itself.
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The one after it, if there is one.
    pub fn next(self) -> Option<Uid> {
        Uid::new(self.get() + 1)
    }
}

impl TryFrom<u32> for Uid {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Uid, &'static str> {
        Uid::new(number).ok_or("no message has that UID")
    }
}

impl From<Uid> for u32 {
    fn from(uid: Uid) -> u32 {
        uid.get()
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Says that a mailbox is still the one whose UIDs a client knows. Set once when the
/// mailbox is made, from the time of day, and never twice the same within one
/// account. RFC 9051 section 2.3.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UidValidity(pub(crate) NonZeroU32);

impl UidValidity {
    /// The number itself.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for UidValidity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// When something in a mailbox last changed, counted in changes of that mailbox. It
/// only grows. RFC 7162 section 3.1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Modseq(pub(crate) u64);

impl Modseq {
    /// Before any change: [`crate::Store::changes`] since this tells everything.
    pub const NEVER: Modseq = Modseq(0);

    /// A number from a command.
    pub fn new(number: u64) -> Modseq {
        Modseq(number)
    }

    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }

    pub(crate) fn next(self) -> Modseq {
        Modseq(self.0.saturating_add(1))
    }
}

/// Names a message within one account, and stays with it when it is copied or moved:
/// OBJECTID's EMAILID (RFC 8474 section 4). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EmailId(pub(crate) u64);

impl EmailId {
    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// Names a conversation within one account, for ever: OBJECTID's THREADID (RFC 8474 section
/// 5.2). It is the number of the message that began it here, and stays when that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ThreadId(pub(crate) u64);

impl ThreadId {
    /// The thread that a message begins.
    pub(crate) fn of(email: EmailId) -> ThreadId {
        ThreadId(email.0)
    }

    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// The key that makes a delivery happen once however often it is tried: the number
/// of the queue entry that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryId(u128);

impl DeliveryId {
    /// Any number that no other delivery into this account has.
    pub fn new(number: u128) -> DeliveryId {
        DeliveryId(number)
    }

    pub(crate) fn get(self) -> u128 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_stay_within_what_old_devices_read() {
        assert_eq!(Uid::new(0), None);
        assert_eq!(Uid::new(1), Some(Uid::MIN));
        assert_eq!(Uid::new(i32::MAX.unsigned_abs()), Some(Uid::MAX));
        assert_eq!(Uid::new(1 << 31), None);
        assert_eq!(Uid::MAX.next(), None);
    }
}
