//! Looking at all there is, while serving.

use address::{AccountId, Address};
use care::{Progress, Step};
use serde::{Deserialize, Serialize};
use store::{Bodies, StoreError};

use crate::manage::{Manager, Refused};

/// Faults that are told; of more only the number is.
const FAULTS: usize = 1000;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Checked {
    /// Accounts that were looked at.
    pub accounts: u64,
    /// Messages that were looked at, removed ones that can still be read included.
    pub messages: u64,
    /// Octets of messages that were read.
    pub octets: u64,
    /// Messages of the queue that were looked at.
    pub queued: u64,
    /// What is wrong, in words for the operator: the first thousand.
    pub faults: Vec<String>,
    /// How many more there are.
    pub more: u64,
}

impl Checked {
    fn add(&mut self, faults: impl IntoIterator<Item = String>, more: u64) {
        self.more += more;
        for fault in faults {
            if self.faults.len() < FAULTS {
                self.faults.push(fault);
            } else {
                self.more += 1;
            }
        }
    }
}

/// Looks at every record, and at every message if `messages` says so.
pub(super) async fn check(
    manager: &Manager,
    messages: bool,
    progress: Progress<'_>,
) -> Result<Checked, Refused> {
    let mut checked = Checked::default();
    let keeper = manager.keeper.as_ref();
    if let Some(care) = keeper.and_then(|keeper| keeper.care.as_ref()) {
        checked.add(care.damages().await?, 0);
    }
    let queue = manager.queue.check().await?;
    checked.queued = queue.entries;
    checked.add(queue.faults.iter().map(ToString::to_string), queue.more);
    let directory = manager.directory.check().await?;
    checked.add(
        directory.faults.iter().map(ToString::to_string),
        directory.more,
    );
    let bodies = if messages { Bodies::Read } else { Bodies::Pass };
    let all = directory.accounts.len() as u64;
    for (done, (id, address)) in (0..).zip(directory.accounts) {
        let (messages, octets) = (checked.messages, checked.octets);
        let show = |step: store::Progress| {
            progress(Step::Checking {
                done,
                all,
                messages: messages + step.messages,
                octets: octets + step.octets,
            });
        };
        let found = match manager.store.check(id, bodies, show).await {
            Ok(found) => found,
            // It was removed meanwhile.
            Err(StoreError::Gone) => continue,
            Err(error) => return Err(error.into()),
        };
        checked.accounts += 1;
        checked.messages += found.progress.messages;
        checked.octets += found.progress.octets;
        let named = |fault: &store::Fault| named(fault, id, &address);
        checked.add(found.faults.iter().map(named), found.more);
    }
    Ok(checked)
}

/// A fault with the address of whose it is, by which the operator knows them.
fn named(fault: &store::Fault, id: AccountId, address: &Address) -> String {
    let text = fault.to_string();
    let number = format!("account {id}");
    match text.strip_prefix(&number) {
        Some(rest) => format!("{address}{rest}"),
        None => format!("{address}: {text}"),
    }
}
