//! LOGIN and AUTHENTICATE. RFC 9051 sections 6.2.2 and 6.2.3.

use address::Password;
use events::{Event, Refusal, SignInFailure};
use session::sasl::{Exchange, Mechanism, SaslError, Turn};

use super::capability::capabilities;
use super::core::{Core, State};
use super::job::{After, Broken, Job, Tell};
use super::refusal::Asked;
use crate::codec::command::Tag;
use crate::codec::write::{Code, Reply};
use crate::limits;
use crate::question::{Piece, Question};

/// AUTHENTICATE waits for the client's next line.
pub(super) struct Exchanging {
    tag: Tag,
    exchange: Exchange,
}

/// LOGIN.
pub(super) fn login(core: &mut Core, tag: Tag, name: String, password: Password) -> After {
    if core.must_encrypt() {
        core.note(Event::SignInRefused {
            name,
            reason: SignInFailure::Unencrypted,
        });
        return core.refuse(tag, Refusal::EncryptionRequired, Asked::SignIn);
    }
    let question = Question::SignIn {
        name: name.clone(),
        password,
        encrypted: core.encrypted,
    };
    After::ask(
        question,
        SigningIn {
            tag,
            name,
            outcome: None,
        },
    )
}

/// AUTHENTICATE, with the initial response of RFC 4959 or without.
pub(super) fn authenticate(
    core: &mut Core,
    tag: Tag,
    mechanism: &str,
    initial: Option<&Password>,
) -> After {
    if core.must_encrypt() {
        core.note(Event::Refused(Refusal::EncryptionRequired));
        return core.refuse(tag, Refusal::EncryptionRequired, Asked::SignIn);
    }
    // LOGIN as a mechanism is not among the capabilities: the command does the same.
    match Mechanism::named(mechanism) {
        Some(Mechanism::Plain) => turn(
            core,
            tag,
            Exchange::begin(Mechanism::Plain, initial.map(Password::expose)),
        ),
        Some(Mechanism::Login) | None => {
            let reply = Reply::no("No such way to sign in: use PLAIN").with(Code::Cannot);
            After::Answer(tag, reply, Tell::Nothing)
        }
    }
}

/// Takes the client's line; `None` is one that is too long.
pub(super) fn respond(core: &mut Core, waiting: Exchanging, line: Option<&[u8]>) -> After {
    let Exchanging { tag, exchange } = waiting;
    let next = line.map_or(Err(SaslError::TooLong), |line| exchange.respond(line));
    turn(core, tag, next)
}

fn turn(core: &mut Core, tag: Tag, turn: Result<Turn, SaslError>) -> After {
    match turn {
        Ok(Turn::Challenge { text, exchange }) => {
            // The space is there even where no text follows: old parsers insist on it.
            core.write().syntax("+ ").syntax(text).end_line();
            After::SignIn(Exchanging { tag, exchange })
        }
        Ok(Turn::Done(who)) => login(core, tag, who.name, who.password),
        Err(SaslError::Cancelled) => {
            After::Answer(tag, Reply::bad("Sign-in cancelled"), Tell::Nothing)
        }
        Err(SaslError::OtherIdentity) => {
            let reply = Reply::no(SaslError::OtherIdentity.to_string());
            After::Answer(tag, reply.with(Code::AuthorizationFailed), Tell::Nothing)
        }
        Err(error) => core.bad(Some(tag), Reply::bad(format!("That was {error}"))),
    }
}

/// Somebody is being let in or not.
struct SigningIn {
    tag: Tag,
    name: String,
    outcome: Option<Result<String, (Refusal, Option<SignInFailure>)>>,
}

impl Job for SigningIn {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        match piece {
            Piece::SignedIn { address } => self.outcome = Some(Ok(address)),
            Piece::Refused { refusal, failure } => self.outcome = Some(Err((refusal, failure))),
            _ => {}
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        let outcome = self.outcome.unwrap_or(Err((Refusal::Temporary, None)));
        Ok(match outcome {
            Ok(address) => {
                core.state = State::Authenticated;
                core.note(Event::SignedIn { address });
                let reply = Reply::ok("Signed in").with(Code::Capability(capabilities(core)));
                After::Answer(self.tag, reply, Tell::Nothing)
            }
            Err((refusal, failure)) => refused(core, self.tag, self.name, refusal, failure),
        })
    }
}

fn refused(
    core: &mut Core,
    tag: Tag,
    name: String,
    refusal: Refusal,
    failure: Option<SignInFailure>,
) -> After {
    let reason = failure.unwrap_or(match refusal {
        Refusal::Credentials => SignInFailure::WrongPassword,
        Refusal::EncryptionRequired => SignInFailure::Unencrypted,
        Refusal::SignInBusy => SignInFailure::Busy,
        _ => SignInFailure::Broken,
    });
    core.note(Event::SignInRefused { name, reason });
    core.attempts += 1;
    match core.refuse(tag, refusal, Asked::SignIn) {
        After::Answer(tag, reply, _) if core.attempts >= limits::SIGN_IN_ATTEMPTS => {
            After::Leave(Some((tag, reply)), "Too many attempts to sign in")
        }
        after => after,
    }
}
