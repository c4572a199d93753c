//! One connection's work: some of those who are due in a lane, from the queue to the hosts of
//! their domain, and what came of it back into the queue.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use address::Domain;
use directory::Directory;
use dns::Resolver;
use jiff::Timestamp;
use queue::{
    Entry, NodeId, Queue, QueueError, Recipient, Standing, Status, TlsWish, Trouble, Turn,
};
use service::routes::Routing;
use service::sending::Sending;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::connection::{Connection, Connections};
use crate::https::Https;
use crate::leaving::{Leaving, leaving, together};
use crate::outcome::{Tried, Verdict};
use crate::peer::{self, Doors};
use crate::promises::Promises;
use crate::reports::Reports;
use crate::said;
use crate::schedule::peace;
use crate::settings::{Rooms, Settings};
use crate::way::{ENCRYPTION_NEEDED, Host, smarthost, way};

/// Recipients that are taken at once. RFC 5321 section 4.5.3.1.8 has every host take as many
/// for one message; and not so many that others would wait long for their turn.
const BATCH: usize = 100;
/// How often it is tried to write down what came of a message: a database that was away, or a
/// full disk, may be back. What is sent and not written down would be sent again.
const WRITES: usize = 12;
/// What is ours. RFC 3463 section 3.4: other or undefined mail system status.
const OURS: Status = Status(4, 3, 0);
/// How long between two of these tries.
const WRITE_AGAIN: Duration = Duration::from_secs(5);
/// The subject of a status that is about security. RFC 3463 section 3.8.
const SECURITY: u16 = 7;
/// Why such trouble keeps mail back.
const PROMISED: &str = "; its domain promises that it can be verified (MTA-STS)";
/// Connections that are tried for one batch: several hosts, or several addresses of one.
const STOPS: usize = 6;

/// Hands over what it takes.
#[derive(Clone)]
pub(crate) struct Job {
    queue: Queue,
    node: NodeId,
    sending: Sending,
    resolver: Resolver,
    promises: Promises,
    connections: Connections,
    reports: Reports,
    settings: Arc<Settings>,
    clock: fn() -> Timestamp,
}

/// How it went with a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    /// A host took messages.
    Well,
    /// No host could be reached, or none kept up the connection.
    Badly,
    /// Nothing was tried.
    Nowhere,
}

impl Went {
    /// What is learned of the destination.
    pub(crate) fn well(self) -> Option<bool> {
        match self {
            Went::Well => Some(true),
            Went::Badly => Some(false),
            Went::Nowhere => None,
        }
    }
}

impl Job {
    pub(crate) fn new(rooms: Rooms, settings: Settings, node: NodeId) -> Job {
        let Rooms {
            queue,
            store,
            directory,
            fan_out,
            sending,
            resolver,
            gate,
            caller,
            clock,
        } = rooms;
        let routing = Routing {
            directory,
            host: settings.host.as_str().to_owned(),
        };
        let reports = Reports {
            queue: queue.clone(),
            store,
            routing,
            fan_out,
            zone: Arc::new(settings.zone.clone()),
            clock,
        };
        // Reports of what is delivered here are made by the same.
        reports.fan_out.tell_by(Arc::new(reports.clone()));
        let (mut four, mut six) = (None, None);
        for ip in &settings.from {
            match ip {
                IpAddr::V4(ip) => four = Some(*ip),
                IpAddr::V6(ip) => six = Some(*ip),
            }
        }
        let own = peer::Settings {
            hello: settings.host.clone(),
            source_v4: four,
            source_v6: six,
            credentials: None,
        };
        let connections = Connections {
            doors: Arc::new(Doors { gate, caller }),
            settings: Arc::new(own),
        };
        let https = Https {
            doors: connections.doors.clone(),
            resolver: resolver.clone(),
            own: connections.settings.clone(),
            port: settings.https_port,
        };
        Job {
            promises: Promises::new(queue.clone(), https, clock),
            queue,
            node,
            sending,
            resolver,
            connections,
            reports,
            settings: Arc::new(settings),
            clock,
        }
    }

    /// What domains have promised of their hosts.
    pub(crate) fn promises(&self) -> Promises {
        self.promises.clone()
    }

    /// Takes those who are due in the lane that has its turn, and ends the turn.
    pub(crate) async fn take(&self, turn: &Turn) -> Result<Vec<Entry>, QueueError> {
        let now = (self.clock)();
        if self.is_stopped(turn).await {
            // What is in such a lane is from before, or slipped by.
            self.queue.hold_lane(&turn.lane).await?;
        }
        let entries = self.queue.take(&turn.lane, self.node, now, BATCH).await?;
        if let Err(error) = self.queue.pass(turn, now).await {
            // It then comes once more, for nothing.
            tracing::warn!(%error, "the turn of a lane could not be ended");
        }
        Ok(entries)
    }

    /// Whether whoever sends in a lane may not send any more.
    async fn is_stopped(&self, turn: &Turn) -> bool {
        let Some(account) = turn.lane.account else {
            return false;
        };
        match self.sending.directory.sending(account).await {
            Ok(sending) => sending.lock.is_some(),
            Err(error) => {
                tracing::error!(%account, %error, "whether an account may send is not known");
                false
            }
        }
    }

    /// Hands over what was taken: over other connections what asks for another way.
    pub(crate) async fn hand_over(&self, domain: &Domain, entries: Vec<Entry>) -> Went {
        let mut entries = self.give_back(domain, entries).await;
        let mut went = Went::Nowhere;
        for wish in [TlsWish::Usual, TlsWish::Required, TlsWish::Waived] {
            let (same, others) = entries.into_iter().partition(|entry| entry.tls == wish);
            entries = others;
            match self.hand_over_by(domain, wish, same).await {
                Went::Nowhere => {}
                tried => went = tried,
            }
        }
        went
    }

    async fn hand_over_by(&self, domain: &Domain, wish: TlsWish, entries: Vec<Entry>) -> Went {
        if entries.is_empty() {
            return Went::Nowhere;
        }
        let standing = match self.queue.standing(domain).await {
            Ok(standing) => standing,
            Err(error) => {
                tracing::error!(%domain, %error, "how a destination stands is not known");
                None
            }
        };
        if let Some(standing) = &standing
            && standing.until > (self.clock)()
            && tells_of_all(wish, &standing.trouble)
        {
            self.fail_all(entries, &standing.trouble).await;
            return Went::Nowhere;
        }
        match self.reach(domain, wish).await {
            Ok(peer) => {
                if standing.is_some_and(|standing| tells_of_all(wish, &standing.trouble)) {
                    self.note(domain, None).await;
                }
                self.send_all(domain, wish, peer, entries).await
            }
            Err(Unreached::Unknown(trouble)) => {
                self.fail_all(entries, &trouble).await;
                Went::Nowhere
            }
            Err(Unreached::Down(trouble)) if !tells_of_all(wish, &trouble) => {
                self.fail_all(entries, &trouble).await;
                Went::Nowhere
            }
            Err(Unreached::Down(trouble)) => {
                let failures = standing.map_or(0, |standing| standing.failures);
                self.leave_in_peace(domain, failures, &trouble).await;
                self.fail_all(entries, &trouble).await;
                Went::Badly
            }
        }
    }

    /// Opens a connection to the first host of a domain that can be reached as the mail asks; to
    /// the one that is set for it, if there is one.
    async fn reach(&self, domain: &Domain, wish: TlsWish) -> Result<Connection, Unreached> {
        if let Some(host) = self.settings.route(domain) {
            let host = smarthost(&self.resolver, host).await;
            let host = host.map_err(Unreached::Unknown)?;
            let opened = self.open_one_of(domain, wish, &host, &mut 0).await;
            return opened.map_err(|trouble| Unreached::Down(trouble.unwrap_or(nobody(domain))));
        }
        let ours = |name: &str| name.eq_ignore_ascii_case(self.settings.host.as_str());
        let way = way(&self.resolver, domain, ours).await;
        let way = way.map_err(Unreached::Unknown)?;
        let promise = self.promises.of(domain).await;
        let promise = promise.map_err(Unreached::Unknown)?;
        let mut last = None;
        let mut tried = 0;
        for host in &way.hosts {
            let (port, asked) = (self.settings.port, (wish, promise.as_ref()));
            let host = way.host(&self.resolver, domain, host, port, asked);
            match host.await {
                Ok(host) => match self.open_one_of(domain, wish, &host, &mut tried).await {
                    Ok(open) => return Ok(open),
                    Err(Some(trouble)) if may_replace(last.as_ref(), &trouble) => {
                        last = Some(Unreached::Down(trouble));
                    }
                    Err(_) => {}
                },
                Err(trouble) => {
                    last.get_or_insert(Unreached::Unknown(as_asked(wish, trouble)));
                }
            }
        }
        Err(last.unwrap_or_else(|| Unreached::Unknown(nobody(domain))))
    }

    /// Opens a connection to one of a host's addresses. Without trouble to be told, none was
    /// tried.
    async fn open_one_of(
        &self,
        domain: &Domain,
        wish: TlsWish,
        host: &Host,
        tried: &mut usize,
    ) -> Result<Connection, Option<Trouble>> {
        let mut last = None;
        for address in host.addresses.iter().take(STOPS.saturating_sub(*tried)) {
            *tried += 1;
            let opened = self.connections.open(host, *address);
            match opened.await {
                Ok(open) if wish == TlsWish::Required && !open.promises_tls() => {
                    open.close().await;
                    last = Some(last.unwrap_or_else(|| no_promise(&host.name)));
                }
                Ok(open) => return Ok(open),
                Err(mut trouble) => {
                    tracing::info!(%domain, host = host.name, %address, why = trouble.text, "a host was not reached");
                    if host.by_promise && trouble.status.1 == SECURITY {
                        trouble.text += PROMISED;
                    }
                    last = Some(as_asked(wish, trouble));
                }
            }
        }
        Err(last)
    }

    /// Sends one message after the other, over new connections where one ends.
    async fn send_all(
        &self,
        domain: &Domain,
        wish: TlsWish,
        mut peer: Connection,
        entries: Vec<Entry>,
    ) -> Went {
        let mut left = VecDeque::from(entries);
        let mut writing: Option<JoinHandle<()>> = None;
        let (mut answered, mut went) = (0_usize, Went::Badly);
        while let Some(entry) = left.pop_front() {
            // Those to whom another address sends it on, or none, are in the next envelope.
            let (entry, apart) = together(entry);
            if let Some(apart) = apart {
                left.push_front(apart);
            }
            let now = (self.clock)();
            if let Some(trouble) = peer.too_late(&entry, now) {
                self.fail_all([entry], &trouble).await;
                continue;
            }
            let leaving = match self.leaving(&entry).await {
                Ok(leaving) => leaving,
                Err(trouble) => {
                    self.fail_all([entry], &trouble).await;
                    continue;
                }
            };
            let sent = peer.send(&self.reports.store, &entry, leaving, now).await;
            answered += usize::from(sent.answered);
            let (untried, tried): (Vec<_>, Vec<_>) = sent
                .tried
                .into_iter()
                .partition(|(_, tried)| *tried == Tried::Not);
            let is_sent = |tried: &Tried| matches!(tried, Tried::Accepted(_));
            if tried.iter().any(|(_, tried)| is_sent(tried)) {
                went = Went::Well;
            }
            // Those for whom there was no room in one envelope are in the next.
            if !untried.is_empty() {
                let recipients = untried
                    .into_iter()
                    .map(|(recipient, _)| recipient)
                    .collect();
                left.push_front(Entry {
                    recipients,
                    ..entry.clone()
                });
            }
            let lost = tried.iter().find_map(|(_, tried)| match tried {
                Tried::Failed(trouble) => Some(trouble.clone()),
                Tried::Accepted(_) | Tried::Not => None,
            });
            // What is written down of one message while the next is sent. Not more: what is
            // sent and not written down would be sent again after a crash.
            wait_for(writing.take()).await;
            let job = self.clone();
            writing = Some(tokio::spawn(
                async move { job.conclude(&entry, &tried).await },
            ));
            if peer.takes_more() || left.is_empty() {
                continue;
            }
            match (answered, lost) {
                // Whoever answers nothing on this connection does not on the next.
                (0, Some(trouble)) => {
                    self.leave_in_peace(domain, 0, &trouble).await;
                    self.fail_all(left.drain(..), &trouble).await;
                }
                _ => match self.reach(domain, wish).await {
                    Ok(again) => (peer, answered) = (again, 0),
                    Err(_) => break,
                },
            }
        }
        peer.close().await;
        wait_for(writing).await;
        // Nobody had a try with these.
        self.conclude_all(left, &Tried::Not).await;
        went
    }

    /// Who is here.
    pub(crate) fn directory(&self) -> &Directory {
        &self.reports.routing.directory
    }

    /// How an entry leaves; trouble of our own where that can't be found out.
    async fn leaving(&self, entry: &Entry) -> Result<Leaving, Trouble> {
        let leaving = leaving(self.directory(), entry, (self.clock)()).await;
        leaving.map_err(|error| {
            tracing::error!(id = %entry.id, %error, "the sender of a message can't be told");
            Trouble::ours(OURS, "the mail system has trouble of its own")
        })
    }

    /// All of these share one trouble.
    pub(crate) async fn fail_all(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        trouble: &Trouble,
    ) {
        let failed = Tried::Failed(trouble.clone());
        self.conclude_all(entries, &failed).await;
    }

    /// The same came of all of these.
    async fn conclude_all(&self, entries: impl IntoIterator<Item = Entry>, tried: &Tried) {
        for entry in entries {
            let one = |recipient: &Recipient| (recipient.clone(), tried.clone());
            let tried: Vec<_> = entry.recipients.iter().map(one).collect();
            self.conclude(&entry, &tried).await;
        }
    }

    async fn conclude(&self, entry: &Entry, tried: &[(Recipient, Tried)]) {
        if tried.is_empty() {
            return;
        }
        let now = (self.clock)();
        let patience = self.settings.patience;
        let verdict = Verdict::of(entry, tried, now, patience, rand::random());
        if let Some(account) = entry.submitted_by {
            let unknown = tried.iter().filter(|(_, tried)| tried.is_for_nobody());
            let unknown = unknown.map(|(recipient, _)| &recipient.address);
            self.sending.unknown_elsewhere(account, unknown, now).await;
        }
        let until = entry.released().checked_add(patience).unwrap_or(now);
        for _ in 0..WRITES {
            let (reports, verdict) = (&self.reports, verdict.clone());
            match reports.conclude(entry, self.node, verdict, until).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(id = %entry.id, %error, "what came of a message could not be written down");
                }
            }
            sleep(WRITE_AGAIN).await;
        }
        // It stays with this node, which gives it back at its end.
    }

    async fn leave_in_peace(&self, domain: &Domain, failures: u32, trouble: &Trouble) {
        let failures = failures.saturating_add(1);
        let until = peace(failures, (self.clock)(), rand::random());
        let trouble = trouble.clone();
        let standing = Standing {
            failures,
            until,
            trouble,
        };
        self.note(domain, Some(&standing)).await;
    }

    async fn note(&self, domain: &Domain, standing: Option<&Standing>) {
        if let Err(error) = self.queue.set_standing(domain, standing).await {
            tracing::warn!(%domain, %error, "how a destination stands could not be noted");
        }
    }
}

/// Why no host of a domain was reached.
enum Unreached {
    /// It is not known where they are, or there are none.
    Unknown(Trouble),
    /// None of those that were tried is there.
    Down(Trouble),
}

impl Unreached {
    fn trouble(&self) -> &Trouble {
        match self {
            Unreached::Unknown(trouble) | Unreached::Down(trouble) => trouble,
        }
    }
}

/// Whether trouble that was met with mail of one kind is trouble for all: what one asks of
/// encryption is no matter of the others.
fn tells_of_all(wish: TlsWish, trouble: &Trouble) -> bool {
    wish == TlsWish::Usual || trouble.status.1 != SECURITY
}

/// Whether trouble with a host is what is told, after that with the ones before it: that which may
/// pass is not forgotten over that which won't.
fn may_replace(last: Option<&Unreached>, trouble: &Trouble) -> bool {
    let passes = last.is_some_and(|last| !last.trouble().status.is_for_good());
    !(passes && trouble.status.is_for_good())
}

/// Trouble as it is for mail that asks this. Where TLS is required, that it can't be had is for
/// good: the sender hears of it at once (RFC 8689 section 4.2.1). What a host said may pass.
fn as_asked(wish: TlsWish, trouble: Trouble) -> Trouble {
    let of_tls = trouble.host.is_none() && trouble.status.1 == SECURITY;
    match wish {
        TlsWish::Required if of_tls => Trouble {
            status: ENCRYPTION_NEEDED,
            ..trouble
        },
        _ => trouble,
    }
}

/// The host does not promise what the message requires.
fn no_promise(host: &str) -> Trouble {
    let obstacle = smtp::client::Obstacle::NoRequireTls;
    let text = format!("{host}: {}", said::obstacle(obstacle));
    Trouble::ours(Status(5, 7, 30), text)
}

/// No host has an address: the records name some, and that is all.
fn nobody(domain: &Domain) -> Trouble {
    let text = format!("no host that takes mail for {domain} has an address");
    Trouble::ours(Status(4, 4, 3), text)
}

async fn wait_for(writing: Option<JoinHandle<()>>) {
    if let Some(writing) = writing
        && let Err(error) = writing.await
    {
        tracing::error!(%error, "what came of a message could not be written down");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(class: u8, subject: u16) -> Trouble {
        Trouble::ours(Status(class, subject, 5), "no")
    }

    #[test]
    fn that_tls_can_not_be_had_is_for_good_only_where_it_is_required() {
        let status = |wish, trouble| as_asked(wish, trouble).status;
        assert_eq!(status(TlsWish::Required, ours(4, 7)), ENCRYPTION_NEEDED);
        assert_eq!(status(TlsWish::Usual, ours(4, 7)), Status(4, 7, 5));
        assert_eq!(status(TlsWish::Required, ours(4, 4)), Status(4, 4, 5));
        let said = Trouble {
            host: Some("mx.b.fr".to_owned()),
            ..ours(4, 7)
        };
        assert_eq!(status(TlsWish::Required, said), Status(4, 7, 5));
    }

    #[test]
    fn trouble_that_may_pass_is_not_forgotten() {
        let (passes, stays) = (Unreached::Down(ours(4, 4)), Unreached::Unknown(ours(5, 7)));
        assert!(!may_replace(Some(&passes), &ours(5, 7)));
        assert!(may_replace(Some(&passes), &ours(4, 4)));
        assert!(may_replace(Some(&stays), &ours(5, 7)));
        assert!(may_replace(Some(&stays), &ours(4, 4)));
        assert!(may_replace(None, &ours(5, 7)));
    }

    #[test]
    fn what_one_kind_of_mail_asks_of_encryption_is_no_matter_of_the_others() {
        for wish in [TlsWish::Required, TlsWish::Waived] {
            assert!(!tells_of_all(wish, &ours(4, 7)));
            assert!(tells_of_all(wish, &ours(4, 4)));
        }
        assert!(tells_of_all(TlsWish::Usual, &ours(4, 7)));
    }
}
