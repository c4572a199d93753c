//! Why the service declined something that was well said.

use std::net::IpAddr;

use address::Address;

use crate::Finding;

/// A refusal by policy or by circumstance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The name or the password is wrong. It never says which: the event does
    /// ([`crate::SignInFailure`]).
    Credentials,
    /// This account signs in over TLS only, or would if it existed.
    EncryptionRequired,
    /// Mail is sent by signed-in users only.
    SignInRequired,
    /// Signing in has to wait: the service is too busy to check a password now.
    SignInBusy,
    /// The sender in the envelope is not an address of this account.
    SenderNotYours {
        /// What MAIL FROM named.
        sender: Address,
    },
    /// An address in the message's header is not one that this account may use.
    HeaderNotYours {
        /// The field that named it.
        field: HeaderField,
        /// The address, as it stands there; it may not even parse.
        address: String,
    },
    /// The message has no From that says who wrote it.
    NoFrom,
    /// No such address in a domain that is served here.
    UnknownRecipient {
        /// The address asked for.
        recipient: Address,
    },
    /// The recipient's domain is not served here and the peer is not signed in.
    NotHosted {
        /// The address asked for.
        recipient: Address,
    },
    /// The mailbox has no room left; mail is asked to come back later for a time.
    OverQuota {
        /// False once the mailbox has been full for so long that senders should know.
        temporary: bool,
    },
    /// The message is larger than the service takes.
    TooLarge {
        /// The limit in octets.
        limit: u64,
    },
    /// A body with a carriage return or line feed of its own (RFC 5321 section
    /// 2.3.8): a way to smuggle a second message past another server.
    BareLineEnd,
    /// The header of the message is longer than any that can be judged.
    HeaderTooLong {
        /// The limit in octets.
        limit: u64,
    },
    /// The domain that the message says it is from does not stand by it, and asks for such
    /// mail to be refused (DMARC).
    Forged {
        /// The domain in `From`.
        domain: String,
        /// What SPF said of the envelope's sender.
        spf: Finding,
        /// What the best of the signatures was.
        dkim: Finding,
    },
    /// Too much has come in a short time; what is left over may come later.
    TooFast(Pace),
    /// The address that the mail comes from is on a list of those that mail is not taken
    /// from.
    Listed {
        /// The peer's address.
        address: IpAddr,
        /// The list's name in the DNS.
        list: String,
        /// Why, as the list tells it: ASCII, one line, short.
        reason: Option<String>,
    },
    /// The message was passed on too often: it goes in circles.
    Loop,
    /// No room on the disk of the service.
    DiskFull,
    /// Something of ours failed; the same request may pass later.
    Temporary,
    /// No such mailbox (folder) in this account.
    NoSuchMailbox,
    /// A mailbox (folder) of that name is there already.
    MailboxExists,
    /// That name can't be a mailbox, or that mailbox can't be changed so.
    MailboxForbidden,
    /// One more would pass a limit of the service.
    TooMany(Limited),
}

/// Of what there was too much in a short time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Mail from one network.
    Network,
    /// Mail of one sender.
    Sender,
    /// Mail to one recipient.
    Recipient,
}

/// What an account or a mailbox can have only so many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Mailboxes (folders) of an account.
    Mailboxes,
    /// Names of mailboxes that an account is subscribed to.
    Subscriptions,
    /// Keywords (tags) that are in use in a mailbox.
    Keywords,
    /// Messages that a mailbox has ever held: their numbers are used up.
    Messages,
}

/// A header field that names who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderField {
    /// `From`, RFC 5322 section 3.6.2.
    From,
    /// `Sender`, RFC 5322 section 3.6.2.
    Sender,
}

impl HeaderField {
    /// Its name as it stands in a message.
    pub fn name(self) -> &'static str {
        match self {
            Self::From => "From",
            Self::Sender => "Sender",
        }
    }
}
