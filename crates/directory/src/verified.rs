//! Sign-ins verified a moment ago, so that a device that signs in every minute (an old
//! one does so for each message it sends) costs one evaluation now and then.
//!
//! What is kept of a password is a MAC under a key that no other process has and that
//! dies with this one: without the key nothing can be tried out on it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use address::{AccountId, Password};
use jiff::Timestamp;
use parking_lot::Mutex;
use subtle::ConstantTimeEq;

use crate::password::prepared;

/// How long a verified sign-in answers for the next ones.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How many are kept: of so many accounts the device comes back before it is
/// forgotten. About a megabyte.
const ENTRIES: usize = 10_000;

/// A keyed digest of account, generation of its credentials, and password.
#[derive(Clone, Copy)]
pub(crate) struct Proof([u8; 32]);

/// The sign-ins verified lately, one an account.
pub(crate) struct Verified {
    key: [u8; 32],
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<AccountId, Entry>,
    /// In the order in which they were put; those replaced or forgotten since are
    /// passed over by their number. At most [`ENTRIES`], so `entries` is bounded too.
    order: VecDeque<(AccountId, u64)>,
    last_number: u64,
}

struct Entry {
    proof: Proof,
    at: Timestamp,
    number: u64,
}

impl Verified {
    /// None verified yet, under this key.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            kept: Mutex::default(),
        }
    }

    /// What a password is, once for asking and for putting.
    pub(crate) fn proof(&self, account: AccountId, generation: u64, password: &Password) -> Proof {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&account.0.to_le_bytes());
        hasher.update(&generation.to_le_bytes());
        hasher.update(prepared(password).expose());
        Proof(hasher.finalize().into())
    }

    /// Whether the account signed in with this a moment ago.
    pub(crate) fn knows(&self, account: AccountId, proof: &Proof, now: Timestamp) -> bool {
        let kept = self.kept.lock();
        let Some(entry) = kept.entries.get(&account) else {
            return false;
        };
        // A clock that was set back must not make it last for ever.
        let age = now.duration_since(entry.at);
        let fresh = !age.is_negative() && age.unsigned_abs() < LIFETIME;
        bool::from(entry.proof.0.ct_eq(&proof.0)) && fresh
    }

    /// Keeps a sign-in that was just verified.
    pub(crate) fn put(&self, account: AccountId, proof: Proof, at: Timestamp) {
        let mut kept = self.kept.lock();
        if kept.order.len() >= ENTRIES {
            kept.drop_oldest();
        }
        kept.last_number += 1;
        let number = kept.last_number;
        kept.order.push_back((account, number));
        kept.entries.insert(account, Entry { proof, at, number });
    }

    /// Forgets what is kept of an account.
    pub(crate) fn forget(&self, account: AccountId) {
        self.kept.lock().entries.remove(&account);
    }
}

impl Kept {
    fn drop_oldest(&mut self) {
        let Some((account, number)) = self.order.pop_front() else {
            return;
        };
        if self
            .entries
            .get(&account)
            .is_some_and(|entry| entry.number == number)
        {
            self.entries.remove(&account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JEAN: AccountId = AccountId(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn verified() -> (Verified, Proof) {
        let verified = Verified::new([1; 32]);
        let proof = verified.proof(JEAN, 1, &Password::new("tilleul!"));
        verified.put(JEAN, proof, at(0));
        (verified, proof)
    }

    #[test]
    fn it_answers_for_ten_minutes() {
        let (verified, proof) = verified();
        assert!(verified.knows(JEAN, &proof, at(0)));
        assert!(verified.knows(JEAN, &proof, at(599)));
        assert!(!verified.knows(JEAN, &proof, at(600)));
        assert!(!verified.knows(JEAN, &proof, at(-1)));
    }

    #[test]
    fn nothing_else_will_do() {
        let (verified, _) = verified();
        let knows = |id: u64, generation, password: &str| {
            let proof = verified.proof(AccountId(id), generation, &Password::new(password));
            verified.knows(AccountId(id), &proof, at(0))
        };
        assert!(knows(1, 1, "tilleul!"));
        assert!(!knows(1, 2, "tilleul!"));
        assert!(!knows(1, 1, "tilleul"));
        assert!(!knows(2, 1, "tilleul!"));
        verified.forget(JEAN);
        assert!(!knows(1, 1, "tilleul!"));
    }

    #[test]
    fn it_is_bounded_and_forgets_the_oldest() {
        let (verified, proof) = verified();
        for id in 2..=ENTRIES as u64 + 1 {
            verified.put(AccountId(id), proof, at(0));
        }
        for _ in 0..10 {
            verified.put(AccountId(7), proof, at(0));
        }
        let kept = verified.kept.lock();
        assert!(kept.entries.len() <= ENTRIES && kept.order.len() <= ENTRIES);
        assert!(!kept.entries.contains_key(&JEAN));
        assert!(kept.entries.contains_key(&AccountId(7)));
    }
}
