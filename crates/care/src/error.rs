//! Why something was not done.

use std::path::PathBuf;

use blob::BlobError;
use directory::DirectoryError;
use kv::KvError;
use queue::QueueError;
use segments::LogError;
use store::StoreError;

/// Why something was not done. Nothing was lost by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CareError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// What is stored is not what was once written.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Where a backup was to go, there is something else.
    #[error("{} is neither empty nor a backup of this service: name another folder", .0.display())]
    NotABackup(PathBuf),
    /// The backup has what the service has not: it is one of another service, or of this one
    /// before it was put back to an earlier state.
    #[error("{} does not go on in {}: make the backup in a new folder", .file, .folder.display())]
    Other {
        /// The folder of the backup.
        folder: PathBuf,
        /// The file that shows it.
        file: String,
    },
    /// Where everything was to be moved to, there is something else.
    #[error("the new place has accounts that are not those of the old one: name a new place")]
    Occupied,
    /// The backup was to go into the data folder itself.
    #[error("{} is in the data folder: name one that outlives it", .0.display())]
    Inside(PathBuf),
    /// The bucket belongs to another index.
    #[error(
        "the messages in {0} are those of another index: this one is of another service, or was \
         made anew. Name another bucket or prefix, or bring the right index back. If this is the \
         right one, remove the object INDEX there"
    )]
    OfAnother(String),
    /// The index is an earlier state of the one that the bucket has seen.
    #[error(
        "the index was put back to an earlier state, and knows nothing of messages in {0} that \
         came since: none is taken away. If it is to stay so:  facteur store compact --anyway"
    )]
    PutBack(String),
    /// So much is needless that it looks like a mistake.
    #[error(
        "{needless} of {all} objects in the bucket are named by no record, which looks like a \
         mistake: none is taken away. If it is right:  facteur store compact --anyway"
    )]
    TooMuch {
        /// Objects that no record names.
        needless: u64,
        /// How many there are that are not new.
        all: u64,
    },
    /// The disk, or the store, failed; the text is for the operator.
    #[error("{0}")]
    Broken(String),
}

impl From<DirectoryError> for CareError {
    fn from(error: DirectoryError) -> CareError {
        match error {
            DirectoryError::Store(error) => error.into(),
            other => CareError::Broken(other.to_string()),
        }
    }
}

impl From<BlobError> for CareError {
    fn from(error: BlobError) -> CareError {
        match error {
            BlobError::Full => CareError::Full,
            BlobError::Damaged(what) => CareError::Damaged(what),
            other => CareError::Broken(other.to_string()),
        }
    }
}

impl From<LogError> for CareError {
    fn from(error: LogError) -> CareError {
        match error {
            LogError::Full => CareError::Full,
            LogError::Damaged(what) => CareError::Damaged(what),
            other => CareError::Broken(other.to_string()),
        }
    }
}

impl From<KvError> for CareError {
    fn from(error: KvError) -> CareError {
        match error {
            KvError::Full => CareError::Full,
            KvError::Damaged(what) => CareError::Damaged(what),
            other => CareError::Broken(other.to_string()),
        }
    }
}

impl From<StoreError> for CareError {
    fn from(error: StoreError) -> CareError {
        match error {
            StoreError::Full => CareError::Full,
            StoreError::Damaged(what) => CareError::Damaged(what),
            other => CareError::Broken(other.to_string()),
        }
    }
}

impl From<QueueError> for CareError {
    fn from(error: QueueError) -> CareError {
        match error {
            QueueError::Full => CareError::Full,
            QueueError::Damaged(what) => CareError::Damaged(what),
            other => CareError::Broken(other.to_string()),
        }
    }
}
