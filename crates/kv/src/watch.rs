//! Notices of change, within one process.
//!
//! A watch holds no data: whoever is woken reads what changed since the state that it
//! knows. So a slow listener costs one flag, and many changes wake it once.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::Partition;

type Listened = Mutex<HashMap<Partition, watch::Sender<()>>>;

/// The partitions that somebody listens to, and no other: what nobody listens to any
/// more is forgotten. For engines.
#[derive(Clone, Default)]
pub struct Watches(Arc<Listened>);

impl Watches {
    /// Begins to listen to a partition.
    pub fn watch(&self, partition: Partition) -> Watch {
        let mut listened = self.0.lock();
        let sender = listened
            .entry(partition)
            .or_insert_with(|| watch::Sender::new(()));
        Watch {
            partition,
            receiver: Some(sender.subscribe()),
            listened: self.0.clone(),
        }
    }

    /// Those that somebody listens to now.
    #[cfg(feature = "postgres")]
    pub(crate) fn partitions(&self) -> Vec<Partition> {
        self.0.lock().keys().copied().collect()
    }

    /// Wakes all who listen to a partition.
    pub fn notify(&self, partition: Partition) {
        if let Some(sender) = self.0.lock().get(&partition) {
            sender.send_replace(());
        }
    }
}

/// Notices of change of one partition.
pub struct Watch {
    partition: Partition,
    /// There until the watch is dropped.
    receiver: Option<watch::Receiver<()>>,
    listened: Arc<Listened>,
}

impl Watch {
    /// Returns when the partition has changed since the last return (or since the
    /// watch was made). It may return for nothing. Dropping the future loses no notice.
    pub async fn changed(&mut self) {
        // The sender lives in `listened` as long as a receiver does.
        let woken = match &mut self.receiver {
            Some(receiver) => receiver.changed().await.is_ok(),
            None => false,
        };
        if !woken {
            std::future::pending::<()>().await;
        }
    }
}

impl Clone for Watch {
    fn clone(&self) -> Watch {
        Watch {
            partition: self.partition,
            receiver: self.receiver.clone(),
            listened: self.listened.clone(),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Under the lock, so that nobody begins to listen between count and removal.
        let mut listened = self.listened.lock();
        self.receiver = None;
        let unheard = |sender: &watch::Sender<()>| sender.receiver_count() == 0;
        if listened.get(&self.partition).is_some_and(unheard) {
            listened.remove(&self.partition);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("partition", &self.partition)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_notice_wakes_every_listener_once() {
        let watches = Watches::default();
        let mut first = watches.watch(Partition::Queue);
        watches.notify(Partition::Queue);
        watches.notify(Partition::Queue);
        let mut second = first.clone();
        first.changed().await;
        assert!(first.changed().now_or_never().is_none());
        second.changed().await;
        watches.notify(Partition::Directory);
        assert!(second.changed().now_or_never().is_none());
    }

    #[test]
    fn what_nobody_listens_to_is_forgotten() {
        let watches = Watches::default();
        let first = watches.watch(Partition::Queue);
        let second = first.clone();
        drop(first);
        assert_eq!(watches.0.lock().len(), 1);
        drop(second);
        assert_eq!(watches.0.lock().len(), 0);
        watches.notify(Partition::Queue);
    }
}
