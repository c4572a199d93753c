//! Whole POP3 sessions: each command has one reply, whole lines and dots in their places,
//! and how the octets are cut into reads changes nothing.
#![no_main]

use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use fuzz::{Conversation, Cut, fuzz_target, is_lines, within};
use playback::World;
use pop3::{Message, Piece, Pop3, Question, Settings};

/// With every line end there is, dots everywhere, and no end.
const MESSAGES: [&[u8]; 4] = [
    b"Subject: one\r\n\r\n.\r\n..\r\nlast\r\n",
    b"Subject: two\n\n.\n\r.\r\r\n\n.no end",
    b"",
    b"\r",
];

fuzz_target!(|input: &[u8]| {
    let Some(conversation) = Conversation::read(input) else {
        return;
    };
    // An answer is the longer for the messages in it, not for what was asked.
    within(1024 * 1024 + 128 * input.len(), || {
        let all = play(conversation, Cut::Flights);
        assert_eq!(play(conversation, Cut::Lines), all);
        assert_eq!(play(conversation, Cut::Anywhere), all);
    });
});

/// What was said, and the messages that were removed.
fn play(conversation: Conversation<'_>, cut: Cut) -> (Bytes, Vec<u32>) {
    let session = Pop3::new(Settings {
        host: "mail.exemple.fr".to_owned(),
        cleartext: conversation.cleartext(),
    });
    let maildrop = Maildrop {
        grudge: conversation.choice(0),
        ..Maildrop::default()
    };
    let talk = conversation.play(cut, session, maildrop, |read, said| {
        if cut != Cut::Lines {
            return;
        }
        assert!(is_lines(said), "{}", said.escape_ascii());
        assert!(said.ends_with(b"\r\n") || !read.ends_with(b"\n"));
        if !said.is_empty() {
            reply(said);
        }
    });
    (talk.said.into(), talk.world.removed)
}

/// One reply, of one line, or of several that a dot ends and nothing before it does;
/// after one line there may be the farewell.
fn reply(said: &[u8]) {
    let end = said
        .windows(2)
        .position(|two| two == b"\r\n")
        .expect("a line");
    let (first, rest) = said.split_at(end + 2);
    let known = |line: &[u8]| {
        [&b"+OK"[..], b"-ERR", b"+ "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    assert!(known(first) && first.len() <= 512 && first.is_ascii());
    let farewell = rest.starts_with(b"-ERR") && !first.starts_with(b"+ ");
    if rest.is_empty() || farewell {
        return;
    }
    let ends = said.windows(5).filter(|five| *five == b"\r\n.\r\n");
    assert!(first.starts_with(b"+OK") && said.ends_with(b"\r\n.\r\n"));
    assert_eq!(ends.count(), 1, "{}", said.escape_ascii());
}

#[derive(Default)]
struct Maildrop {
    grudge: bool,
    removed: Vec<u32>,
}

impl World<Pop3> for Maildrop {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        match question {
            Question::SignIn { password, .. } if password.expose() == b"wrong" => {
                vec![Piece::NotSignedIn {
                    refusal: Refusal::Credentials,
                    reason: SignInFailure::WrongPassword,
                }]
            }
            Question::SignIn { name, .. } => vec![Piece::SignedIn { address: name }],
            Question::Open => vec![Piece::Messages {
                validity: 7,
                messages: (1..)
                    .zip(MESSAGES)
                    .map(|(uid, text)| Message {
                        uid,
                        size: text.len() as u64,
                    })
                    .collect(),
            }],
            Question::Read { uid: 1, .. } if self.grudge => vec![Piece::Gone],
            Question::Read { uid, from, octets } => {
                let text = MESSAGES[uid as usize - 1];
                let part = &text[from as usize..(from + octets) as usize];
                part.chunks(5)
                    .map(|chunk| Piece::Octets(Bytes::from_static(chunk)))
                    .collect()
            }
            Question::Remove { .. } if self.grudge => vec![Piece::Refused(Refusal::DiskFull)],
            Question::Remove { uids } => {
                let messages = uids.len();
                self.removed = uids;
                vec![Piece::Removed { messages }]
            }
        }
    }

    fn body(&mut self, _chunk: Bytes) {
        panic!("POP3 takes no message");
    }

    fn note(&mut self, _event: Event) {}

    fn changed(&mut self) -> bool {
        false
    }
}
