//! The page of a promise. RFC 8461 section 3.3.

use std::time::Duration;

use address::Domain;
use queue::Promise;
use trust::sts::{Flaw, POLICY_OCTETS, Policy};

use super::Promises;
use super::fresh::is_stale;
use crate::https::NoPage;

/// Where it is, at the host of that name.
const PATH: &str = "/.well-known/mta-sts.txt";
/// How long it may take in all: mail waits for the first one. RFC 8461 section 3.3 suggests a
/// minute.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no promise, though the domain's record says that there is one.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPromise {
    #[error("{0}")]
    Page(#[from] NoPage),
    /// A page that anybody can put there is none of the domain's: its kind must be plain text.
    #[error("it is of the kind {0:?}, not text/plain")]
    Kind(String),
    #[error("{0}")]
    Flaw(#[from] Flaw),
}

impl Promises {
    /// Fetches the promise of that number, and keeps it. None where that can't be done, or could
    /// not a few minutes ago.
    pub(super) async fn fetch(&self, domain: &Domain, number: &str) -> Option<Policy> {
        let key = (domain.clone(), number.to_owned());
        let work = async {
            // Somebody else may have been here.
            if let Ok(Some((promise, policy))) = self.kept(domain).await
                && promise.number == number
                && !is_stale(&promise, (self.clock)())
            {
                return Some(policy);
            }
            if self.failed.contains_key(&key) {
                return None;
            }
            match self.policy(domain).await {
                Ok(policy) => {
                    self.keep(domain, number, &policy).await;
                    Some(policy)
                }
                Err(why) => {
                    tracing::warn!(%domain, %why, "what a destination promises of its hosts (MTA-STS) could not be had");
                    self.failed.insert(key.clone(), ());
                    None
                }
            }
        };
        self.alone.with(domain, Box::pin(work)).await
    }

    async fn policy(&self, domain: &Domain) -> Result<Policy, NoPromise> {
        let host = format!("mta-sts.{}", domain.as_str());
        let page = self
            .https
            .page(&host, PATH, POLICY_OCTETS, PATIENCE)
            .await?;
        match page.kind.as_deref() {
            Some("text/plain") => Ok(Policy::read(&page.octets)?),
            kind => Err(NoPromise::Kind(kind.unwrap_or_default().to_owned())),
        }
    }

    async fn keep(&self, domain: &Domain, number: &str, policy: &Policy) {
        let now = (self.clock)();
        let promise = Promise {
            number: number.to_owned(),
            text: policy.to_string(),
            heard: now,
            until: now.checked_add(policy.max_age).unwrap_or(now),
            used: now,
        };
        if let Err(error) = self.queue.set_promise(domain, Some(&promise)).await {
            tracing::error!(%domain, %error, "what a destination promised can't be kept");
        }
    }
}
