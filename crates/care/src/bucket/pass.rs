//! One pass.

use std::time::{Duration, Instant, SystemTime};

use blob::BodyRef;
use blob::s3::{Object, ObjectName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::StoreError;

use super::contents::{Foreign, Walk};
use super::remembered::Remembered;
use super::sieve::Sieve;
use super::{CollectTerms, Collector};
use crate::needed::accounts;
use crate::pass::tidy;
use crate::{CareError, Progress, Step};

/// Bodies that are removed with one request.
const REMOVED_AT_ONCE: usize = 1000;
/// So many needless bodies, and of this share of all old ones, look like a mistake: an index
/// that has lost what it named.
const SUSPECT: u64 = 100;
const SUSPECT_TENTHS: u64 = 9;

/// What a pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Collected {
    /// Whether it was left to another node.
    pub elsewhere: bool,
    /// Bodies that there were.
    pub objects: u64,
    /// Octets of them.
    pub octets: u64,
    /// Bodies that were removed.
    pub removed: u64,
    /// Octets of them.
    pub freed: u64,
    /// Octets of bodies that are needless and wait for their time.
    pub waiting: u64,
    /// What is not ours in the bucket.
    pub foreign: Foreign,
    /// Accounts that could not be tidied, and why.
    pub untidy: Vec<String>,
}

/// The bodies that are named.
pub(super) struct Named {
    pub(super) accounts: u64,
    pub(super) bodies: Sieve,
}

impl Collector {
    /// Does one pass.
    ///
    /// # Errors
    /// [`CareError::Damaged`] when something that might name a body can't be read,
    /// [`CareError::OfAnother`] and [`CareError::PutBack`] when bucket and index do not belong
    /// together: nothing is removed then. [`CareError::TooMuch`] when what is needless looks
    /// like a mistake. When the bucket can't be reached, the next pass goes on.
    pub async fn pass(
        &self,
        terms: &CollectTerms,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Collected, CareError> {
        let mut remembered = self.turn.lock().await;
        let Some(today) = self.take_turn(terms, now).await? else {
            return Ok(Collected {
                elsewhere: true,
                ..Collected::default()
            });
        };
        let mut collected = Collected::default();
        if self.tidies {
            let accounts = accounts(&*self.kept.index).await?;
            collected.untidy = tidy(&self.kept.store, &accounts, now, progress).await;
        }
        let grace = if terms.patient {
            self.grace
        } else {
            Duration::ZERO
        };
        remembered.begin();
        remembered.is_right |= terms.anyway;
        // Before the records are read: what was complete a grace before this is judged.
        let began = Instant::now();
        let mut sorting = Sorting {
            collector: self,
            named: self.named(progress).await?.bodies,
            remembered: &mut remembered,
            began,
            grace,
            // What can't be counted back so far is never old.
            old: today.checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH),
            due: Vec::new(),
            counted: Counted::default(),
            collected,
        };
        sorting.sort(progress).await?;
        sorting.judge()
    }

    /// Passes until all that can go is gone: two, of which the second removes what the first
    /// has found, where nothing has to wait.
    ///
    /// # Errors
    /// As [`Collector::pass`].
    pub async fn collect(
        &self,
        terms: &CollectTerms,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Collected, CareError> {
        let mut all = self.pass(terms, now, progress).await?;
        loop {
            if terms.patient || all.waiting == 0 {
                return Ok(all);
            }
            let next = self.pass(terms, now, progress).await?;
            let (removed, freed) = (all.removed, all.freed);
            // Of what it does not remember at once there is always less.
            let done = next.removed == 0;
            all = Collected {
                removed: removed + next.removed,
                freed: freed + next.freed,
                ..next
            };
            if done {
                return Ok(all);
            }
        }
    }

    /// Looks which bodies are named: in the queue, then in every account. In this order, since
    /// mail goes from the queue to accounts and is named there before it is settled here: the
    /// other way round it might be in neither when that is looked at.
    pub(super) async fn named(&self, progress: Progress<'_>) -> Result<Named, CareError> {
        let mut bodies = Sieve::new();
        // A place in a segment is no object, and no object is needed for it.
        let mut add = |body: BodyRef| body.object().into_iter().for_each(|name| bodies.add(name));
        self.kept.queue.bodies(&mut add).await?;
        // All there are, not those that the directory lists: while everything is moved to this
        // place the accounts come first.
        let accounts = accounts(&*self.kept.index).await?;
        let all = accounts.len() as u64;
        for (done, account) in (0..).zip(accounts) {
            progress(Step::Looking { done, all });
            match self.kept.store.bodies(account, &mut add).await {
                // It was removed meanwhile, or long ago.
                Ok(()) | Err(StoreError::Gone) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Named {
            accounts: all,
            bodies,
        })
    }
}

/// A pass that lists the bucket.
struct Sorting<'a> {
    collector: &'a Collector,
    named: Sieve,
    remembered: &'a mut Remembered,
    /// When records began to be read.
    began: Instant,
    grace: Duration,
    /// What was made after this is young.
    old: SystemTime,
    /// What is to be removed next, with the octets.
    due: Vec<(ObjectName, u64)>,
    counted: Counted,
    collected: Collected,
}

/// Bodies that are old and were not removed.
#[derive(Default)]
struct Counted {
    all: u64,
    needless: u64,
}

impl Sorting<'_> {
    async fn sort(&mut self, progress: Progress<'_>) -> Result<(), CareError> {
        let mut walk = Walk::begin(&self.collector.kept.bucket).await?;
        while let Some(object) = walk.next(progress).await? {
            self.look_at(&object);
            if self.due.len() >= REMOVED_AT_ONCE {
                self.remove().await?;
            }
        }
        self.collected.foreign = walk.foreign;
        self.remove().await
    }

    fn look_at(&mut self, object: &Object) {
        let (name, octets) = (object.name, object.octets);
        self.collected.objects += 1;
        self.collected.octets += octets;
        if object.modified > self.old {
            return;
        }
        self.counted.all += 1;
        if self.named.may_have(name) {
            return;
        }
        self.counted.needless += 1;
        let first = self.remembered.see(name, Instant::now());
        let waited = first.and_then(|first| self.began.checked_duration_since(first));
        if waited.is_some_and(|waited| waited >= self.grace) {
            self.due.push((name, octets));
        } else {
            self.collected.waiting += octets;
        }
    }

    async fn remove(&mut self) -> Result<(), CareError> {
        if self.due.is_empty() {
            return Ok(());
        }
        let due = std::mem::take(&mut self.due);
        let names: Vec<ObjectName> = due.iter().map(|(name, _)| *name).collect();
        self.collector.kept.bucket.delete_all(&names).await?;
        self.remembered.forget(&names);
        for (name, octets) in due {
            tracing::debug!(%name, octets, "a body that nobody needs was removed");
            self.collected.removed += 1;
            self.collected.freed += octets;
            // That was judged when it was found.
            self.counted.all -= 1;
            self.counted.needless -= 1;
        }
        Ok(())
    }

    /// Forgets what is needless if it is so much that it looks like a mistake: none of it goes
    /// then.
    fn judge(self) -> Result<Collected, CareError> {
        let Counted { all, needless } = self.counted;
        let is_suspect = needless > SUSPECT && needless * 10 > all * SUSPECT_TENTHS;
        if is_suspect && !self.remembered.is_right {
            self.remembered.forget_all();
            return Err(CareError::TooMuch { needless, all });
        }
        self.remembered.is_right &= is_suspect;
        self.remembered.end();
        Ok(self.collected)
    }
}
