//! What each command does before sign-in. RFC 1939 section 4.

use address::Password;
use events::{Event, Refusal, SignInFailure};
use session::Step;
use session::sasl::{Cleartext, Exchange, Mechanism, SaslError, Turn};

use super::{Pop3, State};
use crate::question::Question;
use crate::refusal;
use crate::reply::{Code, challenge, coded, err, lines, ok};
use crate::wire::Command;

impl Pop3 {
    pub(super) fn authorize(&mut self, name: Option<String>, command: Command) {
        self.state = State::Authorization { name: None };
        match (command, name) {
            (Command::User { name }, _) => self.user(name),
            (Command::Pass { password }, Some(name)) => self.sign_in(name, password),
            (Command::Pass { .. }, None) => self.say(&err("Say USER first")),
            (
                Command::Auth {
                    mechanism: None, ..
                },
                _,
            ) => self.mechanisms(),
            (
                Command::Auth {
                    mechanism: Some(mechanism),
                    initial,
                },
                _,
            ) => {
                self.auth(&mechanism, initial.as_ref());
            }
            (Command::Stls, _) => self.stls(),
            (Command::Quit, _) => self.say_and_close(&ok("Bye")),
            (Command::Capa, name) => {
                self.state = State::Authorization { name };
                self.capabilities(true);
            }
            (
                Command::Stat
                | Command::List { .. }
                | Command::Uidl { .. }
                | Command::Retr { .. }
                | Command::Top { .. }
                | Command::Dele { .. }
                | Command::Noop
                | Command::Rset,
                name,
            ) => {
                self.state = State::Authorization { name };
                self.say(&err("Sign in first"));
            }
        }
    }

    /// CAPA. RFC 2449 section 5; what is listed is what may be used now.
    pub(super) fn capabilities(&mut self, before_sign_in: bool) {
        let mut all = vec!["TOP", "UIDL"];
        if before_sign_in && self.may_sign_in() {
            all.extend(["USER", "SASL PLAIN"]);
        }
        if before_sign_in && !self.encrypted {
            all.push("STLS");
        }
        all.extend(["RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"]);
        all.push("IMPLEMENTATION Facteur");
        self.send(lines("What this server can do", &all));
    }

    /// Whether signing in is offered and taken on this connection as it is now.
    fn may_sign_in(&self) -> bool {
        self.encrypted || self.settings.cleartext == Cleartext::ByAccount
    }

    fn user(&mut self, name: String) {
        if self.may_sign_in() {
            // The same for every name: whether there is such an account is not said.
            self.state = State::Authorization { name: Some(name) };
            return self.say(&ok("Now the password"));
        }
        self.note(Event::SignInRefused {
            name,
            reason: SignInFailure::Unencrypted,
        });
        self.say(&refusal::reply(&Refusal::EncryptionRequired));
    }

    /// AUTH without an argument is older than RFC 5034, and some programs still ask so.
    fn mechanisms(&mut self) {
        if self.may_sign_in() {
            self.send(lines("Ways to sign in", &[Mechanism::Plain.name()]));
        } else {
            self.refuse(&Refusal::EncryptionRequired);
        }
    }

    fn auth(&mut self, mechanism: &str, initial: Option<&Password>) {
        if !self.may_sign_in() {
            return self.refuse(&Refusal::EncryptionRequired);
        }
        match Mechanism::named(mechanism) {
            Some(Mechanism::Plain) => {
                self.turn(Exchange::begin(
                    Mechanism::Plain,
                    initial.map(Password::expose),
                ));
            }
            Some(Mechanism::Login) | None => self.misunderstand("The mechanism is PLAIN"),
        }
    }

    /// Where the exchange of AUTH stands.
    pub(super) fn turn(&mut self, turn: Result<Turn, SaslError>) {
        self.state = State::Authorization { name: None };
        match turn {
            Ok(Turn::Challenge { text, exchange }) => {
                self.state = State::Authenticating(exchange);
                self.send(challenge(text));
            }
            Ok(Turn::Done(who)) => self.sign_in(who.name, who.password),
            Err(SaslError::Cancelled) => self.say(&err("Sign-in cancelled")),
            Err(SaslError::OtherIdentity) => {
                self.say(&coded(
                    Code::Auth,
                    "Signing in as another user is not possible",
                ));
            }
            Err(wrong) => self.misunderstand(format!("The response is {wrong}")),
        }
    }

    fn sign_in(&mut self, name: String, password: Password) {
        let encrypted = self.encrypted;
        self.state = State::SigningIn {
            name: name.clone(),
            answer: None,
        };
        self.ask(Question::SignIn {
            name,
            password,
            encrypted,
        });
    }

    /// STLS. RFC 2595 section 4.
    fn stls(&mut self) {
        if self.encrypted {
            return self.say(&err("The connection is encrypted already"));
        }
        self.say(&ok("Begin TLS"));
        self.out.push_back(Step::Secure);
        // Commands that came with STLS may have been put there by somebody else.
        self.inbox.clear();
        self.state = State::Securing;
    }

    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        self.note(Event::Refused(refusal.clone()));
        self.say(&refusal::reply(refusal));
    }
}
