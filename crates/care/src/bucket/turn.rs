//! Whether bucket and index belong together, and whose turn it is.

use std::time::{Duration, SystemTime};

use blob::s3::Mark;
use directory::{Custody, Lease};
use jiff::Timestamp;

use super::{CollectTerms, Collector};
use crate::CareError;

/// No lease is longer: one that seems to be was given by a clock that was wrong.
const LONGEST_LEASE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Collector {
    /// Sees to it that the bucket's bodies are those of this index. Gives what both say of it.
    ///
    /// # Errors
    /// [`CareError::OfAnother`] when they are not.
    pub async fn check(&self) -> Result<(), CareError> {
        self.belong_together().await.map(drop)
    }

    pub(super) async fn belong_together(&self) -> Result<(Mark, Custody), CareError> {
        let bucket = &self.kept.bucket;
        let directory = &self.kept.directory;
        // First the bucket's: of two numbers that only grow, that of the index never comes
        // behind the other, so it must be the one that is read later.
        let mark = match bucket.mark().await? {
            Some(mark) => mark,
            None => bucket.claim(directory.custody().await?.index).await?,
        };
        let custody = directory.custody().await?;
        if mark.index == custody.index {
            Ok((mark, custody))
        } else {
            Err(CareError::OfAnother(bucket.place().to_owned()))
        }
    }

    /// Takes a turn, and gives what time it is by the bucket's clock; none when the turn is
    /// another's.
    pub(super) async fn take_turn(
        &self,
        terms: &CollectTerms,
        now: Timestamp,
    ) -> Result<Option<SystemTime>, CareError> {
        let (mark, custody) = self.belong_together().await?;
        let (bucket, directory) = (&self.kept.bucket, &self.kept.directory);
        if mark.turn > custody.turn && !terms.anyway {
            return Err(CareError::PutBack(bucket.place().to_owned()));
        }
        if terms.lease.is_some() && self.is_left_to_another(&custody.lease, now) {
            return Ok(None);
        }
        let lease = terms.lease.map(|lease| Lease {
            keeper: self.keeper,
            until: later(now, lease),
        });
        let turn = directory.take_turn(mark.turn, lease).await?;
        let index = custody.index;
        Ok(Some(bucket.note(Mark { index, turn }).await?))
    }

    fn is_left_to_another(&self, lease: &Lease, now: Timestamp) -> bool {
        let lasts = now < lease.until && lease.until <= later(now, LONGEST_LEASE);
        lasts && lease.keeper != self.keeper
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(now)
}
