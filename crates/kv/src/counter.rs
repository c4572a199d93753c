//! Where commits wait for the writer, and how long the writer waits for more of them.
//!
//! A sync costs the same for one commit as for a hundred. So where many have come together
//! before, the writer waits until about as many have come again, as long as they keep
//! coming. Whoever is alone never waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{Condition, KvError, Operation, Outcome, Partition, check};

/// Commits that may wait; those beyond wait to be let in.
const WAITING_COMMITS: usize = 1024;
/// Most commits of one group.
const GROUP_COMMITS: usize = 512;
/// A group takes no more commits once it has so many octets.
const GROUP_OCTETS: usize = 16 * 1024 * 1024;
/// When none has come for so long, no more are waited for.
const PAUSE: Duration = Duration::from_millis(1);
/// Nor longer than this in all: it is what a commit can lose by it.
const PATIENCE: Duration = Duration::from_millis(5);

/// A commit that waits for the writer.
pub(crate) struct Waiting {
    pub(crate) partition: Partition,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) reply: oneshot::Sender<Result<Outcome, KvError>>,
    /// Its place in the queue.
    _room: OwnedSemaphorePermit,
}

impl Waiting {
    fn octets(&self) -> usize {
        self.operations.iter().map(Operation::octets).sum()
    }

    pub(crate) fn answer(self, outcome: Result<Outcome, KvError>) {
        // Whoever asked may be gone; what was committed stays.
        let _ = self.reply.send(outcome);
    }
}

/// Where commits are handed in.
#[derive(Clone)]
pub(crate) struct Counter {
    inner: Arc<Inner>,
}

struct Inner {
    room: Arc<Semaphore>,
    queue: Mutex<Queue>,
    /// There are as many as are wanted, or there will be no more.
    enough: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// At how many the writer is to be woken.
    wanted: usize,
    /// The writer is asked to let its layer rest.
    rest: bool,
    closed: bool,
}

impl Counter {
    pub(crate) fn new() -> Counter {
        Counter {
            inner: Arc::new(Inner {
                room: Arc::new(Semaphore::new(WAITING_COMMITS)),
                queue: Mutex::default(),
                enough: Condvar::new(),
            }),
        }
    }

    /// Has the writer commit something, and waits for what becomes of it.
    ///
    /// # Errors
    /// [`KvError::TooLarge`], and whatever the writer says.
    pub(crate) async fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> Result<Outcome, KvError> {
        check(&conditions, &operations)?;
        let stopped = || KvError::Broken("the writer has stopped".into());
        let handed_in = self.hand_in(partition, conditions, operations);
        let answer = handed_in.await.ok_or_else(stopped)?;
        answer.await.map_err(|_| stopped())?
    }

    /// Hands a commit in; the answer comes by its own way. None when nobody commits here
    /// any more.
    async fn hand_in(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> Option<oneshot::Receiver<Result<Outcome, KvError>>> {
        let room = self.inner.room.clone().acquire_owned().await.ok()?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting {
            partition,
            conditions,
            operations,
            reply,
            _room: room,
        };
        let mut queue = self.inner.queue.lock();
        if queue.closed {
            return None;
        }
        queue.waiting.push_back(waiting);
        if queue.waiting.len() >= queue.wanted {
            self.inner.enough.notify_one();
        }
        Some(answer)
    }

    /// Takes nothing more. What waits is still given to the writer.
    pub(crate) fn close(&self) {
        self.inner.queue.lock().closed = true;
        self.inner.enough.notify_one();
    }

    /// Asks the writer to let its layer rest, however little is in it.
    pub(crate) fn ask_for_rest(&self) {
        self.inner.queue.lock().rest = true;
        self.inner.enough.notify_one();
    }

    /// True once after each time that it was asked for.
    pub(crate) fn is_rest_asked_for(&self) -> bool {
        std::mem::take(&mut self.inner.queue.lock().rest)
    }

    /// The commits that come together, or nothing when a rest is asked for; none when all
    /// were given and no more can come. `expected` is how many came together lately.
    pub(crate) fn group(&self, expected: usize) -> Option<Vec<Waiting>> {
        let mut queue = self.inner.queue.lock();
        queue.wanted = 1;
        while queue.waiting.is_empty() && !queue.rest {
            if queue.closed {
                return None;
            }
            self.inner.enough.wait(&mut queue);
        }
        let begun = Instant::now();
        queue.wanted = expected.min(GROUP_COMMITS);
        loop {
            let before = queue.waiting.len();
            if before >= queue.wanted || queue.rest || queue.closed || begun.elapsed() >= PATIENCE {
                break;
            }
            self.inner.enough.wait_for(&mut queue, PAUSE);
            if queue.waiting.len() == before {
                break;
            }
        }
        Some(queue.gather())
    }
}

impl Queue {
    fn gather(&mut self) -> Vec<Waiting> {
        let mut octets = 0;
        let mut group = Vec::with_capacity(self.waiting.len().min(GROUP_COMMITS));
        while group.len() < GROUP_COMMITS && octets < GROUP_OCTETS {
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            octets += next.octets();
            group.push(next);
        }
        group
    }
}

/// How many commits came together lately: grows at once, and shrinks by an eighth a group.
#[derive(Debug, Default)]
pub(crate) struct Lately(usize);

impl Lately {
    pub(crate) fn expected(&self) -> usize {
        self.0
    }

    pub(crate) fn came(&mut self, commits: usize) {
        self.0 = commits.max(self.0 - self.0.div_ceil(8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(commits: usize) -> Counter {
        let counter = Counter::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            for _ in 0..commits {
                let handed_in = counter.hand_in(Partition::Queue, vec![], vec![]).await;
                assert!(handed_in.is_some());
            }
        });
        counter
    }

    #[test]
    fn all_that_wait_are_one_group_and_none_is_forgotten() {
        let counter = counter(700);
        assert_eq!(counter.group(1).unwrap().len(), GROUP_COMMITS);
        counter.close();
        assert_eq!(counter.group(9999).unwrap().len(), 700 - GROUP_COMMITS);
        assert!(counter.group(1).is_none());
    }

    #[test]
    fn fewer_than_expected_are_given_when_no_more_come() {
        assert_eq!(counter(3).group(100).unwrap().len(), 3);
    }

    #[test]
    fn more_are_waited_for_while_they_come() {
        let counter = counter(1);
        let other = counter.clone();
        let thread = std::thread::spawn(move || other.group(2).unwrap().len());
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let handed_in = counter.hand_in(Partition::Queue, vec![], vec![]);
        assert!(runtime.unwrap().block_on(handed_in).is_some());
        let first = thread.join().unwrap();
        counter.close();
        let rest = counter.group(1).map_or(0, |group| group.len());
        assert_eq!(first + rest, 2);
    }

    #[test]
    fn what_is_expected_grows_at_once_and_shrinks_slowly() {
        let mut lately = Lately::default();
        lately.came(100);
        assert_eq!(lately.expected(), 100);
        lately.came(3);
        assert_eq!(lately.expected(), 87);
        for _ in 0..100 {
            lately.came(1);
        }
        assert_eq!(lately.expected(), 1);
    }
}
