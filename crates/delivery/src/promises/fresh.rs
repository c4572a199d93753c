//! Keeping promises fresh: each is fetched anew long before it ends, so that nobody who keeps the
//! page away for some days has it forgotten (RFC 8461 section 10.2), and goes once it has ended.

use std::time::Duration;

use address::Domain;
use jiff::Timestamp;
use queue::{Promise, QueueError};
use tokio::time::sleep;

use super::Promises;

/// How old one is when it is fetched anew. RFC 8461 section 3.3 suggests a day.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// After how long without mail to a domain its promise is left to end: who is not written to in a
/// month needs no page fetched each day.
const UNUSED: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// Between two looks at all of them.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// Promises that are read at once.
const PAGE: usize = 100;

/// What is to be done with a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Fetch,
    Forget,
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

/// Whether it is to be fetched anew.
pub(super) fn is_stale(promise: &Promise, now: Timestamp) -> bool {
    age(promise.heard, now) >= STALE
}

fn due(promise: &Promise, now: Timestamp) -> Due {
    if promise.until <= now {
        Due::Forget
    } else if is_stale(promise, now) && age(promise.used, now) < UNUSED {
        Due::Fetch
    } else {
        Due::Nothing
    }
}

impl Promises {
    /// Looks after all that are kept, for ever.
    pub(crate) async fn stay_fresh(self) {
        loop {
            if let Err(error) = self.look_after_all().await {
                tracing::error!(%error, "what destinations promised can't be looked after");
            }
            sleep(LOOK).await;
        }
    }

    async fn look_after_all(&self) -> Result<(), QueueError> {
        let mut after: Option<Domain> = None;
        loop {
            let page = self.queue.promises(after.as_ref(), PAGE).await?;
            for (domain, promise) in &page {
                self.look_after(domain, promise).await?;
            }
            match page.into_iter().next_back() {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    async fn look_after(&self, domain: &Domain, promise: &Promise) -> Result<(), QueueError> {
        match due(promise, (self.clock)()) {
            Due::Nothing => Ok(()),
            Due::Forget => self.queue.set_promise(domain, None).await,
            Due::Fetch => {
                // Without a record it is left to end.
                if let Some(number) = self.number(domain).await {
                    self.fetch_anew(domain, promise, &number).await;
                }
                Ok(())
            }
        }
    }

    /// The same, and when mail last went there stays known.
    async fn fetch_anew(&self, domain: &Domain, old: &Promise, number: &str) {
        if self.fetch(domain, number).await.is_none() {
            return;
        }
        if let Ok(Some(new)) = self.queue.promise(domain).await {
            self.note_use(
                domain,
                &Promise {
                    used: old.used,
                    ..new
                },
            )
            .await;
        }
    }

    /// Mail goes to that domain: once a day that is noted, and once it is a day old, the promise is
    /// fetched anew, beside the mail.
    pub(super) fn is_used(&self, domain: &Domain, promise: Promise) {
        let now = (self.clock)();
        let (stale, unnoted) = (is_stale(&promise, now), age(promise.used, now) >= STALE);
        if !stale && !unnoted {
            return;
        }
        let (promises, domain) = (self.clone(), domain.clone());
        tokio::spawn(async move {
            let fetched = stale && promises.fetch(&domain, &promise.number).await.is_some();
            if unnoted && !fetched {
                promises
                    .note_use(
                        &domain,
                        &Promise {
                            used: now,
                            ..promise
                        },
                    )
                    .await;
            }
        });
    }

    async fn note_use(&self, domain: &Domain, promise: &Promise) {
        if let Err(error) = self.queue.set_promise(domain, Some(promise)).await {
            tracing::warn!(%domain, %error, "that a promise is in use can't be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * DAY).unwrap()
    }

    fn promise(heard: i64, until: i64, used: i64) -> Promise {
        Promise {
            number: "1".to_owned(),
            text: String::new(),
            heard: at(heard),
            until: at(until),
            used: at(used),
        }
    }

    #[test]
    fn what_is_used_is_fetched_each_day_and_what_has_ended_goes() {
        assert_eq!(due(&promise(0, 14, 0), at(0)), Due::Nothing);
        assert_eq!(due(&promise(0, 14, 0), at(1)), Due::Fetch);
        assert_eq!(due(&promise(9, 14, 9), at(14)), Due::Forget);
        assert_eq!(due(&promise(0, 300, 0), at(31)), Due::Nothing);
        assert_eq!(due(&promise(0, 300, 1), at(31)), Due::Fetch);
        // A clock that was put back.
        assert_eq!(due(&promise(5, 14, 5), at(3)), Due::Nothing);
    }
}
