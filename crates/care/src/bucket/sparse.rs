//! Packs of which little is needed: what is needed of them is written again, and then they are
//! needed no more.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, SystemTime};

use address::AccountId;
use blob::s3::{Bucket, Object, ObjectName, PACK_OCTETS};
use blob::{BlobError, BodyRef, Moved};
use futures_util::{StreamExt, TryStreamExt, stream};
use store::StoreError;

use super::Collector;
use super::packed::Needed;
use crate::needed::accounts;
use crate::rewrite::relocate;
use crate::{CareError, Progress, Step};

/// Bodies that one pass writes again, about, in 10 MiB of memory; the next goes on.
const REWRITE_BODIES: u64 = 50_000;
/// Packs that are chosen among.
const CANDIDATES: usize = 100_000;
/// New packs that are written at a time.
const AT_ONCE: usize = 4;

/// Packs that are worth to be written again.
pub(super) struct Sparse {
    /// Whether each is in which something is needless, and not only those that hold little else.
    all: bool,
    /// A pack in which something is needless is written again when it was made before this,
    /// however much of it is needed: so what people delete leaves the bucket.
    erased: SystemTime,
    /// The thousandth part of each that is needed, and how many bodies that are.
    found: Vec<(u64, u64, ObjectName)>,
}

/// What is deleted leaves its pack when that is so old.
const ERASED_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Sparse {
    pub(super) fn new(all: bool, today: SystemTime) -> Sparse {
        let erased = today.checked_sub(ERASED_AFTER);
        Sparse {
            all,
            erased: erased.unwrap_or(SystemTime::UNIX_EPOCH),
            found: Vec::new(),
        }
    }

    /// Looks at a pack of which this is needed.
    pub(super) fn look_at(&mut self, pack: &Object, needed: Needed) {
        let needless = pack.octets.saturating_sub(needed.octets);
        let half_empty = needed.octets < needless;
        let has_waited = self.all || pack.modified <= self.erased;
        if (half_empty || (needless > 0 && has_waited)) && self.found.len() < CANDIDATES {
            let share = needed.octets * 1000 / pack.octets.max(1);
            self.found.push((share, needed.bodies, pack.name));
        }
    }

    /// The emptiest of them: so many at most, and no more than one pass writes again.
    fn chosen(mut self, most: usize) -> HashSet<ObjectName> {
        self.found.sort_unstable();
        let mut bodies = 0;
        let fits = |(_, more, _): &(u64, u64, ObjectName)| {
            bodies += more;
            bodies <= REWRITE_BODIES
        };
        let chosen = self.found.into_iter().take(most).take_while(fits);
        chosen.map(|(_, _, pack)| pack).collect()
    }
}

/// What is needed of some packs, and who needs it.
struct Wanted {
    packs: HashSet<ObjectName>,
    bodies: BTreeSet<BodyRef>,
    accounts: Vec<AccountId>,
}

impl Wanted {
    /// Notes a body that is needed. True when it is in one of the packs.
    fn add(&mut self, body: BodyRef) -> bool {
        let is_wanted = body.object().is_some_and(|name| self.packs.contains(&name));
        if is_wanted {
            self.bodies.insert(body);
        }
        is_wanted
    }
}

impl Collector {
    /// Writes again what is needed of sparse packs, `most` of them at most, and has records
    /// refer to that. Gives how many bodies that were.
    pub(super) async fn rewrite(
        &self,
        sparse: Sparse,
        most: usize,
        progress: Progress<'_>,
    ) -> Result<u64, CareError> {
        let chosen = sparse.chosen(most);
        if chosen.is_empty() {
            return Ok(0);
        }
        let wanted = self.wanted(chosen, progress).await?;
        let moved = self.copies(wanted.bodies, progress).await?;
        if !moved.is_empty() {
            let kept = &*self.kept;
            relocate(&kept.queue, &kept.store, &wanted.accounts, &moved).await?;
        }
        Ok(moved.len() as u64)
    }

    async fn wanted(
        &self,
        packs: HashSet<ObjectName>,
        progress: Progress<'_>,
    ) -> Result<Wanted, CareError> {
        let mut wanted = Wanted {
            packs,
            bodies: BTreeSet::new(),
            accounts: Vec::new(),
        };
        let kept = &*self.kept;
        let add = |body| {
            wanted.add(body);
        };
        kept.queue.bodies(add).await?;
        let accounts = accounts(&*kept.index).await?;
        let all = accounts.len() as u64;
        for (done, account) in (0..).zip(accounts) {
            progress(Step::Looking { done, all });
            let mut needs = false;
            let add = |body| needs |= wanted.add(body);
            match kept.store.bodies(account, add).await {
                // It was removed meanwhile.
                Ok(()) | Err(StoreError::Gone) => {}
                Err(error) => return Err(error.into()),
            }
            wanted.accounts.extend(needs.then_some(account));
        }
        Ok(wanted)
    }

    /// Writes bodies again. What is damaged stays where it is, and with it the pack.
    async fn copies(
        &self,
        bodies: BTreeSet<BodyRef>,
        progress: Progress<'_>,
    ) -> Result<Moved, CareError> {
        let mut moved = Moved::held();
        let bodies: Vec<BodyRef> = bodies.into_iter().collect();
        let (mut done, all) = (0, bodies.len() as u64);
        let copy = |pack: &[BodyRef]| copy(self.kept.bucket.clone(), pack.to_vec());
        let packs: Vec<_> = packs(&bodies).map(copy).collect();
        let mut copies = stream::iter(packs).buffer_unordered(AT_ONCE);
        while let Some((bodies, copied)) = copies.try_next().await? {
            progress(Step::Rewriting { done, all });
            done += bodies;
            copied
                .into_iter()
                .for_each(|(was, is)| moved.insert(was, is));
        }
        Ok(moved)
    }
}

/// Writes bodies again, into one pack. Gives how many there were, and where each was and is.
async fn copy(
    bucket: Bucket,
    bodies: Vec<BodyRef>,
) -> Result<(u64, Vec<(BodyRef, BodyRef)>), BlobError> {
    let copied = bucket.write_again(&bodies).await?;
    Ok((bodies.len() as u64, copied))
}

/// Cuts bodies into what goes together into one pack.
fn packs(bodies: &[BodyRef]) -> impl Iterator<Item = &[BodyRef]> {
    let mut octets = 0;
    bodies.chunk_by(move |body, _| {
        octets += body.frame().map_or(0, |frame| frame.end - frame.start);
        let fits = octets < PACK_OCTETS;
        if !fits {
            octets = 0;
        }
        fits
    })
}
