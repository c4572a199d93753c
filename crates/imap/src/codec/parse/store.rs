//! STORE, and lists of flags. RFC 3501 section 6.4.6.

use super::FaultKind;
use super::cursor::Cursor;
use crate::codec::command::{By, Command, FlagChange, FlagChangeKind};
use crate::codec::flag::{Flags, Keyword, SystemFlag};
use crate::limits;

type Read<T> = Result<T, FaultKind>;

pub(super) fn store(cursor: &mut Cursor<'_>, by: By) -> Read<Command> {
    cursor.space()?;
    let set = cursor.sequence_set()?;
    cursor.space()?;
    let how = if cursor.skip(b'+') {
        FlagChangeKind::Add
    } else if cursor.skip(b'-') {
        FlagChangeKind::Remove
    } else {
        FlagChangeKind::Replace
    };
    let missing = cursor.wanted("FLAGS or FLAGS.SILENT");
    let silent = match cursor.word()?.as_str() {
        "FLAGS" => false,
        "FLAGS.SILENT" => true,
        _ => return Err(missing.into()),
    };
    cursor.space()?;
    let flags = if cursor.peek() == Some(b'(') {
        flag_list(cursor)?
    } else {
        bare_flags(cursor)?
    };
    Ok(Command::Store {
        by,
        set,
        change: FlagChange { how, flags },
        silent,
    })
}

/// `flag-list`, which may be empty.
pub(super) fn flag_list(cursor: &mut Cursor<'_>) -> Read<Flags> {
    cursor.open()?;
    if cursor.skip(b')') {
        return Ok(Flags::default());
    }
    let flags = bare_flags(cursor)?;
    cursor.close()?;
    Ok(flags)
}

fn bare_flags(cursor: &mut Cursor<'_>) -> Read<Flags> {
    let mut flags = Flags::default();
    loop {
        flag(cursor, &mut flags)?;
        if flags.keywords().len() > limits::KEYWORDS {
            return Err(cursor.wanted("fewer keywords").into());
        }
        if !cursor.skip(b' ') {
            return Ok(flags);
        }
    }
}

fn flag(cursor: &mut Cursor<'_>, flags: &mut Flags) -> Read<()> {
    let missing = cursor.wanted("a flag");
    if !cursor.skip(b'\\') {
        let atom = cursor.atom().map_err(|_| missing)?;
        flags.add(Keyword::new(atom).ok_or(FaultKind::Keyword)?);
        return Ok(());
    }
    // \Recent is among those that no client may set.
    let name = cursor.atom().map_err(|_| missing)?;
    let known = |flag: &SystemFlag| {
        flag.name()
            .get(1..)
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    flags.set(SystemFlag::ALL.into_iter().find(known).ok_or(missing)?);
    Ok(())
}
