//! Signing in to a host that takes mail from its users alone. RFC 4954, with PLAIN
//! (RFC 4616), or LOGIN where only that is offered.

use address::Password;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use session::Moment;

use super::opening::Opening;
use super::outcome::{At, Failure, Trouble};
use super::{Client, Reply, State};

/// Who we are to a smarthost.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Password,
}

/// How far it is: what the next `334` is answered with.
#[derive(Debug)]
pub(super) enum SignIn {
    /// All was said with the command; some want it again.
    Plain {
        again: bool,
    },
    Name,
    Password,
    Said,
}

impl Client {
    /// Signs in, where there are credentials; then all is ready.
    pub(super) fn sign_in(&mut self, now: Moment) {
        let Some(credentials) = &self.settings.credentials else {
            self.state = State::Ready;
            return;
        };
        if self.encryption.is_none() {
            self.say("QUIT");
            return self.give_up(Failure::SignInNeedsTls);
        }
        if self.capabilities.plain {
            let line = format!("AUTH PLAIN {}", plain(credentials));
            self.ask(
                &line,
                Opening::SigningIn(SignIn::Plain { again: true }),
                now,
            );
        } else if self.capabilities.login {
            self.ask("AUTH LOGIN", Opening::SigningIn(SignIn::Name), now);
        } else {
            self.say("QUIT");
            self.give_up(Failure::NoSignIn);
        }
    }

    pub(super) fn sign_in_goes_on(&mut self, sign_in: &SignIn, reply: Reply, now: Moment) {
        let credentials = self.settings.credentials.as_ref();
        let answer = credentials.and_then(|credentials| sign_in.answer(credentials));
        match (reply.code, answer) {
            (200..=299, _) => self.state = State::Ready,
            (334, Some((line, then))) => self.ask(&line, Opening::SigningIn(then), now),
            (400.., _) => {
                self.say("QUIT");
                self.give_up(Failure::Refused(At::SignIn, reply));
            }
            _ => {
                let trouble = Trouble::Unexpected(reply);
                self.give_up(Failure::Trouble(At::SignIn, trouble));
            }
        }
    }
}

impl SignIn {
    /// What a `334` is answered with, and what comes then.
    fn answer(&self, credentials: &Credentials) -> Option<(String, SignIn)> {
        match self {
            Self::Plain { again: true } => {
                Some((plain(credentials), SignIn::Plain { again: false }))
            }
            Self::Name => Some((STANDARD.encode(&credentials.name), SignIn::Password)),
            Self::Password => {
                let password = STANDARD.encode(credentials.password.expose());
                Some((password, SignIn::Said))
            }
            Self::Plain { again: false } | Self::Said => None,
        }
    }
}

/// RFC 4616 section 2: nobody else's mailbox, the name, the password.
fn plain(credentials: &Credentials) -> String {
    let name = credentials.name.as_bytes();
    STANDARD.encode([b"\0", name, b"\0", credentials.password.expose()].concat())
}
