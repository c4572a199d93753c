//! Input to a conversation, cut anywhere, and a session driven through it as the loop in
//! `net` drives it, with a clock that stands still until the client has said all.

use std::collections::VecDeque;

use bytes::Bytes;
use playback::World;
use session::sasl::Cleartext;
use session::{Encryption, Input, Moment, READ_AHEAD, RightEnd, Session, Step, TlsVersion, Want};

/// What ends a flight: what a client says before it waits for the server. Only there may
/// TLS begin, since the rest of the flight that asks for it is dropped (RFC 3207 section 6).
const FLIGHT_END: &[u8] = b"\xff\xff";

/// How many steps a session may take before it waits.
const STEPS: usize = 200_000;

/// How often time may be up before a session that the client has left must have closed.
const ALARMS: usize = 100;

/// The largest piece that a session may send at once.
const SENT_OCTETS: usize = 2 * READ_AHEAD;

/// How a conversation goes: two octets of settings, then what the client says.
#[derive(Clone, Copy, Debug)]
pub struct Conversation<'a> {
    settings: u8,
    seed: u8,
    said: &'a [u8],
}

/// How what the client says is cut into reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A flight at a time.
    Flights,
    /// A line at a time.
    Lines,
    /// Anywhere, as the input says.
    Anywhere,
}

impl<'a> Conversation<'a> {
    /// Reads an input; none that is too short to be one.
    pub fn read(input: &'a [u8]) -> Option<Conversation<'a>> {
        let (&[settings, seed], said) = input.split_first_chunk::<2>()?;
        Some(Conversation {
            settings,
            seed,
            said,
        })
    }

    /// A choice that is the target's own: the lowest four bits of the settings.
    pub fn choice(&self, bit: u8) -> bool {
        self.settings & 1 << (bit & 3) != 0
    }

    /// Whether one may sign in unencrypted.
    pub fn cleartext(&self) -> Cleartext {
        if self.settings & 0x40 == 0 {
            Cleartext::ByAccount
        } else {
            Cleartext::Forbidden
        }
    }

    /// Octets that the client says.
    pub fn len(&self) -> usize {
        self.said.len()
    }

    /// Whether the client says nothing.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// Plays it on a session. `heard` is called after each read with what was read and
    /// what the session then said; with nothing for the greeting and for the end.
    pub fn play<S: Session, W: World<S>>(
        &self,
        cut: Cut,
        session: S,
        world: W,
        mut heard: impl FnMut(&[u8], &[u8]),
    ) -> Talk<S, W> {
        let mut talk = Talk {
            session,
            world,
            now: Moment::default(),
            answer: None,
            said: Vec::new(),
            state: State::Listening,
            until: None,
        };
        if self.settings & 0x80 != 0 {
            talk.give(Input::Secured(encryption()));
        }
        talk.run();
        heard(b"", &talk.said);
        for flight in flights(self.said) {
            for read in self.reads(cut, flight) {
                if talk.state != State::Listening {
                    break;
                }
                let before = talk.said.len();
                talk.give(Input::Bytes(Bytes::copy_from_slice(read)));
                talk.run();
                heard(read, talk.said.get(before..).unwrap_or_default());
            }
            if talk.state == State::Securing {
                talk.state = State::Listening;
                talk.give(Input::Secured(encryption()));
                talk.run();
            }
        }
        let before = talk.said.len();
        self.end(&mut talk);
        heard(b"", talk.said.get(before..).unwrap_or_default());
        talk
    }

    /// The client is gone, or something else ends it: then time passes until it closes.
    fn end<S: Session, W: World<S>>(&self, talk: &mut Talk<S, W>) {
        match self.settings >> 4 & 3 {
            0 => talk.give(Input::EndOfStream),
            1 => talk.give(Input::Shutdown),
            2 => talk.give(Input::RightEnded(RightEnd::PasswordChanged)),
            _ => {}
        }
        talk.run();
        for _ in 0..ALARMS {
            if talk.state == State::Closed {
                return;
            }
            let until = talk.until.expect("a session that waits says until when");
            talk.now = talk.now.max(until);
            talk.give(Input::TimeUp);
            talk.run();
        }
        assert!(talk.state == State::Closed, "the session never closes");
    }

    fn reads(&self, cut: Cut, flight: &'a [u8]) -> Vec<&'a [u8]> {
        let mut reads = Vec::new();
        let (mut rest, mut chance) = (flight, u32::from(self.seed) | 0x100);
        while !rest.is_empty() {
            let size = match cut {
                Cut::Flights => READ_AHEAD,
                Cut::Lines => match rest.iter().position(|octet| *octet == b'\n') {
                    Some(at) => at + 1,
                    None => rest.len(),
                },
                Cut::Anywhere => {
                    // Xorshift: mostly a few octets, now and then many.
                    chance ^= chance << 13;
                    chance ^= chance >> 17;
                    chance ^= chance << 5;
                    let wide = if chance & 0x700 == 0 { 4096 } else { 12 };
                    chance as usize % wide + 1
                }
            };
            let (read, after) = rest.split_at(size.min(rest.len()).min(READ_AHEAD));
            reads.push(read);
            rest = after;
        }
        reads
    }
}

fn flights(said: &[u8]) -> Vec<&[u8]> {
    let mut flights = Vec::new();
    let mut rest = said;
    while let Some(at) = rest
        .windows(FLIGHT_END.len())
        .position(|here| here == FLIGHT_END)
    {
        flights.push(&rest[..at]);
        rest = &rest[at + FLIGHT_END.len()..];
    }
    flights.push(rest);
    flights
}

fn encryption() -> Encryption {
    Encryption {
        version: TlsVersion::Tls13,
        suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
    }
}

/// A session, its world, and what came of it.
pub struct Talk<S: Session, W> {
    session: S,
    /// Who answered.
    pub world: W,
    now: Moment,
    answer: Option<VecDeque<S::Piece>>,
    /// Everything that the session said.
    pub said: Vec<u8>,
    state: State,
    /// When the session wants to be told that time is up.
    until: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Listening,
    /// It waits, and wants to hear nothing more.
    Deaf,
    Securing,
    Closed,
}

impl<S: Session, W: World<S>> Talk<S, W> {
    fn give(&mut self, input: Input<S::Piece>) {
        if self.state != State::Closed {
            self.session.receive(self.now, input);
        }
    }

    /// Lets the session go on until it waits for the client, or is closed.
    fn run(&mut self) {
        for _ in 0..STEPS {
            if matches!(self.state, State::Securing | State::Closed) {
                return;
            }
            match self.session.next(self.now) {
                Step::Want(want) => match &mut self.answer {
                    None => return self.wait(want),
                    Some(pieces) => {
                        let piece = pieces.pop_front();
                        if piece.is_none() {
                            self.answer = None;
                        }
                        self.give(piece.map_or(Input::AnswerEnd, Input::Piece));
                    }
                },
                Step::Send(octets) => {
                    assert!(!octets.is_empty() && octets.len() <= SENT_OCTETS);
                    self.said.extend_from_slice(&octets);
                }
                Step::Ask(question) => {
                    assert!(self.answer.is_none(), "a question is out already");
                    self.answer = Some(self.world.answer(question).into());
                }
                Step::Body(octets) => self.world.body(octets),
                Step::Note(event) => self.world.note(event),
                Step::Secure => self.state = State::Securing,
                Step::Close => self.state = State::Closed,
            }
        }
        panic!("the session runs in a circle");
    }

    fn wait(&mut self, want: Want) {
        self.until = want.until;
        self.state = if want.bytes {
            State::Listening
        } else {
            State::Deaf
        };
    }
}

/// Whether octets are whole lines: each ends in CRLF, and no CR or LF stands elsewhere.
pub fn is_lines(octets: &[u8]) -> bool {
    let mut last = b'\n';
    for &octet in octets {
        if (octet == b'\n') != (last == b'\r') {
            return false;
        }
        last = octet;
    }
    last == b'\n'
}
