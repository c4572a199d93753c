//! What becomes of a connection and of a message.

use std::io;

use super::{Obstacle, Reply, Status};

/// Where in the conversation something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// Before the peer had said anything.
    Greeting,
    /// EHLO, or HELO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    SignIn,
    /// RSET, which puts away what a message before left behind.
    Reset,
    /// MAIL.
    Mail,
    /// RCPT.
    Recipient,
    /// DATA.
    Data,
    /// The message was on its way, its end not yet.
    Message,
    /// The end of the message.
    End,
}

impl At {
    /// As it stands in a report: the command, or what else it was.
    pub fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::SignIn => "AUTH",
            Self::Reset => "RSET",
            Self::Mail => "MAIL",
            Self::Recipient => "RCPT",
            Self::Data => "DATA",
            Self::Message => "message",
            Self::End => "end of message",
        }
    }
}

/// What may go wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The peer went away.
    Ended,
    /// The network, or the system, gave it up.
    Broken(io::ErrorKind),
    /// No reply came in time.
    Silent,
    /// The peer took no more of what was sent, or all took too long.
    Stuck,
    /// What came is no reply.
    Nonsense,
    /// A reply came that nothing was asked for: from then on none could be matched to its
    /// command.
    OutOfStep,
    /// A reply that its command can't have.
    Unexpected(Reply),
    /// The peer is closing: 421. RFC 5321 section 3.8.
    Closing(Reply),
    /// Something stood behind the reply to STARTTLS that would have been taken for said
    /// under TLS. RFC 3207 section 6.
    Injected,
    /// Our own copy of the message could not be read to its end.
    BodyLost,
}

/// Why a connection could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The peer said no, with the reply.
    Refused(At, Reply),
    /// TLS is demanded, and the peer does not offer it.
    NoTls,
    /// Credentials were given, and the peer offers no way to sign in that we know.
    NoSignIn,
    /// Credentials were given, and the connection is not encrypted.
    SignInNeedsTls,
    /// It broke.
    Trouble(At, Trouble),
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What became of each recipient, in their order in the envelope.
    pub fates: Vec<Fate>,
    /// The peer reports about it as it was asked to (RFC 3461); else whoever handed it over
    /// does, as far as it was asked to.
    pub dsn: bool,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The peer has the message, and looks after it from here on.
    Accepted(Reply),
    /// The peer said no.
    Refused {
        /// To what.
        at: At,
        /// How.
        reply: Reply,
        /// It would say so again.
        for_good: bool,
    },
    /// It was not tried, as the peer can't have it.
    Impossible(Obstacle),
    /// The connection broke.
    Lost {
        /// Where.
        at: At,
        /// How.
        trouble: Trouble,
        /// All had been said: the peer may have the message, and a further try may make a
        /// second one of it (RFC 5321 section 4.5.4.2; RFC 1047).
        perhaps_accepted: bool,
    },
    /// It was not tried, as the peer takes no more recipients at once (RFC 9422
    /// section 4.2); it can be, by the next message of the connection.
    Untried,
}

impl Fate {
    /// What it is as a status, where that is known.
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::Accepted(reply) => Some(reply.status()),
            Self::Refused {
                reply, for_good, ..
            } => {
                let status = reply.status();
                // Where a 5yz was taken for one that passes, so is its status.
                let class = if *for_good { 5 } else { 4 };
                Some(Status { class, ..status })
            }
            Self::Impossible(obstacle) => Some(obstacle.status()),
            // "Bad connection", RFC 3463 section 3.5.
            Self::Lost { .. } => Some(Status::new(4, 4, 2)),
            Self::Untried => None,
        }
    }

    /// The peer said no to this command.
    pub(super) fn refused(at: At, reply: &Reply) -> Fate {
        Fate::Refused {
            at,
            reply: reply.clone(),
            for_good: reply.is_permanent() && !is_too_many(at, reply),
        }
    }
}

/// RFC 5321 section 4.5.3.1.10: 552 to RCPT is how older servers say that there are too many
/// recipients, and is taken for 452. A mailbox that is full says so in its status.
fn is_too_many(at: At, reply: &Reply) -> bool {
    let says_more = reply.status.is_some_and(|status| status.subject == 2);
    at == At::Recipient && reply.code == 552 && !says_more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, status: Option<Status>) -> Reply {
        Reply {
            code,
            status,
            lines: vec![],
        }
    }

    #[test]
    fn a_refusal_is_for_good_where_the_peer_says_so() {
        let for_good = |at, code, status| match Fate::refused(at, &reply(code, status)) {
            Fate::Refused { for_good, .. } => for_good,
            other => panic!("{other:?}"),
        };
        assert!(for_good(At::Recipient, 550, None));
        assert!(!for_good(At::Recipient, 450, None));
        assert!(!for_good(At::Recipient, 552, None));
        assert!(for_good(At::Recipient, 552, Some(Status::new(5, 2, 2))));
        assert!(for_good(At::Mail, 552, None));
        let too_many = Fate::refused(At::Recipient, &reply(552, Some(Status::new(5, 5, 3))));
        assert_eq!(too_many.status(), Some(Status::new(4, 5, 3)));
    }
}
