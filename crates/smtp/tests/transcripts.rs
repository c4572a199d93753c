//! The conversations in `transcripts/smtp`, played on a session held in the hand.

use std::io;
use std::path::Path;

use events::{Refusal, SignInFailure};
use playback::{Machine, Player, Wire, World, check, transcripts};
use session::sasl::Cleartext;
use smtp::{ForwardPath, Piece, Question, Role, Settings, Smtp};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../transcripts/smtp");
const USER: &str = "lea@exemple.fr";
const PASSWORD: &str = "une fleur de tilleul";

#[test]
fn every_transcript_goes_as_written() {
    let paths = transcripts(Path::new(FOLDER)).unwrap();
    assert!(!paths.is_empty());
    for path in paths {
        let mut player = Player::new("smtp", connect)
            .know("user", USER)
            .know("other", "jean@exemple.fr")
            .know("domain", "exemple.fr")
            .know("plain", "AGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs")
            .know("user64", "bGVhQGV4ZW1wbGUuZnI=")
            .know("password64", "dW5lIGZsZXVyIGRlIHRpbGxldWw=");
        if let Err(error) = check(&path, &mut player) {
            panic!("{error}");
        }
    }
}

fn connect(endpoint: &str) -> io::Result<Box<dyn Wire>> {
    let session = |role| {
        Smtp::new(Settings {
            role,
            host: "mail.exemple.fr".to_owned(),
            cleartext: Cleartext::ByAccount,
            max_octets: 26_214_400,
            begun: jiff::Timestamp::UNIX_EPOCH,
            max_recipients: smtp::limits::RECIPIENTS,
        })
    };
    match endpoint {
        "smtp" => Ok(Box::new(Machine::new(
            session(Role::Exchange),
            Post::default(),
        ))),
        "submission" => Ok(Box::new(Machine::new(
            session(Role::Submission),
            Post::default(),
        ))),
        "submissions" => Ok(Box::new(Machine::secured(
            session(Role::Submission),
            Post::default(),
        ))),
        _ => Err(io::Error::other("no such endpoint")),
    }
}

/// Knows two users and one domain, and keeps nothing.
#[derive(Default)]
struct Post {
    signed_in: bool,
    here: usize,
    elsewhere: usize,
}

impl Post {
    fn recipient(&mut self, path: ForwardPath) -> Piece {
        let ForwardPath::Address(recipient) = path else {
            self.here += 1;
            return Piece::Granted;
        };
        if recipient.domain().as_str() != "exemple.fr" {
            if !self.signed_in {
                return Piece::Refused(Refusal::NotHosted { recipient });
            }
            self.elsewhere += 1;
        } else if recipient.local().as_str() == "nobody" {
            return Piece::Refused(Refusal::UnknownRecipient { recipient });
        } else {
            self.here += 1;
        }
        Piece::Granted
    }
}

impl World<Smtp> for Post {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        match question {
            Question::SignIn { name, password, .. } => {
                if name == USER && password.expose() == PASSWORD.as_bytes() {
                    self.signed_in = true;
                    return vec![Piece::SignedIn { address: name }];
                }
                let reason = SignInFailure::WrongPassword;
                vec![Piece::NotSignedIn {
                    refusal: Refusal::Credentials,
                    reason,
                }]
            }
            Question::Sender(_) | Question::Begin(_) => vec![Piece::Granted],
            Question::Recipient(path, _) => vec![self.recipient(path)],
            Question::Accept => {
                let delivered = std::mem::take(&mut self.here);
                let queued = std::mem::take(&mut self.elsewhere);
                vec![Piece::Accepted {
                    id: "1a2b".to_owned(),
                    delivered,
                    queued,
                }]
            }
            Question::Unsigned { .. } => vec![],
            Question::Discard | Question::Reset => {
                (self.here, self.elsewhere) = (0, 0);
                vec![]
            }
        }
    }
}
