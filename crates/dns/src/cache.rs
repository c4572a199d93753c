//! What is known, for as long as it may be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::proto::rr::{Name, RecordType};
use moka::Expiry;
use moka::sync::Cache as Kept;

use crate::reading::{Found, Reading};

/// What all answers that are kept may take, in octets: those of some ten thousand
/// domains. Then those that were seldom asked for go first.
pub const CACHE_OCTETS: u64 = 8 << 20;
/// What an answer takes beside the octets of its records.
const ENTRY_OCTETS: usize = 256;

/// The longest that an answer is kept, however long its zone says. RFC 8767 section 4
/// suggests days; a day is what a mail domain that moves counts on at most.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest that it is kept that there is none. RFC 2308 section 5.
pub(crate) const LONGEST_NONE: Duration = Duration::from_secs(60 * 60);
/// How long it is kept that nothing could be found out: long enough that the messages of
/// a moment don't each wait for it, short enough that a later try asks again. RFC 9520
/// section 3.2 asks for one second to five minutes.
pub(crate) const FAILURE: Duration = Duration::from_secs(15);

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(crate) Name, pub(crate) RecordType);

/// The answers that are kept. A clone is the same cache.
#[derive(Clone)]
pub(crate) struct Cache(Kept<Key, Arc<Reading>>);

impl Cache {
    pub(crate) fn new() -> Self {
        let kept = Kept::builder()
            .max_capacity(CACHE_OCTETS)
            .weigher(|_, reading: &Arc<Reading>| weight(reading))
            .expire_after(ByItself);
        Self(kept.build())
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Reading>> {
        self.0.get(key)
    }

    pub(crate) fn put(&self, key: Key, reading: Arc<Reading>) {
        self.0.insert(key, reading);
    }
}

fn weight(reading: &Reading) -> u32 {
    let octets = reading.found.as_ref().map_or(0, Found::octets);
    u32::try_from(octets + ENTRY_OCTETS).unwrap_or(u32::MAX)
}

/// Each answer says how long it may be kept.
struct ByItself;

impl Expiry<Key, Arc<Reading>> for ByItself {
    fn expire_after_create(&self, _: &Key, reading: &Arc<Reading>, _: Instant) -> Option<Duration> {
        Some(reading.keep)
    }

    fn expire_after_update(
        &self,
        _: &Key,
        reading: &Arc<Reading>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(reading.keep)
    }
}
