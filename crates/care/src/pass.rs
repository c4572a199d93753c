//! One pass.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use address::AccountId;
use blob::Moved;
use jiff::Timestamp;
use segments::{Growing, SegmentId};
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};

use crate::copying::{copy, is_due};
use crate::ground::Ground;
use crate::needed::{Needed, accounts, blocking};
use crate::rewrite::{relocate, rewrite};
use crate::{Care, CareError, Memory, Progress, Rooms, Step, Terms};

/// Bodies that one pass writes again, about; the next goes on.
const REWRITE_BODIES: usize = 100_000;
/// A segment in which a body is needless is written again when it is so old, however much of
/// it is needed: so what people delete leaves the disk.
const ERASED_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pass {
    /// Segments that were taken away.
    pub removed: u64,
    /// Octets that came back by it.
    pub freed: u64,
    /// Octets of segments in which nothing is needed, and which wait for their time.
    pub waiting: u64,
    /// Bodies that were written again.
    pub moved: u64,
    /// Octets of the copy of the index that was written.
    pub copied: Option<u64>,
    /// Accounts that could not be tidied, and why.
    pub untidy: Vec<String>,
}

impl Pass {
    /// True when another pass at once might do more.
    pub(crate) fn is_moving(&self) -> bool {
        self.removed > 0 || self.moved > 0
    }

    /// Adds what the next pass did.
    pub(crate) fn add(&mut self, next: Pass) {
        self.removed += next.removed;
        self.freed += next.freed;
        self.moved += next.moved;
        self.copied = self.copied.or(next.copied);
        self.waiting = next.waiting;
        self.untidy = next.untidy;
    }
}

impl Care {
    /// Does one pass.
    ///
    /// # Errors
    /// [`CareError::Damaged`] when something that might need a body can't be read: nothing is
    /// taken away then.
    pub async fn pass(
        &self,
        terms: &Terms,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Pass, CareError> {
        self.pass_within(terms, None, now, progress).await
    }

    /// A pass that writes nothing again of what grew after `limit`.
    pub(crate) async fn pass_within(
        &self,
        terms: &Terms,
        limit: Option<Growing>,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Pass, CareError> {
        let mut memory = self.turn.lock().await;
        let rooms = &*self.rooms;
        let grace = if terms.patient {
            self.grace
        } else {
            Duration::ZERO
        };
        let accounts = accounts(&*rooms.index).await?;
        let mut pass = Pass {
            untidy: tidy(&rooms.store, &accounts, now, progress).await,
            ..Pass::default()
        };
        if terms.copy || is_due(rooms, &mut memory).await? {
            pass.copied = match copy(rooms, progress).await {
                Ok(octets) => Some(octets),
                // What can go without it may make room for it.
                Err(CareError::Full) => None,
                Err(error) => return Err(error),
            };
        }
        // Before the look: what is begun after this is not touched.
        let began = Instant::now();
        let ground = Ground::now(rooms).await?;
        let needed = Needed::look(rooms, progress).await?;
        let mut segments = rooms.segments().await?;
        memory.forget_all_but(&segments);
        segments.retain(|(segment, _)| ground.is_clear(*segment));
        let (needless, sparse): (Vec<_>, Vec<_>) = segments
            .into_iter()
            .partition(|(segment, _)| needed.of(*segment).is_none());
        remove(rooms, &mut memory, &needless, (began, grace), &mut pass).await?;
        let is_old =
            |(segment, _): &(SegmentId, u64)| limit.is_none_or(|limit| limit.is_settled(*segment));
        let sparse = sparse.into_iter().filter(is_old).collect();
        let sparse = worth_it(rooms, &mut memory, terms, &needed, sparse).await?;
        pass.moved = rewrite_all(rooms, &needed, &sparse, progress).await?;
        Ok(pass)
    }
}

impl Memory {
    fn forget_all_but(&mut self, segments: &[(SegmentId, u64)]) {
        let there: HashMap<_, _> = segments.iter().copied().collect();
        self.surveyed.retain(|id, _| there.contains_key(id));
    }
}

/// Does in all accounts what their changes leave to be done. Tells where it could not.
pub(crate) async fn tidy(
    store: &Store,
    accounts: &[AccountId],
    now: Timestamp,
    progress: Progress<'_>,
) -> Vec<String> {
    let mut untidy = Vec::new();
    for (done, account) in (0..).zip(accounts) {
        let all = accounts.len() as u64;
        progress(Step::Tidying { done, all });
        let tended = store.tend(*account, now).await;
        let swept = match tended {
            Ok(()) => store.sweep(*account).await.map(drop),
            Err(error) => Err(error),
        };
        match swept {
            Ok(()) | Err(StoreError::Gone) => {}
            Err(error) => untidy.push(format!("account {account}: {error}")),
        }
    }
    untidy
}

/// Takes away what was found needless long enough ago.
async fn remove(
    rooms: &Rooms,
    memory: &mut Memory,
    needless: &[(SegmentId, u64)],
    (began, grace): (Instant, Duration),
    pass: &mut Pass,
) -> Result<(), CareError> {
    let now_needless: HashMap<_, _> = needless.iter().copied().collect();
    memory
        .needless
        .retain(|id, _| now_needless.contains_key(id));
    let mut due = Vec::new();
    for (segment, octets) in needless.iter().copied() {
        let since = *memory.needless.entry(segment).or_insert(began);
        if began.duration_since(since) < grace {
            pass.waiting += octets;
        } else {
            due.push(segment);
        }
    }
    let log = rooms.log.clone();
    for segment in blocking(move || Ok(log.remove(&due)?)).await? {
        let octets = now_needless.get(&segment).copied().unwrap_or(0);
        pass.removed += 1;
        pass.freed += octets;
        tracing::info!(%segment, octets, "a segment of which nothing is needed was removed");
    }
    Ok(())
}

/// Those segments that are worth to be written again, the emptiest first.
async fn worth_it(
    rooms: &Rooms,
    memory: &mut Memory,
    terms: &Terms,
    needed: &Needed,
    segments: Vec<(SegmentId, u64)>,
) -> Result<Vec<SegmentId>, CareError> {
    let mut worth = Vec::new();
    for (segment, octets) in segments {
        // A large body alone in its file is needed or not.
        let Some(bodies) = needed.of(segment).filter(|_| segment.is_shared()) else {
            continue;
        };
        let surveyed = memory.survey(&rooms.log, segment).await?;
        let taken = surveyed.taken_by(bodies.octets);
        let half_empty = taken < octets / 2;
        let chosen = half_empty
            || if terms.all {
                taken < octets
            } else {
                let log = rooms.log.clone();
                let age = blocking(move || Ok(log.age(segment)?)).await?;
                age >= ERASED_AFTER && bodies.octets < surveyed.uncompressed
            };
        if chosen {
            worth.push((taken * 1000 / octets.max(1), segment));
        }
    }
    worth.sort_unstable();
    Ok(worth.into_iter().map(|(_, segment)| segment).collect())
}

/// Writes again what is needed of these segments, as much as one pass does. Gives how many
/// bodies that were.
async fn rewrite_all(
    rooms: &Rooms,
    needed: &Needed,
    segments: &[SegmentId],
    progress: Progress<'_>,
) -> Result<u64, CareError> {
    let mut moved = Moved::default();
    for (done, segment) in (0..).zip(segments) {
        if moved.len() >= REWRITE_BODIES {
            break;
        }
        let all = segments.len() as u64;
        progress(Step::Rewriting { done, all });
        let Some(bodies) = needed.of(*segment) else {
            continue;
        };
        match rewrite(rooms, *segment, bodies.clone(), &mut moved).await {
            Ok(()) => {}
            // The emptiest come first, so that what goes may make room for the others.
            Err(CareError::Full) => break,
            Err(error) => return Err(error),
        }
    }
    if !moved.is_empty() {
        let accounts = accounts(&*rooms.index).await?;
        relocate(&rooms.queue, &rooms.store, &accounts, &moved).await?;
    }
    Ok(moved.len() as u64)
}
