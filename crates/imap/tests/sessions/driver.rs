//! A session driven step by step, with a clock that the test turns: for what no
//! transcript can show.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use imap::{Imap, Piece, Question};
use playback::World;
use session::sasl::Cleartext;
use session::{Encryption, Input, Moment, Session, Step, TlsVersion, Want};

use crate::strict::Reader;
use crate::world::{Account, Service};
use crate::{PASSWORD, USER, session};

/// Who answers.
pub(crate) enum Answers {
    /// The small world.
    World,
    /// The test, with [`Driver::piece`] and [`Driver::answer_end`].
    Test,
}

pub(crate) struct Driver {
    session: Imap,
    pub(crate) service: Service,
    now: Moment,
    answers: Answers,
    /// The question that waits for the test.
    pub(crate) asked: Option<Question>,
    out: Vec<u8>,
    reader: Reader,
    closed: bool,
    want: Option<Want>,
}

impl Driver {
    /// An encrypted connection, greeted.
    pub(crate) fn new(account: &Arc<Mutex<Account>>) -> Driver {
        let mut driver = Driver::in_the_clear(account, Cleartext::ByAccount, true);
        driver.said();
        driver
    }

    pub(crate) fn in_the_clear(
        account: &Arc<Mutex<Account>>,
        cleartext: Cleartext,
        secured: bool,
    ) -> Driver {
        let mut driver = Driver {
            session: session(cleartext),
            service: Service::new(Arc::clone(account)),
            now: Moment::default(),
            answers: Answers::World,
            asked: None,
            out: Vec::new(),
            reader: Reader::default(),
            closed: false,
            want: None,
        };
        if secured {
            let encryption = Encryption {
                version: TlsVersion::Tls13,
                suite: "none".into(),
            };
            driver
                .session
                .receive(driver.now, Input::Secured(encryption));
        }
        driver.run();
        driver
    }

    /// The same, signed in and in INBOX.
    pub(crate) fn in_inbox(account: &Arc<Mutex<Account>>) -> Driver {
        let mut driver = Driver::new(account);
        driver.say(&format!(
            "a LOGIN {USER} \"{PASSWORD}\"\r\nb SELECT INBOX\r\n"
        ));
        assert!(driver.said().ends_with("b OK [READ-WRITE] Opened\r\n"));
        driver
    }

    /// From now on the test answers.
    pub(crate) fn answer_by_hand(&mut self) {
        self.answers = Answers::Test;
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn bytes(&mut self, octets: &[u8]) {
        self.reader.client(octets);
        self.input(Input::Bytes(Bytes::copy_from_slice(octets)));
    }

    /// The client sends what the strict reader could not follow; it hears the server alone
    /// from here on.
    pub(crate) fn unheard(&mut self, octets: &[u8]) {
        self.reader.be_deaf();
        self.input(Input::Bytes(Bytes::copy_from_slice(octets)));
    }

    fn hear(&mut self, octets: &[u8]) {
        self.reader.server(octets);
        self.out.extend_from_slice(octets);
    }

    pub(crate) fn piece(&mut self, piece: Piece) {
        self.input(Input::Piece(piece));
    }

    pub(crate) fn answer_end(&mut self) {
        self.asked = None;
        self.input(Input::AnswerEnd);
    }

    pub(crate) fn input(&mut self, input: Input<Piece>) {
        self.session.receive(self.now, input);
        self.run();
    }

    /// Lets time pass; the session is woken whenever it asked to be.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(until) = self
            .want
            .and_then(|want| want.until)
            .filter(|&until| until <= end)
        {
            self.now = self.now.max(until);
            self.input(Input::TimeUp);
            if self.closed {
                return;
            }
        }
        self.now = end;
    }

    fn run(&mut self) {
        for _ in 0..1_000_000 {
            match self.session.next(self.now) {
                Step::Want(want) => {
                    self.want = Some(want);
                    return;
                }
                Step::Send(octets) => {
                    assert!(!octets.is_empty() && octets.len() < 64 * 1024);
                    self.hear(&octets);
                }
                Step::Ask(question) => self.ask(question),
                Step::Body(chunk) => self.service.body(chunk),
                Step::Note(event) => self.service.note(event),
                Step::Secure => return,
                Step::Close => {
                    self.closed = true;
                    self.want = None;
                    return;
                }
            }
        }
        panic!("the session runs in a circle");
    }

    fn ask(&mut self, question: Question) {
        if matches!(self.answers, Answers::Test) {
            self.asked = Some(question);
            return;
        }
        for piece in self.service.answer(question) {
            self.session.receive(self.now, Input::Piece(piece));
            // What follows from a piece goes out before the next one comes.
            while let Step::Send(octets) = self.peek_send() {
                self.hear(&octets);
            }
        }
        self.session.receive(self.now, Input::AnswerEnd);
    }

    /// The next step while an answer is on its way: octets, a note, or "go on".
    fn peek_send(&mut self) -> Step<Question> {
        loop {
            match self.session.next(self.now) {
                Step::Note(event) => self.service.note(event),
                Step::Close => {
                    self.closed = true;
                    return Step::Close;
                }
                step @ (Step::Send(_) | Step::Want(_)) => return step,
                other => panic!("not while a question is out: {other:?}"),
            }
        }
    }

    /// What the session said since the last call.
    pub(crate) fn said(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.out)).unwrap()
    }

    /// The same as octets.
    pub(crate) fn octets(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn want(&self) -> Want {
        self.want.unwrap()
    }

    pub(crate) fn events(&self) -> Vec<events::Event> {
        self.service.lock().events.clone()
    }
}
