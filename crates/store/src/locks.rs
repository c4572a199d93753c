//! Who writes to an account now.
//!
//! The conditions of a commit keep writers apart, on one machine or on many. These
//! locks only spare the writers of one process the conflicts among themselves.

use address::AccountId;
use tokio::sync::{Mutex, MutexGuard};

/// Locks that the accounts share: enough that two busy accounts seldom meet, and as
/// many as ever, whatever the number of accounts.
const LOCKS: u64 = 1024;

/// One lock for each account, shared with some others. Nobody may hold two.
pub(crate) struct Locks(Vec<Mutex<()>>);

impl Locks {
    pub(crate) fn new() -> Locks {
        Locks((0..LOCKS).map(|_| Mutex::new(())).collect())
    }

    /// Waits for the turn of whoever asks. None is never given: it has a lock for each.
    pub(crate) async fn lock(&self, account: AccountId) -> Option<MutexGuard<'_, ()>> {
        let lock = self
            .0
            .get(usize::try_from(account.0 % LOCKS).unwrap_or(0))?;
        Some(lock.lock().await)
    }
}
