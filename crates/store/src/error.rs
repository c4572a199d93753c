//! Why the store did not do what it was asked.

use blob::BlobError;
use kv::KvError;

/// Why the store did not do what it was asked. Nothing was changed, unless the
/// function says that it works in several steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The account, or the mailbox of that number, is not there (any more).
    #[error("the account or mailbox is gone")]
    Gone,
    /// No mailbox has that name.
    #[error("no mailbox has that name")]
    NoSuchMailbox,
    /// A mailbox of that name is there already.
    #[error("a mailbox of that name is there already")]
    Exists,
    /// That text can't be the name of a mailbox, or INBOX can't be treated so.
    #[error("that can't be the name of a mailbox")]
    BadName,
    /// One more would pass a limit.
    #[error("too many: {0}")]
    TooMany(Limit),
    /// The account has no room left for this.
    #[error("the account is over its quota")]
    OverQuota,
    /// The disk is full. It passes as soon as there is room.
    #[error("the disk is full")]
    Full,
    /// A record or body is not what was once written.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The engine failed; the text is for the operator. The same request may pass later.
    #[error("the store failed: {0}")]
    Broken(String),
}

/// What there were too many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`crate::limits::MAILBOXES`].
    Mailboxes,
    /// [`crate::limits::SUBSCRIPTIONS`].
    Subscriptions,
    /// [`crate::limits::KEYWORDS`].
    Keywords,
    /// The mailbox has given all its UIDs.
    Uids,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mailboxes => "mailboxes in the account",
            Self::Subscriptions => "subscriptions in the account",
            Self::Keywords => "keywords in the mailbox",
            Self::Uids => "messages ever put into the mailbox",
        })
    }
}

impl From<KvError> for StoreError {
    fn from(error: KvError) -> StoreError {
        match error {
            KvError::Full => StoreError::Full,
            KvError::Damaged(what) => StoreError::Damaged(what),
            other => StoreError::Broken(other.to_string()),
        }
    }
}

impl From<BlobError> for StoreError {
    fn from(error: BlobError) -> StoreError {
        match error {
            BlobError::Full => StoreError::Full,
            BlobError::Damaged(what) => StoreError::Damaged(what),
            other => StoreError::Broken(other.to_string()),
        }
    }
}

/// What every function of the store returns.
pub type Result<T> = std::result::Result<T, StoreError>;
