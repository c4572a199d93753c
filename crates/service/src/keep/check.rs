//! Looking at all there is, while serving, and putting right what can be.

use address::{AccountId, Address};
use care::{Progress, Step};
use serde::{Deserialize, Serialize};
use store::{Bodies, Mended, StoreError};

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
    /// What was wrong and is put right, in the same words: the first thousand.
    #[serde(default)]
    pub mended: Vec<String>,
    /// How many more that were.
    #[serde(default)]
    pub mended_more: u64,
    /// What was done beside that, such as what a mailbox is called now, and what is lost.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Checked {
    fn add(&mut self, faults: impl IntoIterator<Item = String>, more: u64) {
        self.more += more + fill(&mut self.faults, faults);
    }
}

/// Adds as many as are told. Gives how many more there were.
fn fill(told: &mut Vec<String>, all: impl IntoIterator<Item = String>) -> u64 {
    let mut more = 0;
    for one in all {
        if told.len() < FAULTS {
            told.push(one);
        } else {
            more += 1;
        }
    }
    more
}

/// Looks at all that waits, and puts right what can be, if `mend` says so.
async fn check_queue(manager: &Manager, mend: bool, checked: &mut Checked) -> Result<(), Refused> {
    let mut left = manager.queue.check().await?;
    if mend && !left.faults.is_empty() {
        if let Err(error) = manager.queue.mend().await {
            checked.notes.push(format!("the queue: {error}"));
        }
        let before = std::mem::replace(&mut left, manager.queue.check().await?);
        let mended = before
            .faults
            .iter()
            .filter(|fault| !left.faults.contains(fault));
        let more = fill(&mut checked.mended, mended.map(ToString::to_string));
        checked.mended_more += more + before.more.saturating_sub(left.more);
    }
    checked.queued = left.entries;
    checked.add(left.faults.iter().map(ToString::to_string), left.more);
    Ok(())
}

/// Looks at every record, and at every message if `messages` says so; of the queue and of what
/// accounts hold it puts right what can be, if `mend` says so.
pub(super) async fn check(
    manager: &Manager,
    messages: bool,
    mend: bool,
    progress: Progress<'_>,
) -> Result<Checked, Refused> {
    let mut checked = Checked::default();
    let keeper = manager.keeper.as_ref();
    if let Some(care) = keeper.and_then(|keeper| keeper.care.as_ref()) {
        checked.add(care.damages().await?, 0);
    }
    check_queue(manager, mend, &mut checked).await?;
    let journal = manager.journal.check().await?;
    checked.add(journal.faults, journal.more);
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
        let found = if mend {
            let now = (manager.clock)();
            manager.store.mend(id, bodies, now, show).await
        } else {
            let left = manager.store.check(id, bodies, show).await;
            left.map(|left| Mended {
                left,
                ..Mended::default()
            })
        };
        let found = match found {
            Ok(found) => found,
            // It was removed meanwhile.
            Err(StoreError::Gone) => continue,
            Err(error) => return Err(error.into()),
        };
        checked.accounts += 1;
        let left = found.left;
        checked.messages += left.progress.messages;
        checked.octets += left.progress.octets;
        let told = |fault: &store::Fault| named(fault, id, &address);
        checked.add(left.faults.iter().map(told), left.more);
        let more = fill(&mut checked.mended, found.faults.iter().map(told));
        checked.mended_more += found.more + more;
        let notes = found.notes.iter().map(|note| named(note, id, &address));
        checked.notes.extend(notes);
    }
    Ok(checked)
}

/// What is said of an account, with its address, by which the operator knows it.
fn named(what: &impl ToString, id: AccountId, address: &Address) -> String {
    let text = what.to_string();
    let number = format!("account {id}");
    match text.strip_prefix(&number) {
        Some(rest) => format!("{address}{rest}"),
        None => format!("{address}: {text}"),
    }
}
