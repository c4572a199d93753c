//! The states of a session, and what takes it from one to the next.
//!
//! What each command does is in `commands`, signing in is in `sign_in`, a message on
//! its way in is in `message` or, where it comes in chunks, in `chunk`, and what the answers to our questions lead to in
//! `answers`.

mod answers;
mod chunk;
mod commands;
mod message;
mod sign_in;

use std::collections::VecDeque;
use std::mem;

use bytes::Bytes;
use events::{Event, Refusal};
use session::sasl::{Cleartext, Exchange, Mechanism};
use session::{Encryption, Inbox, Input, Line, LineEnd, Moment, Session, Step, Want};

use crate::limits;
use crate::question::{Hello, Piece, Question};
use crate::refusal;
use crate::reply::Reply;
use crate::say::{End, Fault, News};
use crate::wire::{self, Chunk};
use chunk::{Because, Chunks, Coming};
use message::Message;

/// Which of SMTP's two services a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Mail from other servers: nobody signs in. RFC 5321.
    Exchange,
    /// Mail from users, who sign in before anything else. RFC 6409.
    Submission,
}

/// What an operator decides about SMTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which service this is.
    pub role: Role,
    /// The service's host name, for the greeting.
    pub host: String,
    /// Whether one may sign in without encryption; of no use to [`Role::Exchange`].
    pub cleartext: Cleartext,
    /// Largest message in octets.
    pub max_octets: u64,
    /// When the session began, by the calendar: for what is offered until a date.
    pub begun: jiff::Timestamp,
    /// Recipients that one message may have; never more than [`limits::RECIPIENTS`].
    pub max_recipients: usize,
}

/// One SMTP session.
#[derive(Debug)]
pub struct Smtp {
    settings: Settings,
    state: State,
    peer: Peer,
    /// Since MAIL was accepted.
    envelope: Option<Envelope>,
    inbox: Inbox,
    /// Steps that are decided and not yet taken.
    out: VecDeque<Step<Question>>,
    greeted: bool,
    /// The peer sends nothing more.
    deaf: bool,
    /// Why the session is to end as soon as it may, and since when that is so.
    ending: Option<(End, Moment)>,
    /// Since when the peer is silent.
    silent_since: Moment,
    bad_commands: u32,
    failed_sign_ins: u32,
    /// Since the last message that was accepted.
    since: Since,
}

/// What has been said in vain.
#[derive(Debug, Default)]
struct Since {
    refused: u32,
    idle: u32,
}

/// What is known of the other side.
#[derive(Debug, Default)]
struct Peer {
    hello: Option<Hello>,
    encryption: Option<Encryption>,
    signed_in: bool,
}

/// What the session itself has to know of the envelope; the service keeps the rest.
#[derive(Debug)]
struct Envelope {
    smtputf8: bool,
    recipients: usize,
    /// At least one recipient was refused.
    refused: bool,
    chunks: Chunks,
}

#[derive(Debug)]
enum State {
    /// Waiting for a command.
    Ready,
    /// In the middle of an AUTH.
    Authenticating {
        mechanism: Mechanism,
        exchange: Exchange,
    },
    /// STARTTLS was answered; TLS is about to begin.
    Securing,
    /// A message is coming in.
    Message(Message),
    /// A chunk of one is coming in.
    Chunk(Coming),
    /// A chunk that nobody wants is coming in; then this is said.
    Skipping {
        left: u64,
        because: Because,
    },
    /// A question is out.
    Asking {
        asked: Asked,
        answer: Option<Piece>,
    },
    Closed,
}

/// Which question is out, and what its answer is needed for.
#[derive(Debug)]
enum Asked {
    SignIn {
        name: String,
    },
    Sender {
        smtputf8: bool,
    },
    Recipient,
    Begin,
    BeginChunk(Chunk),
    Accept,
    /// Nothing is decided by the answer: whoever must sign in first is told so.
    Unsigned,
    /// Nothing is decided by the answer: then this is said.
    Forget {
        reply: Reply,
        close: bool,
    },
}

impl Session for Smtp {
    type Question = Question;
    type Piece = Piece;

    fn receive(&mut self, now: Moment, input: Input<Piece>) {
        match input {
            Input::Bytes(octets) => self.hear(&octets),
            Input::EndOfStream => self.deaf = true,
            Input::Secured(encryption) => self.secured(encryption, now),
            Input::Piece(piece) => self.take(piece),
            Input::AnswerEnd => self.answered(now),
            // A session of SMTP watches nothing.
            Input::Notice => {}
            Input::TimeUp => {
                if self.silent_until().is_some_and(|until| now >= until) {
                    self.end(End::Silent, now);
                }
            }
            Input::Shutdown => self.end(End::Shutdown, now),
            Input::RightEnded(right) => self.end(End::RightEnded(right), now),
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

impl Smtp {
    /// A session that has just begun. On an endpoint with implicit TLS,
    /// [`Input::Secured`] comes before anything else.
    pub fn new(settings: Settings) -> Smtp {
        Smtp {
            settings,
            state: State::Ready,
            peer: Peer::default(),
            envelope: None,
            // RFC 5321 section 2.3.8.
            inbox: Inbox::new(LineEnd::CrLf, limits::LINE_OCTETS),
            out: VecDeque::new(),
            greeted: false,
            deaf: false,
            ending: None,
            silent_since: Moment::default(),
            bad_commands: 0,
            failed_sign_ins: 0,
            since: Since::default(),
        }
    }

    /// Decides what comes next. `None` when it has put steps out or changed the state.
    fn advance(&mut self, now: Moment) -> Option<Step<Question>> {
        if !mem::replace(&mut self.greeted, true) {
            let host = self.settings.host.clone();
            self.news(&News::Greeting { host });
            return None;
        }
        match mem::replace(&mut self.state, State::Closed) {
            State::Closed => Some(Step::Close),
            // TLS that never comes is the end, as is a peer that has gone.
            State::Securing if self.deaf || self.ending.is_some() => None,
            // The fields mean nothing to a driver that is answering a question.
            state @ (State::Securing | State::Asking { .. }) => {
                self.state = state;
                Some(wait(false, None))
            }
            State::Message(message) => self.go_on_with(message, now),
            State::Chunk(coming) => self.go_on_with_chunk(coming, now),
            State::Skipping { left, because } => self.skip(left, because, now),
            state @ (State::Ready | State::Authenticating { .. }) => {
                self.state = state;
                self.listen(now)
            }
        }
    }

    /// Between commands.
    fn listen(&mut self, now: Moment) -> Option<Step<Question>> {
        if let Some((end, _)) = self.ending {
            self.say_and_close(&end.reply());
            return None;
        }
        match self.inbox.line() {
            Some(line) => {
                self.silent_since = now;
                self.obey(line);
                None
            }
            None if self.deaf => {
                // Many devices go without QUIT: there is nothing to say about it.
                self.state = State::Closed;
                None
            }
            None => Some(wait(true, self.silent_until())),
        }
    }

    /// Does what a line asks for.
    fn obey(&mut self, line: Line) {
        match (mem::replace(&mut self.state, State::Ready), line) {
            (
                State::Authenticating {
                    mechanism,
                    exchange,
                },
                Line::Whole(text),
            ) => {
                self.turn(mechanism, exchange.respond(&text));
            }
            (State::Authenticating { .. }, Line::TooLong) => {
                self.fault(&Fault::CredentialsTooLong);
            }
            (_, Line::TooLong) => self.fault(&Fault::LineTooLong),
            (_, Line::Whole(text)) => match wire::parse(&text, self.settings.role) {
                Ok(command) => self.command(command),
                Err(fault) => self.fault(&fault),
            },
        }
    }

    fn hear(&mut self, octets: &Bytes) {
        if !matches!(self.state, State::Closed | State::Securing) {
            self.inbox.push(octets);
        }
    }

    fn secured(&mut self, encryption: Encryption, now: Moment) {
        // What was said before is forgotten (RFC 3207 section 4.2), EHLO too.
        self.peer = Peer {
            encryption: Some(encryption),
            ..Peer::default()
        };
        self.silent_since = now;
        if matches!(self.state, State::Securing) {
            self.state = State::Ready;
        }
    }

    /// Ends the session as soon as nothing is cut by it. The first reason is the one
    /// that is said, but for a right that has ended: that waits for nothing.
    fn end(&mut self, end: End, now: Moment) {
        if self.ending.is_none() || matches!(end, End::RightEnded(_)) {
            self.ending = Some((end, now));
        }
    }

    /// Until when the peer may be silent.
    fn silent_until(&self) -> Option<Moment> {
        let idle = self.silent_since + limits::IDLE;
        match (&self.state, self.settings.role) {
            (State::Ready | State::Authenticating { .. }, Role::Submission)
                if !self.peer.signed_in =>
            {
                Some(idle.min(Moment::default() + limits::SIGN_IN))
            }
            (State::Securing | State::Asking { .. } | State::Closed, _) => None,
            _ => Some(idle),
        }
    }

    fn news(&mut self, news: &News) {
        self.say(&news.reply());
    }

    /// Says what is wrong with a command, and closes when that happens too often.
    fn fault(&mut self, fault: &Fault) {
        if fault.is_nonsense() {
            self.note(Event::BadCommand);
            self.bad_commands += 1;
        }
        if self.bad_commands >= limits::BAD_COMMANDS {
            return self.say_and_close(&End::TooManyErrors.reply());
        }
        self.say(&fault.reply());
        // What follows either is no command of whoever speaks.
        if matches!(fault, Fault::NotMail | Fault::ChunkSize) {
            self.state = State::Closed;
        } else if !fault.is_nonsense() && !matches!(fault, Fault::TooManyRecipients { .. }) {
            // Whoever has more recipients than one message takes has done nothing wrong.
            self.count_refused();
        }
    }

    fn refuse(&mut self, refusal: &Refusal) {
        self.note(Event::Refused(refusal.clone()));
        self.say(&refusal::reply(refusal));
        self.count_refused();
    }

    /// Closes when too much is refused.
    fn count_refused(&mut self) {
        self.since.refused += 1;
        if self.since.refused >= limits::REFUSED_COMMANDS {
            self.abandon_envelope(End::TooMuchRefused);
        }
    }

    /// Does what a command asks for that brings no message nearer, unless there were too
    /// many of them.
    fn idle(&mut self, what: impl FnOnce(&mut Smtp)) {
        self.since.idle += 1;
        if self.since.idle >= limits::IDLE_COMMANDS {
            return self.abandon_envelope(End::TooMuchTalk);
        }
        what(self);
    }

    /// Says why, and closes; the envelope is forgotten by whoever holds it.
    fn abandon_envelope(&mut self, end: End) {
        self.forget(end.reply(), true);
    }

    /// Says this once the envelope, and what has come of its message, is forgotten.
    fn forget(&mut self, reply: Reply, close: bool) {
        let forgets = self.envelope.take().map(|envelope| envelope.chunks);
        let question = match forgets {
            Some(Chunks::None | Chunks::Refused { held: true }) => Question::Reset,
            Some(Chunks::Open(_)) => Question::Discard,
            // Then there is nothing to forget.
            Some(Chunks::Refused { held: false }) | None if close => {
                return self.say_and_close(&reply);
            }
            Some(Chunks::Refused { held: false }) | None => return self.say(&reply),
        };
        self.ask(Asked::Forget { reply, close }, question);
    }

    fn say(&mut self, reply: &Reply) {
        self.out.push_back(Step::Send(reply.wire()));
    }

    fn say_and_close(&mut self, reply: &Reply) {
        self.say(reply);
        self.state = State::Closed;
    }

    fn note(&mut self, event: Event) {
        self.out.push_back(Step::Note(event));
    }

    fn ask(&mut self, asked: Asked, question: Question) {
        self.state = State::Asking {
            asked,
            answer: None,
        };
        self.out.push_back(Step::Ask(question));
    }
}

fn wait(bytes: bool, until: Option<Moment>) -> Step<Question> {
    Step::Want(Want {
        bytes,
        notice: false,
        until,
    })
}
