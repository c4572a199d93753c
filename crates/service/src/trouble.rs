//! What the peer is told when one of the rooms below fails; what is true goes to the log.

use directory::DirectoryError;
use events::Refusal;
use queue::QueueError;
use store::StoreError;

/// A failure of the store, where no mailbox was named: SMTP and POP3 know the INBOX only.
pub(crate) fn of_store(error: StoreError) -> Refusal {
    match error {
        StoreError::OverQuota => Refusal::OverQuota { temporary: true },
        StoreError::Full => Refusal::DiskFull,
        error => {
            tracing::error!(%error, "the store could not do what a session asked");
            Refusal::Temporary
        }
    }
}

/// A failure of the queue.
pub(crate) fn of_queue(error: QueueError) -> Refusal {
    match error {
        QueueError::Full => Refusal::DiskFull,
        error => {
            tracing::error!(%error, "the queue could not take a message");
            Refusal::Temporary
        }
    }
}

/// A failure of the directory.
#[expect(clippy::needless_pass_by_value, reason = "it stands behind map_err")]
pub(crate) fn of_directory(error: DirectoryError) -> Refusal {
    tracing::error!(%error, "the directory could not be asked");
    Refusal::Temporary
}
