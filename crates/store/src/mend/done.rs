//! What was done beside putting faults right, in plain words.

use std::fmt;

use address::AccountId;

use crate::check::write_where;
use crate::{MailboxId, UidSet, UidValidity};

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whose it is.
    pub account: AccountId,
    /// In which mailbox.
    pub mailbox: Option<MailboxId>,
    /// What that one was called, where it had a name.
    pub name: Option<String>,
    /// What was done.
    pub done: Done,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The mailbox got a name.
    Named(String),
    /// A name of the mailbox was taken away; it has another.
    Unnamed(String),
    /// A name was taken away whose mailbox had been deleted.
    Deleted(String),
    /// The mailbox is another one to its readers.
    Renumbered(UidValidity),
    /// Messages of which nothing says any more where their bodies are. They are lost.
    Lost(UidSet),
    /// Messages got new UIDs.
    NewUids {
        /// Theirs before, as far as they are known.
        before: UidSet,
        /// Those that they have now.
        now: UidSet,
    },
    /// A keyword got a name.
    Keyword(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_where(f, self.account, self.mailbox, self.name.as_deref())?;
        write!(f, ": {}", self.done)
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "it is called {name:?} now"),
            Self::Unnamed(name) => write!(f, "it is no longer called {name:?} too"),
            Self::Deleted(name) => write!(f, "it was deleted, and so is its name {name:?} now"),
            Self::Renumbered(uid_validity) => {
                write!(f, "its UIDVALIDITY is {uid_validity} now: it is read anew")
            }
            Self::Lost(uids) => write!(
                f,
                "LOST: where the bodies of these messages are is not known any more: UID {}",
                Uids(uids)
            ),
            Self::NewUids { before, now } if before.is_empty() => write!(
                f,
                "messages that stood where none is can be read again: UID {}",
                Uids(now)
            ),
            Self::NewUids { before, now } => write!(
                f,
                "which of these messages is which was not known any more, and their flags were \
                 taken off: UID {} became UID {}",
                Uids(before),
                Uids(now)
            ),
            Self::Keyword(name) => write!(f, "a keyword of messages is called {name:?} now"),
        }
    }
}

/// All of them: what is lost is named.
struct Uids<'a>(&'a UidSet);

impl fmt::Display for Uids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, range) in self.0.ranges().iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let (first, last) = (range.start(), range.end());
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}:{last}")?;
            }
        }
        Ok(())
    }
}
