//! Why the log did not do what it was asked.

use std::io;
use std::path::PathBuf;

/// Why the log did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The disk is full. It passes when there is room again.
    #[error("the disk is full")]
    Full,
    /// What is stored is not what was once written.
    #[error("damaged: {0}")]
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
    /// The disk failed; the text is for the operator.
    #[error("the disk failed: {0}")]
    Broken(String),
}

impl From<io::Error> for LogError {
    fn from(error: io::Error) -> LogError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => LogError::Full,
            _ => LogError::Broken(error.to_string()),
        }
    }
}
