//! What keeps a data folder small and sound: space taken back, the index copied into the log,
//! backups.
//!
//! It is for whoever runs the service, which calls [`Care::pass`] from time to time, and for
//! the operator's commands. It knows what the rooms above the log do not know of each other:
//! which bodies `store` and `queue` need, and what of the log the index needs.
//!
//! # How space comes back
//!
//! ```text
//! a pass   1  folds and forgets what accounts no longer need
//!          2  copies the index into the log, when enough has changed since the last copy
//!          3  looks which bodies are needed, in the queue and then in every account
//!          4  takes away segments of which nothing is needed, and was not some time before
//!          5  writes what is needed of segments that hold little else once more
//! ```
//!
//! A segment goes in two steps: what is needed of it is written again at the end of the log
//! and records are changed to refer to that; the next pass but one finds it needless.
//!
//! Of a bucket a pass takes away the objects that no record names, and writes again what is needed
//! of those that hold little else (`bucket::Collector`).
//!
//! # How the files are cut
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lib.rs` | [`Care`], the door |
//! | `pass.rs` | one pass |
//! | `terms.rs` | how eager a pass is |
//! | `ground.rs` | which segments may be touched at all |
//! | `needed.rs` | which bodies are needed |
//! | `surveyed.rs` | what is in a segment |
//! | `copying.rs` | when the index is copied into the log |
//! | `compact.rs` | passes until there is nothing more to do |
//! | `rewrite.rs` | writing bodies again |
//! | `bucket/` | the same for bodies in a bucket, with the feature `s3` |
//! | `backup.rs`, `manifest.rs`, `files.rs` | a copy of all in another folder |
//! | `sound.rs` | whether files are as they were written |
//! | `moving.rs` | all that is kept, from one place to another |
//! | `stats.rs` | what there is, in numbers |
//! | `progress.rs`, `error.rs` | what is told on the way, and in the end |
//!
//! # Invariants
//!
//! * **Nothing goes that a record names**, or may come to name: a segment, or an object of a
//!   bucket, goes only when two looks, some time apart, found nothing needed in it, and when no
//!   body in it can be one whose record is still to be committed (`blob::Hold`).
//! * **If anything that might name a body can't be read, nothing goes.**
//! * **The log is never cut behind what an index needs**: neither the one there is, after a
//!   crash, nor the one that a salvage makes.
//! * A pass that is cut short at any moment leaves everything readable; the next one goes on.

mod backup;
#[cfg(feature = "s3")]
pub mod bucket;
mod compact;
mod copying;
mod error;
mod files;
mod ground;
mod manifest;
mod moving;
mod needed;
mod pass;
mod progress;
mod rewrite;
mod sound;
mod stats;
mod surveyed;
mod terms;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blob::Blobs;
use kv::sqlite::Sqlite;
use needed::blocking;
use queue::Queue;
use segments::{Log, SegmentId};
use store::Store;
use surveyed::Surveyed;
use tokio::sync::Mutex;

pub use backup::Backup;
pub use error::CareError;
pub use moving::{Moved, Place, move_all};
pub use pass::Pass;
pub use progress::{Progress, Step};
pub use stats::Stats;
pub use terms::Terms;

/// Whoever keeps a data folder. A clone is another handle on the same.
#[derive(Clone)]
pub struct Care {
    rooms: Arc<Rooms>,
    /// How long a segment must have been found needless before it goes.
    grace: Duration,
    /// One pass or backup at a time.
    turn: Arc<Mutex<Memory>>,
}

/// What is cared for.
struct Rooms {
    store: Store,
    queue: Queue,
    index: Arc<Sqlite>,
    blobs: Blobs,
    log: Log,
}

impl Rooms {
    /// All segments, with their octets.
    async fn segments(&self) -> Result<Vec<(SegmentId, u64)>, CareError> {
        let log = self.log.clone();
        blocking(move || Ok(log.segments()?)).await
    }
}

/// What one pass leaves to the next.
#[derive(Default)]
struct Memory {
    /// Segments in which nothing was needed, and when that was first found.
    needless: HashMap<SegmentId, Instant>,
    /// What is in segments that are as they will be.
    surveyed: HashMap<SegmentId, Surveyed>,
}

impl Care {
    /// Care for what is kept over this index and this log. A segment must have been found
    /// needless for as long as `grace` before it goes, where somebody may still read in it.
    pub fn new(
        store: Store,
        queue: Queue,
        index: Arc<Sqlite>,
        blobs: Blobs,
        log: Log,
        grace: Duration,
    ) -> Care {
        Care {
            grace,
            rooms: Arc::new(Rooms {
                store,
                queue,
                index,
                blobs,
                log,
            }),
            turn: Arc::default(),
        }
    }
}
