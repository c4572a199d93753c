//! Which lanes are worked on, and when.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use address::Domain;
use jiff::Timestamp;
use parking_lot::Mutex;
use queue::{Lane, NodeId, Queue, QueueError, Turn};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::job::{Job, Went};
use crate::settings::{Rooms, Settings};
use crate::share::Share;

/// Connections to other hosts at once.
const CONNECTIONS: usize = 100;
/// Turns that are read at once.
const TURNS: usize = 200;
/// Pages of turns that are looked through at once for lanes that can be worked on.
const PAGES: usize = 10;
/// The least time between two looks: what happens meanwhile is seen by the second.
const PAUSE: Duration = Duration::from_millis(20);
/// The most time between two looks.
const LOOK: Duration = Duration::from_secs(60);
/// How long after a look that failed the next one comes.
const TROUBLE: Duration = Duration::from_secs(5);
/// How often a node says that it is alive, where there are others.
const BEAT: Duration = Duration::from_secs(10);
/// For how long it is then taken for alive: several beats may be late.
const ALIVE: Duration = Duration::from_secs(60);
/// How long those that are at work have to come to an end when the service stops.
const DRAIN: Duration = Duration::from_secs(20);

/// Sends what waits for elsewhere.
pub struct Delivery {
    job: Job,
    queue: Queue,
    node: NodeId,
    shared: bool,
    clock: fn() -> Timestamp,
    connections: Arc<Semaphore>,
    at_work: Arc<AtWork>,
    /// Where the next look goes on, when one did not see all turns.
    after: Option<Turn>,
}

/// What is going on.
#[derive(Default)]
struct AtWork {
    shares: Mutex<HashMap<Domain, Share>>,
    /// Lanes out of which somebody is about to take.
    taking: Mutex<HashSet<Lane>>,
    /// Something has changed that a look could see.
    changed: Notify,
}

impl Delivery {
    /// Of these rooms.
    pub fn new(rooms: Rooms, settings: Settings) -> Delivery {
        let node = NodeId(rand::random());
        let (shared, clock, queue) = (settings.shared, rooms.clock, rooms.queue.clone());
        Delivery {
            job: Job::new(rooms, settings, node),
            queue,
            node,
            shared,
            clock,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            at_work: Arc::default(),
            after: None,
        }
    }

    /// Sends what waits until `stopping` is done; then what is under way has some time to come
    /// to its end. To be run once.
    pub async fn run(mut self, stopping: impl Future<Output = ()> + Send) {
        let mut stopping = std::pin::pin!(stopping);
        while let Err(error) = self.begin_anew().await {
            tracing::error!(%error, "mail that is to be sent has to wait");
            tokio::select! {
                () = &mut stopping => return,
                () = sleep(TROUBLE) => {}
            }
        }
        let beat = self
            .shared
            .then(|| tokio::spawn(beat(self.queue.clone(), self.node, self.clock)));
        let fresh = tokio::spawn(self.job.promises().stay_fresh());
        let mut work = JoinSet::new();
        {
            let mut changes = self.queue.watch();
            loop {
                let pause = match self.look(&mut work).await {
                    Ok(next) => next,
                    Err(error) => {
                        tracing::error!(%error, "mail that is to be sent has to wait");
                        TROUBLE
                    }
                };
                tokio::select! {
                    () = &mut stopping => break,
                    () = self.wait(pause, &mut changes) => {}
                }
                while work.try_join_next().is_some() {}
            }
        }
        beat.iter().for_each(JoinHandle::abort);
        fresh.abort();
        let drained = timeout(DRAIN, async { while work.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::warn!("some messages were on their way and were cut: they are tried again");
        }
        work.shutdown().await;
        if let Err(error) = self.queue.leave(self.node).await {
            tracing::warn!(%error, "what was about to be sent waits until this node is missed");
        }
    }

    /// What an earlier run left behind is there to be taken again.
    async fn begin_anew(&self) -> Result<(), QueueError> {
        match self.shared {
            true => say_alive(&self.queue, self.node, (self.clock)()).await?,
            // Nobody else can have it open: whoever had taken something is no more.
            false => self.queue.recover_all_but(&[]).await?,
        }
        self.queue.give_turns().await
    }

    async fn wait(&self, pause: Duration, changes: &mut kv::Watch) {
        let something = async {
            tokio::select! {
                () = changes.changed() => {}
                () = self.at_work.changed.notified() => {}
            }
        };
        let _ = timeout(pause, something).await;
        sleep(PAUSE.min(pause)).await;
    }

    /// Begins with what can be begun with, and tells how long there is nothing more.
    async fn look(&mut self, work: &mut JoinSet<()>) -> Result<Duration, QueueError> {
        let now = (self.clock)();
        let mut after = self.after.take();
        for _ in 0..PAGES {
            let turns = self.queue.turns(now, after.as_ref(), TURNS).await?;
            let whole = turns.len() == TURNS;
            after = turns.last().cloned();
            for turn in turns {
                if !self.begin(turn, work) {
                    return Ok(LOOK);
                }
            }
            if !whole {
                let next = self.queue.next_turn().await?;
                return Ok(next.map_or(LOOK, |next| until(next, now)));
            }
        }
        // There are so many that all of them are seen in several looks.
        self.after = after;
        Ok(Duration::ZERO)
    }

    /// False when no more can be begun with at all.
    fn begin(&self, turn: Turn, work: &mut JoinSet<()>) -> bool {
        let Some(domain) = turn.lane.destination.clone() else {
            return true;
        };
        let Ok(connection) = self.connections.clone().try_acquire_owned() else {
            return false;
        };
        let at_work = &self.at_work;
        let Some(taking) = Taking::begin(at_work, &turn.lane) else {
            return true;
        };
        if let Some(using) = Using::begin(at_work, &domain, connection) {
            work.spawn(one(self.job.clone(), turn, taking, using));
        }
        true
    }
}

/// Somebody is about to take out of a lane, for as long as this is.
struct Taking {
    at_work: Arc<AtWork>,
    lane: Lane,
}

impl Taking {
    /// None if somebody is already.
    fn begin(at_work: &Arc<AtWork>, lane: &Lane) -> Option<Taking> {
        let is_first = at_work.taking.lock().insert(lane.clone());
        is_first.then(|| Taking {
            at_work: at_work.clone(),
            lane: lane.clone(),
        })
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        self.at_work.taking.lock().remove(&self.lane);
    }
}

/// One of a destination's connections is in use, for as long as this is.
struct Using {
    at_work: Arc<AtWork>,
    domain: Domain,
    went: Went,
    _connection: OwnedSemaphorePermit,
}

impl Using {
    /// None if the destination has none left.
    fn begin(
        at_work: &Arc<AtWork>,
        domain: &Domain,
        connection: OwnedSemaphorePermit,
    ) -> Option<Using> {
        let mut shares = at_work.shares.lock();
        let share = shares.entry(domain.clone()).or_insert_with(Share::new);
        share.take().then(|| Using {
            at_work: at_work.clone(),
            domain: domain.clone(),
            went: Went::Nowhere,
            _connection: connection,
        })
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        let mut shares = self.at_work.shares.lock();
        if let Some(share) = shares.get_mut(&self.domain) {
            share.give_back(self.went.well());
            if share.is_idle() {
                shares.remove(&self.domain);
            }
        }
        drop(shares);
        self.at_work.changed.notify_one();
    }
}

/// One connection's work on a lane.
async fn one(job: Job, turn: Turn, taking: Taking, mut using: Using) {
    let taken = job.take(&turn).await;
    drop(taking);
    // Another may go on with those behind.
    using.at_work.changed.notify_one();
    let domain = using.domain.clone();
    using.went = match taken {
        Ok(entries) => job.hand_over(&domain, entries).await,
        Err(error) => {
            tracing::error!(%domain, %error, "mail that is to be sent has to wait");
            sleep(TROUBLE).await;
            Went::Nowhere
        }
    };
}

/// Says from time to time that this node is alive, and looks for others that are not.
async fn beat(queue: Queue, node: NodeId, clock: fn() -> Timestamp) {
    loop {
        sleep(BEAT).await;
        if let Err(error) = say_alive(&queue, node, clock()).await {
            tracing::error!(%error, "other nodes can't be told that this one lives");
        }
    }
}

async fn say_alive(queue: &Queue, node: NodeId, now: Timestamp) -> Result<(), QueueError> {
    queue
        .alive(node, now.checked_add(ALIVE).unwrap_or(now))
        .await?;
    queue.recover(now).await
}

/// How long until then; never less than nothing.
fn until(then: Timestamp, now: Timestamp) -> Duration {
    let left = Duration::try_from(then.duration_since(now)).unwrap_or_default();
    // A turn that has come and could not be begun with waits for something to change.
    if left.is_zero() { LOOK } else { left.min(LOOK) }
}
