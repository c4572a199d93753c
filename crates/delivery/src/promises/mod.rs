//! What the domains that mail goes to have promised of their hosts: MTA-STS, RFC 8461.
//!
//! A promise is fetched when a domain's record in the DNS has a number that is not known, is kept
//! in the queue's partition, and counts from then on for as long as it says, whatever becomes of
//! the record and of the page: so who can forge the DNS, or keep the page away, wins nothing after
//! the first message. While a domain is mailed to its promise is fetched anew each day.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `mod.rs` | [`Promises`]: what counts for a domain now |
//! | `fetch.rs` | the page |
//! | `fresh.rs` | fetching anew, and forgetting |
//! | `alone.rs` | one at a time for each domain |

mod alone;
mod fetch;
mod fresh;

use std::sync::Arc;
use std::time::Duration;

use address::Domain;
use dns::Resolver;
use jiff::Timestamp;
use moka::sync::Cache;
use queue::{Promise, Queue, QueueError, Status, Trouble};
use trust::sts::{Mode, Policy, policy_number};

use crate::https::Https;
use alone::Alone;

/// For how long a promise that could not be fetched is not asked for again. RFC 8461 section
/// 3.3 wants five minutes or more.
const AFTER_FAILURE: Duration = Duration::from_secs(5 * 60);
/// Failures that are remembered. What is forgotten too soon is asked for once more.
const FAILURES: u64 = 10_000;

/// Knows what domains have promised. A clone is another handle on the same.
#[derive(Clone)]
pub(crate) struct Promises {
    queue: Queue,
    resolver: Resolver,
    https: Https,
    clock: fn() -> Timestamp,
    /// Who is asking for a page just now.
    alone: Arc<Alone>,
    /// Numbers of promises that could not be fetched.
    failed: Cache<(Domain, String), ()>,
}

impl Promises {
    pub(crate) fn new(queue: Queue, https: Https, clock: fn() -> Timestamp) -> Promises {
        Promises {
            queue,
            resolver: https.resolver.clone(),
            https,
            clock,
            alone: Arc::default(),
            failed: Cache::builder()
                .max_capacity(FAILURES)
                .time_to_live(AFTER_FAILURE)
                .build(),
        }
    }

    /// What counts for a domain now; none where it has promised nothing that must be kept.
    ///
    /// # Errors
    /// When it can't be read whether it has. Then nothing may go there: it may have.
    pub(crate) async fn enforced(&self, domain: &Domain) -> Result<Option<Policy>, Trouble> {
        let policy = self.of(domain).await?;
        Ok(policy.filter(|policy| policy.mode == Mode::Enforce))
    }

    async fn of(&self, domain: &Domain) -> Result<Option<Policy>, Trouble> {
        let kept = self.kept(domain).await.map_err(|error| {
            tracing::error!(%domain, %error, "what a destination promised can't be read");
            let text = "what its domain promised of its hosts could not be read here";
            Trouble::ours(Status(4, 3, 0), text)
        })?;
        match (self.number(domain).await, kept) {
            (None, kept) => Ok(kept.map(|(_, policy)| policy)),
            (Some(number), Some((promise, policy))) if promise.number == number => {
                self.is_used(domain, promise);
                Ok(Some(policy))
            }
            (Some(number), kept) => {
                let fetched = self.fetch(domain, &number).await;
                Ok(fetched.or(kept.map(|(_, policy)| policy)))
            }
        }
    }

    /// What is known already and has not ended.
    async fn kept(&self, domain: &Domain) -> Result<Option<(Promise, Policy)>, QueueError> {
        let promise = match self.queue.promise(domain).await {
            // The page says it anew.
            Err(QueueError::Damaged(_)) => None,
            found => found?,
        };
        let now = (self.clock)();
        let promise = promise.filter(|promise| promise.until > now);
        Ok(promise.and_then(|promise| {
            let policy = Policy::read(promise.text.as_bytes()).ok()?;
            Some((promise, policy))
        }))
    }

    /// The number that a domain's record has now; none if there is no record, or it can't be
    /// had: then what is kept counts (RFC 8461 section 3.3).
    async fn number(&self, domain: &Domain) -> Option<String> {
        let name = format!("_mta-sts.{}", domain.as_str());
        let texts = self.resolver.txt(&name).await.ok()?.records;
        policy_number(texts.iter().map(Vec::as_slice)).map(str::to_owned)
    }
}
