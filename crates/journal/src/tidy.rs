//! Forgetting what is old, and accounts that are gone.

use address::AccountId;
use jiff::Timestamp;
use kv::{Direction, Operation, Outcome, Partition};

use crate::read::first_kept;
use crate::stored::{Kind, Owner, before, hour, of_account, of_accounts, read_key, since};
use crate::{Journal, JournalError, SEEN_FOR};

impl Journal {
    /// Forgets what is older than is kept. Of an account it looks at one record of each kind,
    /// however many there are.
    ///
    /// # Errors
    /// When the engine fails; another call goes on.
    pub async fn tidy(&self, now: Timestamp) -> Result<(), JournalError> {
        let seen = now.checked_sub(SEEN_FOR).unwrap_or(now);
        self.clear(before(Owner::Networks, Kind::Seen, hour(seen)))
            .await?;
        let first = first_kept(now);
        self.clear(before(Owner::Networks, Kind::Unsigned, first))
            .await?;
        let mut rest = of_accounts();
        loop {
            let snapshot = self.inner.kv.snapshot(Partition::Journal).await?;
            let rows = snapshot.scan(rest.clone(), Direction::Forward, 1).await?;
            drop(snapshot);
            let Some((key, _)) = rows.first() else {
                return Ok(());
            };
            let Some((owner, kind, oldest)) = read_key(key) else {
                // Whatever it is, a check names it.
                rest.start = kv::tuple::after_key(key);
                continue;
            };
            if oldest < first {
                self.clear(before(owner, kind, first)).await?;
            }
            rest.start = since(owner, kind, 0).end;
        }
    }

    /// Forgets all of an account that is gone.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn forget_account(&self, account: AccountId) -> Result<(), JournalError> {
        let range = of_account(account);
        self.forget(&range);
        self.clear(range).await
    }

    async fn clear(&self, range: std::ops::Range<Vec<u8>>) -> Result<(), JournalError> {
        let snapshot = self.inner.kv.snapshot(Partition::Journal).await?;
        // A commit that changes nothing has its price too.
        let first = snapshot.scan(range.clone(), Direction::Forward, 1).await?;
        drop(snapshot);
        if first.is_empty() {
            return Ok(());
        }
        let clear = vec![Operation::ClearRange(range)];
        let commit = self.inner.kv.commit(Partition::Journal, Vec::new(), clear);
        match commit.await? {
            Outcome::Committed => Ok(()),
            Outcome::Conflict => {
                let why = "a commit without conditions met a conflict";
                Err(JournalError::Broken(why.to_owned()))
            }
        }
    }
}
