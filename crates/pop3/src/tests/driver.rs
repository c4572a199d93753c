//! A session held in the hand: a clock that is set, a small world that answers, and
//! the text of all that is said.

use crate::{Message, Piece, Pop3, Question, Settings};
use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use playback::Hand;
use session::sasl::Cleartext;

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
    pub(super) events: Vec<Event>,
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
            events: Vec::new(),
            piece: 10,
        }
    }
}

impl playback::World<Pop3> for World {
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

    fn body(&mut self, _: Bytes) {
        panic!("POP3 takes no message");
    }

    fn note(&mut self, event: Event) {
        self.events.push(event);
    }
}

/// One session and all that came of it.
pub(super) type Talk = Hand<Pop3, World>;

/// In this configuration.
pub(super) fn with(cleartext: Cleartext, world: World) -> Talk {
    let settings = Settings {
        host: "mail.exemple.fr".into(),
        cleartext,
    };
    Hand::new(Pop3::new(settings), world)
}

/// Nothing was said yet.
pub(super) fn begin(world: World) -> Talk {
    with(Cleartext::ByAccount, world)
}

/// Signed in, with nothing said yet.
pub(super) fn signed_in(world: World) -> Talk {
    let mut talk = begin(world);
    talk.run();
    assert!(talk.line("USER jean@exemple.fr").starts_with("+OK"));
    assert!(talk.line("PASS mot de passe").starts_with("+OK"));
    talk
}
