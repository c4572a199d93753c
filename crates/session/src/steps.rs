//! What goes into a session and what comes out.

use bytes::Bytes;
use events::Event;

use crate::Moment;

/// How many octets the driver gives before the session has asked for more: the size
/// of one read. Pipelined commands beyond it wait in the socket.
pub const READ_AHEAD: usize = 64 * 1024;

/// One input of a session; `P` is a piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<P> {
    /// Bytes from the peer, in order, at most [`READ_AHEAD`] at a time.
    Bytes(Bytes),
    /// The peer will send nothing more. It may still be reading.
    EndOfStream,
    /// The connection is encrypted from here on: at the very start (implicit TLS), or
    /// after [`Step::Secure`].
    Secured(Encryption),
    /// A piece of the answer to the question that is out.
    Piece(P),
    /// The answer is complete.
    AnswerEnd,
    /// Something this session watches has changed. It carries no data: the session
    /// asks for the changes since those it knows, so losing one is harmless.
    Notice,
    /// The moment named in the last [`Want::until`] has come.
    TimeUp,
    /// The service is stopping: say so and close.
    Shutdown,
    /// The sign-in that this session stands on has ended: say so and close.
    RightEnded(RightEnd),
}

/// Why the right that a sign-in gave has ended (ARCHITECTURE.md, invariant 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightEnd {
    /// The password was changed.
    PasswordChanged,
    /// The account no longer exists.
    AccountRemoved,
    /// The session is unencrypted, and the account no longer allows that.
    OldDevicesOff,
}

/// What the encryption of a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// The protocol's version.
    pub version: TlsVersion,
    /// The suite's name as the TLS library spells it.
    pub suite: String,
}

/// A version of TLS that the service can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl TlsVersion {
    /// As it stands in a `Received` field and in log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

/// One thing a session wants done; `Q` is its protocol's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<Q> {
    /// Wait for one of these (or, with a question out, for the answer).
    Want(Want),
    /// Send these bytes. The driver gathers them and flushes when nothing more is ready.
    Send(Bytes),
    /// Have this answered.
    Ask(Q),
    /// Write this to the message body that an earlier question began.
    Body(Bytes),
    /// Write down what happened.
    Note(Event),
    /// Flush, then begin TLS as the server.
    Secure,
    /// Flush, then close.
    Close,
}

/// What a waiting session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Give bytes when there are some. False while the session has enough to do.
    pub bytes: bool,
    /// Give a notice when something it watches changes.
    pub notice: bool,
    /// Give [`Input::TimeUp`] at this moment if nothing else came.
    pub until: Option<Moment>,
}
