//! Connections, from the moment they are accepted to their line in the log.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use net::{Answerer, Drive, Summary, Wire};
use service::endpoints::{Endpoint, Service, Tls};
use session::Session;
use session::sasl::Cleartext;
use smtp::Role;
use tls::Greeter;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::crowd::{Crowd, Place};
use super::journal::Journal;
use super::pages::Pages;

/// How long to wait when the system can accept no more (out of descriptors, say).
const OUT_OF_BREATH: Duration = Duration::from_millis(100);

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) greeter: Greeter,
    pub(crate) imap: service::imap::Service,
    pub(crate) pop3: service::pop3::Service,
    pub(crate) smtp: service::smtp::Service,
    pub(crate) pages: Pages,
    pub(crate) host: String,
    pub(crate) message_octets: u64,
    /// Whether sign-in is offered in the clear; it may change at a reload.
    pub(crate) cleartext: watch::Receiver<Cleartext>,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) crowd: Crowd,
}

impl Desk {
    /// Accepts connections at one port until the service stops, then waits for those
    /// that are there.
    pub(crate) async fn attend(self, endpoint: Endpoint, listener: TcpListener) {
        let mut sessions = JoinSet::new();
        let mut stopping = self.stopping.clone();
        loop {
            let accepted = tokio::select! {
                () = async { let _ = stopping.wait_for(|stop| *stop).await; } => break,
                accepted = self.accept(&listener) => accepted,
                Some(_) = sessions.join_next(), if !sessions.is_empty() => continue,
            };
            let Some((stream, peer, place)) = accepted else {
                tokio::time::sleep(OUT_OF_BREATH).await;
                continue;
            };
            let Some(place) = place else {
                turn_away(endpoint, &stream);
                continue;
            };
            let desk = self.clone();
            sessions.spawn(async move {
                desk.serve(endpoint, stream, peer).await;
                drop(place);
            });
        }
        drop(listener);
        while sessions.join_next().await.is_some() {}
    }

    /// The next connection, with its place if there is one for it.
    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> Option<(TcpStream, SocketAddr, Option<Place>)> {
        let room = self.crowd.room().await?;
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                let peer = canonical(peer);
                Some((stream, peer, self.crowd.enter(peer.ip(), room)))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                None
            }
        }
    }

    async fn serve(&self, endpoint: Endpoint, stream: TcpStream, peer: SocketAddr) {
        let ip = peer.ip();
        let cleartext = *self.cleartext.borrow();
        let host = self.host.clone();
        match endpoint.service {
            Service::Imap => {
                let session = imap::Imap::new(imap::Settings { host, cleartext });
                let answers = service::imap::Answers::new(self.imap.clone(), ip);
                self.talk("imap", endpoint, stream, peer, session, answers)
                    .await;
            }
            Service::Pop3 => {
                let session = pop3::Pop3::new(pop3::Settings { host, cleartext });
                let answers = service::pop3::Answers::new(self.pop3.clone(), ip);
                self.talk("pop3", endpoint, stream, peer, session, answers)
                    .await;
            }
            Service::Transfer | Service::Submission => {
                let (name, role) = match endpoint.service {
                    Service::Submission => ("submission", Role::Submission),
                    _ => ("smtp", Role::Exchange),
                };
                let session = smtp::Smtp::new(smtp::Settings {
                    role,
                    host,
                    cleartext,
                    max_octets: self.message_octets,
                });
                let answers = service::smtp::Answers::new(self.smtp.clone(), role, ip);
                self.talk(name, endpoint, stream, peer, session, answers)
                    .await;
            }
            Service::Pages => {
                let stopping = self.stopping.clone();
                match endpoint.tls {
                    Tls::Implicit => {
                        self.pages.secure(&self.greeter, stream, ip, stopping).await;
                    }
                    Tls::StartTls | Tls::Never => self.pages.plain(stream, ip, stopping).await,
                }
            }
        }
    }

    async fn talk<S: Session, A: Answerer<S>>(
        &self,
        name: &'static str,
        endpoint: Endpoint,
        stream: TcpStream,
        peer: SocketAddr,
        session: S,
        answers: A,
    ) {
        let mut journal = Journal::new(name, peer);
        let wire = Wire::Plain(stream);
        let greeted = match endpoint.tls {
            Tls::Implicit => match timeout(net::HANDSHAKE, wire.secure(&self.greeter)).await {
                Ok(Ok((wire, encryption))) => Ok((wire, Some(encryption))),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
            },
            Tls::StartTls | Tls::Never => Ok((wire, None)),
        };
        let summary = match greeted {
            Ok((wire, encryption)) => {
                let mut drive = Drive {
                    greeter: &self.greeter,
                    stopping: self.stopping.clone(),
                    note: |event| journal.note(event),
                };
                Box::pin(drive.run(session, answers, wire, encryption)).await
            }
            Err(error) => Summary {
                broken: Some(error),
                ..Summary::default()
            },
        };
        journal.end(&summary);
    }
}

/// Says why, where that can be said before TLS, and closes.
fn turn_away(endpoint: Endpoint, stream: &TcpStream) {
    let line = match (endpoint.service, endpoint.tls) {
        (_, Tls::Implicit) | (Service::Pages, _) => return,
        (Service::Imap, _) => "* BYE Too many connections from your network\r\n",
        (Service::Pop3, _) => "-ERR [SYS/TEMP] Too many connections from your network\r\n",
        (Service::Transfer | Service::Submission, _) => {
            "421 4.7.0 Too many connections from your network\r\n"
        }
    };
    // It fits into the room that a new connection has; whoever is gone needs it not.
    let _ = stream.try_write(line.as_bytes());
}

/// An IPv4 peer on an IPv6 socket is an IPv4 peer.
fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// The time, for everything that takes it as an argument.
pub(crate) fn clock() -> Timestamp {
    Timestamp::now()
}
