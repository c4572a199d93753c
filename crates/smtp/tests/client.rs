//! The conversations in `transcripts/smtp-client`, played on a client held in the hand.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use address::{Password, ReversePath};
use bytes::Bytes;
use playback::{Player, Received, Wire, check_client, transcripts};
use session::{Encryption, Moment, TlsVersion};
use smtp::client::{Client, Credentials, Envelope, Input, Recipient, Settings, StartTls, Step};
use smtp::dsn::{Notify, Return};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../transcripts/smtp-client");

#[test]
fn every_transcript_goes_as_written() {
    let paths = transcripts(Path::new(FOLDER)).unwrap();
    assert!(!paths.is_empty());
    for path in paths {
        let mut player = Player::new("exchange", connect);
        if let Err(error) = check_client(&path, &mut player) {
            panic!("{error}");
        }
    }
}

/// A client to an exchange or a smarthost, with one message or two to hand over.
fn connect(endpoint: &str) -> io::Result<Box<dyn Wire>> {
    let (starttls, credentials) = match endpoint {
        "smarthost" => (StartTls::Demanded, Some(credentials())),
        _ => (StartTls::IfOffered, None),
    };
    let letter = letter().ok_or(io::ErrorKind::InvalidInput)?;
    let mut messages = VecDeque::from([letter]);
    match endpoint {
        "exchange" | "smarthost" => {}
        "exchange-two" => messages.extend(smuggler()),
        _ => return Err(io::Error::other("no such endpoint")),
    }
    let client = Client::new(Settings {
        hello: "mail.exemple.fr".parse().map_err(io::Error::other)?,
        starttls,
        credentials,
    });
    Ok(Box::new(Held {
        client,
        messages,
        body: VecDeque::new(),
        said: VecDeque::new(),
        securing: false,
        closed: false,
    }))
}

fn credentials() -> Credentials {
    Credentials {
        name: "lea@exemple.fr".to_owned(),
        password: Password::new("une fleur de tilleul"),
    }
}

/// An envelope, and a body in pieces.
type Letter = (Envelope, &'static [&'static [u8]]);

fn letter() -> Option<Letter> {
    let mut envelope = envelope(&["paul@exemple.org", "nobody@exemple.org"])?;
    envelope.eight_bit = true;
    envelope.ret = Some(Return::Headers);
    envelope.id = "lettre+2B1".parse().ok();
    let first = envelope.recipients.first_mut()?;
    first.notify = Some(Notify::Never);
    first.original = "rfc822;paul@exemple.fr".parse().ok();
    Some((envelope, &[b"Subject: points\r\n\r\n.\r\n..", b"\r\nfin"]))
}

/// What would be two messages to a careless receiver.
fn smuggler() -> Option<Letter> {
    let body: &[&[u8]] = &[b"a\n.\nMAIL FROM:<x@y>\r.\r\n\r", b"\r\n.\rend"];
    Some((envelope(&["paul@exemple.org"])?, body))
}

fn envelope(to: &[&str]) -> Option<Envelope> {
    let recipient = |to: &&str| to.parse().ok().map(Recipient::new);
    Some(Envelope {
        from: ReversePath::Address("lea@exemple.fr".parse().ok()?),
        recipients: to.iter().map(recipient).collect::<Option<_>>()?,
        size: 1000,
        smtputf8: false,
        eight_bit: false,
        require_tls: false,
        ret: None,
        id: None,
        by: None,
    })
}

/// A client that hands over its messages, then quits. Time stands still.
struct Held {
    client: Client,
    messages: VecDeque<Letter>,
    body: VecDeque<Input>,
    said: VecDeque<u8>,
    securing: bool,
    closed: bool,
}

impl Held {
    fn give(&mut self, input: Input) {
        self.client.receive(Moment::default(), input);
        self.run();
    }

    fn run(&mut self) {
        let now = Moment::default();
        let mut quits = false;
        while !(self.closed || self.securing) {
            match self.client.next(now) {
                Step::Send(octets) => self.said.extend(octets),
                Step::Want { .. } => return,
                Step::Body { .. } => {
                    let input = self.body.pop_front().unwrap_or(Input::BodyEnd);
                    self.client.receive(now, input);
                }
                Step::Secure => self.securing = true,
                Step::Ready => match self.messages.pop_front() {
                    Some((envelope, body)) => {
                        let piece = |piece: &&'static [u8]| Input::Body(Bytes::from_static(piece));
                        self.body = body.iter().map(piece).collect();
                        self.client.send(now, envelope);
                    }
                    None => {
                        assert!(!std::mem::replace(&mut quits, true));
                        self.client.quit(now);
                    }
                },
                Step::Failed(_) | Step::Done(_) => {}
                Step::Close => self.closed = true,
            }
        }
    }
}

impl Wire for Held {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.give(Input::Bytes(Bytes::copy_from_slice(octets)));
        Ok(())
    }

    fn receive(&mut self, room: &mut [u8], _patience: Duration) -> io::Result<Received> {
        self.run();
        let count = room.len().min(self.said.len());
        for (to, from) in room.iter_mut().zip(self.said.drain(..count)) {
            *to = from;
        }
        Ok(match (count, self.closed) {
            (0, true) => Received::End,
            (0, false) => Received::Nothing,
            (count, _) => Received::Octets(count),
        })
    }

    fn secure(mut self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        if !std::mem::take(&mut self.securing) {
            return Err(io::Error::other("the client does not begin TLS here"));
        }
        self.give(Input::Secured(Encryption {
            version: TlsVersion::Tls13,
            suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
        }));
        Ok(self)
    }
}
