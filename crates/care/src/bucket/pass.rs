//! One pass.

use std::time::{Duration, Instant, SystemTime};

use blob::BodyRef;
use blob::s3::{Object, ObjectName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::StoreError;

use super::contents::{Foreign, Walk};
use super::packed::Packed;
use super::remembered::Remembered;
use super::sieve::Sieve;
use super::sparse::Sparse;
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
/// Of all old objects this share may come to be needless since packs are written again.
const REWRITTEN_TENTHS: u64 = 7;

/// What a pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Collected {
    /// Whether it was left to another node.
    pub elsewhere: bool,
    /// Objects that there were: bodies, and packs of them.
    pub objects: u64,
    /// Octets of them.
    pub octets: u64,
    /// Of them those that were removed.
    pub removed: u64,
    /// Octets of them.
    pub freed: u64,
    /// Octets of bodies that are needless and wait for their time.
    pub waiting: u64,
    /// Bodies that were written again, so that the packs they were in can go.
    pub moved: u64,
    /// In how many passes each pack is looked at once: more than one where there are many.
    pub passes: u64,
    /// What is not ours in the bucket.
    pub foreign: Foreign,
    /// Accounts that could not be tidied, and why.
    pub untidy: Vec<String>,
}

/// The bodies that are named.
pub(super) struct Named {
    pub(super) accounts: u64,
    /// The objects that they are, or are in.
    pub(super) objects: Sieve,
    pub(super) packed: Packed,
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
            named: self.named(remembered.pass(), progress).await?,
            remembered: &mut remembered,
            sparse: Sparse::new(terms.all, today),
            began,
            grace,
            // What can't be counted back so far is never old.
            old: today.checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH),
            due: Vec::new(),
            counted: Counted::default(),
            collected,
        };
        sorting.sort(progress).await?;
        let Sorted {
            mut collected,
            sparse,
            most,
        } = sorting.judge()?;
        collected.moved = self.rewrite(sparse, most, progress).await?;
        Ok(collected)
    }

    /// Passes until all that can go is gone, and all is written again that has to be before the
    /// rest can. Where nothing has to wait, one pass finds what is needless and the next removes
    /// it.
    ///
    /// # Errors
    /// As [`Collector::pass`].
    pub async fn collect(
        &self,
        terms: &CollectTerms,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Collected, CareError> {
        let mut all = Collected::default();
        let (mut idle, mut enough) = (0, 1);
        loop {
            let pass = self.pass(terms, now, progress).await?;
            idle = match pass.moved + pass.removed {
                0 => idle + 1,
                _ => 0,
            };
            // What one pass has found, or had no memory for, the next may remove.
            let least = u64::from(!terms.patient && pass.waiting > 0) + 1;
            enough = pass.passes.max(least).max(enough);
            let (removed, freed, moved) = (all.removed, all.freed, all.moved);
            all = Collected {
                removed: removed + pass.removed,
                freed: freed + pass.freed,
                moved: moved + pass.moved,
                ..pass
            };
            if all.elsewhere || idle >= enough {
                return Ok(all);
            }
        }
    }

    /// Looks which bodies are named: in the queue, then in every account. In this order, since
    /// mail goes from the queue to accounts and is named there before it is settled here: the
    /// other way round it might be in neither when that is looked at.
    pub(super) async fn named(
        &self,
        pass: u64,
        progress: Progress<'_>,
    ) -> Result<Named, CareError> {
        let (mut objects, mut packed) = (Sieve::new(), Packed::new(pass));
        let mut add = |body: BodyRef| {
            // A place in a segment is no object, and no object is needed for it.
            body.object().into_iter().for_each(|name| objects.add(name));
            packed.add(&body);
        };
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
        packed.end();
        Ok(Named {
            accounts: all,
            objects,
            packed,
        })
    }
}

/// A pass that lists the bucket.
struct Sorting<'a> {
    collector: &'a Collector,
    named: Named,
    remembered: &'a mut Remembered,
    sparse: Sparse,
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

/// What a pass found.
struct Sorted {
    collected: Collected,
    sparse: Sparse,
    /// So many packs may be written again.
    most: usize,
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
        if self.named.objects.may_have(name) {
            let needed = self.named.packed.needed(name);
            needed
                .into_iter()
                .for_each(|needed| self.sparse.look_at(object, needed));
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
    fn judge(self) -> Result<Sorted, CareError> {
        let Counted { all, needless } = self.counted;
        let is_suspect = needless > SUSPECT && needless * 10 > all * SUSPECT_TENTHS;
        if is_suspect && !self.remembered.is_right {
            self.remembered.forget_all();
            return Err(CareError::TooMuch { needless, all });
        }
        self.remembered.is_right &= is_suspect;
        self.remembered.end();
        // What is written again becomes needless, and must not look like a mistake then.
        let most = (all * REWRITTEN_TENTHS / 10)
            .max(SUSPECT)
            .saturating_sub(needless);
        Ok(Sorted {
            collected: Collected {
                passes: self.named.packed.passes(),
                ..self.collected
            },
            sparse: self.sparse,
            most: usize::try_from(most).unwrap_or(usize::MAX),
        })
    }
}
