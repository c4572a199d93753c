//! Connections, from the moment they are accepted to their line in the log.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use journal::Protocol;
use net::{Answerer, Drive, Summary, Wire};
use service::Line;
use service::endpoints::{Endpoint, Service, Tls};
use session::sasl::Cleartext;
use session::{Encryption, Session};
use smtp::Role;
use tls::Greeter;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::journal::Journal;
use super::pages::Pages;
use super::places::{Free, Places};
use super::unless_stopped;

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
    /// How many recipients a user's message may have.
    pub(crate) max_recipients: usize,
    /// Whether sign-in is offered in the clear; it may change at a reload.
    pub(crate) cleartext: watch::Receiver<Cleartext>,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) places: Arc<Places>,
}

impl Desk {
    /// Accepts connections at one port until the service stops, then waits for those
    /// that are there.
    pub(crate) async fn attend(self, endpoint: Endpoint, listener: TcpListener) {
        let mut sessions = JoinSet::new();
        // The first failure of a row is told, not each.
        let mut failing = false;
        loop {
            let accepted = tokio::select! {
                accepted = unless_stopped(self.stopping.clone(), self.accept(&listener)) => accepted,
                Some(_) = sessions.join_next(), if !sessions.is_empty() => continue,
            };
            let Some(accepted) = accepted else { break };
            let (stream, peer, free) = match accepted {
                Ok(accepted) => accepted,
                // That one is gone before it was served.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, port = endpoint.port, "connections can't be accepted");
                    }
                    failing = true;
                    tokio::time::sleep(OUT_OF_BREATH).await;
                    continue;
                }
            };
            failing = false;
            let Some(place) = self.places.take(free, peer.ip()) else {
                turn_away(endpoint, &stream);
                tracing::info!(%peer, port = endpoint.port, "turned away: its network has all its connections");
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

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr, Free)> {
        let Some(free) = self.places.free().await else {
            return std::future::pending().await;
        };
        let (stream, peer) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        Ok((stream, canonical(peer), free))
    }

    async fn serve(&self, endpoint: Endpoint, stream: TcpStream, peer: SocketAddr) {
        let ip = peer.ip();
        let session = rand::random();
        let line = |protocol| Line {
            protocol,
            peer,
            port: endpoint.port,
            session,
        };
        let cleartext = *self.cleartext.borrow();
        let host = self.host.clone();
        match endpoint.service {
            Service::Imap => {
                let machine = imap::Imap::new(imap::Settings { host, cleartext });
                let line = line(Protocol::Imap);
                let answers = service::imap::Answers::new(self.imap.clone(), line);
                self.talk("imap", endpoint.tls, stream, line, machine, answers)
                    .await;
            }
            Service::Pop3 => {
                let machine = pop3::Pop3::new(pop3::Settings { host, cleartext });
                let line = line(Protocol::Pop3);
                let answers = service::pop3::Answers::new(self.pop3.clone(), line);
                self.talk("pop3", endpoint.tls, stream, line, machine, answers)
                    .await;
            }
            Service::Transfer | Service::Submission => {
                let (name, role) = match endpoint.service {
                    Service::Submission => ("submission", Role::Submission),
                    _ => ("smtp", Role::Exchange),
                };
                let machine = smtp::Smtp::new(smtp::Settings {
                    role,
                    host,
                    cleartext,
                    max_octets: self.message_octets,
                    begun: jiff::Timestamp::now(),
                    max_recipients: match role {
                        Role::Submission => self.max_recipients,
                        Role::Exchange => smtp::limits::RECIPIENTS,
                    },
                });
                let line = line(Protocol::Smtp);
                let answers = service::smtp::Answers::new(self.smtp.clone(), role, line);
                self.talk(name, endpoint.tls, stream, line, machine, answers)
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

    /// The handshake before the first word; nothing is lost when the service stops in it.
    async fn greet(&self, wire: Wire) -> std::io::Result<(Wire, Option<Encryption>)> {
        let greeting = timeout(net::HANDSHAKE, wire.secure(&self.greeter));
        let Some(greeted) = unless_stopped(self.stopping.clone(), greeting).await else {
            return Err(ErrorKind::ConnectionAborted.into());
        };
        let (wire, encryption) = greeted??;
        Ok((wire, Some(encryption)))
    }

    async fn talk<S: Session, A: Answerer<S>>(
        &self,
        name: &'static str,
        tls: Tls,
        stream: TcpStream,
        line: Line,
        session: S,
        answers: A,
    ) {
        let mut journal = Journal::new(name, &line);
        let wire = Wire::Plain(stream);
        let greeted = match tls {
            Tls::Implicit => self.greet(wire).await,
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

/// Says why before closing, where that can be said without TLS; a new connection's buffer
/// has room for it.
fn turn_away(endpoint: Endpoint, stream: &TcpStream) {
    if let Some(words) = last_words(endpoint) {
        let _ = stream.try_write(words.as_bytes());
    }
}

fn last_words(endpoint: Endpoint) -> Option<&'static str> {
    if endpoint.tls == Tls::Implicit {
        return None;
    }
    Some(match endpoint.service {
        // RFC 5321 section 3.8, RFC 3463 section 3.8.
        Service::Transfer | Service::Submission => {
            "421 4.7.0 Too many connections from your network; close some and try again\r\n"
        }
        // RFC 5530 section 3.
        Service::Imap => {
            "* BYE [LIMIT] Too many connections from your network; close some and try again\r\n"
        }
        // RFC 3206 section 4.
        Service::Pop3 => {
            "-ERR [SYS/TEMP] Too many connections from your network; close some and try again\r\n"
        }
        // RFC 9110 section 15.6.4.
        Service::Pages => {
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        }
    })
}

/// An IPv4 peer on an IPv6 socket is an IPv4 peer.
fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// The time, for everything that takes it as an argument.
pub(crate) fn clock() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use service::endpoints::ENDPOINTS;

    use super::*;

    #[test]
    fn whoever_is_turned_away_is_told_in_the_words_of_the_protocol() {
        for endpoint in ENDPOINTS {
            let begin = match (endpoint.service, endpoint.tls) {
                (_, Tls::Implicit) => None,
                (Service::Transfer | Service::Submission, _) => Some("421 4.7.0 "),
                (Service::Imap, _) => Some("* BYE [LIMIT] "),
                (Service::Pop3, _) => Some("-ERR [SYS/TEMP] "),
                (Service::Pages, _) => Some("HTTP/1.1 503 "),
            };
            let words = last_words(endpoint);
            assert_eq!(words.is_some(), begin.is_some(), "{endpoint:?}");
            if let (Some(words), Some(begin)) = (words, begin) {
                assert!(
                    words.starts_with(begin) && words.ends_with("\r\n"),
                    "{words}"
                );
            }
        }
    }
}
