//! APPEND up to its message. RFC 9051 section 6.3.12.

use super::cursor::Cursor;
use super::store::flag_list;
use super::{Fault, FaultKind, tag};
use crate::codec::command::{AppendHead, MailboxName};
use crate::codec::date::InternalDate;
use crate::codec::flag::Flags;

/// Reads what stands before the message of an APPEND.
pub(crate) fn append_head(head: &[u8]) -> Result<AppendHead, Fault> {
    let mut cursor = Cursor::new(head);
    let tag = tag(&mut cursor).map_err(|wanted| Fault {
        tag: None,
        kind: wanted.into(),
    })?;
    let rest = |cursor: &mut Cursor<'_>| {
        cursor.space()?;
        cursor.word()?;
        let arguments = arguments(cursor)?;
        cursor.end()?;
        Ok(arguments)
    };
    match rest(&mut cursor) {
        Ok((mailbox, flags, date)) => Ok(AppendHead {
            tag,
            mailbox,
            flags,
            date,
        }),
        Err(kind) => Err(Fault {
            tag: Some(tag),
            kind,
        }),
    }
}

/// ` mailbox [flags ][date ]`.
pub(super) fn arguments(
    cursor: &mut Cursor<'_>,
) -> Result<(MailboxName, Flags, Option<InternalDate>), FaultKind> {
    cursor.space()?;
    let mailbox = cursor.mailbox()?;
    cursor.space()?;
    let mut flags = Flags::default();
    if cursor.peek() == Some(b'(') {
        flags = flag_list(cursor)?;
        cursor.space()?;
    }
    let mut date = None;
    if cursor.peek() == Some(b'"') {
        let missing = cursor.wanted("a date and time");
        let text = cursor.string()?;
        let read = str::from_utf8(&text).ok().and_then(InternalDate::read);
        date = Some(read.ok_or(missing)?);
        cursor.space()?;
    }
    Ok((mailbox, flags, date))
}
