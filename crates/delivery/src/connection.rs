//! Connections of the queue: an entry goes in, and what is written down of each recipient
//! comes out.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use queue::{Entry, Late, Recipient, Returned, Status, TlsWish, Trouble};
use smtp::DeliverBy;
use smtp::client::{self, Fate};
use smtp::dsn;
use store::Store;

use crate::leaving::Leaving;
use crate::outcome::{EXPIRED, TOO_LATE, Tried};
use crate::peer::{Doors, Failure, Message, Peer, Policy, Settings, Target};
use crate::said;
use crate::way::Host;

/// Opens connections.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) doors: Arc<Doors>,
    pub(crate) settings: Arc<Settings>,
}

/// One connection to a host that takes messages.
pub(crate) struct Connection {
    peer: Peer,
    host: String,
}

/// What came of a message.
pub(crate) struct Sent {
    /// For each recipient.
    pub(crate) tried: Vec<(Recipient, Tried)>,
    /// The host answered for one of them at least: it did not just go away.
    pub(crate) answered: bool,
}

impl Connections {
    /// Connects to a host and gets ready for a message, as the policy demands. Where nothing is
    /// demanded, TLS is offered and fails, a new connection goes without: mail in the clear was
    /// the alternative from the beginning (RFC 7435 section 3).
    ///
    /// # Errors
    /// Why not; never for good, since another host, or another time, may do.
    pub(crate) async fn open(
        &self,
        host: &Host,
        address: SocketAddr,
    ) -> Result<Connection, Trouble> {
        let Host { name, policy, .. } = host;
        let target = Target {
            host: name.clone(),
            address,
        };
        let own = Settings {
            credentials: host.credentials.clone(),
            ..Settings::clone(&self.settings)
        };
        let opened = match Peer::open(&self.doors, &target, policy, &own).await {
            Err(failure) if policy.may_go_in_clear(&failure) => {
                let why = said::failure(&failure);
                tracing::info!(host = name, %address, why, "TLS failed: a new connection goes without");
                Peer::open(&self.doors, &target, &Policy::in_clear(), &own).await
            }
            opened => opened,
        };
        let host = target.host;
        match opened {
            Ok(peer) => Ok(Connection { peer, host }),
            Err(failure) => Err(unopened(&host, address, &failure)),
        }
    }
}

impl Connection {
    /// Hands a message over to those of its recipients that the entry names.
    pub(crate) async fn send(
        &mut self,
        store: &Store,
        entry: &Entry,
        leaving: Leaving,
        now: Timestamp,
    ) -> Sent {
        let message = Message {
            envelope: envelope(entry, &leaving, now),
            top: Bytes::from(leaving.top),
            body: store.read(&entry.body, entry.outgoing()),
        };
        let outcome = self.peer.send(message).await;
        let answered = outcome.fates.iter().any(is_answer);
        let tried = entry.recipients.iter().zip(&outcome.fates);
        let tried = tried.map(|(recipient, fate)| {
            self.note(entry, recipient, fate);
            let tried = match fate {
                // The host reports as it was asked to; of a message that is traced, so do we.
                Fate::Accepted(_) if outcome.dsn && !is_traced(recipient) => Tried::Accepted(None),
                fate => self.tried(fate),
            };
            (recipient.clone(), tried)
        });
        Sent {
            tried: tried.collect(),
            answered,
        }
    }

    /// Whether the host sends on by TLS alone what is sent so. RFC 8689.
    pub(crate) fn promises_tls(&self) -> bool {
        self.peer.encryption().is_some() && self.peer.capabilities().require_tls
    }

    /// Why a message that is to come back where it is late does not go this way: it is late, or
    /// the host would not keep the time (RFC 2852 section 4).
    pub(crate) fn too_late(&self, entry: &Entry, now: Timestamp) -> Option<Trouble> {
        let by = entry.recipients.first()?.deliver_by?;
        if by.late != Late::Returned {
            return None;
        }
        let left = by.at.duration_since(now).as_secs();
        let text = match self.peer.capabilities().deliver_by {
            _ if left <= 0 => TOO_LATE.to_owned(),
            None => format!("{} does not deliver by a given time", self.host),
            Some(least) if left < least.into() => {
                format!("{} delivers in {least} seconds at least", self.host)
            }
            Some(_) => return None,
        };
        Some(Trouble::ours(EXPIRED, text))
    }

    /// Whether a further message can be given.
    pub(crate) fn takes_more(&self) -> bool {
        self.peer.takes_more()
    }

    /// Says goodbye.
    pub(crate) async fn close(self) {
        self.peer.close().await;
    }

    fn tried(&self, fate: &Fate) -> Tried {
        let trouble = |text: String| Trouble {
            text,
            host: Some(self.host.clone()),
            status: fate.status().map_or(Status::OTHER_FOR_NOW, status),
        };
        match fate {
            Fate::Accepted(reply) => Tried::Accepted(Some(trouble(said::reply(reply)))),
            Fate::Untried => Tried::Not,
            Fate::Refused { reply, .. } => Tried::Failed(trouble(said::reply(reply))),
            Fate::Impossible(obstacle) => Tried::Failed(Trouble {
                host: None,
                ..trouble(format!("{}: {}", self.host, said::obstacle(*obstacle)))
            }),
            Fate::Lost {
                at,
                trouble: lost,
                perhaps_accepted,
            } => {
                let doubt = match perhaps_accepted {
                    true => "; it may have the message all the same",
                    false => "",
                };
                let lost = said::lost(lost);
                Tried::Failed(Trouble {
                    host: None,
                    ..trouble(format!("{}, at {}: {lost}{doubt}", self.host, at.name()))
                })
            }
        }
    }

    /// What became of a recipient, for the operator.
    fn note(&self, entry: &Entry, recipient: &Recipient, fate: &Fate) {
        let (id, to, host, address) = (
            entry.id,
            &recipient.address,
            &self.host,
            self.peer.address(),
        );
        let tls = self
            .peer
            .encryption()
            .map_or("none", |with| with.version.name());
        match fate {
            Fate::Accepted(reply) => {
                tracing::info!(%id, %to, host, %address, tls, reply = said::reply(reply), "sent");
            }
            Fate::Untried => {}
            fate => tracing::info!(%id, %to, host, %address, tls, ?fate, "not sent"),
        }
    }
}

/// Whether the host answered for a recipient.
fn is_answer(fate: &Fate) -> bool {
    matches!(
        fate,
        Fate::Accepted(_) | Fate::Refused { .. } | Fate::Impossible(_)
    )
}

fn envelope(entry: &Entry, leaving: &Leaving, now: Timestamp) -> client::Envelope {
    let body = entry.outgoing();
    client::Envelope {
        from: leaving.from.clone(),
        recipients: entry.recipients.iter().map(to).collect(),
        size: leaving.top.len() as u64 + (body.end - body.start),
        smtputf8: entry.smtputf8,
        eight_bit: entry.eight_bit,
        require_tls: entry.tls == TlsWish::Required,
        ret: entry.returned.map(|returned| match returned {
            Returned::Full => dsn::Return::Full,
            Returned::Header => dsn::Return::Headers,
        }),
        // What was once written down is what was once read.
        id: entry.envelope_id.as_ref().and_then(|id| id.parse().ok()),
        by: entry.recipients.first().and_then(|one| by(one, now)),
    }
}

/// What is left of the time by which a message is to be delivered.
fn by(recipient: &Recipient, now: Timestamp) -> Option<DeliverBy> {
    let by = recipient.deliver_by?;
    Some(DeliverBy {
        seconds: by.at.duration_since(now).as_secs(),
        late: match by.late {
            Late::Told => smtp::Late::Told,
            Late::Returned => smtp::Late::Returned,
        },
        traced: by.traced,
    })
}

fn is_traced(recipient: &Recipient) -> bool {
    recipient.deliver_by.is_some_and(|by| by.traced)
}

fn to(recipient: &Recipient) -> client::Recipient {
    let notify = |wanted: queue::Notify| match wanted {
        queue::Notify {
            success: false,
            failure: false,
            delay: false,
        } => dsn::Notify::Never,
        queue::Notify {
            success,
            failure,
            delay,
        } => dsn::Notify::When {
            success,
            failure,
            delay,
        },
    };
    client::Recipient {
        address: recipient.address.clone(),
        notify: recipient.notify.map(notify),
        original: recipient.original.as_ref().and_then(|who| who.parse().ok()),
    }
}

fn status(status: client::Status) -> Status {
    let class = u8::try_from(status.class).unwrap_or(4);
    Status(class, status.subject, status.detail)
}

/// What is written down of a host that can't be reached, or takes no message now.
fn unopened(host: &str, address: SocketAddr, failure: &Failure) -> Trouble {
    let ours = |detail, text| Trouble::ours(Status(4, 4, detail), text);
    match failure {
        Failure::Smtp(client::Failure::Refused(_, reply)) => {
            // Another host may say otherwise, or this one another day.
            let found = status(reply.status());
            Trouble {
                text: said::reply(reply),
                host: Some(host.to_owned()),
                status: Status(4, found.1, found.2),
            }
        }
        // No answer from host: RFC 3463 section 3.5.
        Failure::Connect(why) => ours(1, format!("{host} ({address}): {why}")),
        // No TLS, or none that is trusted: "security features not supported" and
        // "cryptographic failure", RFC 3463 section 3.8.
        Failure::Smtp(client::Failure::NoTls) => secure(4, host, address, failure),
        Failure::Handshake(_) | Failure::SilentHandshake => secure(5, host, address, failure),
        // Bad connection.
        failure => ours(2, format!("{host} ({address}): {}", said::failure(failure))),
    }
}

fn secure(detail: u16, host: &str, address: SocketAddr, failure: &Failure) -> Trouble {
    let text = format!("{host} ({address}): {}", said::failure(failure));
    Trouble::ours(Status(4, 7, detail), text)
}
