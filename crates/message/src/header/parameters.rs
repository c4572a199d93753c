//! `Content-Type` and its like: a word, then parameters. RFC 2045 section 5.1, RFC 2183.

use super::cursor::Cursor;
use super::{is_space, trim};
use crate::Parameter;
use crate::header::budget::Budget;
use crate::limits::{PARAMETERS, TOKEN_OCTETS};

/// A parameter before we know whether there is room to keep it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawParameter {
    /// In lower case.
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// Reads `type/subtype` in lower case; `None` when that is not what stands there. The
/// cursor is then before the parameters.
pub(crate) fn media_type(cursor: &mut Cursor<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let kind = token(cursor);
    let subtype = if cursor.eat(b'/') {
        token(cursor)
    } else {
        None
    };
    cursor.until(|octet| octet == b';');
    Some((kind?, subtype?))
}

/// Reads one word in lower case. RFC 2045 section 5.1 (token).
pub(crate) fn token(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    cursor.blanks();
    let word = cursor.until(|octet| !is_token(octet));
    cursor.blanks();
    (1..=TOKEN_OCTETS)
        .contains(&word.len())
        .then(|| word.to_ascii_lowercase())
}

fn is_token(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet)
}

/// Reads the parameters that follow. What is none is passed over.
pub(crate) fn parameters(mut cursor: Cursor<'_>) -> Vec<RawParameter> {
    let mut list = Vec::new();
    while cursor.peek().is_some() && list.len() < PARAMETERS {
        cursor.blanks();
        if cursor.eat(b';') {
            continue;
        }
        let name = trim(cursor.until(|octet| matches!(octet, b'=' | b';'))).to_ascii_lowercase();
        if cursor.eat(b'=') {
            let value = value(&mut cursor);
            if !name.is_empty() {
                list.push(RawParameter { name, value });
            }
        }
    }
    list
}

/// A value: a quoted string; or a token; or, where the writer forgot the quotes, all up to
/// the semicolon. A token may be followed by the next parameter with no semicolon between.
fn value(cursor: &mut Cursor<'_>) -> Vec<u8> {
    cursor.blanks();
    if cursor.eat(b'"') {
        return cursor.quoted();
    }
    let whole = *cursor;
    let word = cursor.until(|octet| is_space(octet) || matches!(octet, b';' | b'('));
    cursor.blanks();
    if matches!(cursor.peek(), None | Some(b';')) || begins_parameter(*cursor) {
        return word.to_vec();
    }
    *cursor = whole;
    trim(cursor.until(|octet| octet == b';')).to_vec()
}

fn begins_parameter(mut cursor: Cursor<'_>) -> bool {
    let name = cursor.until(|octet| !is_token(octet));
    !name.is_empty() && cursor.eat(b'=') && cursor.peek() != Some(b'?')
}

/// Keeps as many as there is room for.
pub(crate) fn keep(list: &[RawParameter], budget: &mut Budget) -> Vec<Parameter> {
    let mut one = |raw: &RawParameter| {
        budget.item()?;
        Some(Parameter {
            name: budget.text(&raw.name)?,
            value: budget.text(&raw.value)?,
        })
    };
    list.iter().map_while(&mut one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(String, String)> {
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        parameters(Cursor::new(value.as_bytes()))
            .into_iter()
            .map(|p| (text(p.name), text(p.value)))
            .collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn as_the_rfc_writes_them() {
        assert_eq!(
            read("; charset=us-ascii (Plain text)"),
            [pair("charset", "us-ascii")]
        );
        assert_eq!(
            read("; charset=\"us-ascii\""),
            [pair("charset", "us-ascii")]
        );
        assert_eq!(
            read(";\tURL*0=\"ftp://\";\tURL*1=\"cs.utk.edu/\""),
            [pair("url*0", "ftp://"), pair("url*1", "cs.utk.edu/")]
        );
    }

    #[test]
    fn as_programs_write_them() {
        assert_eq!(
            read("; name=my photo (1).jpg"),
            [pair("name", "my photo (1).jpg")]
        );
        assert_eq!(
            read(";; ; name = \"a;b\\\"c\" ; x"),
            [pair("name", "a;b\"c")]
        );
        assert_eq!(
            read("; a=\"1\" b=2 c=3"),
            [pair("a", "1"), pair("b", "2"), pair("c", "3")]
        );
        assert_eq!(read("; name=\"no end; x=1"), [pair("name", "no end; x=1")]);
        assert_eq!(
            read("; name==?utf-8?Q?a=20b?="),
            [pair("name", "=?utf-8?Q?a=20b?=")]
        );
        assert_eq!(read("; name=; x=1"), [pair("name", ""), pair("x", "1")]);
        assert_eq!(read("; =x; y"), []);
    }

    #[test]
    fn a_media_type_is_two_words_or_nothing() {
        let read = |value: &str| media_type(&mut Cursor::new(value.as_bytes()));
        assert_eq!(
            read("Text/HTML; a=b"),
            Some((b"text".to_vec(), b"html".to_vec()))
        );
        assert_eq!(
            read("text / (c) plain"),
            Some((b"text".to_vec(), b"plain".to_vec()))
        );
        assert_eq!(read("text"), None);
        assert_eq!(read("/plain"), None);
        assert_eq!(read(""), None);
    }
}
