//! From the greeting to the first message. RFC 5321 section 3.1 and 3.2, RFC 3207.

use session::{Encryption, Moment};

use super::outcome::{At, Failure, Trouble};
use super::sign_in::SignIn;
use super::{Capabilities, Client, Reply, StartTls, State, Step, limits};
use crate::client::reply::Reader;

/// What is waited for.
#[derive(Debug)]
pub(super) enum Opening {
    Greeting,
    /// The answer to EHLO, or to HELO.
    Hello {
        extended: bool,
    },
    StartTls,
    /// TLS itself.
    Securing,
    SigningIn(SignIn),
}

impl Opening {
    pub(super) fn at(&self) -> At {
        match self {
            Self::Greeting => At::Greeting,
            Self::Hello { .. } => At::Hello,
            Self::StartTls | Self::Securing => At::StartTls,
            Self::SigningIn(_) => At::SignIn,
        }
    }
}

impl Client {
    /// Does what a reply leads to.
    pub(super) fn opened(&mut self, opening: Opening, reply: Reply, now: Moment) {
        match opening {
            Opening::Greeting if reply.is_success() => self.hello(true, now),
            // RFC 5321 section 3.2: a server that does not know EHLO may know HELO.
            Opening::Hello { extended: true } if reply.is_permanent() => self.hello(false, now),
            Opening::Hello { extended } if reply.is_success() => {
                self.capabilities = match extended {
                    true => Capabilities::read(&reply),
                    false => Capabilities::default(),
                };
                self.greeted(now);
            }
            Opening::StartTls if reply.is_success() => self.begin_tls(),
            // It goes on as if it had not been offered.
            Opening::StartTls if self.settings.starttls == StartTls::IfOffered => {
                self.sign_in(now);
            }
            Opening::SigningIn(sign_in) => self.sign_in_goes_on(&sign_in, reply, now),
            opening if reply.is_refusal() => {
                self.say("QUIT");
                self.give_up(Failure::Refused(opening.at(), reply));
            }
            opening => {
                let trouble = Trouble::Unexpected(reply);
                self.give_up(Failure::Trouble(opening.at(), trouble));
            }
        }
    }

    fn hello(&mut self, extended: bool, now: Moment) {
        let command = if extended { "EHLO" } else { "HELO" };
        let line = format!("{command} {}", self.settings.hello.as_str());
        self.ask(&line, Opening::Hello { extended }, now);
    }

    /// EHLO was answered.
    fn greeted(&mut self, now: Moment) {
        match (self.settings.starttls, self.capabilities.starttls) {
            _ if self.encryption.is_some() => self.sign_in(now),
            (StartTls::IfOffered | StartTls::Demanded, true) => {
                self.ask("STARTTLS", Opening::StartTls, now);
            }
            (StartTls::Demanded, false) => {
                self.say("QUIT");
                self.give_up(Failure::NoTls);
            }
            (StartTls::Never | StartTls::IfOffered, _) => self.sign_in(now),
        }
    }

    /// STARTTLS was answered: what else is there already would be taken for said under
    /// TLS.
    fn begin_tls(&mut self) {
        if !self.reader.is_empty() {
            let failure = Failure::Trouble(At::StartTls, Trouble::Injected);
            return self.give_up(failure);
        }
        self.state = State::Opening(Opening::Securing);
        self.out.push_back(Step::Secure);
    }

    /// TLS is there. What was known of the peer is forgotten (RFC 3207 section 4.2).
    pub(super) fn secured(&mut self, encryption: Encryption, now: Moment) {
        self.encryption = Some(encryption);
        self.capabilities = Capabilities::default();
        self.reader = Reader::new();
        if matches!(self.state, State::Opening(Opening::Securing)) {
            self.hello(true, now);
        }
    }

    /// Says a line, and waits for what follows.
    pub(super) fn ask(&mut self, line: &str, opening: Opening, now: Moment) {
        // A reply that is there already is none to what is said now.
        if !self.reader.is_empty() {
            let failure = Failure::Trouble(opening.at(), Trouble::OutOfStep);
            return self.give_up(failure);
        }
        self.say(line);
        self.late = (now + limits::COMMAND).min(Moment::default() + limits::OPENING);
        self.state = State::Opening(opening);
    }

    pub(super) fn give_up(&mut self, failure: Failure) {
        self.out.push_back(Step::Failed(failure));
        self.state = State::Closed;
    }
}
