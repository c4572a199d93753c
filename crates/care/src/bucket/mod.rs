//! Taking bodies out of a bucket that no record names any more, or never did: of messages that
//! were removed, of accounts that are gone, and those whose record never came since a node
//! died in between.
//!
//! ```text
//! a pass   1  takes its turn: sees that bucket and index belong together, and notes it in both
//!          2  folds and forgets what accounts no longer need
//!          3  looks which bodies are named, in the queue and then in every account
//!          4  lists the bucket, folder by folder: what is old and not named is remembered,
//!             and removed if it was remembered long enough ago
//!          5  writes what is named of packs that hold little else once more, into others, and
//!             has records refer to that; so a later pass finds the old ones not named
//! ```
//!
//! | file | what it holds |
//! | --- | --- |
//! | `mod.rs` | [`Collector`], the door |
//! | `pass.rs` | one pass |
//! | `terms.rs` | how eager a pass is |
//! | `turn.rs` | whether bucket and index belong together, and whose turn it is |
//! | `sieve.rs` | which bodies are named, in little memory |
//! | `packed.rs` | what of packs is needed, in little memory |
//! | `sparse.rs` | packs of which little is needed |
//! | `remembered.rs` | which bodies a pass found needless |
//! | `contents.rs` | what there is, in numbers |
//!
//! # Why no mail is lost
//!
//! * **A body goes only when two passes, a grace apart, both found it needless**, and it was
//!   old by the bucket's own clock at the first. So it was in the bucket, complete, a grace
//!   before the second pass began to read records. By then its record is committed or never
//!   will be: a record comes within [`blob::RECORD_PATIENCE`] or is refused, and the grace
//!   is longer ([`LEAST_GRACE`]). What that pass does not find named nobody names.
//! * **What is named is found, wherever it goes meanwhile.** From its arrival on a body is
//!   named in the queue or in an account. It leaves the queue for accounts only, which name it
//!   before the queue forgets it, and the queue is read before any account is. Accounts hand
//!   nothing to each other or to the queue, and one account is read at one moment: a copy or a
//!   move within it is there as a whole or not at all, the original just so. A message that is
//!   removed names its body until nobody shows it any more.
//! * **A pack is named when a body in it is**, and goes as a whole or not at all.
//! * **A body that is not named will never be.** Only a reference makes a reference, and names
//!   of objects are drawn once. A reference that was read a while ago, and is no longer there
//!   since the body was written again elsewhere, could be made into one too: within an account
//!   that is a conflict, since all that refers is decided and committed on one state; and a node
//!   that brings queued mail round commits within [`blob::RECORD_PATIENCE`] of when it read the
//!   queue, or not at all.
//! * **What is written again is named in time, or not at all** ([`blob::Moved::is_good`]): it is
//!   new in the bucket as any body whose record is still to come. Until a record refers to the
//!   new place it refers to the old one; a pass that is cut short leaves some of each.
//! * **No other index judges.** The bucket notes the name of its index and the turns of taking
//!   care; an index of another name, or one that has been put back behind a turn that the
//!   bucket saw, takes nothing away. Nor does one that names next to nothing of what is there.
//! * **If anything that might name a body can't be read, nothing goes.**
//! * Nodes that do this at the same time do each other no harm: each keeps to all this by
//!   itself, and to remove what is gone is no trouble.
//!
//! # What it takes
//!
//! A pass reads every record once and lists every object once, whatever their number. It holds
//! the sieve (`sieve::OCTETS`), what it remembers (`remembered::MOST`) and what of packs is needed
//! (`packed::MOST`), which is up to 75 MiB in all, for ten million objects as for ten thousand; and
//! while it writes bodies again 15 MiB more. That takes a second look at all records. To note and to look for ten million
//! names takes ten seconds of a processor; the requests to the bucket, one for a thousand
//! objects, take longer.

mod contents;
mod packed;
mod pass;
mod remembered;
mod sieve;
mod sparse;
mod terms;
mod turn;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use blob::RECORD_PATIENCE;
use blob::s3::Bucket;
use directory::Directory;
use kv::Kv;
use queue::Queue;
use remembered::Remembered;
use store::Store;
use tokio::sync::Mutex;

pub use contents::{Contents, Foreign};
pub use pass::Collected;
pub use terms::CollectTerms;

/// The least grace where anybody is served: longer than a record takes to come, and than a
/// session shows a message whose record is gone.
pub const LEAST_GRACE: Duration = Duration::from_secs(60 * 60);

const _: () = assert!(LEAST_GRACE.as_secs() >= 2 * RECORD_PATIENCE.as_secs());

/// Whoever takes bodies out of a bucket that no record names. A clone is another handle on the
/// same.
#[derive(Clone)]
pub struct Collector {
    kept: Arc<Kept>,
    /// How long a body must have been found needless before it goes.
    grace: Duration,
    /// What tells this process from all others.
    keeper: u128,
    /// Whether accounts are tidied first.
    tidies: bool,
    /// One pass at a time.
    turn: Arc<Mutex<Remembered>>,
}

/// What is cared for: bodies in a bucket, and all that may name them.
pub struct Kept {
    /// Mailboxes and messages.
    pub store: Store,
    /// Mail accepted and not yet handed over.
    pub queue: Queue,
    /// Where it is noted which index this is.
    pub directory: Directory,
    /// The index that these are in.
    pub index: Arc<dyn Kv>,
    /// The bodies.
    pub bucket: Bucket,
}

impl Collector {
    /// Care for a bucket. A body must have been found needless for as long as `grace` before
    /// it goes, where anybody may still be served ([`LEAST_GRACE`] at least then).
    pub fn new(kept: Kept, grace: Duration) -> Collector {
        let half = || u128::from(RandomState::new().hash_one(()));
        Collector {
            kept: Arc::new(kept),
            grace,
            keeper: half() << 64 | half(),
            tidies: false,
            turn: Arc::default(),
        }
    }

    /// The same where nobody else tidies accounts: each pass does it first.
    #[must_use]
    pub fn tidying(self) -> Collector {
        Collector {
            tidies: true,
            ..self
        }
    }
}
