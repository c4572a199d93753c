//! One connection to another host, and messages handed over on it.
//!
//! [`smtp::client`] knows what is said; this gives it a socket, a clock, TLS, and the
//! octets of messages. Which host, under which demands, and what to do when that fails is
//! the caller's.
//!
//! Opportunistic TLS (RFC 7435) that fails leaves a connection on which nothing can be
//! said: [`Failure::Handshake`], and [`Policy::may_go_in_clear`] tells whether the caller may
//! make a new one with [`Tls::Never`].
//!
//! | file | what it does |
//! | --- | --- |
//! | `policy` | where to, how, and why it failed |
//! | `pipe` | the two directions of the connection, and how long each may stall |
//! | `message` | a message and its octets |

mod message;
mod pipe;
mod policy;

use std::net::IpAddr;
use std::time::Duration;

use net::Wire;
use session::{Encryption, Moment};
use smtp::client::{self, Capabilities, Client, Envelope, Input, Outcome, Step};
use tokio::time::{Instant, timeout};

pub use message::{Body, Message};
use pipe::{Happened, Pipe};
pub use policy::{Doors, Failure, Policy, Settings, Target, Tls};

/// How long a connection may take to come about. RFC 5321 has no number; two minutes is
/// what a system gives up after, and one is enough for any host that will ever answer.
pub const CONNECT: Duration = Duration::from_secs(60);

/// One connection to another host.
#[derive(Debug)]
pub struct Peer {
    client: Client,
    pipe: Pipe,
    began: Instant,
    address: IpAddr,
}

impl Peer {
    /// Connects, begins TLS as the policy wants it, and is ready for a message.
    ///
    /// # Errors
    /// Whatever kept it from that; the connection is closed then.
    pub async fn open(
        doors: &Doors,
        target: &Target,
        policy: &Policy,
        settings: &Settings,
    ) -> Result<Peer, Failure> {
        let (to, from) = (target.address, settings.source(target.address.ip()));
        let stream = doors.gate.connect(to, from, CONNECT).await;
        let mut peer = Peer {
            client: Client::new(client::Settings {
                hello: settings.hello.clone(),
                starttls: policy.starttls(),
                credentials: settings.credentials.clone(),
            }),
            pipe: Pipe::new(Wire::Plain(stream.map_err(Failure::Connect)?)),
            began: Instant::now(),
            address: to.ip(),
        };
        if policy.tls == Tls::AtOnce {
            peer.secure(doors, target, policy).await?;
        }
        peer.get_ready(doors, target, policy).await?;
        Ok(peer)
    }

    async fn get_ready(
        &mut self,
        doors: &Doors,
        target: &Target,
        policy: &Policy,
    ) -> Result<(), Failure> {
        let mut failure = None;
        loop {
            match self.client.next(self.now()) {
                Step::Send(octets) => self.pipe.push(&octets),
                Step::Want { until } => self.wait(until).await,
                Step::Secure => self.secure(doors, target, policy).await?,
                Step::Failed(why) => failure = Some(Failure::Smtp(why)),
                Step::Close => {
                    self.pipe.close().await;
                    return Err(failure.unwrap_or(Failure::Closed));
                }
                // There is no message yet.
                Step::Ready | Step::Body { .. } | Step::Done(_) => return Ok(()),
            }
        }
    }

    /// Begins TLS.
    async fn secure(
        &mut self,
        doors: &Doors,
        target: &Target,
        policy: &Policy,
    ) -> Result<(), Failure> {
        self.pipe.drain().await.map_err(Failure::Broken)?;
        let wire = self.pipe.take().ok_or(Failure::Closed)?;
        let calling = wire.call(&doors.caller, &target.host, &policy.trust);
        let called = timeout(net::HANDSHAKE, calling).await;
        let (wire, encryption) = called
            .map_err(|_| Failure::SilentHandshake)?
            .map_err(Failure::Handshake)?;
        self.pipe = Pipe::new(wire);
        self.give(Input::Secured(encryption));
        Ok(())
    }

    /// Whether a further message can be given, as far as is known.
    pub fn takes_more(&self) -> bool {
        self.client.takes_more()
    }

    /// What the host offers.
    pub fn capabilities(&self) -> &Capabilities {
        self.client.capabilities()
    }

    /// What the connection is encrypted with, for the message's story.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.client.encryption()
    }

    /// The address that was connected to.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Hands a message over, and tells what became of each recipient. Where the host has
    /// gone in the meantime, or takes no more, each is [`client::Fate::Untried`].
    pub async fn send<B: Body>(&mut self, message: Message<B>) -> Outcome {
        // A host that has closed since the last message has said so by now.
        if let Some(happened) = self.pipe.glance().await {
            self.happened(happened);
        }
        let Message {
            envelope,
            top,
            mut body,
        } = message;
        let mut top = Some(top);
        let mut outcome = None;
        let untried = untried(&envelope);
        self.client.send(self.now(), envelope);
        loop {
            match self.client.next(self.now()) {
                Step::Send(octets) => self.pipe.push(&octets),
                Step::Want { until } => self.wait(until).await,
                Step::Body { until } if self.pipe.is_full() => self.wait(until).await,
                Step::Body { .. } => match top.take() {
                    Some(octets) => self.give(Input::Body(octets)),
                    None => self.next_piece(&mut body).await,
                },
                Step::Done(what) => outcome = Some(what),
                Step::Close => {
                    self.pipe.close().await;
                    return outcome.unwrap_or(untried);
                }
                // Neither comes once a connection is open.
                Step::Secure | Step::Failed(_) => self.give(Input::EndOfStream),
                Step::Ready => return outcome.unwrap_or(untried),
            }
        }
    }

    /// Says goodbye, and closes.
    pub async fn close(mut self) {
        self.client.quit(self.now());
        loop {
            match self.client.next(self.now()) {
                Step::Send(octets) => self.pipe.push(&octets),
                Step::Want { until } => self.wait(until).await,
                _ => return self.pipe.close().await,
            }
        }
    }

    fn now(&self) -> Moment {
        Moment(self.began.elapsed())
    }

    fn give(&mut self, input: Input) {
        let now = self.now();
        self.client.receive(now, input);
    }

    fn happened(&mut self, happened: Happened) {
        self.give(match happened {
            Happened::Heard(octets) => Input::Bytes(octets),
            Happened::Ended => Input::EndOfStream,
            Happened::Broke(kind) => Input::Broken(kind),
            Happened::Stalled => Input::Stuck,
            Happened::TimeUp => Input::TimeUp,
        });
    }

    /// Sends some of what waits, or hears something.
    async fn wait(&mut self, until: Moment) {
        if let Some(happened) = self.pipe.turn(self.began + until.0).await {
            self.happened(happened);
        }
    }

    /// Reads the next piece of a message, listening all the while.
    async fn next_piece<B: Body>(&mut self, body: &mut B) {
        // It is read to its end even if something is heard: half of a read is no place to
        // go on from.
        let mut piece = std::pin::pin!(body.next());
        let input = loop {
            tokio::select! {
                biased;
                heard = self.pipe.hear() => self.happened(heard),
                piece = &mut piece => break match piece {
                    Some(Ok(octets)) => Input::Body(octets),
                    Some(Err(_)) => Input::BodyLost,
                    None => Input::BodyEnd,
                },
            }
        };
        self.give(input);
    }
}

fn untried(envelope: &Envelope) -> Outcome {
    let fates = envelope.recipients.iter();
    Outcome {
        fates: fates.map(|_| client::Fate::Untried).collect(),
        dsn: false,
    }
}
