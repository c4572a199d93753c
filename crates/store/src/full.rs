//! Since when an account has been full, as far as anybody has noticed.

use address::AccountId;
use jiff::Timestamp;

use crate::values::FullValue;
use crate::{Result, Store, keys};

impl Store {
    /// Notes that mail is refused because the account is full, and says since when that has
    /// been so. Removing messages makes it begin anew, as [`Store::has_room`] does.
    ///
    /// # Errors
    /// [`crate::StoreError::Gone`] when the account is, [`crate::StoreError::Full`].
    pub async fn full_since(&self, account: AccountId, now: Timestamp) -> Result<Timestamp> {
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            // Of an account that is gone nothing may be left behind.
            change.account().await?;
            let noted = change.reading.get::<FullValue>(&keys::full()).await?;
            if let Some((noted, _)) = noted {
                return Ok(Timestamp::from_second(noted.seconds).unwrap_or(now));
            }
            let seconds = now.as_second();
            change
                .operations
                .put(keys::full(), &FullValue { seconds })?;
            if turn.commit(change).await? {
                return Ok(now);
            }
        }
    }

    /// Notes that the account has room (again).
    ///
    /// # Errors
    /// As [`Store::full_since`].
    pub async fn has_room(&self, account: AccountId) -> Result<()> {
        let reading = self.reading(account).await?;
        if reading.get::<FullValue>(&keys::full()).await?.is_none() {
            return Ok(());
        }
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            change.account().await?;
            change.operations.delete(keys::full());
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }
}
