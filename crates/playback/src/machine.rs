//! A wire whose other end is a session held in the hand.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::time::Duration;

use bytes::Bytes;
use events::Event;
use session::{Encryption, Input, Moment, READ_AHEAD, Session, Step, TlsVersion, Want};

use crate::wire::{Received, Wire};

/// How many steps a session may take without asking for anything: far more than any
/// answer has, so that one which runs in a circle fails its test and does not hang it.
const STEPS: usize = 1_000_000;

/// The small fake world that answers a session's questions in a test.
pub trait World<S: Session> {
    /// Answers a question, all pieces at once; they are given one by one.
    fn answer(&mut self, question: S::Question) -> Vec<S::Piece>;

    /// Takes a piece of the message body that an earlier question began.
    fn body(&mut self, chunk: Bytes);

    /// Hears what the session wrote down.
    fn note(&mut self, event: Event);

    /// Whether something changed since the last call that the session watches.
    fn changed(&mut self) -> bool;
}

/// A session and its world, driven as the loop in `net` drives it, without a clock:
/// time stands still, and nothing is ever waited for.
pub struct Machine<S: Session, W> {
    session: S,
    world: W,
    /// Octets of the client that the session has not asked for yet.
    incoming: VecDeque<Bytes>,
    /// What is left of the answer to the question that is out.
    answer: Option<VecDeque<S::Piece>>,
    outgoing: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The session waits for the client to begin TLS.
    Securing,
    Closed,
}

impl<S: Session, W: World<S>> Machine<S, W> {
    /// A connection in the clear.
    pub fn new(session: S, world: W) -> Machine<S, W> {
        Machine {
            session,
            world,
            incoming: VecDeque::new(),
            answer: None,
            outgoing: Vec::new(),
            state: State::Open,
        }
    }

    /// A connection with TLS from the first byte.
    pub fn secured(session: S, world: W) -> Machine<S, W> {
        let mut machine = Machine::new(session, world);
        machine.give(Input::Secured(encryption()));
        machine
    }

    fn give(&mut self, input: Input<S::Piece>) {
        self.session.receive(Moment::default(), input);
    }

    /// Lets the session go on until it waits for the client.
    fn run(&mut self) -> io::Result<()> {
        for _ in 0..STEPS {
            if self.state != State::Open {
                return Ok(());
            }
            match self.session.next(Moment::default()) {
                Step::Want(want) => {
                    if !self.satisfy(want) {
                        return Ok(());
                    }
                }
                Step::Send(octets) => self.outgoing.extend_from_slice(&octets),
                Step::Ask(question) => self.answer = Some(self.world.answer(question).into()),
                Step::Body(chunk) => self.world.body(chunk),
                Step::Note(event) => self.world.note(event),
                Step::Secure => {
                    self.incoming.clear();
                    self.state = State::Securing;
                }
                Step::Close => self.state = State::Closed,
            }
        }
        Err(io::Error::other("the session runs in a circle"))
    }

    /// Gives the session one of the things that it waits for, if there is one.
    fn satisfy(&mut self, want: Want) -> bool {
        if let Some(answer) = &mut self.answer {
            let input = match answer.pop_front() {
                Some(piece) => Input::Piece(piece),
                None => {
                    self.answer = None;
                    Input::AnswerEnd
                }
            };
            self.give(input);
            return true;
        }
        if want.notice && self.world.changed() {
            self.give(Input::Notice);
            return true;
        }
        let Some(octets) = self.incoming.pop_front_if(|_| want.bytes) else {
            return false;
        };
        self.give(Input::Bytes(octets));
        true
    }
}

impl<S: Session + 'static, W: World<S> + 'static> Wire for Machine<S, W> {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        match self.state {
            State::Open => {
                self.incoming
                    .extend(octets.chunks(READ_AHEAD).map(Bytes::copy_from_slice));
                self.run()
            }
            State::Securing => Err(io::Error::other("the session waits for TLS to begin")),
            State::Closed => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn receive(&mut self, room: &mut [u8], _patience: Duration) -> io::Result<Received> {
        self.run()?;
        let count = room.len().min(self.outgoing.len());
        if count > 0 {
            for (to, from) in room.iter_mut().zip(self.outgoing.drain(..count)) {
                *to = from;
            }
            return Ok(Received::Octets(count));
        }
        Ok(if self.state == State::Closed {
            Received::End
        } else {
            Received::Nothing
        })
    }

    fn secure(mut self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        self.run()?;
        if mem::replace(&mut self.state, State::Open) != State::Securing {
            return Err(io::Error::other("the session does not begin TLS here"));
        }
        self.give(Input::Secured(encryption()));
        Ok(self)
    }
}

/// What the session is told of an encryption that is none.
fn encryption() -> Encryption {
    Encryption {
        version: TlsVersion::Tls13,
        suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
    }
}
