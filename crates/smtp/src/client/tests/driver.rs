//! A client held in the hand, with a clock that is set.

use std::collections::VecDeque;
use std::time::Duration;

use address::{Password, ReversePath};
use bytes::Bytes;
use session::{Encryption, Moment, TlsVersion};

use crate::client::{
    Client, Credentials, Envelope, Failure, Input, Outcome, Recipient, Settings, StartTls, Step,
};

pub(super) struct Talk {
    pub(super) client: Client,
    now: Moment,
    body: VecDeque<Input>,
    until: Moment,
    done: Option<Outcome>,
    failed: Option<Failure>,
    pub(super) ready: bool,
    pub(super) securing: bool,
    pub(super) closed: bool,
}

/// A connection in the clear.
pub(super) fn talk(starttls: StartTls) -> Talk {
    with(starttls, None)
}

/// One to a smarthost.
pub(super) fn signing_in(starttls: StartTls) -> Talk {
    let credentials = Credentials {
        name: "lea@exemple.fr".to_owned(),
        password: Password::new("tilleul"),
    };
    with(starttls, Some(credentials))
}

fn with(starttls: StartTls, credentials: Option<Credentials>) -> Talk {
    let client = Client::new(Settings {
        hello: "mail.exemple.fr".parse().unwrap(),
        starttls,
        credentials,
    });
    let mut talk = Talk {
        client,
        now: Moment::default(),
        body: VecDeque::new(),
        until: Moment::default(),
        done: None,
        failed: None,
        ready: false,
        securing: false,
        closed: false,
    };
    assert_eq!(talk.run(), "");
    talk
}

pub(super) fn envelope(to: &[&str]) -> Envelope {
    let recipient = |to: &&str| Recipient::new(to.parse().unwrap());
    Envelope {
        from: ReversePath::Address("lea@exemple.fr".parse().unwrap()),
        recipients: to.iter().map(recipient).collect(),
        size: 1000,
        smtputf8: false,
        eight_bit: false,
        require_tls: false,
        ret: None,
        id: None,
        by: None,
    }
}

impl Talk {
    /// Greets it, and answers its EHLO.
    pub(super) fn open(&mut self, offers: &str) {
        assert_eq!(self.hear("220 mx.test\r\n"), "EHLO mail.exemple.fr\r\n");
        assert_eq!(self.hear(offers), "");
        assert!(self.ready);
    }

    /// Gives it a message; a piece that begins with a zero can't be read.
    pub(super) fn send(&mut self, envelope: &Envelope, body: &[&'static str]) -> String {
        self.body = body
            .iter()
            .map(|piece| match piece.strip_prefix('\0') {
                Some(_) => Input::BodyLost,
                None => Input::Body(Bytes::from_static(piece.as_bytes())),
            })
            .chain([Input::BodyEnd])
            .collect();
        self.client.send(self.now, envelope.clone());
        self.run()
    }

    pub(super) fn quit(&mut self) -> String {
        self.client.quit(self.now);
        self.run()
    }

    /// The peer says this; gives what the client then says.
    pub(super) fn hear(&mut self, text: &str) -> String {
        self.give(Input::Bytes(Bytes::copy_from_slice(text.as_bytes())))
    }

    pub(super) fn give(&mut self, input: Input) -> String {
        self.client.receive(self.now, input);
        self.run()
    }

    pub(super) fn secure(&mut self) -> String {
        assert!(std::mem::take(&mut self.securing));
        self.give(Input::Secured(Encryption {
            version: TlsVersion::Tls13,
            suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
        }))
    }

    /// Time passes, and is up if it is.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        if self.now >= self.until && !self.closed {
            self.give(Input::TimeUp);
        }
    }

    /// How long it would wait now.
    pub(super) fn until(&self) -> Duration {
        self.until - self.now
    }

    pub(super) fn outcome(&mut self) -> Outcome {
        self.done.take().expect("a message's outcome")
    }

    pub(super) fn failure(&mut self) -> Failure {
        assert!(self.closed);
        self.failed.take().expect("a failure")
    }

    fn run(&mut self) -> String {
        let mut said = Vec::new();
        self.ready = false;
        for _ in 0..10_000 {
            match self.client.next(self.now) {
                Step::Send(octets) => {
                    assert!(!octets.is_empty());
                    said.extend_from_slice(&octets);
                }
                Step::Body { .. } => {
                    let input = self.body.pop_front().expect("a piece of the body");
                    self.client.receive(self.now, input);
                }
                Step::Want { until } => {
                    self.until = until;
                    return String::from_utf8(said).unwrap();
                }
                Step::Secure => {
                    self.securing = true;
                    return String::from_utf8(said).unwrap();
                }
                Step::Ready => {
                    self.ready = true;
                    return String::from_utf8(said).unwrap();
                }
                Step::Failed(failure) => self.failed = Some(failure),
                Step::Done(outcome) => {
                    assert!(self.done.is_none());
                    self.done = Some(outcome);
                }
                Step::Close => {
                    self.closed = true;
                    return String::from_utf8(said).unwrap();
                }
            }
        }
        panic!("the client runs in a circle");
    }
}
