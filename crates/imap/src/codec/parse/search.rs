//! SEARCH. RFC 3501 section 6.4.4.

use super::FaultKind;
use super::cursor::Cursor;
use super::fetch::field_name;
use crate::codec::command::{By, Command};
use crate::codec::date::read_date;
use crate::codec::flag::{Keyword, SystemFlag};
use crate::codec::object::ObjectId;
use crate::codec::search::{Relation, SearchDate, SearchKey, TextPlace};
use crate::limits;

type Read<T> = Result<T, FaultKind>;

pub(super) fn search(cursor: &mut Cursor<'_>, by: By) -> Read<Command> {
    cursor.space()?;
    let mut after = cursor.clone();
    if after.word().is_ok_and(|word| word == "CHARSET") {
        after.space()?;
        charset(&mut after)?;
        after.space()?;
        *cursor = after;
    }
    let start = cursor.wanted("a search with fewer keys");
    let key = keys(cursor, 0)?;
    if count(&key) > limits::SEARCH_KEYS {
        return Err(start.into());
    }
    Ok(Command::Search { by, key })
}

fn count(key: &SearchKey) -> usize {
    match key {
        SearchKey::And(keys) => keys.iter().map(count).sum(),
        SearchKey::Or(one, other) => count(one) + count(other),
        SearchKey::Not(key) => count(key),
        _ => 1,
    }
}

/// US-ASCII is a part of UTF-8, so that one way of reading serves both. It also serves
/// devices that send UTF-8 and say nothing.
fn charset(cursor: &mut Cursor<'_>) -> Read<()> {
    let name = cursor.astring()?;
    let known = |charset: &&str| name.eq_ignore_ascii_case(charset.as_bytes());
    match ["US-ASCII", "UTF-8"].iter().any(known) {
        true => Ok(()),
        false => Err(FaultKind::BadCharset),
    }
}

/// Keys that must all hold, up to the end or a closing parenthesis.
fn keys(cursor: &mut Cursor<'_>, depth: usize) -> Read<SearchKey> {
    let first = key(cursor, depth)?;
    if cursor.peek() != Some(b' ') {
        return Ok(first);
    }
    let mut all = vec![first];
    while cursor.skip(b' ') {
        all.push(key(cursor, depth)?);
    }
    Ok(SearchKey::And(all))
}

fn key(cursor: &mut Cursor<'_>, depth: usize) -> Read<SearchKey> {
    if depth > limits::SEARCH_DEPTH {
        return Err(cursor.wanted("a search that nests less deep").into());
    }
    if cursor.skip(b'(') {
        let inner = keys(cursor, depth + 1)?;
        cursor.close()?;
        return Ok(inner);
    }
    if matches!(cursor.peek(), Some(b'0'..=b'9' | b'*')) {
        return Ok(SearchKey::Sequence(cursor.sequence_set()?));
    }
    let missing = cursor.wanted("a search key");
    let word = cursor.word().map_err(|_| missing)?;
    if let Some(key) = flag_key(&word) {
        return Ok(key);
    }
    key_with_arguments(cursor, &word, depth)?.ok_or_else(|| missing.into())
}

/// Keys that ask for flags and need no argument.
fn flag_key(word: &str) -> Option<SearchKey> {
    use SystemFlag::{Answered, Deleted, Draft, Flagged, Seen};
    let has = SearchKey::Has;
    Some(match word {
        "ANSWERED" => has(Answered),
        "DELETED" => has(Deleted),
        "DRAFT" => has(Draft),
        "FLAGGED" => has(Flagged),
        "SEEN" => has(Seen),
        "UNANSWERED" => not(has(Answered)),
        "UNDELETED" => not(has(Deleted)),
        "UNDRAFT" => not(has(Draft)),
        "UNFLAGGED" => not(has(Flagged)),
        "UNSEEN" => not(has(Seen)),
        "RECENT" => SearchKey::Recent,
        "NEW" => SearchKey::And(vec![SearchKey::Recent, not(has(Seen))]),
        "OLD" => not(SearchKey::Recent),
        _ => return None,
    })
}

fn not(key: SearchKey) -> SearchKey {
    SearchKey::Not(Box::new(key))
}

/// Keys with arguments; `None` for a word that is no key.
fn key_with_arguments(
    cursor: &mut Cursor<'_>,
    word: &str,
    depth: usize,
) -> Read<Option<SearchKey>> {
    use Relation::{Before, On, Since};
    use SearchDate::{Internal, Sent};
    Ok(Some(match word {
        "ALL" => SearchKey::All,
        "BEFORE" => date(cursor, Internal, Before)?,
        "ON" => date(cursor, Internal, On)?,
        "SINCE" => date(cursor, Internal, Since)?,
        "SENTBEFORE" => date(cursor, Sent, Before)?,
        "SENTON" => date(cursor, Sent, On)?,
        "SENTSINCE" => date(cursor, Sent, Since)?,
        "BCC" | "CC" | "FROM" | "SUBJECT" | "TO" => {
            text(cursor, TextPlace::Header(word.to_owned()))?
        }
        "BODY" => text(cursor, TextPlace::Body)?,
        "TEXT" => text(cursor, TextPlace::Text)?,
        "HEADER" => {
            cursor.space()?;
            let field = field_name(cursor)?;
            text(cursor, TextPlace::Header(field))?
        }
        "KEYWORD" => keyword(cursor)?,
        "UNKEYWORD" => not(keyword(cursor)?),
        "EMAILID" => SearchKey::EmailId(object(cursor)?),
        "THREADID" => SearchKey::ThreadId(object(cursor)?),
        "LARGER" => SearchKey::Larger(number(cursor)?),
        "SMALLER" => SearchKey::Smaller(number(cursor)?),
        "UID" => {
            cursor.space()?;
            SearchKey::Uid(cursor.sequence_set()?)
        }
        "NOT" => not(inner_key(cursor, depth)?),
        "OR" => {
            let first = inner_key(cursor, depth)?;
            SearchKey::Or(Box::new(first), Box::new(inner_key(cursor, depth)?))
        }
        _ => return Ok(None),
    }))
}

fn inner_key(cursor: &mut Cursor<'_>, depth: usize) -> Read<SearchKey> {
    cursor.space()?;
    key(cursor, depth + 1)
}

fn number(cursor: &mut Cursor<'_>) -> Read<u32> {
    cursor.space()?;
    Ok(cursor.number()?)
}

fn date(cursor: &mut Cursor<'_>, which: SearchDate, relation: Relation) -> Read<SearchKey> {
    cursor.space()?;
    let missing = cursor.wanted("a date such as 1-Feb-2026");
    let octets = cursor.astring()?;
    let date = str::from_utf8(&octets)
        .ok()
        .and_then(read_date)
        .ok_or(missing)?;
    Ok(SearchKey::Date {
        which,
        relation,
        date,
    })
}

fn text(cursor: &mut Cursor<'_>, place: TextPlace) -> Read<SearchKey> {
    cursor.space()?;
    let missing = cursor.wanted("text in UTF-8");
    let octets = cursor.astring()?.into_owned();
    let text = String::from_utf8(octets).map_err(|_| missing)?;
    Ok(SearchKey::Text { place, text })
}

/// RFC 8474 section 7.
fn object(cursor: &mut Cursor<'_>) -> Read<ObjectId> {
    cursor.space()?;
    let missing = cursor.wanted("an identifier");
    ObjectId::new(cursor.atom()?).ok_or_else(|| missing.into())
}

/// A keyword that can't be kept is one that no message has.
fn keyword(cursor: &mut Cursor<'_>) -> Read<SearchKey> {
    cursor.space()?;
    let atom = cursor.atom()?;
    Ok(Keyword::new(atom).map_or(SearchKey::Nothing, SearchKey::Keyword))
}
