//! What a client can ask for, as data.

use address::Password;

use crate::codec::date::InternalDate;
use crate::codec::fetch::FetchItem;
use crate::codec::flag::Flags;
use crate::codec::list::List;
use crate::codec::search::SearchKey;
use crate::number::SequenceSet;

/// What the client calls a command, to know its answer by. RFC 9051 section 2.2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag(pub(super) Box<str>);

impl Tag {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The mailbox into which mail is delivered. RFC 9051 section 5.1.
const INBOX: &str = "INBOX";

/// A mailbox name as people read it: UTF-8, `/` between levels, INBOX in capitals where
/// it stands alone or first (RFC 9051 section 5.1). It may name no mailbox: what was not
/// spelt as a name is a control character, which no name holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailboxName(String);

impl MailboxName {
    /// Takes a name, INBOX in any case.
    pub fn new(name: impl Into<String>) -> MailboxName {
        let mut name = name.into();
        let first_level = name.split('/').next().unwrap_or_default();
        if first_level.eq_ignore_ascii_case(INBOX) {
            name.replace_range(..INBOX.len(), INBOX);
        }
        MailboxName(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A command with its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) tag: Tag,
    pub(crate) command: Command,
}

/// Whether numbers in a command are UIDs or sequence numbers, and so are those in its
/// answer. RFC 9051 section 6.4.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Sequence,
    Uid,
}

/// A command. Those that have no comment are as their RFC 9051 section says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Capability,
    Noop,
    Logout,
    /// RFC 2971: the client's fields, or nothing.
    Id(Vec<(Vec<u8>, Option<Vec<u8>>)>),
    StartTls,
    Authenticate {
        mechanism: String,
        /// RFC 4959. It holds a password.
        initial: Option<Password>,
    },
    Login {
        name: String,
        password: Password,
    },
    /// RFC 5161.
    Enable,
    Select {
        mailbox: MailboxName,
        /// EXAMINE.
        read_only: bool,
    },
    Create(MailboxName),
    Delete(MailboxName),
    Rename {
        from: MailboxName,
        to: MailboxName,
    },
    Subscribe {
        mailbox: MailboxName,
        /// False for UNSUBSCRIBE.
        on: bool,
    },
    List(List),
    Status {
        mailbox: MailboxName,
        items: Vec<StatusItem>,
    },
    /// RFC 2342.
    Namespace,
    /// RFC 2177.
    Idle,
    Check,
    Close,
    /// RFC 3691.
    Unselect,
    /// With a set: UID EXPUNGE of RFC 4315.
    Expunge(Option<SequenceSet>),
    Search {
        by: By,
        key: SearchKey,
    },
    Fetch {
        by: By,
        set: SequenceSet,
        items: Vec<FetchItem>,
    },
    Store {
        by: By,
        set: SequenceSet,
        change: FlagChange,
        silent: bool,
    },
    Copy {
        by: By,
        set: SequenceSet,
        to: MailboxName,
        /// RFC 6851: MOVE.
        moving: bool,
    },
}

/// What STORE does with flags. RFC 9051 section 6.4.6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagChange {
    /// How.
    pub how: FlagChangeKind,
    /// With which.
    pub flags: Flags,
}

/// How STORE changes flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagChangeKind {
    /// `FLAGS`: these and no others.
    Replace,
    /// `+FLAGS`: these too.
    Add,
    /// `-FLAGS`: these no longer.
    Remove,
}

/// One thing that STATUS tells. RFC 3501 section 6.3.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    /// RFC 8474 section 4.3.
    MailboxId,
}

impl StatusItem {
    pub(crate) const ALL: [StatusItem; 6] = [
        Self::Messages,
        Self::Recent,
        Self::UidNext,
        Self::UidValidity,
        Self::Unseen,
        Self::MailboxId,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Messages => "MESSAGES",
            Self::Recent => "RECENT",
            Self::UidNext => "UIDNEXT",
            Self::UidValidity => "UIDVALIDITY",
            Self::Unseen => "UNSEEN",
            Self::MailboxId => "MAILBOXID",
        }
    }
}

/// An APPEND up to its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppendHead {
    pub(crate) tag: Tag,
    pub(crate) mailbox: MailboxName,
    pub(crate) flags: Flags,
    pub(crate) date: Option<InternalDate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_has_one_spelling() {
        for (came, is) in [
            ("inbox", "INBOX"),
            ("InBoX/Été", "INBOX/Été"),
            ("inboxes", "inboxes"),
            ("Sent/inbox", "Sent/inbox"),
            ("éééé", "éééé"),
            ("", ""),
        ] {
            assert_eq!(MailboxName::new(came).as_str(), is);
        }
    }
}
