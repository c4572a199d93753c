//! What is told on the way.

use serde::{Deserialize, Serialize};

/// How far something has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Accounts are tidied: so many of all.
    Tidying {
        /// Accounts.
        done: u64,
        /// How many there are.
        all: u64,
    },
    /// The index is copied.
    Copying {
        /// Octets so far.
        octets: u64,
    },
    /// It is looked what is needed: so many accounts of all.
    Looking {
        /// Accounts.
        done: u64,
        /// How many there are.
        all: u64,
    },
    /// What is in the bucket is listed.
    Listing {
        /// Folders of it.
        done: u64,
        /// How many there are.
        all: u64,
        /// Messages so far.
        bodies: u64,
    },
    /// Bodies are written again.
    Rewriting {
        /// Segments.
        done: u64,
        /// How many there are to be.
        all: u64,
    },
    /// All is looked at: so many accounts of all.
    Checking {
        /// Accounts.
        done: u64,
        /// How many there are.
        all: u64,
        /// Messages of them.
        messages: u64,
        /// Octets of messages that were read.
        octets: u64,
    },
    /// All is moved: so many accounts of all.
    Moving {
        /// Accounts.
        done: u64,
        /// How many there are.
        all: u64,
        /// Octets of messages so far.
        octets: u64,
    },
    /// Files are copied.
    Saving {
        /// Octets so far.
        octets: u64,
        /// How many there are to be.
        all: u64,
    },
    /// Mail that waits is made due.
    Flushed {
        /// Recipients so far.
        recipients: u64,
    },
}

/// Who is told.
pub type Progress<'a> = &'a (dyn Fn(Step) + Send + Sync);
