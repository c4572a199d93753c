//! One at a time for each domain: of many who want the same page one fetches it, and the others
//! find it there.

use std::collections::HashMap;
use std::sync::Arc;

use address::Domain;
use parking_lot::Mutex;

/// Who is at it. There are no more of them than connections outwards and one beside.
#[derive(Default)]
pub(super) struct Alone {
    busy: Mutex<HashMap<Domain, Arc<tokio::sync::Mutex<()>>>>,
}

impl Alone {
    /// Does something that nobody else does for that domain meanwhile.
    pub(super) async fn with<T>(&self, domain: &Domain, work: impl Future<Output = T>) -> T {
        let place = self.busy.lock().entry(domain.clone()).or_default().clone();
        let _leaving = Leaving(self, domain);
        let _turn = place.lock().await;
        work.await
    }
}

/// Takes the place away with the last who had it, also when that one gives up.
struct Leaving<'a>(&'a Alone, &'a Domain);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut busy = self.0.busy.lock();
        // The map's own, and that of whoever leaves.
        if busy
            .get(self.1)
            .is_some_and(|place| Arc::strong_count(place) <= 2)
        {
            busy.remove(self.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_is_at_it_and_nothing_is_left_behind() {
        let alone = Alone::default();
        let at_work = AtomicUsize::new(0);
        let one = async |domain: &str| {
            let domain = domain.parse().unwrap();
            let work = async {
                assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                at_work.fetch_sub(1, Ordering::SeqCst);
            };
            alone.with(&domain, work).await;
        };
        tokio::join!(one("a.test"), one("a.test"), one("a.test"));
        assert!(alone.busy.lock().is_empty());
        // Another domain waits for nobody.
        let (a, b) = ("a.test".parse().unwrap(), "b.test".parse().unwrap());
        alone.with(&a, alone.with(&b, async {})).await;
        assert!(alone.busy.lock().is_empty());
    }

    #[tokio::test]
    async fn whoever_gives_up_leaves_too() {
        let alone = Alone::default();
        let domain = "a.test".parse().unwrap();
        let first = alone.with(&domain, std::future::pending::<()>());
        let second = alone.with(&domain, async {});
        let mut first = std::pin::pin!(first);
        let mut second = Box::pin(second);
        tokio::select! {
            biased;
            () = &mut first => unreachable!(),
            () = &mut second => unreachable!(),
            () = std::future::ready(()) => {}
        }
        drop(second);
        assert_eq!(alone.busy.lock().len(), 1);
    }
}
