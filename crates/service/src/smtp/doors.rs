//! Who comes in from outside, how fast, and after what wait.
//!
//! What decides is in `trust`; here are its memory, which all connections share, the time,
//! and the waiting. A connection that waits costs its place and nothing else, and of those
//! that wait at once there are at most [`WAITING`]: who would be one more is answered at
//! once, so that nobody takes all places by being slow.

use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events::{Finding, Refusal, Verdicts};
use parking_lot::Mutex;
use smtp::dsn::Wishes;
use smtp::{ForwardPath, Piece, Sender};
use tokio::sync::Semaphore;
use trust::Action;
use trust::strangers::{Asked, Deed, Limits, Strangers};

use super::Answers;
use super::lists::Found;

/// Connections that are made to wait at once: a twentieth of all, as they are by default.
const WAITING: usize = 1000;

/// The memory of strangers. A clone is the same memory.
#[derive(Clone, Debug)]
pub struct Doors {
    strangers: Arc<Mutex<Strangers>>,
    waiting: Arc<Semaphore>,
    began: Instant,
}

impl Doors {
    /// Where nobody has come yet.
    pub fn new(limits: Limits) -> Doors {
        Doors {
            strangers: Arc::new(Mutex::new(Strangers::new(limits, RandomState::new()))),
            waiting: Arc::new(Semaphore::new(WAITING)),
            began: Instant::now(),
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    async fn wait(&self, peer: IpAddr, asked: Asked) {
        let now = self.now();
        let pause = self
            .strangers
            .lock()
            .pause(peer, asked, rand::random(), now);
        if pause.is_zero() {
            return;
        }
        if let Ok(_place) = self.waiting.try_acquire() {
            tokio::time::sleep(pause).await;
        }
    }

    fn note(&self, peer: IpAddr, deed: Deed) {
        let now = self.now();
        self.strangers.lock().note(peer, deed, now);
    }
}

impl Answers {
    /// Begins an envelope, if a stranger may bring one more message now.
    pub(super) async fn admit_sender(&mut self, sender: Sender) -> Result<(), Refusal> {
        if self.is_judged() {
            let (doors, peer) = (&self.service.believing.doors, self.visitor.peer());
            doors.wait(peer, Asked::Sender).await;
            let now = doors.now();
            let admitted = doors.strangers.lock().sender(peer, &sender.path, now);
            admitted.map_err(Refusal::TooFast)?;
        }
        self.sender(sender).await
    }

    /// Adds a recipient to the envelope, if a stranger may write to one more now.
    pub(super) async fn admit_recipient(
        &mut self,
        path: ForwardPath,
        wishes: Wishes,
    ) -> Result<(), Refusal> {
        if !self.is_judged() {
            return self.recipient(path, wishes).await;
        }
        let peer = self.visitor.peer();
        let listed = self.listed().await;
        // Whoever is on a list wrongly must be able to say so.
        if let Some(found) = listed.iter().find(|found| found.action == Action::Refuse)
            && !asks_for_help(&path)
        {
            let refusal = found.refusal(peer);
            self.service.believing.doors.note(peer, Deed::Listed);
            return Err(refusal);
        }
        let doors = self.service.believing.doors.clone();
        doors.wait(peer, Asked::Recipient).await;
        if let ForwardPath::Address(address) = &path {
            let now = doors.now();
            let admitted = doors.strangers.lock().recipient(peer, address, now);
            admitted.map_err(Refusal::TooFast)?;
        }
        let told = self.recipient(path, wishes).await;
        if let Err(Refusal::UnknownRecipient { .. } | Refusal::NotHosted { .. }) = told {
            doors.note(peer, Deed::Unknown);
        }
        told
    }

    /// The lists that name the peer.
    async fn listed(&mut self) -> &[Found] {
        match &mut self.asking {
            Some(asking) => asking.found().await,
            None => &[],
        }
    }

    /// Remembers what came of a message.
    pub(super) fn remember(&self, verdicts: Option<&Verdicts>, told: &Result<Piece, Refusal>) {
        let deed = match (verdicts, told) {
            (_, Err(Refusal::Forged { .. })) => Deed::Forged,
            (Some(verdicts), _) => match deed(verdicts) {
                Some(deed) => deed,
                None => return,
            },
            _ => return,
        };
        self.service.believing.doors.note(self.visitor.peer(), deed);
    }
}

/// What a message tells of the network that it came from, if anything: where somebody
/// stands by it, or should and does not.
fn deed(verdicts: &Verdicts) -> Option<Deed> {
    let passes = |finding: Finding| finding == Finding::Pass;
    match verdicts.dmarc.finding {
        _ if verdicts.is_suspect() => Some(Deed::Forged),
        Finding::Pass => Some(Deed::StoodBy),
        Finding::Fail => verdicts.vouched.is_some().then_some(Deed::StoodBy),
        // A domain without DMARC.
        Finding::None => {
            let signed = verdicts.dkim.iter().any(|dkim| passes(dkim.finding));
            (signed || passes(verdicts.spf.finding)).then_some(Deed::StoodBy)
        }
        _ => None,
    }
}

fn asks_for_help(path: &ForwardPath) -> bool {
    match path {
        ForwardPath::Postmaster => true,
        ForwardPath::Address(address) => routing::asks_for_help(address),
    }
}
