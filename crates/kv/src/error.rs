//! Why an engine did not do what it was asked.

use std::path::PathBuf;

use segments::LogError;

/// Why an engine did not do what it was asked. Nothing was changed, unless it is
/// [`KvError::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// The disk is full. It passes when there is room again.
    #[error("the disk is full")]
    Full,
    /// The commit is over a limit of the interface: a fault of the caller.
    #[error("{0}")]
    TooLarge(Excess),
    /// Too many snapshots are held; the same request may pass later.
    #[error("the store is too busy")]
    Busy,
    /// What is stored is not what was once put there.
    #[error("a damaged record: {0}")]
    Damaged(String),
    /// Another process has the folder open.
    #[error(
        "{} is in use by another process; stop that one first, or talk to it", .0.display()
    )]
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
    /// The database was made by a newer program.
    #[error("the database has format {found}; this program knows up to {known}: use a newer one")]
    NewerDatabase {
        /// The format that it names.
        found: i64,
        /// The newest that this program reads.
        known: i64,
    },
    /// The database could not be reached for as long as one may wait; the same request
    /// may pass later. The text is for the operator.
    #[error("the database is out of reach: {0}")]
    Away(String),
    /// The database does not let this program in, or not do what it must: the user, the
    /// password, the database or a right is wrong. The text is for the operator.
    #[error("the database refuses: {0}")]
    Refused(String),
    /// The database went away in the middle of a commit and did not come back for as long
    /// as one may wait: the commit happened, as a whole, or it did not.
    #[error("the database is out of reach, and whether a commit has happened is unknown: {0}")]
    Unknown(String),
    /// The engine failed; the text is for the operator.
    #[error("the store failed: {0}")]
    Broken(String),
}

/// Which limit a commit is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// [`crate::KEY_OCTETS`].
    #[error("a key of {0} octets is too long")]
    Key(usize),
    /// [`crate::VALUE_OCTETS`].
    #[error("a value of {0} octets is too long")]
    Value(usize),
    /// [`crate::COMMIT_OCTETS`].
    #[error("a commit of {0} octets is too large")]
    Commit(usize),
    /// [`crate::COMMIT_OPERATIONS`] or [`crate::COMMIT_CONDITIONS`].
    #[error("a commit of {0} operations or conditions is too large")]
    Operations(usize),
}

impl From<LogError> for KvError {
    fn from(error: LogError) -> KvError {
        match error {
            LogError::Full => KvError::Full,
            LogError::Damaged(what) => KvError::Damaged(what),
            LogError::InUse(path) => KvError::InUse(path),
            LogError::NewerFormat { path, found, known } => {
                KvError::NewerFormat { path, found, known }
            }
            LogError::Broken(what) => KvError::Broken(what),
        }
    }
}
