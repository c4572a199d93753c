//! What holds of the rows of an account, whatever happened to it: what the store itself
//! checks.

use address::AccountId;

use crate::{Bodies, Fault, Store};

/// Asserts that all rows of an account agree with each other.
pub(super) async fn check(store: &Store, account: AccountId) {
    let faults = faults(store, account, Bodies::Pass).await;
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What a check finds, in plain words.
pub(super) async fn faults(store: &Store, account: AccountId, bodies: Bodies) -> Vec<String> {
    let checked = store.check(account, bodies, drop).await.unwrap();
    checked.faults.iter().map(Fault::to_string).collect()
}
