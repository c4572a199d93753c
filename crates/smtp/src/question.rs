//! What an SMTP session asks, and what it may be told.

use address::{Address, Password, ReversePath};
use events::{Refusal, SignInFailure, Verdicts};
use session::Encryption;
use session::sasl::Mechanism;

use crate::by::DeliverBy;
use crate::dsn::{EnvelopeId, Return, Wishes};
use crate::hold::Hold;

/// What the session needs to know or to have done.
///
/// The service keeps the envelope and the body that these build up; each answer is one
/// piece, named here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this name sign in? [`Piece::SignedIn`] or [`Piece::NotSignedIn`].
    SignIn {
        /// How it was said.
        mechanism: Mechanism,
        /// The name as the device sent it.
        name: String,
        /// The secret as the device sent it.
        password: Password,
        /// Whether the connection is encrypted now.
        encrypted: bool,
    },
    /// May a message come from here? It begins an envelope. [`Piece::Granted`] or
    /// [`Piece::Refused`].
    Sender(Sender),
    /// May it go there, and what is to be reported of it? It adds to the envelope.
    /// [`Piece::Granted`] or [`Piece::Refused`].
    Recipient(ForwardPath, Wishes),
    /// May the message come now? It opens the body that is then handed over in
    /// pieces (`session::Step::Body`). [`Piece::Granted`] or [`Piece::Refused`], which
    /// leaves the envelope as it is.
    Begin(Begin),
    /// The body is complete: judge it, and deliver or queue it durably. The envelope
    /// is used up, whatever the answer. [`Piece::Accepted`] or [`Piece::Refused`].
    Accept,
    /// Nothing of this body is to be kept; the envelope is used up. The answer has no
    /// piece.
    Discard,
    /// Forget the envelope. The answer has no piece.
    Reset,
    /// Somebody who must sign in before named a sender all the same: it is refused, whatever
    /// the answer, which has no piece.
    Unsigned {
        /// Who the peer says it is.
        hello: Hello,
        /// The sender that it named.
        sender: ReversePath,
        /// Whether the connection is encrypted now.
        encrypted: bool,
    },
}

/// What MAIL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Where a bounce would go.
    pub path: ReversePath,
    /// How many octets the message will have, as the peer believes. RFC 1870.
    pub size: Option<u64>,
    /// The message may have UTF-8 in its header and addresses. RFC 6531.
    pub smtputf8: bool,
    /// The body is declared to have octets above 127. RFC 6152.
    pub eight_bit: bool,
    /// It is to go by TLS alone, all its way. RFC 8689.
    pub require_tls: bool,
    /// How much of it is to come back with a report. RFC 3461 section 4.3.
    pub ret: Option<Return>,
    /// By what its sender knows it. RFC 3461 section 4.4.
    pub envelope_id: Option<EnvelopeId>,
    /// How long it is to be held; of submissions alone. RFC 4865.
    pub hold: Option<Hold>,
    /// By when it is to be delivered; of submissions alone. RFC 2852.
    pub by: Option<DeliverBy>,
    /// It is said as the e-mail app of Android 4 says it, which keeps a message for ever of which
    /// a recipient was refused.
    pub old_tablet: bool,
}

/// Where RCPT wants a message to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardPath {
    /// `<postmaster>`, without a domain: whoever looks after this service. RFC 5321
    /// sections 4.1.1.3 and 4.5.1.
    Postmaster,
    /// An address.
    Address(Address),
}

/// How a message comes to us, for its `Received` field. RFC 5321
/// section 4.4, RFC 3848, RFC 6531 section 4.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Who the peer says it is.
    pub hello: Hello,
    /// The encryption it came through.
    pub encryption: Option<Encryption>,
    /// Whether a user signed in.
    pub signed_in: bool,
    /// Whether SMTPUTF8 was asked for.
    pub smtputf8: bool,
}

/// What EHLO or HELO said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The name, printable and at most [`crate::limits::HELLO_OCTETS`]. It is what the
    /// peer says, checked by nobody.
    pub name: String,
    /// It was EHLO.
    pub extended: bool,
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
    /// Go on.
    Granted,
    /// It was found out who sent the message. What becomes of it comes behind this.
    Judged(Box<Verdicts>),
    /// The message is ours, durably.
    Accepted {
        /// Our number for it.
        id: String,
        /// Local mailboxes that have it.
        delivered: usize,
        /// Recipients that it is queued for.
        queued: usize,
    },
    /// It can't be done.
    Refused(Refusal),
}
