//! Whether the servers answer at all.
//!
//! A lookup that nobody answers may be the fault of its own name, whose servers are away,
//! or of the servers that are asked. Which of the two is found out with a question that
//! every server can answer, if only by refusing to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How long the servers are left alone between two tries while none of them answers.
pub(crate) const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// Nobody doubts them.
const UP: u8 = 0;
/// A lookup was not answered, and they are being asked.
const DOUBTED: u8 = 1;
/// They did not answer that either.
const DOWN: u8 = 2;

/// What is known of the servers. A clone is the same knowledge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health(Arc<AtomicU8>);

/// The right to ask the servers, of which there is one.
pub(crate) struct Doubt(Health);

impl Health {
    /// Whether asking is known to be in vain.
    pub(crate) fn is_down(&self) -> bool {
        self.0.load(Ordering::Relaxed) == DOWN
    }

    /// Called after a lookup that nobody answered: gives the right to find out why to the
    /// first who asks for it.
    pub(crate) fn doubt(&self) -> Option<Doubt> {
        let change = self
            .0
            .compare_exchange(UP, DOUBTED, Ordering::Relaxed, Ordering::Relaxed);
        change.is_ok().then(|| Doubt(self.clone()))
    }
}

impl Doubt {
    /// Asks by `try_once` until it says that somebody answered. After the first failure
    /// everybody else is told that asking is in vain.
    pub(crate) async fn settle<Once>(self, mut try_once: impl FnMut() -> Once)
    where
        Once: Future<Output = bool>,
    {
        if try_once().await {
            return;
        }
        tracing::warn!("no name server answers; lookups fail until one does");
        self.0.0.store(DOWN, Ordering::Relaxed);
        loop {
            tokio::time::sleep(BETWEEN_TRIES).await;
            if try_once().await {
                tracing::info!("a name server answers again");
                return;
            }
        }
    }
}

impl Drop for Doubt {
    /// However it ends, also by the end of its task: nobody is locked out for ever.
    fn drop(&mut self) {
        self.0.0.store(UP, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_asks_and_the_others_are_told() {
        let health = Health::default();
        let doubt = health.doubt().unwrap();
        assert!(health.doubt().is_none());
        assert!(!health.is_down(), "one lookup alone tells nothing");
        let mut tries = 0;
        let seen = health.clone();
        doubt
            .settle(|| {
                tries += 1;
                assert_eq!(seen.is_down(), tries > 1);
                ready(tries == 4)
            })
            .await;
        assert_eq!(tries, 4);
        assert!(!health.is_down());
        assert!(health.doubt().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn servers_that_answer_are_believed() {
        let health = Health::default();
        health.doubt().unwrap().settle(|| ready(true)).await;
        assert!(!health.is_down());
    }
}
