//! What one evaluation of a password costs.

use argon2::Params;
use serde::{Deserialize, Serialize};

/// The most memory that one evaluation may ask for, in KiB (1 GiB). A record that
/// asks for more is taken for damaged rather than obeyed.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
/// The most passes that one evaluation may ask for, for the same reason.
const MOST_PASSES: u32 = 64;
/// The most lanes, likewise.
const MOST_LANES: u32 = 16;

/// Octets of an evaluated password.
pub(crate) const HASH_OCTETS: usize = 32;

/// The parameters of Argon2id (RFC 9106 section 3.1). They are stored beside each
/// hash, so changing the default leaves older passwords valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argon2Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Argon2Cost {
    /// 19 MiB, 2 passes, 1 lane: tens of milliseconds of one core. RFC 9106 section 4 would
    /// have more memory; a mail service has hundreds of sign-ins waiting after a
    /// restart, each on one core of a small machine.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Argon2Cost {
    /// Parameters other than the default; none if Argon2 has no such parameters (at
    /// least 8 KiB of memory a lane and one pass) or they go past what one machine
    /// can be asked for (1 GiB, 64 passes, 16 lanes).
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let cost = Self {
            memory_kib,
            passes,
            lanes,
        };
        cost.params().map(|_| cost)
    }

    /// As the library takes them; none if a damaged record made them up.
    pub(crate) fn params(self) -> Option<Params> {
        let bounded = self.memory_kib <= MOST_MEMORY_KIB
            && self.passes <= MOST_PASSES
            && self.lanes <= MOST_LANES;
        bounded
            .then(|| Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_OCTETS)).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_costs_are_not_held() {
        assert!(Argon2Cost::new(8, 1, 1).is_some());
        assert!(Argon2Cost::new(7, 1, 1).is_none());
        assert!(Argon2Cost::new(8, 0, 1).is_none());
        assert!(Argon2Cost::new(u32::MAX, 1, 1).is_none());
        assert!(Argon2Cost::default().params().is_some());
    }
}
