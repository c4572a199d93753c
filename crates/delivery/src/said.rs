//! What went wrong with a connection, in words for the queue's list and for reports.

use smtp::client::{self, Obstacle, Reply, Trouble};

use crate::peer::Failure;

/// Why a connection was not ready for a message.
pub(crate) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Connect(why) => why.to_string(),
        Failure::Broken(why) => format!("the connection broke before TLS began: {why}"),
        Failure::Handshake(why) => format!("TLS failed: {why}"),
        Failure::SilentHandshake => "TLS failed: the host said nothing more".to_owned(),
        Failure::Smtp(client::Failure::Refused(at, reply)) => {
            format!("{} (to {})", self::reply(reply), at.name())
        }
        Failure::Smtp(client::Failure::NoTls) => "the host offers no TLS".to_owned(),
        Failure::Smtp(client::Failure::NoSignIn) => {
            "the host offers no way to sign in that we know".to_owned()
        }
        Failure::Smtp(client::Failure::SignInNeedsTls) => {
            "we sign in over TLS alone, and the host offers none".to_owned()
        }
        Failure::Smtp(client::Failure::Trouble(at, trouble)) => {
            format!("{}, at {}", lost(trouble), at.name())
        }
        Failure::Closed => "the connection was closed".to_owned(),
    }
}

/// A reply as its host gave it, in one line.
pub(crate) fn reply(reply: &Reply) -> String {
    let status = reply.status.map(|status| format!(" {status}"));
    let words = reply.text();
    format!("{}{} {words}", reply.code, status.unwrap_or_default())
}

/// How a connection was lost.
pub(crate) fn lost(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Ended => "the host closed the connection".to_owned(),
        Trouble::Broken(kind) => format!("the connection broke ({kind})"),
        Trouble::Silent => "the host did not answer in time".to_owned(),
        Trouble::Stuck => "the host took too long to take the message".to_owned(),
        Trouble::Nonsense => "what the host said is no reply".to_owned(),
        Trouble::OutOfStep => "the host replied to what was not asked".to_owned(),
        Trouble::Unexpected(reply) => {
            format!("the host replied {}, which makes no sense", reply.text())
        }
        Trouble::Closing(reply) => {
            format!("the host closed the connection: {}", self::reply(reply))
        }
        Trouble::Injected => {
            "the host said something in the clear that would have been taken for said under TLS"
                .to_owned()
        }
        Trouble::BodyLost => "our own copy of the message could not be read".to_owned(),
    }
}

/// What about a message a host can't do.
pub(crate) fn obstacle(obstacle: Obstacle) -> String {
    match obstacle {
        Obstacle::NoSmtpUtf8 => "the host takes no addresses beyond ASCII (SMTPUTF8)".to_owned(),
        Obstacle::NoRequireTls => {
            "the host does not promise to send on by TLS alone (REQUIRETLS)".to_owned()
        }
        Obstacle::TooLarge { most } => format!("the host takes messages of {most} octets at most"),
    }
}
