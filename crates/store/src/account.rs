//! Accounts: made with the mailboxes that everyone has, and removed.

use address::AccountId;
use jiff::Timestamp;

use crate::keys::SubscriptionKey;
use crate::name::Name;
use crate::values::{AccountValue, MarkValue};
use crate::{MailboxId, Result, Role, Store, StoreError, Usage, keys};

impl Store {
    /// Makes the mailboxes of a new account: INBOX and one for each [`Role`], all
    /// subscribed to. Of an account that has them it changes nothing.
    pub async fn create_account(&self, account: AccountId, now: Timestamp) -> Result<()> {
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            if change
                .reading
                .get::<AccountValue>(&keys::account())
                .await?
                .is_some()
            {
                return Ok(());
            }
            change.new_account(AccountValue {
                next_mailbox: MailboxId::INBOX.get(),
                next_email: 1,
                last_uid_validity: 0,
                list_changes: 0,
                bytes: 0,
                messages: 0,
                unthreaded: 0,
            });
            let roles = Role::ALL.map(|role| (role.name(), Some(role)));
            for (name, role) in std::iter::once(("INBOX", None)).chain(roles) {
                change.new_mailbox(&Name::new(name)?, role, now).await?;
                change
                    .operations
                    .put(SubscriptionKey(name.to_owned()).encode(), &MarkValue)?;
            }
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }

    /// Removes all that an account has. If it is cut short, the account is gone and what
    /// is left of it goes when this is called again; of an account that is not there it
    /// removes nothing. Account numbers are never given again.
    pub async fn remove_account(&self, account: AccountId) -> Result<()> {
        let mut turn = self.turn(account).await;
        // The account's own record is the first key, so that it is gone from then on.
        // A mailbox's summary is the first of its keys: once it is cleared nobody
        // writes there any more, and what was written before still comes.
        turn.clear(keys::everything()).await
    }

    /// What the account holds.
    pub async fn usage(&self, account: AccountId) -> Result<Usage> {
        let found = self
            .reading(account)
            .await?
            .get::<AccountValue>(&keys::account())
            .await?;
        let (value, _) = found.ok_or(StoreError::Gone)?;
        Ok(Usage {
            bytes: value.bytes,
            messages: value.messages,
        })
    }
}
