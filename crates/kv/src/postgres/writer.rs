//! A writer: a task that takes all commits that wait for it, settles them in one
//! transaction, and answers all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::connection::{Database, pause};
use super::judge::Commit;
use super::notices::Bell;
use super::transaction::{Failure, Mark, Session};
use super::trouble::Trouble;
use crate::{KvError, Outcome, Watches};

/// Most commits of one group.
const GROUP_COMMITS: usize = 512;
/// A group takes no more commits once it has so many octets.
const GROUP_OCTETS: usize = 8 * 1024 * 1024;
/// How often a single commit is tried while other transactions are in its way. Most
/// times it waited for them as long as a row may be waited for.
const ATTEMPTS: u32 = 8;
/// What it waits before the second time, and twice as long before the third, in case the
/// database does not wait but refuses at once.
const STEP: Duration = Duration::from_millis(5);
/// How many times its patience a commit waits to learn what became of it.
const UNSURE_PATIENCE: u32 = 3;

/// A commit that waits for its writer.
pub(super) struct Waiting {
    pub(super) commit: Commit,
    pub(super) deadline: Instant,
    pub(super) claim: Claim,
    pub(super) reply: oneshot::Sender<Result<Outcome, KvError>>,
}

impl Waiting {
    fn answer(self, outcome: Result<Outcome, KvError>) {
        // Whoever asked may be gone; what was committed stays.
        let _ = self.reply.send(outcome);
    }
}

/// Decides who speaks last of a commit: the writer that begins it, or whoever asked and
/// lost patience before that.
#[derive(Clone, Default)]
pub(super) struct Claim(Arc<AtomicBool>);

impl Claim {
    /// True for the first to take it.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// The state of the task.
pub(super) struct Writer {
    pub(super) database: Arc<Database>,
    /// None before the first commit and after a connection was lost.
    pub(super) session: Option<Session>,
    /// Names this writer: drawn by lot, so that no other has it.
    pub(super) id: Vec<u8>,
    /// Of the last transaction that was begun.
    pub(super) number: i64,
    pub(super) watches: Watches,
    pub(super) bell: Bell,
}

/// Commits that are tried together.
struct Batch {
    waiting: Vec<Waiting>,
    /// How often others were in the way.
    attempts: u32,
}

impl Writer {
    /// Works until nobody can hand in commits any more and all are answered.
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.recv().await {
            let group = gather(first, &mut waiting);
            self.settle(group).await;
        }
    }

    /// Tries until each of these commits has its answer.
    async fn settle(&mut self, group: Vec<Waiting>) {
        let mut batches = vec![Batch {
            waiting: group,
            attempts: 0,
        }];
        while let Some(batch) = batches.pop() {
            if batch.waiting.is_empty() {
                continue;
            }
            match self.attempt(&batch.waiting).await {
                Ok(outcomes) => self.answer(batch.waiting, outcomes),
                Err(Failed::Unknown(text)) => refuse(batch.waiting, &KvError::Unknown(text)),
                Err(Failed::Undone(Trouble::InTheWay)) => {
                    sleep(STEP * batch.attempts).await;
                    batches.extend(part(batch));
                }
                Err(Failed::Undone(Trouble::Away(text))) => {
                    batches.push(expire(batch, &KvError::Away(text)));
                    pause().await;
                }
                Err(Failed::Undone(trouble)) => {
                    tracing::error!(?trouble, commits = batch.waiting.len(), "commits failed");
                    refuse(batch.waiting, &trouble.told());
                }
            }
        }
    }

    async fn attempt(&mut self, waiting: &[Waiting]) -> Result<Vec<Outcome>, Failed> {
        let deadline = waiting.iter().map(|one| one.deadline).min();
        let deadline = deadline.unwrap_or_else(Instant::now);
        self.number += 1;
        let number = self.number;
        let session = session(&mut self.session, &self.database, deadline).await?;
        let mark = Mark {
            writer: &self.id,
            number,
        };
        let commits: Vec<&Commit> = waiting.iter().map(|one| &one.commit).collect();
        match session.commit(mark, &commits).await {
            Ok(outcomes) => Ok(outcomes),
            Err(Failure::Undone(trouble)) => {
                self.begin_anew(&trouble).await;
                Err(Failed::Undone(trouble))
            }
            Err(Failure::Unsure(trouble, outcomes)) => {
                self.begin_anew(&trouble).await;
                match self.was_committed(number).await {
                    Ok(true) => Ok(outcomes),
                    Ok(false) => Err(Failed::Undone(trouble)),
                    Err(text) => Err(Failed::Unknown(text)),
                }
            }
        }
    }

    /// Takes no belief over from a transaction that failed.
    async fn begin_anew(&mut self, trouble: &Trouble) {
        let Some(session) = self.session.take() else {
            return;
        };
        let kept = *trouble == Trouble::InTheWay && !session.is_closed() && session.undo().await;
        if kept {
            self.session = Some(session);
        }
    }

    /// Whether the transaction of that number was committed; else why that can't be told.
    async fn was_committed(&mut self, number: i64) -> Result<bool, String> {
        let deadline = Instant::now() + self.database.patience() * UNSURE_PATIENCE;
        loop {
            let asked = async {
                let session = session(&mut self.session, &self.database, deadline).await?;
                session.last(&self.id).await
            };
            match asked.await {
                Ok(last) => return Ok(last == number),
                Err(trouble) if Instant::now() < deadline => self.begin_anew(&trouble).await,
                Err(trouble) => return Err(trouble.told().to_string()),
            }
            pause().await;
        }
    }

    fn answer(&self, waiting: Vec<Waiting>, outcomes: Vec<Outcome>) {
        for (one, outcome) in waiting.into_iter().zip(outcomes) {
            let partition = one.commit.partition;
            // Before the answer, so that whoever has it knows what is still to be told.
            if outcome == Outcome::Committed {
                self.watches.notify(partition);
                self.bell.ring(partition);
            }
            one.answer(Ok(outcome));
        }
    }
}

/// Why an attempt did not settle its commits.
enum Failed {
    /// Nothing happened.
    Undone(Trouble),
    /// Whether something happened can't be told.
    Unknown(String),
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Failed {
        Failed::Undone(trouble)
    }
}

/// The session that is there, or a new one.
async fn session<'a>(
    held: &'a mut Option<Session>,
    database: &Database,
    deadline: Instant,
) -> Result<&'a Session, Trouble> {
    let open = held.take().filter(|session| !session.is_closed());
    let session = match open {
        Some(session) => session,
        None => Session::new(database.connect_until(deadline).await?).await?,
    };
    Ok(held.insert(session))
}

/// The commit that came and those that wait behind it, without those that were given up.
fn gather(first: Waiting, waiting: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut octets = 0;
    let mut group = Vec::new();
    let mut next = Some(first);
    while let Some(one) = next {
        if one.claim.take() {
            octets += one.commit.octets();
            group.push(one);
        }
        let is_full = group.len() >= GROUP_COMMITS || octets >= GROUP_OCTETS;
        next = if is_full {
            None
        } else {
            waiting.try_recv().ok()
        };
    }
    group
}

/// What is tried next when others were in the way: two halves, the first one first, so
/// that in the end only the commit that was held up waits. A single one is tried a few
/// times more.
fn part(mut batch: Batch) -> Vec<Batch> {
    let attempts = batch.attempts + 1;
    if batch.waiting.len() > 1 {
        let rest = batch.waiting.split_off(batch.waiting.len() / 2);
        return [rest, batch.waiting]
            .map(|waiting| Batch {
                waiting,
                attempts: 0,
            })
            .into();
    }
    if attempts >= ATTEMPTS {
        refuse(batch.waiting, &KvError::Busy);
        return Vec::new();
    }
    vec![Batch {
        waiting: batch.waiting,
        attempts,
    }]
}

/// Tells those whose patience is at its end; the others go on waiting.
fn expire(batch: Batch, error: &KvError) -> Batch {
    let now = Instant::now();
    let (over, waiting) = batch
        .waiting
        .into_iter()
        .partition(|one| one.deadline <= now);
    refuse(over, error);
    Batch { waiting, ..batch }
}

fn refuse(waiting: Vec<Waiting>, error: &KvError) {
    for one in waiting {
        one.answer(Err(error.clone()));
    }
}
