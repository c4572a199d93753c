//! A session held in the hand: a clock that is set, a small world that answers, and
//! the text of all that is said.

use std::collections::VecDeque;
use std::time::Duration;

use address::ReversePath;
use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use session::sasl::Cleartext;
use session::{Encryption, Input, Moment, Session, Step, TlsVersion, Want};

use crate::{Begin, ForwardPath, Piece, Question, Role, Settings, Smtp};

/// What one message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) from: ReversePath,
    pub(super) to: Vec<ForwardPath>,
    pub(super) begin: Option<Begin>,
    pub(super) body: String,
}

/// What the world does when it is asked.
#[derive(Default)]
pub(super) struct World {
    pub(super) refuses_clear: bool,
    /// The next question but a sign-in is refused with this.
    pub(super) refuses: Option<Refusal>,
    pub(super) asked: Vec<Question>,
    pub(super) received: Vec<Received>,
    pub(super) discarded: usize,
    open: Option<Received>,
}

impl World {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        self.asked.push(question.clone());
        if let Question::SignIn {
            name,
            password,
            encrypted,
            ..
        } = question
        {
            return vec![self.sign_in(name, password.expose(), encrypted)];
        }
        if let Some(refusal) = self.refuses.take() {
            if matches!(question, Question::Accept) {
                self.open = None;
            }
            return vec![Piece::Refused(refusal)];
        }
        match question {
            Question::SignIn { .. } => unreachable!("answered above"),
            Question::Sender(sender) => {
                let open = Received {
                    from: sender.path,
                    to: vec![],
                    begin: None,
                    body: String::new(),
                };
                assert!(self.open.replace(open).is_none(), "an envelope was open");
                vec![Piece::Granted]
            }
            Question::Recipient(path) => vec![self.recipient(path)],
            Question::Begin(begin) => {
                self.open.as_mut().unwrap().begin = Some(begin);
                vec![Piece::Granted]
            }
            Question::Accept => {
                let received = self.open.take().unwrap();
                let queued = received.to.iter().filter(|path| is_elsewhere(path)).count();
                let delivered = received.to.len() - queued;
                self.received.push(received);
                let id = self.received.len().to_string();
                vec![Piece::Accepted {
                    id,
                    delivered,
                    queued,
                }]
            }
            Question::Discard => {
                assert!(self.open.take().unwrap().begin.is_some());
                self.discarded += 1;
                vec![]
            }
            Question::Reset => {
                assert!(
                    self.open.take().is_some(),
                    "there was an envelope to forget"
                );
                vec![]
            }
        }
    }

    fn sign_in(&mut self, name: String, password: &[u8], encrypted: bool) -> Piece {
        if !encrypted && self.refuses_clear {
            let refusal = Refusal::EncryptionRequired;
            return Piece::NotSignedIn {
                refusal,
                reason: SignInFailure::Unencrypted,
            };
        }
        if name == "jean@exemple.fr" && password == b"mot de passe" {
            return Piece::SignedIn { address: name };
        }
        let reason = SignInFailure::WrongPassword;
        Piece::NotSignedIn {
            refusal: Refusal::Credentials,
            reason,
        }
    }

    fn recipient(&mut self, path: ForwardPath) -> Piece {
        if let ForwardPath::Address(recipient) = &path
            && recipient.local().as_str() == "nobody"
        {
            return Piece::Refused(Refusal::UnknownRecipient {
                recipient: recipient.clone(),
            });
        }
        self.open.as_mut().unwrap().to.push(path);
        Piece::Granted
    }
}

fn is_elsewhere(path: &ForwardPath) -> bool {
    matches!(path, ForwardPath::Address(to) if to.domain().as_str() == "exemple.org")
}

/// One session and all that came of it.
pub(super) struct Talk {
    pub(super) session: Smtp,
    pub(super) world: World,
    pub(super) now: Moment,
    pub(super) events: Vec<Event>,
    pub(super) closed: bool,
    pub(super) securing: bool,
    pub(super) want: Option<Want>,
    said: String,
    answer: Option<VecDeque<Piece>>,
}

pub(super) const MAX_OCTETS: u64 = 10_000;

impl Talk {
    pub(super) fn with(role: Role, cleartext: Cleartext) -> Talk {
        let host = "mail.exemple.fr".to_owned();
        Talk {
            session: Smtp::new(Settings {
                role,
                host,
                cleartext,
                max_octets: MAX_OCTETS,
            }),
            world: World::default(),
            now: Moment::default(),
            events: Vec::new(),
            closed: false,
            securing: false,
            want: None,
            said: String::new(),
            answer: None,
        }
    }

    pub(super) fn exchange() -> Talk {
        Talk::with(Role::Exchange, Cleartext::ByAccount)
    }

    pub(super) fn submission() -> Talk {
        Talk::with(Role::Submission, Cleartext::ByAccount)
    }

    /// Said hello and, where that is needed, signed in; nothing is left to read.
    pub(super) fn ready(role: Role) -> Talk {
        let mut talk = Talk::with(role, Cleartext::ByAccount);
        talk.run();
        assert!(talk.line("EHLO [192.168.1.20]").starts_with("250"));
        if role == Role::Submission {
            assert!(talk.line(&format!("AUTH PLAIN {PLAIN}")).starts_with("235"));
        }
        talk
    }

    /// A message is coming in.
    pub(super) fn in_data(role: Role) -> Talk {
        let mut talk = Talk::ready(role);
        let said =
            talk.octets("MAIL FROM:<jean@exemple.fr>\r\nRCPT TO:<lea@exemple.fr>\r\nDATA\r\n");
        assert!(said.contains("\r\n354 "), "{said}");
        talk
    }

    /// Gives one input without letting the session go on.
    pub(super) fn give(&mut self, input: Input<Piece>) {
        self.session.receive(self.now, input);
    }

    /// Takes one step. False when the session waits for the peer or is closed.
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
            Step::Body(octets) => {
                let text = String::from_utf8_lossy(&octets);
                self.world.open.as_mut().unwrap().body.push_str(&text);
            }
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

/// `jean@exemple.fr` and his password for AUTH PLAIN.
pub(super) const PLAIN: &str = "AGplYW5AZXhlbXBsZS5mcgBtb3QgZGUgcGFzc2U=";

/// Plays a conversation: `C:` lines are said one after the other, and all that was
/// said must be the text. `TLS` is the client beginning it, `close` the end.
pub(super) fn play(talk: &mut Talk, script: &str) {
    let mut log = Vec::new();
    hear(&mut log, &talk.run());
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        if let Some(said) = line.strip_prefix("C:") {
            log.push(line.to_owned());
            let heard = talk.line(said.strip_prefix(' ').unwrap_or(said));
            hear(&mut log, &heard);
        } else if line == "TLS" {
            assert!(talk.securing, "after {log:#?}");
            log.push(line.to_owned());
            hear(&mut log, &talk.secured());
        }
        if talk.closed && log.last().is_some_and(|last| last != "close") {
            log.push("close".to_owned());
        }
    }
    let wanted: Vec<_> = script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(log, wanted, "what was said:\n{}", log.join("\n"));
}

fn hear(log: &mut Vec<String>, said: &str) {
    log.extend(
        said.split_terminator("\r\n")
            .map(|line| format!("S: {line}").trim_end().to_owned()),
    );
}
