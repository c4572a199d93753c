//! AUTH. RFC 4954.

use address::Password;
use events::{Event, Refusal, SignInFailure};
use session::sasl::{Cleartext, Exchange, Mechanism, SaslError, Turn};

use super::{Asked, Role, Smtp, State};
use crate::limits;
use crate::question::{Piece, Question};
use crate::refusal;
use crate::say::{End, Fault, News};

impl Smtp {
    /// Whether signing in is offered and taken on this connection as it is now.
    pub(super) fn may_sign_in(&self) -> bool {
        self.peer.encryption.is_some() || self.settings.cleartext == Cleartext::ByAccount
    }

    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&Password>) {
        if self.settings.role == Role::Exchange {
            return self.fault(&Fault::SignInElsewhere);
        }
        if self.peer.signed_in {
            return self.fault(&Fault::SignedInAlready);
        }
        if self.peer.hello.is_none() {
            return self.fault(&Fault::HelloFirst);
        }
        if !self.may_sign_in() {
            return self.refuse(&Refusal::EncryptionRequired);
        }
        match Mechanism::named(mechanism) {
            None => self.fault(&Fault::UnknownMechanism),
            Some(mechanism) => {
                let turn = Exchange::begin(mechanism, initial.map(Password::expose));
                self.turn(mechanism, turn);
            }
        }
    }

    /// Where the exchange stands.
    pub(super) fn turn(&mut self, mechanism: Mechanism, turn: Result<Turn, SaslError>) {
        let fault = match turn {
            Ok(Turn::Challenge { text, exchange }) => {
                self.state = State::Authenticating {
                    mechanism,
                    exchange,
                };
                return self.news(&News::Challenge { text });
            }
            Ok(Turn::Done(who)) => {
                let (name, password) = (who.name, who.password);
                let encrypted = self.peer.encryption.is_some();
                let asked = Asked::SignIn { name: name.clone() };
                let question = Question::SignIn {
                    mechanism,
                    name,
                    password,
                    encrypted,
                };
                return self.ask(asked, question);
            }
            Err(SaslError::Cancelled) => Fault::Cancelled,
            Err(SaslError::TooLong) => Fault::CredentialsTooLong,
            Err(SaslError::NotBase64 | SaslError::Malformed) => Fault::NoCredentials,
            Err(SaslError::OtherIdentity) => Fault::OtherIdentity,
        };
        self.fault(&fault);
    }

    pub(super) fn signed_in(&mut self, name: String, answer: Option<Piece>) {
        let (refusal, reason) = match answer {
            Some(Piece::SignedIn { address }) => {
                self.peer.signed_in = true;
                self.note(Event::SignedIn { address });
                return self.news(&News::SignedIn);
            }
            Some(Piece::NotSignedIn { refusal, reason }) => (refusal, reason),
            _ => (Refusal::Temporary, SignInFailure::Broken),
        };
        self.note(Event::SignInRefused { name, reason });
        self.say(&refusal::reply(&refusal));
        self.failed_sign_ins += 1;
        if self.failed_sign_ins >= limits::SIGN_IN_TRIES {
            // The device has its answer, with the code it looks for; this one is for
            // whatever it says next.
            self.say_and_close(&End::TooManySignIns.reply());
        }
    }
}
