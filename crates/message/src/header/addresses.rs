//! Address lists as they are found in the wild. RFC 5322 sections 3.4 and 4.4.
//!
//! Every value gives some list: what no grammar explains is shown as it stands rather than
//! lost. This is for showing. Whether a sender may be trusted is decided by the far
//! stricter reading of the `senders` module.

use super::budget::Budget;
use super::cursor::Cursor;
use super::{is_space, trim};
use crate::EnvelopeAddress;

/// How far the end of an encoded word is looked for. RFC 2047 section 2 allows 75 octets.
const ENCODED_WORD_OCTETS: usize = 256;

/// The addresses of an unfolded value, as many as there is room for.
pub(crate) fn addresses(value: &[u8], budget: &mut Budget) -> Vec<EnvelopeAddress> {
    let mut reader = Reader {
        cursor: Cursor::new(value),
        budget,
        list: Vec::new(),
        words: Words::default(),
        ready: None,
        in_group: false,
        full: false,
    };
    while let Some(octet) = reader.cursor.peek() {
        reader.step(octet);
        if reader.full {
            break;
        }
    }
    reader.flush();
    reader.end_group();
    reader.list
}

struct Reader<'a, 'b> {
    cursor: Cursor<'a>,
    budget: &'b mut Budget,
    list: Vec<EnvelopeAddress>,
    /// What was read since the last address or separator.
    words: Words,
    /// An address that is complete but for a name that may follow it.
    ready: Option<Ready>,
    in_group: bool,
    /// There is no room for more.
    full: bool,
}

#[derive(Default)]
struct Ready {
    name: Vec<u8>,
    route: Vec<u8>,
    local: Vec<u8>,
    host: Vec<u8>,
    /// It stood without angle brackets: what looks like an address may still turn out to
    /// be the name of one that follows (`a@b <a@b>`).
    bare: bool,
}

/// A run of words: a phrase, whose end may be a local part.
#[derive(Default)]
struct Words {
    phrase: Vec<u8>,
    /// The last word, with those that a dot ties to it: what would stand before an `@`.
    local: Vec<u8>,
    /// Where in the phrase the last word begins.
    before: usize,
    /// White space or a comment came after the last word.
    gap: bool,
    comment: Vec<u8>,
}

impl Words {
    fn add(&mut self, word: &[u8]) {
        let tied = !self.gap || self.local.last() == Some(&b'.') || word.first() == Some(&b'.');
        if !tied || self.phrase.is_empty() {
            self.local.clear();
            self.before = self.phrase.len();
        }
        if self.gap && !self.phrase.is_empty() {
            self.phrase.push(b' ');
        }
        self.phrase.extend(word);
        self.local.extend(word);
        self.gap = false;
    }

    /// The phrase without its last word.
    fn name_before_local(&self) -> Vec<u8> {
        trim(self.phrase.get(..self.before).unwrap_or_default()).to_vec()
    }
}

impl Reader<'_, '_> {
    fn step(&mut self, octet: u8) {
        match octet {
            b' ' | b'\t' => self.words.gap |= self.cursor.spaces(),
            b'"' => {
                self.cursor.next();
                let text = self.cursor.quoted();
                self.words.add(&text);
            }
            octet if !is_special(octet) => self.word(),
            special => {
                self.cursor.next();
                self.special(special);
            }
        }
    }

    fn special(&mut self, octet: u8) {
        match octet {
            b'(' => {
                self.words.comment = self.cursor.comment();
                self.words.gap = true;
            }
            b',' => self.flush(),
            b';' => {
                self.flush();
                self.end_group();
            }
            b':' if self.begins_group() => self.begin_group(),
            b'<' => self.angle(),
            b'@' => self.at(),
            _ => self.words.gap = true,
        }
    }

    /// One word; an encoded word is one, whatever octets its writer forgot to encode.
    fn word(&mut self) {
        let rest = self.cursor.rest();
        let word = match encoded_word(rest) {
            Some(length) => self.cursor.take(length),
            None => self
                .cursor
                .until(|octet| is_space(octet) || octet == b'"' || is_special(octet)),
        };
        self.words.add(word);
    }

    fn begins_group(&self) -> bool {
        !self.in_group && self.ready.is_none() && !self.words.phrase.is_empty()
    }

    fn begin_group(&mut self) {
        let words = std::mem::take(&mut self.words);
        match self
            .budget
            .item()
            .and_then(|()| self.budget.text(&words.phrase))
        {
            Some(name) => {
                self.list.push(EnvelopeAddress::GroupStart(name));
                self.in_group = true;
            }
            None => self.full = true,
        }
    }

    fn end_group(&mut self) {
        if std::mem::take(&mut self.in_group) {
            self.list.push(EnvelopeAddress::GroupEnd);
        }
    }

    /// An angle address whose `<` was taken.
    fn angle(&mut self) {
        let name = match self.ready.take() {
            Some(bare) if bare.bare => {
                let mut name = bare.name;
                let gap = if name.is_empty() { "" } else { " " };
                name.extend([gap.as_bytes(), &bare.local, b"@", &bare.host].concat());
                name
            }
            Some(before) => {
                self.emit_named(before);
                std::mem::take(&mut self.words.phrase)
            }
            None => std::mem::take(&mut self.words.phrase),
        };
        let comment = std::mem::take(&mut self.words).comment;
        self.words.comment = comment;
        self.ready = Some(Ready {
            name,
            ..self.inner()
        });
    }

    /// What stands between the angle brackets, through the `>`; through what shows that it
    /// was forgotten, otherwise.
    fn inner(&mut self) -> Ready {
        let route = self.route();
        let mut local = Words::default();
        let mut host: Option<Vec<u8>> = None;
        while let Some(octet) = self.cursor.peek() {
            if matches!(octet, b',' | b';') || self.cursor.eat(b'>') {
                break;
            }
            let text = self.inner_text(octet);
            match (&mut host, octet) {
                (before, b'@') => {
                    if let Some(before) = before.replace(Vec::new()) {
                        local.add(&[b"@", before.as_slice()].concat());
                    }
                }
                (_, b' ' | b'\t' | b'(') => local.gap = true,
                (Some(host), _) => host.extend(text),
                (None, _) => local.add(&text),
            }
        }
        let local = if local.before == 0 {
            local.local
        } else {
            local.phrase
        };
        Ready {
            route,
            local,
            host: host.unwrap_or_default(),
            ..Ready::default()
        }
    }

    /// One element inside angle brackets that begins with this octet.
    fn inner_text(&mut self, octet: u8) -> Vec<u8> {
        match octet {
            b' ' | b'\t' => self.cursor.take(1).to_vec(),
            b'"' => {
                self.cursor.next();
                self.cursor.quoted()
            }
            b'(' => {
                self.cursor.next();
                self.cursor.comment()
            }
            b':' => self.cursor.take(1).to_vec(),
            octet if is_special(octet) => {
                self.cursor.next();
                Vec::new()
            }
            _ => self
                .cursor
                .until(|octet| is_space(octet) || octet == b'"' || is_special(octet))
                .to_vec(),
        }
    }

    /// `@a,@b:` at the start of an angle address. RFC 5322 section 4.4 (obs-route).
    fn route(&mut self) -> Vec<u8> {
        let before = self.cursor;
        self.cursor.blanks();
        if self.cursor.peek() == Some(b'@') {
            let route = self
                .cursor
                .until(|octet| matches!(octet, b':' | b'>' | b'<'));
            if self.cursor.eat(b':') {
                return trim(route).to_vec();
            }
        }
        self.cursor = before;
        Vec::new()
    }

    /// An `@` outside angle brackets was taken.
    fn at(&mut self) {
        let words = std::mem::take(&mut self.words);
        let mut name = words.name_before_local();
        let mut local = words.local;
        match self.ready.take() {
            // A second `@`: what was the domain is part of the local part.
            Some(bare) if bare.bare && words.phrase.is_empty() => {
                name = bare.name;
                local = [&bare.local, b"@".as_slice(), &bare.host].concat();
            }
            Some(before) => self.emit(&before),
            None => {}
        }
        self.words.comment = words.comment;
        let host = self.host();
        self.ready = Some(Ready {
            name,
            local,
            host,
            route: Vec::new(),
            bare: true,
        });
    }

    fn host(&mut self) -> Vec<u8> {
        self.cursor.blanks();
        if self.cursor.peek() == Some(b'[') {
            let mut literal = self
                .cursor
                .until(|octet| matches!(octet, b']' | b',' | b';'))
                .to_vec();
            if self.cursor.eat(b']') {
                literal.push(b']');
            }
            return literal;
        }
        let mut host = Vec::new();
        loop {
            let label = self
                .cursor
                .until(|octet| is_space(octet) || octet == b'"' || is_special(octet));
            host.extend(label);
            // Blanks may stand around the dots (RFC 5322 section 4.4, obs-domain).
            let before = self.cursor;
            self.cursor.blanks();
            let dotted = host.last() == Some(&b'.') || self.cursor.peek() == Some(b'.');
            let more = self
                .cursor
                .peek()
                .is_some_and(|octet| octet != b'"' && !is_special(octet));
            if label.is_empty() || !dotted || !more {
                self.cursor = before;
                return host;
            }
        }
    }

    /// A separator: what was read is one address, if anything.
    fn flush(&mut self) {
        if let Some(ready) = self.ready.take() {
            self.emit_named(ready);
        } else if !self.words.phrase.is_empty() {
            let local = std::mem::take(&mut self.words.phrase);
            let name = std::mem::take(&mut self.words.comment);
            self.emit(&Ready {
                name,
                local,
                ..Ready::default()
            });
        }
        self.words = Words::default();
    }

    /// Gives it the name that follows it, where it has none.
    fn emit_named(&mut self, mut ready: Ready) {
        if ready.name.is_empty() {
            ready.name = std::mem::take(&mut self.words.phrase);
        }
        if ready.name.is_empty() {
            ready.name = std::mem::take(&mut self.words.comment);
        }
        self.emit(&ready);
    }

    fn emit(&mut self, ready: &Ready) {
        match mailbox(ready, self.budget) {
            Some(mailbox) if !self.full => self.list.push(mailbox),
            _ => self.full = true,
        }
    }
}

fn mailbox(ready: &Ready, budget: &mut Budget) -> Option<EnvelopeAddress> {
    budget.item()?;
    let mut optional = |text: &[u8]| {
        if text.is_empty() {
            Some(None)
        } else {
            budget.text(text).map(Some)
        }
    };
    let (name, route) = (optional(&ready.name)?, optional(&ready.route)?);
    let (local, host) = (budget.text(&ready.local)?, budget.text(&ready.host)?);
    Some(EnvelopeAddress::Mailbox {
        name,
        route,
        local,
        host,
    })
}

/// RFC 5322 section 3.2.3 (specials), without the dot, quote, backslash and brackets, which
/// are read as part of a word where they make no sense.
fn is_special(octet: u8) -> bool {
    b"()<>@,;:".contains(&octet)
}

/// The length of the encoded word at the very start, if there is one. RFC 2047 section 2.
fn encoded_word(text: &[u8]) -> Option<usize> {
    let text = text.get(..ENCODED_WORD_OCTETS).unwrap_or(text);
    let after = text.strip_prefix(b"=?")?;
    let mut pieces = after.split(|octet| *octet == b'?');
    let (charset, encoding, words) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let whole = 2 + charset.len() + 1 + encoding.len() + 1 + words.len() + 2;
    let word = text.get(..whole)?;
    let one_line = !word.iter().any(|octet| is_space(*octet) || *octet == b'"');
    (encoding.len() == 1 && word.ends_with(b"?=") && one_line).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name <@route:local@host>`, groups as `start(` and `)`.
    fn read(value: &str) -> Vec<String> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let show = |address: EnvelopeAddress| match address {
            EnvelopeAddress::Mailbox {
                name,
                route,
                local,
                host,
            } => {
                let name = name.map(|name| text(&name) + " ").unwrap_or_default();
                let route = route.map(|route| text(&route) + ":").unwrap_or_default();
                format!("{name}<{route}{}@{}>", text(&local), text(&host))
            }
            EnvelopeAddress::GroupStart(name) => format!("{}(", text(&name)),
            EnvelopeAddress::GroupEnd => ")".into(),
        };
        addresses(value.as_bytes(), &mut Budget::new())
            .into_iter()
            .map(show)
            .collect()
    }

    #[test]
    fn examples_of_the_rfc() {
        assert_eq!(
            read("John Doe <jdoe@machine.example>"),
            ["John Doe <jdoe@machine.example>"]
        );
        assert_eq!(
            read("\"Joe Q. Public\" <john.q.public@example.com>, <boss@nil.test>"),
            [
                "Joe Q. Public <john.q.public@example.com>",
                "<boss@nil.test>"
            ]
        );
        assert_eq!(
            read("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
            [
                "A Group(",
                "Ed Jones <c@a.test>",
                "<joe@where.test>",
                "John <jdoe@one.test>",
                ")"
            ]
        );
        assert_eq!(
            read("Undisclosed recipients:;"),
            ["Undisclosed recipients(", ")"]
        );
        assert_eq!(
            read("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
            ["Pete <pete@silly.test>"]
        );
        assert_eq!(
            read("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;"),
            ["Hidden recipients(", ")"]
        );
        assert_eq!(
            read("Mary Smith  <@node.test:mary@example.net>, , jdoe@test  . example"),
            [
                "Mary Smith <@node.test:mary@example.net>",
                "<jdoe@test.example>"
            ]
        );
    }

    #[test]
    fn a_comment_is_a_name_where_there_is_no_other() {
        assert_eq!(read("jean@x.fr (Jean Dupont)"), ["Jean Dupont <jean@x.fr>"]);
        assert_eq!(read("<jean@x.fr> (Jean)"), ["Jean <jean@x.fr>"]);
        assert_eq!(read("J <jean@x.fr> (Jean)"), ["J <jean@x.fr>"]);
    }

    #[test]
    fn what_programs_forget() {
        assert_eq!(read("jean"), ["<jean@>"]);
        assert_eq!(read("Jean <jean>"), ["Jean <jean@>"]);
        assert_eq!(
            read("Jean <jean@x.fr, b@x.fr"),
            ["Jean <jean@x.fr>", "<b@x.fr>"]
        );
        assert_eq!(read("Jean Dupont jean@x.fr"), ["Jean Dupont <jean@x.fr>"]);
        assert_eq!(read("jean@x.fr Jean Dupont"), ["Jean Dupont <jean@x.fr>"]);
        assert_eq!(read("a@x.fr b@x.fr"), ["<a@x.fr>", "<b@x.fr>"]);
        assert_eq!(read("a@x.fr; b@x.fr;"), ["<a@x.fr>", "<b@x.fr>"]);
        assert_eq!(read("a@x.fr <b@x.fr>"), ["a@x.fr <b@x.fr>"]);
        assert_eq!(read("a@b@c"), ["<a@b@c>"]);
        assert_eq!(read("<a@b@c>"), ["<a@b@c>"]);
        assert_eq!(read("<<a@b>>"), ["<a@b>"]);
        assert_eq!(read("<>"), ["<@>"]);
        assert_eq!(read("@b"), ["<@b>"]);
        assert_eq!(read("<@b>"), ["<@b>"]);
        assert_eq!(read("Group: a@b, c@d"), ["Group(", "<a@b>", "<c@d>", ")"]);
        assert_eq!(read(""), [""; 0]);
        assert_eq!(read(" , ;,"), [""; 0]);
    }

    #[test]
    fn quotes_encoded_words_and_literals() {
        assert_eq!(read("\"a b\"@x.fr"), ["<a b@x.fr>"]);
        assert_eq!(read("\"Dupont, Jean\" <j@x.fr>"), ["Dupont, Jean <j@x.fr>"]);
        assert_eq!(read("Jean P. Dupont <j@x.fr>"), ["Jean P. Dupont <j@x.fr>"]);
        assert_eq!(
            read("=?utf-8?Q?Dupont,_Jean?= <j@x.fr>"),
            ["=?utf-8?Q?Dupont,_Jean?= <j@x.fr>"]
        );
        assert_eq!(
            read("jean@[192.0.2.1], b@[IPv6:2001:db8::1]"),
            ["<jean@[192.0.2.1]>", "<b@[IPv6:2001:db8::1]>"]
        );
        assert_eq!(read("<jean@[192.0.2.1]>"), ["<jean@[192.0.2.1]>"]);
        assert_eq!(read("Ren\u{e9} <r@x.fr>"), ["René <r@x.fr>"]);
    }

    #[test]
    fn a_list_ends_where_the_room_ends_and_its_group_is_closed() {
        let long = format!("G: {};", "a@b.example,".repeat(40_000));
        let mut budget = Budget::new();
        let list = addresses(long.as_bytes(), &mut budget);
        assert!((10_000..40_000).contains(&list.len()));
        assert_eq!(list.last(), Some(&EnvelopeAddress::GroupEnd));
    }
}
