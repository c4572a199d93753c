//! Where an account's unwanted mail goes.

use address::AccountId;
use jiff::Timestamp;
use store::{MailboxId, Role, Store, StoreError};

/// The account's mailbox for unwanted mail, made if it has none: known by its use, whatever
/// its name (RFC 6154), else by the name.
///
/// # Errors
/// As [`Store::create_mailbox`].
pub(crate) async fn junk(
    store: &Store,
    account: AccountId,
    now: Timestamp,
) -> Result<MailboxId, StoreError> {
    let mailboxes = store.mailboxes(account).await?;
    if let Some(junk) = mailboxes.iter().find(|one| one.role == Some(Role::Junk)) {
        return Ok(junk.id);
    }
    let name = Role::Junk.name();
    if let Some(named) = store.find_mailbox(account, name).await? {
        return Ok(named.id);
    }
    match store.create_mailbox(account, name, now).await {
        Ok(made) => Ok(made.id),
        // Somebody else was sooner.
        Err(StoreError::Exists) => match store.find_mailbox(account, name).await? {
            Some(named) => Ok(named.id),
            None => Err(StoreError::Exists),
        },
        Err(error) => Err(error),
    }
}
