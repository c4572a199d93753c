//! What there is, in numbers.

use serde::{Deserialize, Serialize};

use crate::copying::newest;
use crate::needed::Needed;
use crate::{Care, CareError, Progress};

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stats {
    /// Accounts that something is kept of.
    pub accounts: u64,
    /// Bodies that are needed.
    pub bodies: u64,
    /// Octets of them as people read them; in the files many are compressed.
    pub needed: u64,
    /// Files of the log.
    pub segments: u64,
    /// Octets of them.
    pub segment_octets: u64,
    /// Large bodies, each in a file.
    pub large: u64,
    /// Octets of them.
    pub large_octets: u64,
    /// Octets of the newest copy of the index in the log.
    pub copied: Option<u64>,
}

impl Care {
    /// What there is, in numbers.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn stats(&self, progress: Progress<'_>) -> Result<Stats, CareError> {
        let rooms = &*self.rooms;
        let needed = Needed::look(rooms, progress).await?;
        let segments = rooms.segments().await?;
        let mut stats = Stats {
            accounts: needed.accounts(),
            bodies: needed.bodies(),
            needed: needed.octets(),
            copied: newest(&rooms.log).await?.map(|copied| copied.octets),
            ..Stats::default()
        };
        for (segment, octets) in segments {
            let (files, all) = if segment.is_shared() {
                (&mut stats.segments, &mut stats.segment_octets)
            } else {
                (&mut stats.large, &mut stats.large_octets)
            };
            *files += 1;
            *all += octets;
        }
        Ok(stats)
    }
}
