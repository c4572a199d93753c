//! The door: [`Store`], and how it reads and commits.

use std::ops::Range;
use std::sync::Arc;

use address::AccountId;
use blob::{Ahead, Blobs, BodyReader, BodyRef};
use kv::{Kv, Outcome, Partition};
use tokio::sync::MutexGuard;

use crate::change::Change;
use crate::glimpse::Glimpse;
use crate::locks::Locks;
use crate::packing::Packing;
use crate::reading::Reading;
use crate::{Intake, MailboxId, Result, StoreError, keys};

/// How often a change is decided anew because another came before it. Each time someone
/// else got on, so this is reached only when something is wrong.
const ATTEMPTS: usize = 100;

/// Mailboxes and messages of all accounts. A clone is another handle on the same.
///
/// Whatever returns `Ok` is on stable storage. A future that is dropped half way has
/// happened or not, commit by commit.
#[derive(Clone)]
pub struct Store {
    kv: Arc<dyn Kv>,
    blobs: Blobs,
    locks: Arc<Locks>,
    packing: Packing,
}

impl Store {
    /// The store over an index and bodies that belong together.
    pub fn new(kv: Arc<dyn Kv>, blobs: Blobs) -> Store {
        Store {
            kv,
            blobs,
            locks: Arc::new(Locks::new()),
            packing: Packing::USUAL,
        }
    }

    /// The same store with blocks of another size.
    #[cfg(test)]
    pub(crate) fn with_packing(self, packing: Packing) -> Store {
        Store { packing, ..self }
    }

    /// The same bodies on another machine, whose index is this.
    #[cfg(test)]
    pub(crate) fn elsewhere(&self, kv: Arc<dyn Kv>) -> Store {
        Store::new(kv, self.blobs.clone()).with_packing(self.packing)
    }

    /// Wakes when something in the account changes. It says nothing of what did: ask
    /// [`Store::changes`] of the mailbox that is open, or for the list of mailboxes.
    pub fn watch(&self, account: AccountId) -> kv::Watch {
        self.kv.watch(Partition::Account(account))
    }

    /// Whether a message of so many octets would find room on the disk now, as far as
    /// that can be said before it comes.
    ///
    /// # Errors
    /// [`StoreError::Full`] when it would not.
    pub fn check_room(&self, octets: u64) -> Result<()> {
        Ok(self.blobs.check_room(octets)?)
    }

    /// Begins a message on its way in.
    pub fn body(&self) -> Intake {
        Intake::new(self.blobs.writer())
    }

    /// Reads octets of a message, counted from 0, as they are asked for.
    pub fn read(&self, body: &BodyRef, range: Range<u64>) -> BodyReader {
        self.blobs.read(body, range)
    }

    /// Reads bodies one after the other, as [`Blobs::ahead`].
    pub fn ahead(&self) -> Ahead {
        self.blobs.ahead()
    }

    /// The account as it is now.
    pub(crate) async fn reading(&self, account: AccountId) -> Result<Reading> {
        Ok(Reading::new(
            self.kv.snapshot(Partition::Account(account)).await?,
        ))
    }

    /// The same, by somebody who is going to read these keys.
    pub(crate) async fn reading_for(
        &self,
        account: AccountId,
        keys: Vec<Vec<u8>>,
    ) -> Result<Reading> {
        let partition = Partition::Account(account);
        Ok(Reading::new(self.kv.snapshot_for(partition, keys).await?))
    }

    /// Waits until it is our turn to write to an account.
    pub(crate) async fn turn(&self, account: AccountId) -> Turn<'_> {
        Turn {
            store: self,
            account,
            attempts: 0,
            _lock: self.locks.lock(account).await,
        }
    }
}

/// The turn to write to an account: changes are begun, decided and committed within it,
/// and decided anew when another machine came before.
pub(crate) struct Turn<'a> {
    store: &'a Store,
    pub(crate) account: AccountId,
    attempts: usize,
    _lock: Option<MutexGuard<'a, ()>>,
}

impl Turn<'_> {
    /// Begins a change on what is there now.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when it was begun too often.
    pub(crate) async fn begin(&mut self) -> Result<Change> {
        self.count()?;
        // What most changes read first.
        let named = vec![keys::account(), keys::summary(MailboxId::INBOX)];
        let partition = Partition::Account(self.account);
        let snapshot = self.store.kv.snapshot_for(partition, named).await?;
        Ok(Change::new(Reading::new(snapshot), self.store.packing))
    }

    /// The same, by somebody who needs these keys and hardly anything else.
    pub(crate) async fn begin_with(&mut self, keys: Vec<Vec<u8>>) -> Result<Change> {
        self.count()?;
        let partition = Partition::Account(self.account);
        let glimpse = Glimpse::of(self.store.kv.clone(), partition, keys).await?;
        let reading = Reading::new(Box::new(glimpse));
        Ok(Change::new(reading, self.store.packing))
    }

    fn count(&mut self) -> Result<()> {
        self.attempts += 1;
        if self.attempts > ATTEMPTS {
            return Err(StoreError::Broken("others always came before".into()));
        }
        Ok(())
    }

    /// Commits a change. False: what it was decided on has changed, so it did not
    /// happen; begin anew.
    pub(crate) async fn commit(&mut self, change: Change) -> Result<bool> {
        let (conditions, operations) = change.finish()?;
        if operations.is_empty() {
            // Nothing changes, so nothing can be wrong about when it was decided.
            self.attempts = 0;
            return Ok(true);
        }
        let partition = Partition::Account(self.account);
        let outcome = self
            .store
            .kv
            .commit(partition, conditions, operations)
            .await?;
        if outcome == Outcome::Committed {
            self.attempts = 0;
        }
        Ok(outcome == Outcome::Committed)
    }
}
