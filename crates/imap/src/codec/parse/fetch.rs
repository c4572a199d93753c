//! FETCH. RFC 3501 section 6.4.5.

use super::FaultKind;
use super::cursor::{Cursor, Wanted};
use crate::codec::command::{By, Command};
use crate::codec::fetch::{BodySection, FetchItem, Partial, Section, SectionName, SectionText};
use crate::limits;

type Read<T> = Result<T, Wanted>;

pub(super) fn fetch(cursor: &mut Cursor<'_>, by: By) -> Result<Command, FaultKind> {
    cursor.space()?;
    let set = cursor.sequence_set()?;
    cursor.space()?;
    let mut items = Vec::new();
    let start = cursor.at();
    if cursor.peek() == Some(b'(') {
        for item in cursor.list(item)? {
            add(&mut items, item);
            if items.len() > limits::FETCH_SECTIONS {
                return Err(Wanted {
                    what: "fewer items",
                    at: start,
                }
                .into());
            }
        }
    } else {
        match macro_items(cursor) {
            Some(all) => items.extend(all),
            None => items.push(item(cursor)?),
        }
    }
    Ok(Command::Fetch { by, set, items })
}

/// Adds an item once. `BODY[1]` and `BODY.PEEK[1]` have one answer, and what counts then
/// is that one of them asks for `\Seen`.
fn add(items: &mut Vec<FetchItem>, item: FetchItem) {
    let same = |there: &&mut FetchItem| match (&**there, &item) {
        (FetchItem::Section(there), FetchItem::Section(new)) => {
            (&there.section, there.name) == (&new.section, new.name)
        }
        (there, new) => there == new,
    };
    match (items.iter_mut().find(same), item) {
        (Some(FetchItem::Section(there)), FetchItem::Section(new)) => there.peek &= new.peek,
        (Some(_), _) => {}
        (None, item) => items.push(item),
    }
}

/// `ALL`, `FAST` and `FULL`, which stand alone.
fn macro_items(cursor: &mut Cursor<'_>) -> Option<Vec<FetchItem>> {
    use FetchItem::{Body, Envelope, Flags, InternalDate, Rfc822Size};
    let mut after = cursor.clone();
    let items = match after.word().ok()?.as_str() {
        "ALL" => vec![Flags, InternalDate, Rfc822Size, Envelope],
        "FAST" => vec![Flags, InternalDate, Rfc822Size],
        "FULL" => vec![Flags, InternalDate, Rfc822Size, Envelope, Body],
        _ => return None,
    };
    *cursor = after;
    Some(items)
}

fn item(cursor: &mut Cursor<'_>) -> Read<FetchItem> {
    let missing = cursor.wanted("an item of FETCH");
    let word = cursor.word().map_err(|_| missing)?;
    let bracket = cursor.peek() == Some(b'[');
    Ok(match word.as_str() {
        "UID" => FetchItem::Uid,
        "FLAGS" => FetchItem::Flags,
        "INTERNALDATE" => FetchItem::InternalDate,
        "RFC822.SIZE" => FetchItem::Rfc822Size,
        "ENVELOPE" => FetchItem::Envelope,
        "EMAILID" => FetchItem::EmailId,
        "THREADID" => FetchItem::ThreadId,
        "BODYSTRUCTURE" => FetchItem::BodyStructure,
        "BODY" if !bracket => FetchItem::Body,
        "BODY" => body_section(cursor, false)?,
        "BODY.PEEK" if bracket => body_section(cursor, true)?,
        "RFC822" => named(SectionName::Rfc822, SectionText::Whole, false),
        "RFC822.HEADER" => named(SectionName::Rfc822Header, SectionText::Header, true),
        "RFC822.TEXT" => named(SectionName::Rfc822Text, SectionText::Text, false),
        _ => return Err(missing),
    })
}

fn named(name: SectionName, text: SectionText, peek: bool) -> FetchItem {
    let section = Section {
        path: Vec::new(),
        text,
        partial: None,
    };
    FetchItem::Section(BodySection {
        section,
        name,
        peek,
    })
}

/// `[1.2.HEADER.FIELDS (TO CC)]<0.100>`.
fn body_section(cursor: &mut Cursor<'_>, peek: bool) -> Read<FetchItem> {
    cursor.expect(b'[', "[")?;
    let mut path = Vec::new();
    let mut more = true;
    while matches!(cursor.peek(), Some(b'0'..=b'9')) {
        path.push(cursor.nonzero()?.get());
        more = cursor.skip(b'.');
        if path.len() > limits::SECTION_DEPTH {
            return Err(cursor.wanted("fewer numbers in a section"));
        }
        if !more {
            break;
        }
    }
    let text = match (path.is_empty(), more, cursor.peek()) {
        (true, _, Some(b']')) | (false, false, _) => SectionText::Whole,
        _ => section_text(cursor, !path.is_empty())?,
    };
    cursor.expect(b']', "]")?;
    let partial = partial(cursor)?;
    let section = Section {
        path,
        text,
        partial,
    };
    Ok(FetchItem::Section(BodySection {
        section,
        name: SectionName::Body,
        peek,
    }))
}

fn section_text(cursor: &mut Cursor<'_>, numbered: bool) -> Read<SectionText> {
    let missing = cursor.wanted("a section");
    Ok(match cursor.word().map_err(|_| missing)?.as_str() {
        "HEADER" => SectionText::Header,
        "HEADER.FIELDS" => SectionText::HeaderFields(field_names(cursor)?),
        "HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(field_names(cursor)?),
        "TEXT" => SectionText::Text,
        "MIME" if numbered => SectionText::Mime,
        _ => return Err(missing),
    })
}

fn field_names(cursor: &mut Cursor<'_>) -> Read<Vec<String>> {
    cursor.space()?;
    cursor.list(field_name)
}

/// A header field's name: RFC 5322 section 3.6.8.
pub(super) fn field_name(cursor: &mut Cursor<'_>) -> Read<String> {
    let missing = cursor.wanted("a header field's name");
    let octets = cursor.astring()?.into_owned();
    let clean = octets
        .iter()
        .all(|&octet| octet.is_ascii_graphic() && octet != b':');
    if octets.is_empty() || !clean {
        return Err(missing);
    }
    String::from_utf8(octets).map_err(|_| missing)
}

fn partial(cursor: &mut Cursor<'_>) -> Read<Option<Partial>> {
    if !cursor.skip(b'<') {
        return Ok(None);
    }
    let start = cursor.number()?;
    cursor.expect(b'.', ".")?;
    let count = cursor.nonzero()?;
    cursor.expect(b'>', ">")?;
    Ok(Some(Partial { start, count }))
}
