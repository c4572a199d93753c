//! Arguments of commands that need little reading.

use address::Password;

use super::cursor::{Cursor, Wanted};
use crate::codec::command::{By, Command, MailboxName, StatusItem};

type Read<T> = Result<T, Wanted>;

/// RFC 2971 section 3.1. Values that are NIL are kept, names are not looked at.
pub(super) fn id(cursor: &mut Cursor<'_>) -> Read<Command> {
    cursor.space()?;
    if !cursor.skip(b'(') {
        return match cursor.nstring()? {
            None => Ok(Command::Id(Vec::new())),
            Some(_) => Err(cursor.wanted("a list or NIL")),
        };
    }
    let mut fields = Vec::new();
    while !cursor.skip(b')') {
        if !fields.is_empty() {
            cursor.space()?;
        }
        let name = cursor.string()?.into_owned();
        cursor.space()?;
        fields.push((name, cursor.nstring()?.map(std::borrow::Cow::into_owned)));
    }
    Ok(Command::Id(fields))
}

/// RFC 9051 section 6.2.2, with the initial response of RFC 4959.
pub(super) fn authenticate(cursor: &mut Cursor<'_>) -> Read<Command> {
    cursor.space()?;
    let mechanism = cursor.atom()?.to_owned();
    let mut initial = None;
    if cursor.skip(b' ') {
        let response = cursor.while_octets(|octet| octet.is_ascii_graphic());
        if response.is_empty() {
            return Err(cursor.wanted("an initial response"));
        }
        initial = Some(Password::new(response));
    }
    Ok(Command::Authenticate { mechanism, initial })
}

/// RFC 9051 section 6.2.3. Octets that are no UTF-8 make a name that no account has.
pub(super) fn login(cursor: &mut Cursor<'_>) -> Read<Command> {
    cursor.space()?;
    let name = String::from_utf8_lossy(&cursor.astring()?).into_owned();
    cursor.space()?;
    let password = Password::new(cursor.astring()?);
    Ok(Command::Login { name, password })
}

/// RFC 5161 section 3.1: what is named and unknown is ignored, so nothing is kept.
pub(super) fn enable(cursor: &mut Cursor<'_>) -> Read<Command> {
    cursor.space()?;
    cursor.atom()?;
    while cursor.skip(b' ') {
        cursor.atom()?;
    }
    Ok(Command::Enable)
}

pub(super) fn one_mailbox(cursor: &mut Cursor<'_>) -> Read<MailboxName> {
    cursor.space()?;
    cursor.mailbox()
}

pub(super) fn select(cursor: &mut Cursor<'_>, read_only: bool) -> Read<Command> {
    Ok(Command::Select {
        mailbox: one_mailbox(cursor)?,
        read_only,
    })
}

pub(super) fn rename(cursor: &mut Cursor<'_>) -> Read<Command> {
    let from = one_mailbox(cursor)?;
    Ok(Command::Rename {
        from,
        to: one_mailbox(cursor)?,
    })
}

pub(super) fn status(cursor: &mut Cursor<'_>) -> Read<Command> {
    let mailbox = one_mailbox(cursor)?;
    cursor.space()?;
    let mut items = Vec::new();
    for item in cursor.list(status_item)? {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Ok(Command::Status { mailbox, items })
}

fn status_item(cursor: &mut Cursor<'_>) -> Read<StatusItem> {
    let missing = cursor.wanted("an item of STATUS");
    let word = cursor.word()?;
    StatusItem::ALL
        .into_iter()
        .find(|item| item.name() == word)
        .ok_or(missing)
}

/// RFC 4315 section 2.1.
pub(super) fn uid_expunge(cursor: &mut Cursor<'_>) -> Read<Command> {
    cursor.space()?;
    Ok(Command::Expunge(Some(cursor.sequence_set()?)))
}

/// COPY, and MOVE of RFC 6851.
pub(super) fn copy(cursor: &mut Cursor<'_>, by: By, moving: bool) -> Read<Command> {
    cursor.space()?;
    let set = cursor.sequence_set()?;
    Ok(Command::Copy {
        by,
        set,
        to: one_mailbox(cursor)?,
        moving,
    })
}
