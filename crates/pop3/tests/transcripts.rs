//! The conversations in `transcripts/pop3`, played on a session held in the hand.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use events::{Refusal, SignInFailure};
use playback::{Machine, Player, Wire, World, check, transcripts};
use pop3::{Message, Piece, Pop3, Question, Settings};
use session::sasl::Cleartext;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../transcripts/pop3");
const USER: &str = "lea@exemple.fr";
const PASSWORD: &str = "une fleur de tilleul";
/// The two above for AUTH PLAIN.
const PLAIN: &str = "AGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs";

#[test]
fn every_transcript_goes_as_written() {
    let folder = Path::new(FOLDER);
    let inbox: Vec<_> = ["1.eml", "2.eml"]
        .iter()
        .zip([3, 9])
        .map(|(name, uid)| (uid, std::fs::read(folder.join("inbox").join(name)).unwrap()))
        .collect();
    let paths = transcripts(folder).unwrap();
    assert!(!paths.is_empty());
    for path in paths {
        let mail = Mail(Arc::new(Mutex::new(inbox.clone())));
        let connect = |endpoint: &str| connect(endpoint, mail.clone());
        let mut player = Player::new("pop3", connect)
            .know("user", USER)
            .know("password", PASSWORD)
            .know("plain", PLAIN);
        if let Err(error) = check(&path, &mut player) {
            panic!("{error}");
        }
    }
}

fn connect(endpoint: &str, mail: Mail) -> io::Result<Box<dyn Wire>> {
    let settings = Settings {
        host: "mail.exemple.fr".to_owned(),
        cleartext: Cleartext::ByAccount,
    };
    let session = Pop3::new(settings);
    match endpoint {
        "pop3" => Ok(Box::new(Machine::new(session, mail))),
        "pop3s" => Ok(Box::new(Machine::secured(session, mail))),
        _ => Err(io::Error::other("no such endpoint")),
    }
}

/// One inbox that all connections share: UIDs and messages.
#[derive(Clone)]
struct Mail(Arc<Mutex<Vec<Stored>>>);

/// A UID and the message.
type Stored = (u32, Vec<u8>);

impl World<Pop3> for Mail {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        let mut inbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match question {
            Question::SignIn { name, password, .. } => {
                if name == USER && password.expose() == PASSWORD.as_bytes() {
                    return vec![Piece::SignedIn { address: name }];
                }
                let reason = SignInFailure::WrongPassword;
                vec![Piece::NotSignedIn {
                    refusal: Refusal::Credentials,
                    reason,
                }]
            }
            Question::Open => {
                let message = |(uid, text): &Stored| Message {
                    uid: *uid,
                    size: text.len() as u64,
                };
                vec![Piece::Messages {
                    validity: 7,
                    messages: inbox.iter().map(message).collect(),
                }]
            }
            Question::Read { uid, from, octets } => {
                let Some((_, text)) = inbox.iter().find(|(found, _)| *found == uid) else {
                    return vec![Piece::Gone];
                };
                let part = text
                    .iter()
                    .copied()
                    .skip(from as usize)
                    .take(octets as usize);
                vec![Piece::Octets(part.collect())]
            }
            Question::Remove { uids } => {
                let before = inbox.len();
                inbox.retain(|(uid, _)| !uids.contains(uid));
                vec![Piece::Removed {
                    messages: before - inbox.len(),
                }]
            }
        }
    }
}
