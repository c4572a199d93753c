//! Whole conversations of the SMTP client with a peer that says anything: it ends, holds
//! little, says lines and nothing else, and leaves each recipient of each message with one
//! fate, accepted only after a message's end was said.
#![no_main]

use address::{Password, ReversePath};
use bytes::Bytes;
use fuzz::{fuzz_target, is_lines, within};
use session::{Encryption, Moment, TlsVersion};
use smtp::client::{
    Client, Credentials, Envelope, Fate, Input, Outcome, Recipient, Settings, StartTls, Step,
};

fuzz_target!(|input: &[u8]| {
    let Some((&[settings, size], said)) = input.split_first_chunk::<2>() else {
        return;
    };
    within(1024 * 1024 + 16 * input.len(), || {
        let mut peer = Peer::new(settings);
        peer.run();
        // At the start of a line, or anywhere.
        let lines: Vec<&[u8]> = match size & 1 {
            0 => said.split_inclusive(|octet| *octet == b'\n').collect(),
            _ => said.chunks(usize::from(size)).collect(),
        };
        for line in lines {
            peer.give(Input::Bytes(Bytes::copy_from_slice(line)));
        }
        peer.give(match settings & 0x40 {
            0 => Input::EndOfStream,
            _ => Input::TimeUp,
        });
        peer.end();
    });
});

/// What a message is made of; its dots and line ends are all to be mended.
const BODY: [&[u8]; 3] = [b"Subject: x\r\n\r\n.\n.\r", b"\n.\r\n\r.", b"end"];
const STEPS: usize = 10_000;

struct Peer {
    client: Client,
    now: Moment,
    messages: usize,
    /// Recipients of the message that is under way.
    recipients: usize,
    pieces: usize,
    said: Vec<u8>,
    ended: bool,
    closed: bool,
}

impl Peer {
    fn new(settings: u8) -> Peer {
        let starttls = match settings & 3 {
            0 => StartTls::Never,
            1 => StartTls::IfOffered,
            _ => StartTls::Demanded,
        };
        let credentials = (settings & 4 != 0).then(|| Credentials {
            name: "lea@exemple.fr".to_owned(),
            password: Password::new("une fleur de tilleul"),
        });
        Peer {
            client: Client::new(Settings {
                hello: "mail.exemple.fr".parse().expect("a name"),
                starttls,
                credentials,
            }),
            now: Moment::default(),
            messages: 1 + usize::from(settings >> 3 & 3),
            recipients: 0,
            pieces: 0,
            said: Vec::new(),
            ended: false,
            closed: false,
        }
    }

    fn give(&mut self, input: Input) {
        if !self.closed {
            self.client.receive(self.now, input);
            self.run();
        }
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            match self.client.next(self.now) {
                Step::Send(octets) => {
                    assert!(!octets.is_empty());
                    self.said.extend_from_slice(&octets);
                }
                Step::Want { until } => {
                    assert!(until >= self.now);
                    return;
                }
                Step::Body { .. } => self.body(),
                Step::Secure => self.client.receive(
                    self.now,
                    Input::Secured(Encryption {
                        version: TlsVersion::Tls13,
                        suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
                    }),
                ),
                Step::Ready => self.next_message(),
                Step::Failed(_) => assert!(self.recipients == 0),
                Step::Done(outcome) => self.done(&outcome),
                Step::Close => {
                    self.closed = true;
                    return;
                }
            }
        }
        panic!("the client runs in a circle");
    }

    fn body(&mut self) {
        let input = match BODY.get(self.pieces) {
            Some(piece) => Input::Body(Bytes::from_static(piece)),
            None => {
                // Said only if nothing has come in between.
                self.ended = true;
                Input::BodyEnd
            }
        };
        self.pieces += 1;
        self.client.receive(self.now, input);
    }

    fn next_message(&mut self) {
        assert!(is_lines(&self.said), "{}", self.said.escape_ascii());
        if self.messages == 0 {
            return self.client.quit(self.now);
        }
        self.messages -= 1;
        (self.recipients, self.pieces, self.ended) = (3, 0, false);
        let to = ["a@x.fr", "b@x.fr", "\"c d\"@x.fr"];
        let to = to.map(|to| Recipient::new(to.parse().expect("an address")));
        let envelope = Envelope {
            from: ReversePath::Null,
            recipients: to.into(),
            size: 100,
            smtputf8: self.messages & 1 != 0,
            eight_bit: true,
            require_tls: false,
            ret: None,
            id: None,
            by: "60;RT".parse().ok().filter(|_| self.messages & 2 != 0),
        };
        self.client.send(self.now, envelope);
    }

    fn done(&mut self, outcome: &Outcome) {
        assert_eq!(outcome.fates.len(), self.recipients);
        self.recipients = 0;
        for fate in &outcome.fates {
            if let Fate::Accepted(_)
            | Fate::Lost {
                perhaps_accepted: true,
                ..
            } = fate
            {
                assert!(self.ended);
            }
        }
    }

    /// Nothing more comes: time passes until it closes.
    fn end(&mut self) {
        for _ in 0..100 {
            self.now = self.now + smtp::client::limits::MESSAGE;
            self.give(Input::TimeUp);
        }
        assert!(self.closed && self.recipients == 0);
    }
}
