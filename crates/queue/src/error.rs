//! Why the queue did not do what it was asked.

use kv::KvError;

/// Why the queue did not do what it was asked. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// An entry of that number is there already.
    #[error("an entry of that number is there already")]
    Exists,
    /// An entry has at least one recipient and at most [`crate::RECIPIENTS`].
    #[error("an entry can't have {0} recipients")]
    Recipients(usize),
    /// The recipients, or the fields on top, are longer than what is kept of one message.
    #[error("what is to be kept of the message is too long")]
    TooLong,
    /// The disk is full. It passes as soon as there is room.
    #[error("the disk is full")]
    Full,
    /// An entry is not what was once put there.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The engine failed; the text is for the operator. The same request may pass later.
    #[error("the queue failed: {0}")]
    Broken(String),
}

impl From<KvError> for QueueError {
    fn from(error: KvError) -> QueueError {
        match error {
            KvError::Full => QueueError::Full,
            KvError::Damaged(what) => QueueError::Damaged(what),
            other => QueueError::Broken(other.to_string()),
        }
    }
}
