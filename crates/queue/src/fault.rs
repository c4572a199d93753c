//! What can be wrong with the queue, in plain words.

use std::fmt;

use kv::damage::Hex;

use crate::QueueId;

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Of which entry, where it is of one.
    pub entry: Option<QueueId>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A record can't be read. The others are checked.
    Unreadable {
        /// Its key.
        key: Vec<u8>,
        /// Why not.
        why: String,
    },
    /// From this key on nothing can be read, and nothing was checked, of one kind.
    Unread {
        /// The key.
        key: Vec<u8>,
        /// What the engine says.
        why: String,
    },
    /// A record of no kind that this program knows.
    Stray {
        /// Its key.
        key: Vec<u8>,
    },
    /// An entry does not say how many of its recipients wait.
    Miscounted {
        /// As it is kept.
        kept: u32,
        /// As many are there.
        counted: u64,
    },
    /// Recipients wait of an entry that is not there.
    NoEntry,
    /// A recipient is neither in a lane nor taken, so that nobody will look after it.
    NotLinedUp {
        /// Its place among the entry's recipients.
        place: u32,
    },
    /// A place in a lane is of a recipient that is not there, or waits elsewhere.
    NobodyThere {
        /// Its place among the entry's recipients.
        place: u32,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue")?;
        if let Some(entry) = self.entry {
            write!(f, ", message {entry}")?;
        }
        write!(f, ": {}", self.wrong)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { key, why } => {
                write!(f, "the record {} can't be read: {why}", Hex(key))
            }
            Self::Unread { key, why } => {
                write!(f, "from {} on nothing could be read: {why}", Hex(key))
            }
            Self::Stray { key } => write!(f, "the record {} is of no known kind", Hex(key)),
            Self::Miscounted { kept, counted } => {
                write!(f, "{kept} recipients are written down, {counted} wait")
            }
            Self::NotLinedUp { place } => {
                write!(f, "its recipient {place} waits in no lane")
            }
            Self::NobodyThere { place } => {
                write!(
                    f,
                    "its recipient {place} stands in a lane and does not wait there"
                )
            }
            Self::NoEntry => f.write_str("recipients wait, and the message is not there"),
        }
    }
}
