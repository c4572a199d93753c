//! What other processes on the same data have changed: rights that ended there end here.
//!
//! Whoever makes a change that ends rights notes whose in the same commit. The other
//! processes are woken by the change, read the note, and look at those accounts anew.

use std::time::Duration;

use address::AccountId;
use kv::Partition;
use tokio::time::{sleep, timeout};

use crate::edit::{Edit, View};
use crate::keys::EndingsKey;
use crate::records::EndingsRecord;
use crate::{Directory, DirectoryError};

/// Looked at again after so long without a notice, in case one was lost.
const UNTOLD: Duration = Duration::from_secs(30);
/// How long is waited after the directory could not be read.
const REST: Duration = Duration::from_millis(500);
/// Accounts that are looked at in one snapshot, which may be held for a short time only.
const AT_ONCE: usize = 200;

impl Directory {
    /// Ends the rights given here that end elsewhere: by another node, or by a command
    /// beside a database. To be run once, for as long as anybody may be signed in.
    pub async fn follow(&self) {
        let mut changes = self.inner.kv.watch(Partition::Directory);
        // Until the first look nothing is known of the rights that were given before.
        let mut known = None;
        loop {
            match self.end_what_ended(known).await {
                Ok(count) => {
                    known = Some(count);
                    // Either way the note is read next.
                    let _ = timeout(UNTOLD, changes.changed()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "what other nodes have changed can't be read");
                    sleep(REST).await;
                }
            }
        }
    }

    /// Ends rights that have ended since there were so many endings; gives how many there
    /// are now.
    async fn end_what_ended(&self, known: Option<u64>) -> Result<u64, DirectoryError> {
        let rights = &self.inner.rights;
        let last = rights.last();
        let endings = self.view().await?.endings().await?;
        let since = known.and_then(|known| endings.since(known));
        let accounts = since.map_or_else(|| rights.accounts(), <[AccountId]>::to_vec);
        for some in accounts.chunks(AT_ONCE) {
            let view = self.view().await?;
            for account in some {
                let standing = view.standing(*account).await?;
                rights.settle(*account, standing, last);
            }
        }
        Ok(endings.count())
    }
}

impl View {
    async fn endings(&self) -> Result<EndingsRecord, DirectoryError> {
        let seen = self.get(&EndingsKey).await?;
        Ok(seen.map(|seen| seen.record).unwrap_or_default())
    }
}

impl Edit {
    /// Notes that rights of this account end with this commit.
    pub(crate) async fn end_rights(
        &mut self,
        view: &View,
        account: AccountId,
    ) -> Result<(), DirectoryError> {
        match view.get(&EndingsKey).await? {
            None => self.create(&EndingsKey, &EndingsRecord::default().with(account)),
            Some(seen) => self.replace(&EndingsKey, &seen, &seen.record.with(account)),
        }
    }
}
