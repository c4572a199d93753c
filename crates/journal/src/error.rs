//! Why the journal did not do what it was asked.

use kv::KvError;

/// Why the journal did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The disk is full. It passes as soon as there is room.
    #[error("the disk is full")]
    Full,
    /// A record is not what was once written.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The engine failed; the text is for the operator. The same request may pass later.
    #[error("the journal failed: {0}")]
    Broken(String),
}

impl From<KvError> for JournalError {
    fn from(error: KvError) -> JournalError {
        match error {
            KvError::Full => JournalError::Full,
            KvError::Damaged(what) => JournalError::Damaged(what),
            other => JournalError::Broken(other.to_string()),
        }
    }
}
