//! The states of RFC 1939 section 3, and what takes a session from one to the next.
//!
//! A state holds only what is true in it. What each command does is in `authorization`
//! (before sign-in) and `transaction` (after); how their questions are answered, in
//! `answers`.

mod answers;
mod authorization;
mod transaction;

use std::collections::VecDeque;
use std::mem;

use bytes::Bytes;
use events::{Event, Refusal};
use session::sasl::{Cleartext, Exchange};
use session::{Inbox, Input, Line, LineEnd, Moment, RightEnd, Session, Step, Want};

use crate::limits;
use crate::listing::Listing;
use crate::maildrop::Maildrop;
use crate::question::{Piece, Question};
use crate::refusal;
use crate::reply::{Code, Reply, coded, err, ok};
use crate::wire;
use answers::Reading;

/// What an operator decides about POP3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The service's host name, for the greeting.
    pub host: String,
    /// Whether one may sign in without encryption.
    pub cleartext: Cleartext,
}

/// One POP3 session.
#[derive(Debug)]
pub struct Pop3 {
    settings: Settings,
    state: State,
    inbox: Inbox,
    /// Steps that are decided and not yet taken.
    out: VecDeque<Step<Question>>,
    greeted: bool,
    encrypted: bool,
    /// The client sends nothing more.
    deaf: bool,
    /// Why the session is to end when the answer under way is complete.
    ending: Option<Ending>,
    /// Since when the client is silent.
    silent_since: Moment,
    bad_commands: u32,
    failed_sign_ins: u32,
}

#[derive(Debug)]
enum State {
    /// Not signed in; `name` is what USER said.
    Authorization {
        name: Option<String>,
    },
    /// In the middle of an AUTH.
    Authenticating(Exchange),
    /// STLS was answered; TLS is about to begin.
    Securing,
    /// The name and password are being checked.
    SigningIn {
        name: String,
        answer: Option<Piece>,
    },
    /// The maildrop is being listed; `failed` once that went wrong.
    Opening {
        maildrop: Maildrop,
        failed: Option<Refusal>,
    },
    /// Signed in, waiting for a command.
    Transaction(Maildrop),
    /// LIST or UIDL is being said.
    Listing {
        maildrop: Maildrop,
        listing: Listing,
    },
    /// RETR or TOP is being answered.
    Reading {
        maildrop: Maildrop,
        reading: Reading,
    },
    /// QUIT, and the marked messages are being removed.
    Updating {
        answer: Option<Piece>,
    },
    Closed,
}

/// Why a session is closed from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Shutdown,
    Silent,
    Right(RightEnd),
}

impl Ending {
    fn reply(self) -> Reply {
        match self {
            Self::Shutdown => coded(Code::SysTemp, "The service is restarting; come back soon"),
            Self::Silent => err("Nothing was said for too long; nothing was removed"),
            Self::Right(RightEnd::PasswordChanged) => coded(
                Code::Auth,
                "The password was changed; sign in with the new one",
            ),
            Self::Right(RightEnd::AccountRemoved) => {
                coded(Code::Auth, "This account no longer exists")
            }
            Self::Right(RightEnd::OldDevicesOff) => refusal::reply(&Refusal::EncryptionRequired),
        }
    }
}

impl State {
    /// Whether a question is out, or the handshake.
    fn waits_for_others(&self) -> bool {
        matches!(
            self,
            Self::Securing
                | Self::SigningIn { .. }
                | Self::Opening { .. }
                | Self::Reading { .. }
                | Self::Updating { .. }
        )
    }
}

fn wait(bytes: bool, until: Option<Moment>) -> Step<Question> {
    Step::Want(Want {
        bytes,
        notice: false,
        until,
    })
}

impl Session for Pop3 {
    type Question = Question;
    type Piece = Piece;

    fn receive(&mut self, now: Moment, input: Input<Piece>) {
        match input {
            Input::Bytes(octets) => self.hear(&octets),
            Input::EndOfStream => self.deaf = true,
            Input::Secured(_) => self.secured(now),
            Input::Piece(piece) => self.take(piece),
            Input::AnswerEnd => self.answered(now),
            // The maildrop is fixed: nothing that changes concerns it.
            Input::Notice => {}
            Input::TimeUp => {
                if self.patience().is_some_and(|until| now >= until) {
                    self.end(Ending::Silent);
                }
            }
            Input::Shutdown => self.end(Ending::Shutdown),
            Input::RightEnded(right) => self.end(Ending::Right(right)),
        }
    }

    fn next(&mut self, now: Moment) -> Step<Question> {
        loop {
            if let Some(step) = self.out.pop_front() {
                return step;
            }
            if let Some(step) = self.advance(now) {
                return step;
            }
        }
    }
}

impl Pop3 {
    /// A session that has just begun. On an endpoint with implicit TLS,
    /// [`Input::Secured`] comes before anything else.
    pub fn new(settings: Settings) -> Pop3 {
        Pop3 {
            settings,
            state: State::Authorization { name: None },
            // People type at this protocol, and nothing in it can be smuggled by a line
            // end.
            inbox: Inbox::new(LineEnd::Lf, limits::LINE_OCTETS),
            out: VecDeque::new(),
            greeted: false,
            encrypted: false,
            deaf: false,
            ending: None,
            silent_since: Moment::default(),
            bad_commands: 0,
            failed_sign_ins: 0,
        }
    }

    /// Decides what comes next. `None` when it has put steps out or changed the state.
    fn advance(&mut self, now: Moment) -> Option<Step<Question>> {
        if !mem::replace(&mut self.greeted, true) {
            self.say(&ok(format!("{} POP3 ready", self.settings.host)));
            return None;
        }
        match &self.state {
            State::Closed => return Some(Step::Close),
            State::Listing { .. } => {
                self.go_on_listing(now);
                return None;
            }
            // TLS that never comes is the end, as is a peer that has gone.
            State::Securing if self.deaf || self.ending.is_some() => {
                self.state = State::Closed;
                return None;
            }
            // The fields mean nothing to a driver that is answering a question.
            state if state.waits_for_others() => return Some(wait(false, None)),
            _ => {}
        }
        if let Some(ending) = self.ending {
            self.say_and_close(&ending.reply());
            return None;
        }
        match self.inbox.line() {
            Some(line) => {
                self.silent_since = now;
                self.obey(line);
                None
            }
            None if self.deaf => {
                self.state = State::Closed;
                None
            }
            None => Some(wait(true, self.patience())),
        }
    }

    /// Does what a line asks for.
    fn obey(&mut self, line: Line) {
        let state = mem::replace(&mut self.state, State::Closed);
        let Line::Whole(text) = line else {
            // It may have been the answer in a sign-in, which is then over.
            self.state = match state {
                State::Authenticating(_) => State::Authorization { name: None },
                state => state,
            };
            return self.misunderstand("The line is too long");
        };
        match state {
            State::Authenticating(exchange) => self.turn(exchange.respond(&text)),
            State::Authorization { name } => match wire::parse(&text) {
                Ok(command) => self.authorize(name, command),
                Err(wrong) => {
                    self.state = State::Authorization { name };
                    self.misunderstand(wrong.to_string());
                }
            },
            State::Transaction(maildrop) => match wire::parse(&text) {
                Ok(command) => self.transact(maildrop, &command),
                Err(wrong) => {
                    self.state = State::Transaction(maildrop);
                    self.misunderstand(wrong.to_string());
                }
            },
            // No line is looked at in any other state.
            state => self.state = state,
        }
    }

    /// Says that a line makes no sense, and closes when that happens too often.
    fn misunderstand(&mut self, why: impl Into<String>) {
        self.note(Event::BadCommand);
        self.bad_commands += 1;
        if self.bad_commands >= limits::BAD_COMMANDS {
            self.say_and_close(&err("Too many commands that make no sense"));
        } else {
            self.say(&err(why));
        }
    }

    fn hear(&mut self, octets: &Bytes) {
        if !matches!(self.state, State::Closed | State::Securing) {
            self.inbox.push(octets);
        }
    }

    fn secured(&mut self, now: Moment) {
        self.encrypted = true;
        self.silent_since = now;
        if matches!(self.state, State::Securing) {
            self.state = State::Authorization { name: None };
        }
    }

    /// Ends the session when the answer under way is complete. The first reason is
    /// the one that is said.
    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }

    /// Until when the client may be silent.
    fn patience(&self) -> Option<Moment> {
        let sign_in = Moment::default() + limits::SIGN_IN;
        match self.state {
            State::Authorization { .. } | State::Authenticating(_) => {
                Some(sign_in.min(self.silent_since + limits::IDLE_BEFORE_SIGN_IN))
            }
            State::Transaction(_) => Some(self.silent_since + limits::IDLE),
            _ => None,
        }
    }

    fn say(&mut self, reply: &Reply) {
        self.send(reply.line());
    }

    fn send(&mut self, octets: impl Into<Bytes>) {
        let octets = octets.into();
        if !octets.is_empty() {
            self.out.push_back(Step::Send(octets));
        }
    }

    fn note(&mut self, event: Event) {
        self.out.push_back(Step::Note(event));
    }

    fn ask(&mut self, question: Question) {
        self.out.push_back(Step::Ask(question));
    }

    fn say_and_close(&mut self, reply: &Reply) {
        self.say(reply);
        self.state = State::Closed;
    }
}
