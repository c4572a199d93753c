//! What readers see: the layers above the database, and up to which version.
//!
//! ```text
//! active      takes what is committed now
//! resting     is being written to the database; none when it is there
//! database    everything before
//! ```
//!
//! A layer rests once it is full. When it is in the database it is forgotten. Whoever takes
//! a snapshot holds both, and begins to read the database under the lock under which they
//! change: so the three always fit each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

use super::connection::Mark;
use super::layer::{Layer, Part, Seen};
use crate::{KvError, Partition};

/// How long one waits for news of a layer before looking again.
const MOMENT: Duration = Duration::from_millis(20);

/// Both layers.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    active: Arc<Layer>,
    resting: Option<Arc<Layer>>,
}

/// The layers of an open database.
#[derive(Debug)]
pub(super) struct Layers {
    stack: RwLock<Stack>,
    /// The last version that was acknowledged; what is later is not seen.
    visible: AtomicI64,
    /// How far the log was seen when it was last told; never ahead of `visible`.
    mark: Mutex<Mark>,
    /// What became of the layer that rests.
    resting: Mutex<Resting>,
    changed: Condvar,
}

/// What becomes of the layer that rests.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Resting {
    /// There is none.
    Done,
    /// It is being written.
    Writing,
    /// It could not be written, and is tried again.
    Failing(KvError),
}

impl Layers {
    /// Above a database that has come as far as its mark.
    pub(super) fn new(mark: Mark) -> Layers {
        Layers {
            stack: RwLock::default(),
            visible: AtomicI64::new(mark.version),
            mark: Mutex::new(mark),
            resting: Mutex::new(Resting::Done),
            changed: Condvar::new(),
        }
    }

    /// The layer that takes what is committed.
    pub(super) fn active(&self) -> Arc<Layer> {
        self.stack.read().active.clone()
    }

    /// What of a partition is above the database, and whatever `with` reads of the database
    /// at the same moment.
    pub(super) fn view<T>(
        &self,
        partition: Partition,
        with: impl FnOnce() -> Result<T, KvError>,
    ) -> Result<(View, T), KvError> {
        let stack = self.stack.read();
        let at = self.visible.load(Ordering::Acquire);
        let view = stack.view(partition, at);
        Ok((view, with()?))
    }

    /// What of a partition is above the database, what is not yet acknowledged included: for
    /// the one thread that writes.
    pub(super) fn newest(&self, partition: Partition) -> View {
        self.stack.read().view(partition, i64::MAX)
    }

    /// All partitions that something is said of above the database.
    pub(super) fn partitions(&self) -> Vec<Partition> {
        let stack = self.stack.read().clone();
        let layers = [Some(stack.active), stack.resting];
        let parts = layers.iter().flatten().flat_map(|layer| layer.parts());
        parts.map(|(partition, _)| partition).collect()
    }

    /// From now on everybody sees what was committed up to this mark.
    pub(super) fn publish(&self, mark: Mark) {
        self.visible.store(mark.version, Ordering::Release);
        *self.mark.lock() = mark;
    }

    /// What everybody sees at least, and where in the log the commits begin that came after.
    pub(super) fn mark(&self) -> Mark {
        *self.mark.lock()
    }

    /// The last version that everybody sees.
    pub(super) fn visible(&self) -> i64 {
        self.visible.load(Ordering::Acquire)
    }

    /// Lets the active layer rest, if none does, and gives it; it is then to be written, and
    /// [`Layers::settle`] to be told of it.
    pub(super) fn rest(&self) -> Option<Arc<Layer>> {
        let mut resting = self.resting.lock();
        if *resting != Resting::Done {
            return None;
        }
        *resting = Resting::Writing;
        let mut stack = self.stack.write();
        let full = std::mem::take(&mut stack.active);
        stack.resting = Some(full.clone());
        Some(full)
    }

    /// Says what became of the layer that rests: when it is in the database, it is
    /// forgotten here.
    pub(super) fn settle(&self, written: Result<(), KvError>) {
        let mut resting = self.resting.lock();
        *resting = match written {
            Ok(()) => {
                self.stack.write().resting = None;
                Resting::Done
            }
            Err(error) => Resting::Failing(error),
        };
        self.changed.notify_all();
    }

    /// Waits until the layer that rests is in the database.
    ///
    /// # Errors
    /// Why it could not be written when it was last tried.
    pub(super) fn wait(&self) -> Result<(), KvError> {
        let mut resting = self.resting.lock();
        loop {
            match &*resting {
                Resting::Done => return Ok(()),
                Resting::Failing(error) => return Err(error.clone()),
                Resting::Writing => self.changed.wait(&mut resting),
            }
        }
    }

    /// Waits until something became of a layer that rests, or a moment has passed.
    ///
    /// # Errors
    /// As [`Layers::wait`].
    pub(super) fn wait_for_change(&self) -> Result<(), KvError> {
        let mut resting = self.resting.lock();
        if let Resting::Failing(error) = &*resting {
            return Err(error.clone());
        }
        self.changed.wait_for(&mut resting, MOMENT);
        Ok(())
    }
}

impl Stack {
    fn view(&self, partition: Partition, at: i64) -> View {
        let resting = self.resting.as_ref();
        let parts = [
            self.active.part(partition),
            resting.and_then(|layer| layer.part(partition)),
        ];
        View { at, parts }
    }
}

/// What of one partition is above the database, at one version.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) at: i64,
    /// From the newest down.
    parts: [Option<Arc<Part>>; 2],
}

impl View {
    /// What is there, from the newest down.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Arc<Part>> {
        self.parts.iter().flatten()
    }

    /// What is known of a key; none when it is to be looked for in the database.
    pub(super) fn get(&self, key: &[u8]) -> Option<Seen> {
        self.parts().find_map(|part| part.get(key, self.at))
    }
}
