//! A session held in the hand: a clock that is set, a small world that answers, and
//! the text of all that is said.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Message, Piece, Pop3, Question, Settings};
use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use session::sasl::Cleartext;
use session::{Encryption, Input, Moment, Session, Step, TlsVersion, Want};

/// What the world does when it is asked.
pub(super) struct World {
    /// The maildrop: a UID and the octets.
    pub(super) messages: Vec<(u32, Vec<u8>)>,
    pub(super) listing: Vec<Piece>,
    /// In place of the octets of a message, so many of which come before it.
    pub(super) broken_after: Option<(usize, Piece)>,
    pub(super) removal: Option<Piece>,
    pub(super) no_encryption_needed: bool,
    pub(super) asked: Vec<Question>,
    /// Octets of a message in one piece.
    pub(super) piece: usize,
}

impl World {
    pub(super) fn new(messages: &[(u32, &str)]) -> World {
        let messages: Vec<_> = messages
            .iter()
            .map(|(uid, text)| (*uid, text.as_bytes().to_vec()))
            .collect();
        let listed = messages.iter().map(|(uid, text)| Message {
            uid: *uid,
            size: text.len() as u64,
        });
        let listing = vec![Piece::Messages {
            validity: 7,
            messages: listed.collect(),
        }];
        World {
            messages,
            listing,
            broken_after: None,
            removal: None,
            no_encryption_needed: true,
            asked: Vec::new(),
            piece: 10,
        }
    }

    fn answer(&mut self, question: Question) -> Vec<Piece> {
        self.asked.push(question.clone());
        match question {
            Question::SignIn {
                encrypted: false, ..
            } if !self.no_encryption_needed => {
                let refusal = Refusal::EncryptionRequired;
                vec![Piece::NotSignedIn {
                    refusal,
                    reason: SignInFailure::Unencrypted,
                }]
            }
            Question::SignIn { name, password, .. } => {
                if name == "jean@exemple.fr" && password.expose() == b"mot de passe" {
                    return vec![Piece::SignedIn { address: name }];
                }
                let (refusal, reason) = (Refusal::Credentials, SignInFailure::WrongPassword);
                vec![Piece::NotSignedIn { refusal, reason }]
            }
            Question::Open => self.listing.clone(),
            Question::Read { uid, from, octets } => {
                let text = &self.messages.iter().find(|(u, _)| *u == uid).unwrap().1;
                let part = &text[from as usize..(from + octets) as usize];
                let mut pieces: Vec<_> = part
                    .chunks(self.piece)
                    .map(|chunk| Piece::Octets(Bytes::copy_from_slice(chunk)))
                    .collect();
                if let Some((after, failure)) = &self.broken_after {
                    pieces.truncate(*after);
                    pieces.push(failure.clone());
                }
                pieces
            }
            Question::Remove { uids } => {
                vec![self.removal.clone().unwrap_or(Piece::Removed {
                    messages: uids.len(),
                })]
            }
        }
    }
}

/// One session and all that came of it.
pub(super) struct Talk {
    pub(super) session: Pop3,
    pub(super) world: World,
    pub(super) now: Moment,
    pub(super) events: Vec<Event>,
    pub(super) closed: bool,
    pub(super) securing: bool,
    pub(super) want: Option<Want>,
    said: String,
    answer: Option<VecDeque<Piece>>,
}

impl Talk {
    pub(super) fn with(cleartext: Cleartext, world: World) -> Talk {
        let settings = Settings {
            host: "mail.exemple.fr".into(),
            cleartext,
        };
        Talk {
            session: Pop3::new(settings),
            world,
            now: Moment::default(),
            events: Vec::new(),
            closed: false,
            securing: false,
            want: None,
            said: String::new(),
            answer: None,
        }
    }

    pub(super) fn new(world: World) -> Talk {
        Talk::with(Cleartext::ByAccount, world)
    }

    /// Signed in, with nothing said yet.
    pub(super) fn signed_in(world: World) -> Talk {
        let mut talk = Talk::new(world);
        talk.run();
        assert!(talk.line("USER jean@exemple.fr").starts_with("+OK"));
        assert!(talk.line("PASS mot de passe").starts_with("+OK"));
        talk
    }

    /// Gives one input without letting the session go on.
    pub(super) fn give(&mut self, input: Input<Piece>) {
        self.session.receive(self.now, input);
    }

    /// Takes one step. False when the session waits for the client or is closed.
    pub(super) fn step(&mut self) -> bool {
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
            Step::Send(octets) => self.said.push_str(std::str::from_utf8(&octets).unwrap()),
            Step::Ask(question) => self.answer = Some(self.world.answer(question).into()),
            Step::Body(_) => panic!("POP3 takes no message"),
            Step::Note(event) => self.events.push(event),
            Step::Secure => self.securing = true,
            Step::Close => {
                self.closed = true;
                return false;
            }
        }
        true
    }

    /// Lets the session go on until it waits. Gives what it has said.
    pub(super) fn run(&mut self) -> String {
        while self.step() {}
        std::mem::take(&mut self.said)
    }

    /// What was said since the last [`Talk::run`].
    pub(super) fn said(&self) -> &str {
        &self.said
    }

    pub(super) fn input(&mut self, input: Input<Piece>) -> String {
        self.give(input);
        self.run()
    }

    pub(super) fn octets(&mut self, octets: impl Into<Bytes>) -> String {
        self.input(Input::Bytes(octets.into()))
    }

    pub(super) fn line(&mut self, line: &str) -> String {
        self.octets(format!("{line}\r\n"))
    }

    pub(super) fn secured(&mut self) -> String {
        self.securing = false;
        let suite = "TLS13_AES_128_GCM_SHA256".to_owned();
        self.input(Input::Secured(Encryption {
            version: TlsVersion::Tls13,
            suite,
        }))
    }

    /// Lets time pass, and says so when the session asked to be told.
    pub(super) fn wait(&mut self, seconds: u64) -> String {
        self.now = self.now + Duration::from_secs(seconds);
        match self.want.and_then(|want| want.until) {
            Some(until) if until <= self.now => self.input(Input::TimeUp),
            _ => String::new(),
        }
    }
}
