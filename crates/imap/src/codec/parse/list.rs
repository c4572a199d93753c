//! LIST and LSUB. RFC 3501 sections 6.3.8 and 6.3.9, RFC 5258 section 6.

use super::cursor::{Cursor, Wanted, is_astring_octet};
use crate::codec::command::Command;
use crate::codec::list::{List, ListKind, Returned, Select};
use crate::limits;

type Read<T> = Result<T, Wanted>;

pub(super) fn lsub(cursor: &mut Cursor<'_>) -> Read<Command> {
    cursor.space()?;
    let reference = reference(cursor)?;
    cursor.space()?;
    let patterns = vec![pattern(cursor)?];
    let (select, returned) = (Select::default(), Returned::default());
    Ok(Command::List(List {
        kind: ListKind::Lsub,
        reference,
        patterns,
        select,
        returned,
    }))
}

pub(super) fn list(cursor: &mut Cursor<'_>) -> Read<Command> {
    cursor.space()?;
    let mut kind = ListKind::Basic;
    let mut select = Select::default();
    if cursor.peek() == Some(b'(') {
        kind = ListKind::Extended;
        select = selection(cursor)?;
        cursor.space()?;
    }
    let reference = reference(cursor)?;
    cursor.space()?;
    let patterns = if cursor.peek() == Some(b'(') {
        kind = ListKind::Extended;
        patterns(cursor)?
    } else {
        vec![pattern(cursor)?]
    };
    let octets = patterns.iter().map(|one| one.len() + reference.len());
    if octets.sum::<usize>() > limits::PATTERN_OCTETS {
        return Err(cursor.wanted("shorter patterns"));
    }
    let mut returned = Returned::default();
    if cursor.skip(b' ') {
        kind = ListKind::Extended;
        returned = return_options(cursor)?;
    }
    Ok(Command::List(List {
        kind,
        reference,
        patterns,
        select,
        returned,
    }))
}

fn reference(cursor: &mut Cursor<'_>) -> Read<String> {
    let start = cursor.at();
    let wire = cursor.astring()?;
    cursor.mailbox_text(&wire, start)
}

fn patterns(cursor: &mut Cursor<'_>) -> Read<Vec<String>> {
    let start = cursor.at();
    let patterns = cursor.list(pattern)?;
    if patterns.len() > limits::PATTERNS {
        return Err(Wanted {
            what: "fewer patterns",
            at: start,
        });
    }
    Ok(patterns)
}

/// `list-mailbox`: a string, or an atom that may hold wildcards.
fn pattern(cursor: &mut Cursor<'_>) -> Read<String> {
    let start = cursor.at();
    if matches!(cursor.peek(), Some(b'"' | b'{')) {
        let wire = cursor.string()?;
        return cursor.mailbox_text(&wire, start);
    }
    let wire = cursor.while_octets(|octet| is_astring_octet(octet) || matches!(octet, b'%' | b'*'));
    if wire.is_empty() {
        return Err(cursor.wanted("a pattern"));
    }
    cursor.mailbox_text(wire, start)
}

fn selection(cursor: &mut Cursor<'_>) -> Read<Select> {
    let start = cursor.at();
    let mut select = Select::default();
    for option in options(cursor)? {
        match option.1.as_str() {
            "SUBSCRIBED" => select.subscribed = true,
            "SPECIAL-USE" => select.special_use = true,
            "RECURSIVEMATCH" => select.recursive = true,
            "REMOTE" => {}
            _ => {
                return Err(Wanted {
                    what: "a selection option",
                    at: option.0,
                });
            }
        }
    }
    // RFC 5258 section 3.1: it has no meaning alone.
    if select.recursive && !select.subscribed && !select.special_use {
        return Err(Wanted {
            what: "an option beside RECURSIVEMATCH",
            at: start,
        });
    }
    Ok(select)
}

fn return_options(cursor: &mut Cursor<'_>) -> Read<Returned> {
    let missing = cursor.wanted("RETURN");
    if cursor.word().map_err(|_| missing)? != "RETURN" {
        return Err(missing);
    }
    cursor.space()?;
    let mut returned = Returned::default();
    for option in options(cursor)? {
        match option.1.as_str() {
            "SUBSCRIBED" => returned.subscribed = true,
            "CHILDREN" | "SPECIAL-USE" => {}
            _ => {
                return Err(Wanted {
                    what: "a return option",
                    at: option.0,
                });
            }
        }
    }
    Ok(returned)
}

/// Words between parentheses, with their places; there may be none.
fn options(cursor: &mut Cursor<'_>) -> Read<Vec<(usize, String)>> {
    let mut empty = cursor.clone();
    if empty.skip(b'(') && empty.skip(b')') {
        *cursor = empty;
        return Ok(Vec::new());
    }
    cursor.list(|cursor| Ok((cursor.at(), cursor.word()?)))
}
