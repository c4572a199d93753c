//! The second stage of reading: one whole command.
//!
//! Total over any octets: what comes out is a [`Request`], or a [`Fault`] that says what
//! was expected where. Nothing is guessed but in two places where devices need it:
//! octets over 127 are taken in strings, and a line may end in a bare LF.

mod append;
mod arguments;
mod cursor;
mod fetch;
mod list;
mod search;
mod store;

use crate::codec::command::{By, Command, Request, Tag};
use crate::limits;

pub(crate) use append::append_head;
use cursor::{Cursor, Wanted};

/// Why a command could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its tag, where there is one.
    pub(crate) tag: Option<Tag>,
    pub(crate) kind: FaultKind,
}

/// What is wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Something else was expected at this octet, counted from 1.
    Expected { what: &'static str, at: usize },
    /// No command has this name.
    Unknown,
    /// SEARCH in a charset that is not spoken here. RFC 3501 section 6.4.4.
    BadCharset,
    /// A keyword that is well formed but cannot be kept.
    Keyword,
}

impl From<Wanted> for FaultKind {
    fn from(wanted: Wanted) -> FaultKind {
        FaultKind::Expected {
            what: wanted.what,
            at: wanted.at + 1,
        }
    }
}

/// Reads a whole command, without its last line end.
pub(crate) fn parse(frame: &[u8]) -> Result<Request, Fault> {
    let mut cursor = Cursor::new(frame);
    let tag = tag(&mut cursor).map_err(|wanted| Fault {
        tag: None,
        kind: wanted.into(),
    })?;
    match command(&mut cursor) {
        Ok(command) => Ok(Request { tag, command }),
        Err(kind) => Err(Fault {
            tag: Some(tag),
            kind,
        }),
    }
}

/// The tag of a command of which there is only the beginning.
pub(crate) fn tag_of(beginning: &[u8]) -> Option<Tag> {
    tag(&mut Cursor::new(beginning)).ok()
}

/// `tag`. RFC 9051 section 9.
fn tag(cursor: &mut Cursor<'_>) -> Result<Tag, Wanted> {
    let start = cursor.at();
    let is_tag = |octet: u8| octet.is_ascii() && octet != b'+' && cursor::is_astring_octet(octet);
    let text = match str::from_utf8(cursor.while_octets(is_tag)) {
        Ok(text) if !text.is_empty() && text.len() <= limits::TAG => text,
        _ => {
            return Err(Wanted {
                what: "a tag",
                at: start,
            });
        }
    };
    Ok(Tag(text.into()))
}

fn command(cursor: &mut Cursor<'_>) -> Result<Command, FaultKind> {
    cursor.space()?;
    let name = cursor.word()?;
    let by = if name == "UID" {
        cursor.space()?;
        By::Uid
    } else {
        By::Sequence
    };
    let name = if by == By::Uid { cursor.word()? } else { name };
    let command = match (by, name.as_str()) {
        (By::Uid, "EXPUNGE") => arguments::uid_expunge(cursor)?,
        (_, "FETCH") => fetch::fetch(cursor, by)?,
        (_, "SEARCH") => search::search(cursor, by)?,
        (_, "STORE") => store::store(cursor, by)?,
        (_, "COPY") => arguments::copy(cursor, by, false)?,
        (_, "MOVE") => arguments::copy(cursor, by, true)?,
        (By::Uid, _) => return Err(FaultKind::Unknown),
        (By::Sequence, name) => plain(cursor, name)?,
    };
    cursor.end()?;
    Ok(command)
}

/// Commands that have nothing to do with UIDs.
fn plain(cursor: &mut Cursor<'_>, name: &str) -> Result<Command, FaultKind> {
    Ok(match name {
        "CAPABILITY" => Command::Capability,
        "NOOP" => Command::Noop,
        "LOGOUT" => Command::Logout,
        "STARTTLS" => Command::StartTls,
        "NAMESPACE" => Command::Namespace,
        "IDLE" => Command::Idle,
        "CHECK" => Command::Check,
        "CLOSE" => Command::Close,
        "UNSELECT" => Command::Unselect,
        "EXPUNGE" => Command::Expunge(None),
        "ID" => arguments::id(cursor)?,
        "AUTHENTICATE" => arguments::authenticate(cursor)?,
        "LOGIN" => arguments::login(cursor)?,
        "ENABLE" => arguments::enable(cursor)?,
        "SELECT" => arguments::select(cursor, false)?,
        "EXAMINE" => arguments::select(cursor, true)?,
        "CREATE" => Command::Create(arguments::one_mailbox(cursor)?),
        "DELETE" => Command::Delete(arguments::one_mailbox(cursor)?),
        "RENAME" => arguments::rename(cursor)?,
        "SUBSCRIBE" => Command::Subscribe {
            mailbox: arguments::one_mailbox(cursor)?,
            on: true,
        },
        "UNSUBSCRIBE" => Command::Subscribe {
            mailbox: arguments::one_mailbox(cursor)?,
            on: false,
        },
        "LIST" => list::list(cursor)?,
        "LSUB" => list::lsub(cursor)?,
        "STATUS" => arguments::status(cursor)?,
        // The first stage knows an APPEND with its message; this one has none.
        "APPEND" => {
            append::arguments(cursor)?;
            return Err(cursor.wanted("a message as a literal").into());
        }
        _ => return Err(FaultKind::Unknown),
    })
}

#[cfg(test)]
mod tests;
