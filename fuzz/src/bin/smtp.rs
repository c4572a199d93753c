//! Whole SMTP sessions, of both roles: each command has one reply, each reply is lines as
//! they should be, no message that was taken has a bare CR or LF, and how the octets are
//! cut into reads changes nothing.
#![no_main]

use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use fuzz::{Conversation, Cut, fuzz_target, is_lines, within};
use playback::World;
use smtp::{ForwardPath, Piece, Question, Role, Settings, Smtp};

fuzz_target!(|input: &[u8]| {
    let Some(conversation) = Conversation::read(input) else {
        return;
    };
    within(2 * 1024 * 1024 + 16 * input.len(), || {
        let all = play(conversation, Cut::Flights);
        assert_eq!(play(conversation, Cut::Lines), all);
        assert_eq!(play(conversation, Cut::Anywhere), all);
    });
});

/// What was said, and the messages that were taken.
fn play(conversation: Conversation<'_>, cut: Cut) -> (Bytes, Vec<Bytes>) {
    let role = if conversation.choice(0) {
        Role::Submission
    } else {
        Role::Exchange
    };
    let session = Smtp::new(Settings {
        role,
        host: "mail.exemple.fr".to_owned(),
        cleartext: conversation.cleartext(),
        max_octets: 4096,
        begun: jiff::Timestamp::UNIX_EPOCH,
        max_recipients: smtp::limits::RECIPIENTS,
    });
    let post = Post {
        grudge: conversation.choice(1),
        ..Post::default()
    };
    let (mut in_message, mut in_chunks, mut heard) = (false, false, Vec::new());
    let talk = conversation.play(cut, session, post, |read, said| {
        let codes = replies(said);
        // Where a chunk ends is not where a line does. The word may come in several reads.
        heard.extend(read.to_ascii_uppercase());
        in_chunks |= heard.windows(4).any(|word| word == b"BDAT");
        heard.drain(..heard.len().saturating_sub(3));
        let silence_is_right = in_message || in_chunks || !read.ends_with(b"\r\n");
        if cut == Cut::Lines {
            // A line that came in several reads has its reply at the last; one that is
            // the last may have the farewell too.
            assert!(codes.len() <= 2 || in_chunks);
            assert!(silence_is_right || !codes.is_empty());
        }
        if let Some(code) = codes.last() {
            in_message = *code == *b"354";
        }
    });
    let said = Bytes::from(talk.said);
    assert!(said.starts_with(b"220 "));
    (said, talk.world.taken)
}

/// The codes of these replies, which are whole.
fn replies(said: &[u8]) -> Vec<[u8; 3]> {
    assert!(is_lines(said), "{}", said.escape_ascii());
    let mut codes = Vec::new();
    let mut goes_on = None;
    for line in said.split_inclusive(|octet| *octet == b'\n') {
        assert!(line.len() <= 512 && line.is_ascii());
        let (code, rest) = line.split_first_chunk::<3>().expect("a code");
        assert!(code.iter().all(u8::is_ascii_digit));
        assert!(goes_on.is_none_or(|first| first == *code));
        goes_on = match rest.first() {
            Some(b'-') => Some(*code),
            Some(b' ') => None,
            _ => panic!("no reply: {}", line.escape_ascii()),
        };
        if goes_on.is_none() {
            codes.push(*code);
        }
    }
    assert!(goes_on.is_none());
    codes
}

/// Takes what is said to be for one domain, and keeps the messages.
#[derive(Default)]
struct Post {
    grudge: bool,
    coming: Vec<u8>,
    taken: Vec<Bytes>,
}

impl World<Smtp> for Post {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        match question {
            Question::SignIn { password, .. } if password.expose() == b"wrong" => {
                vec![Piece::NotSignedIn {
                    refusal: Refusal::Credentials,
                    reason: SignInFailure::WrongPassword,
                }]
            }
            Question::SignIn { name, .. } => vec![Piece::SignedIn { address: name }],
            Question::Recipient(ForwardPath::Address(recipient), _)
                if recipient.domain().as_str() != "exemple.fr" =>
            {
                vec![Piece::Refused(Refusal::NotHosted { recipient })]
            }
            Question::Begin(_) if self.grudge => vec![Piece::Refused(Refusal::DiskFull)],
            Question::Sender(_) | Question::Recipient(..) | Question::Begin(_) => {
                vec![Piece::Granted]
            }
            Question::Accept => {
                assert!(is_lines(&self.coming), "{}", self.coming.escape_ascii());
                assert!(self.coming.len() <= 4096);
                self.taken.push(std::mem::take(&mut self.coming).into());
                vec![Piece::Accepted {
                    id: "1a2b".to_owned(),
                    delivered: 1,
                    queued: 0,
                }]
            }
            Question::Unsigned { .. } => vec![],
            Question::Discard | Question::Reset => {
                self.coming.clear();
                vec![]
            }
        }
    }

    fn body(&mut self, chunk: Bytes) {
        self.coming.extend_from_slice(&chunk);
    }

    fn note(&mut self, _event: Event) {}

    fn changed(&mut self) -> bool {
        false
    }
}
