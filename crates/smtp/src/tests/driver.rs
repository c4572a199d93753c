//! A session held in the hand: a clock that is set, a small world that answers, and
//! the text of all that is said.

use address::ReversePath;
use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use playback::Hand;
use session::sasl::Cleartext;

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
    pub(super) events: Vec<Event>,
    open: Option<Received>,
}

impl playback::World<Smtp> for World {
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
            Question::Unsigned { .. } => vec![],
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
            Question::Recipient(path, _) => vec![self.recipient(path)],
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

    fn body(&mut self, chunk: Bytes) {
        let text = String::from_utf8_lossy(&chunk);
        self.open.as_mut().unwrap().body.push_str(&text);
    }

    fn note(&mut self, event: Event) {
        self.events.push(event);
    }
}

impl World {
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
pub(super) type Talk = Hand<Smtp, World>;

pub(super) const MAX_OCTETS: u64 = 10_000;

/// In this configuration.
pub(super) fn with(role: Role, cleartext: Cleartext) -> Talk {
    let settings = Settings {
        role,
        host: "mail.exemple.fr".to_owned(),
        cleartext,
        max_octets: MAX_OCTETS,
        begun: jiff::Timestamp::UNIX_EPOCH,
        max_recipients: crate::limits::RECIPIENTS,
    };
    Hand::new(Smtp::new(settings), World::default())
}

pub(super) fn exchange() -> Talk {
    with(Role::Exchange, Cleartext::ByAccount)
}

pub(super) fn submission() -> Talk {
    with(Role::Submission, Cleartext::ByAccount)
}

/// Said hello and, where that is needed, signed in; nothing is left to read.
pub(super) fn ready(role: Role) -> Talk {
    let mut talk = with(role, Cleartext::ByAccount);
    talk.run();
    assert!(talk.line("EHLO [192.168.1.20]").starts_with("250"));
    if role == Role::Submission {
        assert!(talk.line(&format!("AUTH PLAIN {PLAIN}")).starts_with("235"));
    }
    talk
}

/// A message is coming in.
pub(super) fn in_data(role: Role) -> Talk {
    let mut talk = ready(role);
    let said = talk.octets("MAIL FROM:<jean@exemple.fr>\r\nRCPT TO:<lea@exemple.fr>\r\nDATA\r\n");
    assert!(said.contains("\r\n354 "), "{said}");
    talk
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
