//! Which bodies are needed.

use std::collections::{HashMap, HashSet};

use address::AccountId;
use blob::BodyRef;
use kv::{Kv, Partition};
use segments::{HEADER_OCTETS, SegmentId};
use store::StoreError;

use crate::{CareError, Progress, Rooms, Step};

/// What of the segments is needed.
#[derive(Debug, Default)]
pub(crate) struct Needed {
    /// Accounts that were looked at.
    accounts: u64,
    segments: HashMap<SegmentId, Bodies>,
}

/// What of one segment is needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies {
    /// Where bodies begin. Several messages may have the same one.
    offsets: HashSet<u64>,
    /// Octets of them with their headers, as they were before they were compressed.
    pub(crate) octets: u64,
}

impl Bodies {
    pub(crate) fn has(&self, offset: u64) -> bool {
        self.offsets.contains(&offset)
    }
}

impl Needed {
    /// Looks into the queue, then into every account: what leaves the queue for an account
    /// is there by then.
    pub(crate) async fn look(rooms: &Rooms, progress: Progress<'_>) -> Result<Needed, CareError> {
        let mut needed = Needed::default();
        rooms.queue.bodies(|body| needed.add(&body)).await?;
        let accounts = accounts(&*rooms.index).await?;
        needed.accounts = accounts.len() as u64;
        for (done, account) in (0..).zip(&accounts) {
            let all = needed.accounts;
            progress(Step::Looking { done, all });
            match rooms.store.bodies(*account, |body| needed.add(&body)).await {
                // It was removed meanwhile.
                Ok(()) | Err(StoreError::Gone) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(needed)
    }

    fn add(&mut self, body: &BodyRef) {
        // Bodies that are elsewhere are nobody's here.
        let Some(place) = body.place() else { return };
        let bodies = self.segments.entry(place.segment).or_default();
        if bodies.offsets.insert(place.offset) {
            bodies.octets += body.length() + HEADER_OCTETS as u64;
        }
    }

    /// What is needed of a segment; none when nothing is.
    pub(crate) fn of(&self, segment: SegmentId) -> Option<&Bodies> {
        self.segments.get(&segment)
    }

    /// How many accounts something is kept of.
    pub(crate) fn accounts(&self) -> u64 {
        self.accounts
    }

    /// Octets of all bodies that are needed, as people read them.
    pub(crate) fn octets(&self) -> u64 {
        let octets: u64 = self.segments.values().map(|bodies| bodies.octets).sum();
        octets - self.bodies() * HEADER_OCTETS as u64
    }

    /// How many bodies that are.
    pub(crate) fn bodies(&self) -> u64 {
        let bodies = self.segments.values();
        bodies.map(|bodies| bodies.offsets.len() as u64).sum()
    }
}

/// All accounts that something is kept of.
pub(crate) async fn accounts(index: &dyn Kv) -> Result<Vec<AccountId>, CareError> {
    let partitions = index.partitions().await?;
    let accounts = partitions
        .into_iter()
        .filter_map(|partition| match partition {
            Partition::Account(account) => Some(account),
            Partition::Directory | Partition::Queue | Partition::Journal => None,
        });
    Ok(accounts.collect())
}

/// Runs what waits for the disk where it holds up no session.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CareError> + Send + 'static,
) -> Result<T, CareError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(CareError::Broken(error.to_string())),
    }
}
