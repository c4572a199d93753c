//! What the tests share: who we are, what is sent, and a host that a test speaks for.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use address::ReversePath;
use bytes::Bytes;
use delivery::peer::{Body, Doors, Failure, Message, Peer, Policy, Settings, Target};
use net::Gate;
use smtp::client::{Envelope, Fate, Outcome, Recipient};
use tls::Caller;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Out of the gate to this machine, trusting this authority too.
pub(crate) fn doors(authority: Option<&Path>) -> Doors {
    Doors {
        gate: Gate::new(vec!["127.0.0.0/8".parse().unwrap()]),
        caller: Caller::load(authority).unwrap(),
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        hello: "mail.exemple.fr".parse().unwrap(),
        source_v4: None,
        source_v6: None,
        credentials: None,
    }
}

pub(crate) fn target(address: SocketAddr) -> Target {
    Target {
        host: "mx.test".to_owned(),
        address,
    }
}

pub(crate) async fn open(address: SocketAddr) -> Peer {
    try_open(&doors(None), address, &Policy::opportunistic())
        .await
        .unwrap()
}

pub(crate) async fn try_open(
    doors: &Doors,
    address: SocketAddr,
    policy: &Policy,
) -> Result<Peer, Failure> {
    Peer::open(doors, &target(address), policy, &settings()).await
}

/// A body in pieces; an error where one is none.
pub(crate) struct Pieces(pub(crate) Vec<Option<Bytes>>);

impl Body for Pieces {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.0.is_empty() {
            return None;
        }
        let piece = self.0.remove(0);
        Some(piece.ok_or_else(|| io::Error::other("the disk is gone")))
    }
}

pub(crate) fn message(to: &[&str], body: &[&[u8]]) -> Message<Pieces> {
    let top = Bytes::from_static(b"Received: by mail.exemple.fr\r\n");
    let pieces: Vec<Option<Bytes>> = body
        .iter()
        .map(|piece| Some(Bytes::copy_from_slice(piece)))
        .collect();
    let size = top.len() + body.iter().map(|piece| piece.len()).sum::<usize>();
    let recipient = |to: &&str| Recipient::new(to.parse().unwrap());
    Message {
        envelope: Envelope {
            from: ReversePath::Address("lea@exemple.fr".parse().unwrap()),
            recipients: to.iter().map(recipient).collect(),
            size: size as u64,
            smtputf8: false,
            eight_bit: false,
            require_tls: false,
            ret: None,
            id: None,
            by: None,
        },
        top,
        body: Pieces(pieces),
    }
}

pub(crate) fn accepted(outcome: &Outcome) -> Vec<bool> {
    let fates = outcome.fates.iter();
    fates
        .map(|fate| matches!(fate, Fate::Accepted(_)))
        .collect()
}

/// A host that a test speaks for.
pub(crate) struct Host {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Host {
    pub(crate) async fn start() -> Host {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Host { listener, address }
    }

    /// The next connection to it.
    pub(crate) async fn accept(&self) -> Line {
        let (stream, _) = self.listener.accept().await.unwrap();
        Line(BufReader::new(stream))
    }

    /// The same, once it is greeted and has said what it offers, in lines of EHLO.
    pub(crate) async fn greet(&self, offers: &str) -> Line {
        let mut line = self.accept().await;
        line.say("220 mx.test\r\n").await;
        assert_eq!(line.hear().await, "EHLO mail.exemple.fr");
        line.say(&format!("250-mx.test\r\n{offers}")).await;
        line
    }
}

/// One connection, at the host's end.
pub(crate) struct Line(pub(crate) BufReader<TcpStream>);

impl Line {
    pub(crate) async fn say(&mut self, text: &str) {
        // Whoever has gone does not hear it.
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// The next line, without its end; nothing at the end of all.
    pub(crate) async fn hear(&mut self) -> String {
        let mut line = String::new();
        // A connection that was torn down has ended too.
        let _ = self.0.read_line(&mut line).await;
        line.trim_end_matches("\r\n").to_owned()
    }

    /// Hears lines up to this one.
    pub(crate) async fn hear_to(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.hear().await;
            assert!(
                !line.is_empty() || lines.len() < 10_000,
                "{last} never came"
            );
            lines.push(line);
            if lines.last().is_some_and(|line| line == last) {
                return lines;
            }
        }
    }

    /// All that comes until the end.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest).await;
        rest
    }

    /// Takes a message, and says this to its end.
    pub(crate) async fn take(&mut self, reply: &str) -> Vec<String> {
        let envelope = self.hear_to("DATA").await;
        self.say(&"250 ok\r\n".repeat(envelope.len() - 1)).await;
        self.say("354 go\r\n").await;
        let message = self.hear_to(".").await;
        self.say(reply).await;
        message
    }
}
