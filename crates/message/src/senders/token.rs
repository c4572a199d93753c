//! The words of a sender field, and every reason to doubt them. RFC 5322 section 3.2.

use crate::header::cursor::Cursor;
use crate::header::is_space;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A run of letters that need no quoting.
    Atom(String),
    /// A quoted string, its quoting taken off.
    Quoted(String),
    /// One of `.<>@,;:`.
    Special(char),
}

/// A word, and whether white space or a comment stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spaced {
    pub(super) token: Token,
    pub(super) gap: bool,
}

/// Cuts an unfolded value into words, and gives the comments besides; `None` where a client
/// may cut it otherwise.
pub(super) fn tokens(value: &[u8]) -> Option<(Vec<Spaced>, Vec<String>)> {
    if value
        .iter()
        .any(|octet| octet.is_ascii_control() && !is_space(*octet))
    {
        return None;
    }
    let mut cursor = Cursor::new(value);
    let (mut tokens, mut comments) = (Vec::new(), Vec::new());
    loop {
        let gap = blanks(&mut cursor, &mut comments)?;
        let Some(octet) = cursor.peek() else {
            return Some((tokens, comments));
        };
        let token = match octet {
            b'"' => Token::Quoted(enclosed(&mut cursor, Cursor::quoted, b'"')?),
            b'.' | b'<' | b'>' | b'@' | b',' | b';' | b':' => {
                cursor.next();
                Token::Special(octet.into())
            }
            octet if is_atom(octet) => Token::Atom(atom(cursor.until(|octet| !is_atom(octet)))),
            // `[`, `]`, `\`, `)`: an address literal, which no account is, or nonsense.
            _ => return None,
        };
        tokens.push(Spaced { token, gap });
    }
}

/// RFC 5322 section 3.2.3 (atext), and every octet beyond ASCII (RFC 6532).
fn is_atom(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || !octet.is_ascii() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

/// Old programs write names in the charset of their country; the replacement character
/// that stands for those octets is in no address.
fn atom(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Passes white space and comments; true when there was some. A comment in which an
/// address could be seen is a doubt.
fn blanks(cursor: &mut Cursor<'_>, comments: &mut Vec<String>) -> Option<bool> {
    let mut gap = false;
    loop {
        gap |= cursor.spaces();
        if cursor.peek() != Some(b'(') {
            return Some(gap);
        }
        comments.push(enclosed(cursor, Cursor::comment, b')')?);
        gap = true;
    }
}

/// What stands between an octet that opens, which is next, and the one that closes; `None`
/// where its end is open to doubt, or an address can be seen in it.
fn enclosed<'a>(
    cursor: &mut Cursor<'a>,
    read: fn(&mut Cursor<'a>) -> Vec<u8>,
    close: u8,
) -> Option<String> {
    let before = cursor.rest();
    cursor.next();
    let text = read(cursor);
    let whole = before.get(..before.len() - cursor.rest().len())?;
    let inside = whole.get(1..)?.strip_suffix(&[close])?;
    // `"a\"` ends in a quote that ends nothing.
    let slashes = inside
        .iter()
        .rev()
        .take_while(|octet| **octet == b'\\')
        .count();
    (slashes % 2 == 0 && !looks_like_address(&text)).then(|| atom(&text))
}

/// True for a text in which a careless client finds `<somebody@else>`.
fn looks_like_address(text: &[u8]) -> bool {
    text.contains(&b'@') && text.iter().any(|octet| matches!(octet, b'<' | b'>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<Vec<String>> {
        let show = |spaced: Spaced| {
            let gap = if spaced.gap { "_" } else { "" };
            match spaced.token {
                Token::Atom(text) => format!("{gap}{text}"),
                Token::Quoted(text) => format!("{gap}\"{text}\""),
                Token::Special(c) => format!("{gap}{c}"),
            }
        };
        tokens(value.as_bytes()).map(|(list, _)| list.into_iter().map(show).collect())
    }

    #[test]
    fn words_and_gaps() {
        assert_eq!(
            read("A \"b c\" (x) <d.e@f>").unwrap(),
            ["A", "_\"b c\"", "_<", "d", ".", "e", "@", "f", ">"]
        );
        assert_eq!(read("(x)").unwrap(), [""; 0]);
    }

    #[test]
    fn doubts() {
        for value in [
            "a\0",
            "\"a",
            "\"a\\\"",
            "\"",
            "(a",
            "(a\\)",
            "a\\b",
            "[a]",
            "a)",
            "(<a@b>)",
            "\"<a@b>\"",
            "a\rb",
        ] {
            assert_eq!(read(value), None, "{value:?}");
        }
    }
}
