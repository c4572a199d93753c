//! Why a body could not be written or read.

use std::io;
use std::path::PathBuf;

use segments::LogError;

/// Why a body could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The disk is full. It passes when there is room again.
    #[error("the disk is full")]
    Full,
    /// What is stored is not what was once written.
    #[error("a damaged body: {0}")]
    Damaged(String),
    /// Another process has the folder open.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The folder was written by a newer program.
    #[error("{} has format {found}; this program knows up to {known}: use a newer one", .path.display())]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// The format that its FORMAT file names.
        found: u32,
        /// The newest that this program reads.
        known: u32,
    },
    /// The bodies are out of reach, or were for as long as one may wait; the same request
    /// may pass later. The text is for the operator.
    #[error("the bodies are out of reach: {0}")]
    Away(String),
    /// The bucket does not let this program in, or not do what it must: the key, the secret
    /// or a right is wrong. The text is for the operator.
    #[error("the bucket refuses: {0}")]
    Refused(String),
    /// There is no bucket of that name.
    #[error("there is no bucket {0}")]
    NoBucket(String),
    /// The settings can't be used.
    #[error("{0}")]
    Unusable(String),
    /// The disk failed; the text is for the operator.
    #[error("the disk failed: {0}")]
    Broken(String),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> BlobError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BlobError::Full,
            _ => BlobError::Broken(error.to_string()),
        }
    }
}

impl From<LogError> for BlobError {
    fn from(error: LogError) -> BlobError {
        match error {
            LogError::Full => BlobError::Full,
            LogError::Damaged(what) => BlobError::Damaged(what),
            LogError::InUse(path) => BlobError::InUse(path),
            LogError::NewerFormat { path, found, known } => {
                BlobError::NewerFormat { path, found, known }
            }
            LogError::Broken(what) => BlobError::Broken(what),
        }
    }
}
