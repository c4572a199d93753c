//! The names of messages in a field: `<left@right>`, as they are really written.
//!
//! Programs fold in the middle of a name, forget a bracket or both, write words and
//! comments between names. The same name must come out of each: a reply copies it into
//! its own field by its own lights.

use crate::header::is_space;
use crate::limits::MSG_ID_OCTETS;

/// The name of a message, without its brackets, white space or the quotes that its left
/// side may stand in (`"a"@b` is `a@b`). Case counts: RFC 5322 section 3.6.4 has it so for
/// the left side, and programs copy the right side as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MsgId(Box<[u8]>);

impl MsgId {
    /// Its octets: never none, [`MSG_ID_OCTETS`] at most.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What else a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing but names.
    Names,
    /// Words beside them.
    Words,
}

/// Gives each name in a field's value, folded or not, in order.
///
/// Names without brackets count only where the field holds nothing else, as in
/// `References: a@x b@x`: in a sentence they would be somebody's address.
pub(super) fn msg_ids(value: &[u8], mut give: impl FnMut(MsgId)) -> Kind {
    let mut reader = Reader::new(value);
    let (mut kind, mut bracketed, mut bare) = (Kind::Names, false, true);
    while let Some(item) = reader.next() {
        match item {
            Item::Name(id) => {
                bracketed = true;
                id.into_iter().for_each(&mut give);
            }
            Item::Word(word) => {
                kind = Kind::Words;
                bare &= looks_like_name(word);
            }
            Item::Quoted => (kind, bare) = (Kind::Words, false),
        }
    }
    if bracketed || kind == Kind::Names || !bare {
        return kind;
    }
    let mut reader = Reader::new(value);
    while let Some(item) = reader.next() {
        if let Item::Word(word) = item {
            made(word.to_vec()).into_iter().for_each(&mut give);
        }
    }
    Kind::Names
}

fn made(octets: Vec<u8>) -> Option<MsgId> {
    let fits = (1..=MSG_ID_OCTETS).contains(&octets.len());
    fits.then(|| MsgId(octets.into()))
}

/// One `@` with something on both sides.
fn looks_like_name(word: &[u8]) -> bool {
    let mut sides = word.split(|octet| *octet == b'@');
    let full = |side: Option<&[u8]>| side.is_some_and(|side| !side.is_empty());
    full(sides.next()) && full(sides.next()) && sides.next().is_none()
}

/// One thing that stands in a value, beside white space and comments.
enum Item<'a> {
    /// A name in brackets; none where it is empty or too long.
    Name(Option<MsgId>),
    Word(&'a [u8]),
    Quoted,
}

struct Reader<'a> {
    rest: &'a [u8],
    /// A comment, or a quoted string, was found to have no end: no later one is looked for,
    /// so that the time does not grow with the square of the length.
    no_comments: bool,
    no_quotes: bool,
}

impl<'a> Reader<'a> {
    fn new(value: &'a [u8]) -> Self {
        Self {
            rest: value,
            no_comments: false,
            no_quotes: false,
        }
    }

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            let (octet, after) = self.rest.split_first()?;
            match octet {
                octet if is_gap(*octet) => self.rest = after,
                b'(' if !self.no_comments => match past_comment(after) {
                    Some(rest) => self.rest = rest,
                    None => self.no_comments = true,
                },
                b'"' if !self.no_quotes => match past_quoted(after, |_| false) {
                    Some(rest) => {
                        self.rest = rest;
                        return Some(Item::Quoted);
                    }
                    None => self.no_quotes = true,
                },
                b'<' => {
                    self.rest = after;
                    return Some(Item::Name(self.name()));
                }
                _ => return Some(Item::Word(self.word())),
            }
        }
    }

    /// What stands up to white space or a bracket.
    fn word(&mut self) -> &'a [u8] {
        let ends = |octet: &u8| is_gap(*octet) || *octet == b'<';
        let end = self.rest.iter().position(ends);
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// A name whose `<` was taken, through its `>`; up to the next `<` or the end where that
    /// is missing.
    fn name(&mut self) -> Option<MsgId> {
        let (mut name, mut no_quotes) = (Vec::new(), false);
        while let Some((octet, after)) = self.rest.split_first() {
            if *octet == b'"' && !no_quotes {
                if let Some(rest) = past_quoted(after, is_bracket) {
                    name.extend(unquoted(after, rest));
                    self.rest = rest;
                    continue;
                }
                no_quotes = true;
            }
            if *octet == b'<' {
                break;
            }
            self.rest = after;
            if *octet == b'>' {
                break;
            }
            if !is_space(*octet) && !is_line(*octet) {
                name.push(*octet);
            }
        }
        made(name)
    }
}

/// White space, and the comma that some programs put between names.
fn is_gap(octet: u8) -> bool {
    is_space(octet) || is_line(octet) || octet == b','
}

/// What no line holds: a name has none of it.
fn is_line(octet: u8) -> bool {
    matches!(octet, b'\r' | b'\n' | 0)
}

/// What follows a comment whose `(` was taken; none where it does not end.
fn past_comment(value: &[u8]) -> Option<&[u8]> {
    let (mut open, mut rest) = (1_usize, value);
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        match octet {
            b'\\' => rest = after.get(1..)?,
            b'(' => open += 1,
            b')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(rest);
        }
    }
    None
}

/// What follows a quoted string whose `"` was taken; none where it does not end before one
/// of these octets.
fn past_quoted(value: &[u8], never: fn(u8) -> bool) -> Option<&[u8]> {
    let mut rest = value;
    while let Some((octet, after)) = rest.split_first() {
        rest = match octet {
            b'"' => return Some(after),
            octet if never(*octet) => return None,
            b'\\' => after.get(1..)?,
            _ => after,
        };
    }
    None
}

/// Within a name no quoted string has a bracket: one that has is a quote that somebody
/// forgot to close.
fn is_bracket(octet: u8) -> bool {
    matches!(octet, b'<' | b'>')
}

/// The text of a quoted string whose `"` was taken and after which comes `rest`.
fn unquoted(value: &[u8], rest: &[u8]) -> Vec<u8> {
    let length = value.len() - rest.len();
    let mut octets = value.iter().take(length.saturating_sub(1));
    let mut text = Vec::new();
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => text.extend(octets.next().filter(|octet| !is_line(**octet))),
            octet if is_line(*octet) => {}
            octet => text.push(*octet),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(value: &str) -> Vec<String> {
        let mut ids = Vec::new();
        msg_ids(value.as_bytes(), |id| {
            ids.push(String::from_utf8_lossy(id.as_bytes()).into_owned());
        });
        ids
    }

    #[test]
    fn as_the_rfc_writes_them() {
        assert_eq!(read(" <a.b@c.d>"), ["a.b@c.d"]);
        assert_eq!(
            read("<a@b>\r\n\t<c@d> <e@[1.2.3.4]>"),
            ["a@b", "c@d", "e@[1.2.3.4]"]
        );
        assert_eq!(read("(x <n@n> (y)) <a@b> (\\) z)"), ["a@b"]);
        assert_eq!(read("<\"a b\"@c>"), ["a b@c"]);
        assert_eq!(read("<\"a\\\"b\"@c>"), ["a\"b@c"]);
        assert_eq!(read("<\"a\"@c>"), read("<a@c>"));
    }

    #[test]
    fn as_programs_write_them() {
        assert_eq!(read("<a@b><c@d>,<e@f>"), ["a@b", "c@d", "e@f"]);
        assert_eq!(read("<very.\r\n long@b>"), ["very.long@b"]);
        assert_eq!(read("<a@b <c@d> <e@f"), ["a@b", "c@d", "e@f"]);
        assert_eq!(read("a@b"), ["a@b"]);
        assert_eq!(read("a@b, c@d\r\n e@f"), ["a@b", "c@d", "e@f"]);
        assert_eq!(read("<no-at-sign>"), ["no-at-sign"]);
        assert_eq!(read("<\"a@b>"), ["\"a@b"]);
        assert_eq!(read("your note (of 1 <a@b>"), ["a@b"]);
        assert_eq!(read("\"a <n@n>\" <a@b>"), ["a@b"]);
        assert_eq!(read("\"a <a@b>"), ["a@b"]);
    }

    #[test]
    fn what_is_no_name() {
        for value in [
            "",
            "<>",
            "< >",
            "x",
            "mail from a@b",
            "a@",
            "a@b@c",
            "\"a\" b@c",
        ] {
            assert_eq!(read(value), [""; 0], "{value:?}");
        }
        let long = |octets: usize| format!("<{}>", "x".repeat(octets));
        assert_eq!(read(&long(MSG_ID_OCTETS)).len(), 1);
        assert_eq!(read(&long(MSG_ID_OCTETS + 1)).len(), 0);
    }

    #[test]
    fn time_does_not_grow_with_the_square() {
        for piece in ["(", "\"", "<\"", "\\(", "<", "(\\", "a\"(", "\\\"", "\"\""] {
            let mut count = 0;
            let many = piece.repeat(500_000);
            msg_ids(many.as_bytes(), |_| count += 1);
            msg_ids(format!("<{many}").as_bytes(), |_| count += 1);
            assert!(count <= 1_000_000);
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_a_value(value: Vec<u8>) {
            msg_ids(&value, |id| {
                assert!((1..=MSG_ID_OCTETS).contains(&id.as_bytes().len()));
                assert!(!id.as_bytes().iter().any(|octet| b"\r\n\0".contains(octet)));
            });
        }

        /// However a program writes them down, the names are the same.
        #[test]
        fn names_come_back(
            names in proptest::collection::vec("[a-z0-9.$!]{1,8}@[a-z0-9.-]{1,8}", 1..5),
            gap in prop_oneof![
                Just(" "), Just("\r\n\t"), Just(", "), Just(" (a <b@c> \"d\") "), Just(""),
            ],
            fold in 0..8_usize,
            quoted: bool,
        ) {
            let write = |name: &String| {
                let (left, right) = name.split_once('@').unwrap();
                if quoted {
                    return format!("<\"{left}\"@{right}>");
                }
                let (one, other) = name.split_at(fold.min(name.len()));
                format!("<{one}\r\n {other}>")
            };
            let written: Vec<String> = names.iter().map(write).collect();
            prop_assert_eq!(read(&written.join(gap)), names);
        }
    }
}
