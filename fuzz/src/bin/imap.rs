//! Whole IMAP sessions, in mailboxes of a small world, heard by the strictest reader that
//! we know (that of the tests, which has the limits of an old tablet's e-mail app): each
//! command has its answer, each literal its length, and how the octets are cut into reads
//! changes nothing.
#![no_main]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use events::{Event, Refusal};
use fuzz::{Conversation, Cut, fuzz_target, within};
use imap::{Flags, Imap, Piece, Question, Settings};
use playback::World;

#[path = "../../../crates/imap/tests/sessions/search.rs"]
mod search;
#[path = "../../../crates/imap/tests/sessions/strict.rs"]
#[allow(dead_code)]
mod strict;
#[path = "../../../crates/imap/tests/sessions/world.rs"]
#[allow(dead_code)]
mod world;

use strict::Reader;
use world::{Account, Service};

pub(crate) const USER: &str = "lea@exemple.fr";
pub(crate) const PASSWORD: &str = "une fleur de tilleul";
pub(crate) const MODERN: &str = "paul@exemple.fr";

/// Most messages, and octets of them, that the account holds: what a conversation can
/// double again and again would never end.
const MESSAGES: usize = 24;
const OCTETS: u64 = 16 * 1024;

/// What one conversation may have read at most; a longer answer is right, and too long.
const SAID: usize = 4 * 1024 * 1024;

const MAIL: [&[u8]; 3] = [
    b"From: a@b.fr\r\nSubject: \"x\" \\ y\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n\
      --z\r\n\r\none\r\n--z\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntwo\r\n--z--\r\n",
    b"\xff\n\r\n\r",
    b"",
];

fuzz_target!(|input: &[u8]| {
    let Some(conversation) = Conversation::read(input) else {
        return;
    };
    within(32 * 1024 * 1024 + 64 * input.len(), || {
        let all = play(conversation, Cut::Flights);
        assert_eq!(play(conversation, Cut::Lines), all);
        assert_eq!(play(conversation, Cut::Anywhere), all);
    });
});

fn play(conversation: Conversation<'_>, cut: Cut) -> Bytes {
    let account = Account::new();
    for mail in MAIL {
        let mut account = account.lock().expect("nobody panicked");
        account.deliver("INBOX", mail, Flags::default());
    }
    let session = Imap::new(Settings {
        host: "mail.exemple.fr".to_owned(),
        cleartext: conversation.cleartext(),
    });
    let mut reader = Reader::default();
    reader.be_deaf();
    let mut client = Client::default();
    let small = Small {
        service: Service::new(Arc::clone(&account)),
        account,
        said: 0,
    };
    let talk = conversation.play(cut, session, small, |read, said| {
        reader.server(said);
        if cut == Cut::Lines {
            client.sends(read, said);
        }
    });
    reader.end();
    Bytes::from(talk.said)
}

/// What a client that sends a line at a time is in the middle of.
#[derive(Default)]
struct Client {
    /// Octets of a literal that are to come.
    literal: u64,
    /// The line so far.
    line: Vec<u8>,
    /// The command was refused before all of it, which is sent at once, had been read.
    answered: bool,
    /// The line after a `+` that invites no literal is coming.
    challenged: bool,
}

impl Client {
    /// Checks that a line has its answer, where it should have one.
    fn sends(&mut self, read: &[u8], said: &[u8]) {
        let literal = usize::try_from(self.literal).unwrap_or(usize::MAX);
        let (octets, rest) = read.split_at(literal.min(read.len()));
        self.literal -= octets.len() as u64;
        self.line.extend_from_slice(rest);
        if !self.line.ends_with(b"\n") {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let answered = std::mem::take(&mut self.answered);
        // The answer to a challenge, and what ends IDLE, are lines and nothing more.
        let announced = announced(&line).filter(|_| !self.challenged);
        assert!(
            announced.is_some() || answered || !said.is_empty(),
            "no answer to {}",
            line.escape_ascii()
        );
        let refused = !said.is_empty() && !said.starts_with(b"+");
        self.challenged = said.starts_with(b"+") && announced.is_none();
        if let Some((size, at_once)) = announced.filter(|(_, at_once)| *at_once || !refused) {
            self.literal = size;
            self.answered = at_once && (answered || refused);
        }
    }
}

/// The size in a line's `{5}` or `{5+}`, and whether it is the second.
fn announced(line: &[u8]) -> Option<(u64, bool)> {
    let line = line.strip_suffix(b"\n")?;
    let line = line
        .strip_suffix(b"\r")
        .unwrap_or(line)
        .strip_suffix(b"}")?;
    let size = line.strip_suffix(b"+").unwrap_or(line);
    let open = size.iter().rposition(|octet| *octet == b'{')?;
    let (before, digits) = (&size[..open], &size[open + 1..]);
    // Behind anything else than a space or a parenthesis no string may begin.
    let begins = matches!(before.last(), None | Some(b' ' | b'('));
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || !begins {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?.parse();
    Some((number.unwrap_or(u64::MAX), size != line))
}

/// The world of the tests, kept small.
struct Small {
    service: Service,
    account: Arc<Mutex<Account>>,
    /// Octets of bodies that were given.
    said: usize,
}

impl World<Imap> for Small {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        let refused = |refusal| {
            vec![Piece::Refused {
                refusal,
                failure: None,
            }]
        };
        let grows = matches!(question, Question::Copy { .. } | Question::Append(_));
        if grows || matches!(question, Question::Move { .. } | Question::Create(_)) {
            let account = self.account.lock().expect("nobody panicked");
            let mails = account.folders.iter().flat_map(|folder| &folder.mails);
            let octets: usize = mails.clone().map(|mail| mail.octets.len()).sum();
            let coming = match &question {
                Question::Append(append) => append.size,
                _ => octets as u64,
            };
            let full = mails.count() * 2 > MESSAGES || account.folders.len() > MESSAGES;
            if full || coming.saturating_add(octets as u64) > OCTETS {
                return refused(Refusal::OverQuota { temporary: true });
            }
        }
        let pieces = self.service.answer(question);
        let given = pieces.iter().map(|piece| match piece {
            Piece::Chunk(octets) => octets.len(),
            _ => 100,
        });
        self.said += given.sum::<usize>();
        if self.said > SAID {
            return refused(Refusal::Temporary);
        }
        pieces
    }

    /// A message with NUL in it is told as it was stored, though RFC 3501 section 4.3.1
    /// wants none in a literal; the reader, which holds to that, gets to see none.
    fn body(&mut self, chunk: Bytes) {
        let clean = chunk.iter().map(|&octet| octet.max(1));
        self.service.body(clean.collect());
    }

    fn note(&mut self, event: Event) {
        self.service.note(event);
    }

    /// Nobody else is there, and being told of one's own changes depends on the cuts.
    fn changed(&mut self) -> bool {
        false
    }
}
