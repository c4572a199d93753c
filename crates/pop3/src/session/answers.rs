//! What the answers to our questions lead to.

use std::mem;

use bytes::Bytes;
use events::{Event, Refusal};
use session::Moment;

use super::{Pop3, State};
use crate::limits;
use crate::maildrop::Maildrop;
use crate::question::{Message, Piece, Question};
use crate::refusal;
use crate::reply::{err, ok};
use crate::text::Text;

/// A message on its way out.
#[derive(Debug)]
pub(super) struct Reading {
    number: u32,
    message: Message,
    text: Text,
    /// RETR: all of it in one question. TOP asks for a little at a time, since only
    /// the text tells where its lines end.
    whole: bool,
    /// Up to where octets were asked for, and have come.
    asked: u64,
    come: u64,
    /// `+OK` is out: from here on only the whole answer or the end of the connection
    /// is honest.
    said: bool,
    failure: Option<Failure>,
}

#[derive(Debug)]
enum Failure {
    Gone,
    Refused(Refusal),
}

impl Reading {
    /// A message that is to be read whole, or its header and so many lines.
    pub(super) fn new(number: u32, message: Message, lines: Option<u64>) -> Reading {
        Reading {
            number,
            message,
            text: lines.map_or_else(Text::whole, Text::top),
            whole: lines.is_none(),
            asked: 0,
            come: 0,
            said: false,
            failure: None,
        }
    }

    /// The next part to ask for, unless all that is wanted has come.
    fn ask(&mut self) -> Option<Question> {
        if self.text.enough() || self.asked >= self.message.size {
            return None;
        }
        let rest = self.message.size - self.asked;
        let octets = if self.whole {
            rest
        } else {
            rest.min(limits::TOP_OCTETS)
        };
        let from = self.asked;
        self.asked += octets;
        Some(Question::Read {
            uid: self.message.uid,
            from,
            octets,
        })
    }

    /// Takes octets, never more than were asked for. Gives what to send.
    fn octets(&mut self, mut octets: Bytes) -> Bytes {
        let room = self.asked - self.come;
        octets.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        self.come += octets.len() as u64;
        self.text.push(octets)
    }

    /// Why the part that was asked for did not come.
    fn failed(&mut self) -> Option<Failure> {
        let short = self.come < self.asked;
        self.failure
            .take()
            .or_else(|| short.then_some(Failure::Refused(Refusal::Temporary)))
    }

    fn first_line(&self) -> String {
        if self.whole {
            format!("{} octets", self.message.size)
        } else {
            "The top of the message follows".to_owned()
        }
    }
}

impl Pop3 {
    /// Takes one piece of the answer to the question that is out.
    pub(super) fn take(&mut self, piece: Piece) {
        match &mut self.state {
            State::SigningIn { answer, .. } | State::Updating { answer } => *answer = Some(piece),
            State::Opening { maildrop, failed } => {
                let wrong = match piece {
                    Piece::Messages { validity, messages } => {
                        (!maildrop.add(validity, &messages)).then_some(Refusal::Temporary)
                    }
                    Piece::Refused(refusal) => Some(refusal),
                    _ => Some(Refusal::Temporary),
                };
                *failed = failed.take().or(wrong);
            }
            State::Reading { reading, .. } if reading.failure.is_none() => match piece {
                Piece::Octets(octets) => self.take_octets(octets),
                Piece::Gone => reading.failure = Some(Failure::Gone),
                Piece::Refused(refusal) => reading.failure = Some(Failure::Refused(refusal)),
                _ => reading.failure = Some(Failure::Refused(Refusal::Temporary)),
            },
            // Nobody asked.
            _ => {}
        }
    }

    /// The answer to the question that is out is complete.
    pub(super) fn answered(&mut self, now: Moment) {
        self.silent_since = now;
        match mem::replace(&mut self.state, State::Closed) {
            State::SigningIn { name, answer } => self.signed_in(name, answer),
            State::Opening { maildrop, failed } => self.opened(maildrop, failed),
            State::Reading {
                maildrop,
                mut reading,
            } => match reading.failed() {
                Some(failure) => self.reading_failed(maildrop, &reading, failure),
                None => {
                    self.state = State::Reading { maildrop, reading };
                    self.go_on_reading();
                }
            },
            State::Updating { answer } => self.updated(answer),
            state => self.state = state,
        }
    }

    fn signed_in(&mut self, name: String, answer: Option<Piece>) {
        let (refusal, reason) = match answer {
            Some(Piece::SignedIn { address }) => {
                self.note(Event::SignedIn { address });
                self.state = State::Opening {
                    maildrop: Maildrop::default(),
                    failed: None,
                };
                return self.ask(Question::Open);
            }
            Some(Piece::NotSignedIn { refusal, reason }) => (refusal, reason),
            _ => (Refusal::Temporary, events::SignInFailure::Broken),
        };
        self.note(Event::SignInRefused { name, reason });
        self.say(&refusal::reply(&refusal));
        self.failed_sign_ins += 1;
        if self.failed_sign_ins < limits::SIGN_IN_TRIES {
            self.state = State::Authorization { name: None };
        }
    }

    fn opened(&mut self, maildrop: Maildrop, failed: Option<Refusal>) {
        match (maildrop.complete(), failed) {
            (Some(maildrop), None) => {
                let (count, octets) = maildrop.stat();
                self.say(&ok(format!("{count} messages ({octets} octets)")));
                self.state = State::Transaction(maildrop);
            }
            (_, failed) => {
                self.refuse(&failed.unwrap_or(Refusal::Temporary));
                self.state = State::Authorization { name: None };
            }
        }
    }

    fn take_octets(&mut self, octets: Bytes) {
        let State::Reading { reading, .. } = &mut self.state else {
            return;
        };
        let first = (!mem::replace(&mut reading.said, true)).then(|| ok(reading.first_line()));
        let text = reading.octets(octets);
        if let Some(first) = first {
            self.say(&first);
        }
        self.send(text);
    }

    /// Asks for the next part of the message, or ends the answer.
    pub(super) fn go_on_reading(&mut self) {
        match mem::replace(&mut self.state, State::Closed) {
            State::Reading {
                maildrop,
                mut reading,
            } => match reading.ask() {
                Some(question) => {
                    self.state = State::Reading { maildrop, reading };
                    self.ask(question);
                }
                None => {
                    self.state = State::Transaction(maildrop);
                    self.end_reading(reading);
                }
            },
            state => self.state = state,
        }
    }

    fn end_reading(&mut self, reading: Reading) {
        if !reading.said {
            self.say(&ok(reading.first_line()));
        }
        if reading.whole {
            self.note(Event::Read {
                octets: reading.come,
            });
        }
        self.send(Bytes::from_static(reading.text.finish()));
    }

    fn reading_failed(&mut self, maildrop: Maildrop, reading: &Reading, failure: Failure) {
        let refusal = match failure {
            Failure::Gone if !reading.said => {
                self.state = State::Transaction(maildrop);
                let number = reading.number;
                return self.say(&err(format!("Message {number} was removed elsewhere")));
            }
            Failure::Gone => Refusal::Temporary,
            Failure::Refused(refusal) => refusal,
        };
        if reading.said {
            // The answer can't be completed. A dot would make half a message look
            // whole, and the client might remove the only good one: it gets no end.
            self.note(Event::Refused(refusal));
            self.state = State::Closed;
        } else {
            self.state = State::Transaction(maildrop);
            self.refuse(&refusal);
        }
    }

    fn updated(&mut self, answer: Option<Piece>) {
        match answer {
            Some(Piece::Removed { messages }) => {
                self.note(Event::Removed { messages });
                self.say(&ok("Bye"));
            }
            Some(Piece::Refused(refusal)) => self.refuse(&refusal),
            _ => self.refuse(&Refusal::Temporary),
        }
    }
}
