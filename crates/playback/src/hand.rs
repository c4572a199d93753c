//! A session held in the hand, with a clock that is set.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use bytes::Bytes;
use events::Event;
use session::{Encryption, Input, Moment, Session, Step, TlsVersion, Want};

/// How many steps a session may take without asking for anything: far more than any
/// answer has, so that one which runs in a circle fails its test and does not hang it.
const STEPS: usize = 1_000_000;

/// The small fake world that answers a session's questions in a test.
pub trait World<S: Session> {
    /// Answers a question, all pieces at once; they are given one by one.
    fn answer(&mut self, question: S::Question) -> Vec<S::Piece>;

    /// Takes a piece of the message body that an earlier question began.
    fn body(&mut self, chunk: Bytes) {
        let _ = chunk;
    }

    /// Hears what the session wrote down.
    fn note(&mut self, event: Event) {
        let _ = event;
    }

    /// Whether something changed since the last call that the session watches.
    fn changed(&mut self) -> bool {
        false
    }
}

/// A session and its world, driven step by step as the loop in `net` drives it. Nothing is
/// ever waited for: time is what a test says.
#[derive(Debug)]
pub struct Hand<S: Session, W> {
    /// The session.
    pub session: S,
    /// Who answers.
    pub world: W,
    /// What time it is.
    pub now: Moment,
    /// The session has closed.
    pub closed: bool,
    /// The session waits for the client to begin TLS.
    pub securing: bool,
    /// What the session waited for last.
    pub want: Option<Want>,
    said: Vec<u8>,
    /// What is left of the answer to the question that is out.
    answer: Option<VecDeque<S::Piece>>,
}

impl<S: Session, W: World<S>> Hand<S, W> {
    /// A connection in the clear, on which nothing was said yet.
    pub fn new(session: S, world: W) -> Hand<S, W> {
        Hand {
            session,
            world,
            now: Moment::default(),
            closed: false,
            securing: false,
            want: None,
            said: Vec::new(),
            answer: None,
        }
    }

    /// Gives one input without letting the session go on.
    pub fn give(&mut self, input: Input<S::Piece>) {
        self.session.receive(self.now, input);
    }

    /// Takes one step. False when the session waits for the client or is closed.
    pub fn step(&mut self) -> bool {
        match self.session.next(self.now) {
            Step::Want(want) => match &mut self.answer {
                Some(pieces) => {
                    let input = match pieces.pop_front() {
                        Some(piece) => Input::Piece(piece),
                        None => {
                            self.answer = None;
                            Input::AnswerEnd
                        }
                    };
                    self.give(input);
                }
                None => {
                    self.want = Some(want);
                    return false;
                }
            },
            Step::Send(octets) => self.said.extend_from_slice(&octets),
            Step::Ask(question) => self.answer = Some(self.world.answer(question).into()),
            Step::Body(chunk) => self.world.body(chunk),
            Step::Note(event) => self.world.note(event),
            Step::Secure => self.securing = true,
            Step::Close => {
                self.closed = true;
                return false;
            }
        }
        true
    }

    /// Lets the session go on until it waits. False if it never does.
    pub fn settle(&mut self) -> bool {
        (0..STEPS).any(|_| !self.step())
    }

    /// The octets that the session has said and nobody has taken.
    pub fn said(&mut self) -> &mut Vec<u8> {
        &mut self.said
    }

    /// Lets the session go on until it waits. Gives what was said, as text.
    pub fn run(&mut self) -> String {
        let said = match self.settle() {
            true => mem::take(&mut self.said),
            false => b"the session runs in a circle".to_vec(),
        };
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Gives one input, and goes on as [`Hand::run`].
    pub fn input(&mut self, input: Input<S::Piece>) -> String {
        self.give(input);
        self.run()
    }

    /// The client sends these octets.
    pub fn octets(&mut self, octets: impl Into<Bytes>) -> String {
        self.input(Input::Bytes(octets.into()))
    }

    /// The client sends this line and CRLF.
    pub fn line(&mut self, line: &str) -> String {
        self.octets(format!("{line}\r\n"))
    }

    /// The connection is encrypted now.
    pub fn secured(&mut self) -> String {
        self.secure();
        self.run()
    }

    /// The same, without letting the session go on.
    pub fn secure(&mut self) {
        self.securing = false;
        self.give(Input::Secured(Encryption {
            version: TlsVersion::Tls13,
            suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
        }));
    }

    /// Lets time pass, and says so when the session asked to be told.
    pub fn wait(&mut self, seconds: u64) -> String {
        self.now = self.now + Duration::from_secs(seconds);
        match self.want.and_then(|want| want.until) {
            Some(until) if until <= self.now => self.input(Input::TimeUp),
            _ => String::new(),
        }
    }
}
