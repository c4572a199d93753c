//! A reader as strict as the oldest client: section 4.6 of what we know of the old
//! tablet's e-mail app, and RFC 3501 where that is stricter. It hears both sides of a
//! conversation and panics at the first octet that such a client could not take.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use playback::{Received, Wire};

/// One value of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Atom(String),
    String(Vec<u8>),
    List(Vec<Value>),
}

impl Value {
    fn atom(&self) -> &str {
        match self {
            Value::Atom(atom) => atom,
            other => panic!("an atom is needed: {other:?}"),
        }
    }

    fn list(&self) -> &[Value] {
        match self {
            Value::List(list) => list,
            other => panic!("a list is needed: {other:?}"),
        }
    }

    fn number(&self) -> u32 {
        number(self.atom())
    }

    fn is_nil(&self) -> bool {
        matches!(self, Value::Atom(atom) if atom == "NIL")
    }

    fn is_string(&self) -> bool {
        matches!(self, Value::String(_))
    }
}

/// Numbers are read as signed 32-bit ones.
fn number(text: &str) -> u32 {
    let number: u32 = text.parse().unwrap_or_else(|_| panic!("no number: {text}"));
    assert!(number < 1 << 31, "{number} is negative to some");
    number
}

/// What is known of the conversation.
#[derive(Default)]
pub(crate) struct Reader {
    from_server: Vec<u8>,
    from_client: Vec<u8>,
    /// Octets of the client's literal still to come.
    literal: usize,
    /// The client's command goes on after a literal.
    inside: bool,
    /// Commands without an answer: tag and name.
    open: VecDeque<(String, String)>,
    /// The client waits for `+`.
    waits: bool,
    exists: Option<u32>,
    exists_since_select: bool,
    over: bool,
    /// It does not hear the client.
    deaf: bool,
}

impl Reader {
    /// From here on it hears the server alone: what the client says is beyond it.
    pub(crate) fn be_deaf(&mut self) {
        (self.deaf, self.waits) = (true, false);
    }

    /// The client sends this.
    pub(crate) fn client(&mut self, octets: &[u8]) {
        self.from_client.extend_from_slice(octets);
        loop {
            if self.literal > 0 {
                let there = self.literal.min(self.from_client.len());
                self.from_client.drain(..there);
                self.literal -= there;
            }
            let Some(end) = self.from_client.iter().position(|&octet| octet == b'\n') else {
                return;
            };
            if self.literal > 0 {
                return;
            }
            let line: Vec<u8> = self.from_client.drain(..=end).collect();
            self.client_line(String::from_utf8_lossy(&line).trim_end());
        }
    }

    fn client_line(&mut self, line: &str) {
        let waited = std::mem::take(&mut self.waits);
        if !self.inside && !waited {
            let mut words = line.split(' ');
            let tag = tag_of(words.next().unwrap_or_default()).to_owned();
            let name = words.next().unwrap_or_default().to_ascii_uppercase();
            let name = if name == "UID" {
                format!(
                    "UID {}",
                    words.next().unwrap_or_default().to_ascii_uppercase()
                )
            } else {
                name
            };
            self.waits = name == "IDLE" || (name == "AUTHENTICATE" && words.count() < 2);
            self.open.push_back((tag, name));
        }
        let announced = line
            .strip_suffix('}')
            .and_then(|line| line.rsplit_once('{'));
        let size = announced.map(|(_, size)| (size.trim_end_matches('+'), size.ends_with('+')));
        self.inside = false;
        if let Some((Ok(size), sent_at_once)) =
            size.map(|(size, plus)| (size.parse::<usize>(), plus))
        {
            self.inside = true;
            self.literal = size;
            self.waits = !sent_at_once;
        }
    }

    /// The server sends this.
    pub(crate) fn server(&mut self, octets: &[u8]) {
        self.from_server.extend_from_slice(octets);
        while let Some(end) = whole_response(&self.from_server) {
            let response: Vec<u8> = self.from_server.drain(..end).collect();
            self.response(&response);
        }
    }

    fn response(&mut self, octets: &[u8]) {
        assert!(
            !self.over,
            "nothing may follow BYE and the end: {}",
            octets.escape_ascii()
        );
        if let Some(rest) = octets.strip_prefix(b"+") {
            assert!(rest.starts_with(b" "), "a space must follow the +");
            assert!(self.waits || self.deaf, "nobody waits for +");
            text(rest);
            return;
        }
        let (tag, rest) = word(octets);
        if tag == "*" {
            self.untagged(rest);
            return;
        }
        self.tagged(&tag, rest);
    }

    fn tagged(&mut self, tag: &str, rest: &[u8]) {
        if self.deaf {
            let (condition, text_part) = word(rest);
            assert!(!tag.is_empty() && tag_of(tag) == tag, "no tag: {tag}");
            assert!(["OK", "NO", "BAD"].contains(&condition.as_str()));
            return status(text_part);
        }
        let (open, name) = self.open.pop_front().expect("no command is open");
        assert_eq!(tag, open, "answers come in order");
        // A literal that was refused is not sent.
        if self.waits && self.open.is_empty() {
            (self.waits, self.inside, self.literal) = (false, false, 0);
        }
        let (condition, text_part) = word(rest);
        status(text_part);
        match (condition.as_str(), name.as_str()) {
            ("OK", "SELECT" | "EXAMINE") => {
                assert!(self.exists_since_select, "SELECT must carry EXISTS");
            }
            ("NO", "SEARCH" | "UID SEARCH") => {
                assert!(
                    text_part.starts_with(b"[BADCHARSET"),
                    "SEARCH never says NO"
                );
            }
            ("OK" | "NO" | "BAD", _) => {}
            (other, _) => panic!("no condition: {other}"),
        }
        if name == "SELECT" || name == "EXAMINE" {
            if condition == "NO" {
                self.exists = None;
            }
            self.exists_since_select = false;
        }
    }

    fn untagged(&mut self, rest: &[u8]) {
        let (first, after) = word(rest);
        let early = self.literal_is_pending() && first != "BYE";
        assert!(
            !early,
            "nothing may stand between a literal's line and its +"
        );
        match first.as_str() {
            "OK" | "NO" | "BAD" | "BYE" => {
                status(after);
                // The answer to a line whose tag can't be read.
                if first == "BAD" && !self.deaf {
                    self.open
                        .pop_front_if(|(tag, _)| tag.is_empty())
                        .expect("no such line");
                }
            }
            "CAPABILITY" | "ENABLED" => text(after),
            "SEARCH" => {
                for number_text in str::from_utf8(after).unwrap().split_whitespace() {
                    number(number_text);
                }
            }
            "FLAGS" | "LIST" | "LSUB" | "STATUS" | "NAMESPACE" | "ID" => {
                let values = values(after);
                if first == "FLAGS" || first == "LIST" || first == "LSUB" {
                    values[0]
                        .list()
                        .iter()
                        .for_each(|flag| flag_is_readable(flag.atom()));
                }
                if first == "LIST" || first == "LSUB" {
                    assert!(values[1].is_string() && values[2].is_string(), "{values:?}");
                }
                if first == "STATUS" {
                    assert!(values[0].is_string());
                    pairs(values[1].list()).for_each(|(name, value)| match name {
                        "MAILBOXID" => object_is_readable(value),
                        _ => drop(value.number()),
                    });
                }
            }
            numbered => self.numbered(number(numbered), after),
        }
    }

    fn literal_is_pending(&self) -> bool {
        self.waits && self.inside && self.open.len() == 1
    }

    fn numbered(&mut self, number: u32, rest: &[u8]) {
        let (what, after) = word(rest);
        let current = self.open.front().map(|(_, name)| name.clone());
        match what.as_str() {
            "EXISTS" => {
                let selecting =
                    self.deaf || matches!(current.as_deref(), Some("SELECT" | "EXAMINE"));
                if let Some(before) = self.exists.filter(|_| !selecting) {
                    assert!(number >= before, "EXISTS never takes messages away");
                }
                self.exists = Some(number);
                self.exists_since_select |= selecting;
            }
            "RECENT" => assert!(Some(number) <= self.exists),
            "EXPUNGE" => {
                if !self.deaf {
                    let current = current.expect("no EXPUNGE without a command");
                    assert!(
                        !["FETCH", "STORE", "SEARCH"].contains(&current.as_str()),
                        "EXPUNGE in {current}"
                    );
                }
                self.check_number(number);
                self.exists = self.exists.map(|exists| exists - 1);
            }
            "FETCH" => {
                self.check_number(number);
                let values = values(after);
                assert_eq!(values.len(), 1);
                fetched(values[0].list(), current.as_deref() == Some("UID FETCH"));
            }
            other => panic!("no response: {other}"),
        }
    }

    fn check_number(&self, number: u32) {
        assert!(
            number > 0 && Some(number) <= self.exists,
            "{number} of {:?}",
            self.exists
        );
    }

    /// The server has closed.
    pub(crate) fn end(&mut self) {
        assert!(
            self.from_server.is_empty(),
            "half a response: {}",
            self.from_server.escape_ascii()
        );
        self.over = true;
    }
}

/// What a server can read of a tag.
fn tag_of(word: &str) -> &str {
    let good = |octet: u8| octet.is_ascii_graphic() && !b"(){%*\"\\+".contains(&octet);
    let end = word
        .bytes()
        .position(|octet| !good(octet))
        .unwrap_or(word.len());
    &word[..end]
}

/// Where the first response ends, its literals included; `None` until it is whole.
fn whole_response(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let end = at + octets.get(at..)?.iter().position(|&octet| octet == b'\n')? + 1;
        let line = octets[at..end]
            .strip_suffix(b"\r\n")
            .expect("CRLF ends every line");
        let readable = |&octet: &u8| (0x20..0x7f).contains(&octet);
        assert!(
            line.iter().all(readable),
            "only ASCII in a line: {}",
            line.escape_ascii()
        );
        let literal = line.strip_suffix(b"}").and_then(|line| {
            let open = line.iter().rposition(|&octet| octet == b'{')?;
            str::from_utf8(&line[open + 1..])
                .ok()?
                .parse::<usize>()
                .ok()
        });
        match literal {
            Some(size) => {
                at = end + size;
                octets.get(at..)?;
            }
            None => return Some(end),
        }
    }
}

/// The first word, and what follows the space after it.
fn word(octets: &[u8]) -> (String, &[u8]) {
    let end = octets
        .iter()
        .position(|octet| matches!(octet, b' ' | b'\r'))
        .unwrap_or(octets.len());
    let rest = &octets[end..];
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    (String::from_utf8(octets[..end].to_vec()).unwrap(), rest)
}

/// Words in one line.
fn text(octets: &[u8]) {
    let line = octets.strip_suffix(b"\r\n").expect("a line end");
    assert!(!line.contains(&b'\r') && !line.contains(&b'\n'));
}

/// `[CODE] words`.
fn status(octets: &[u8]) {
    text(octets);
    let line = octets.strip_suffix(b"\r\n").unwrap();
    let words = match line.strip_prefix(b"[") {
        None => line,
        Some(coded) => {
            let close = coded
                .iter()
                .position(|&octet| octet == b']')
                .expect("a code ends");
            coded[close + 1..]
                .strip_prefix(b" ")
                .expect("a space after a code")
        }
    };
    assert!(!words.is_empty(), "words must follow");
}

/// The values of a response up to its end.
pub(crate) fn values(octets: &[u8]) -> Vec<Value> {
    let mut rest = octets;
    let mut values = Vec::new();
    while rest != b"\r\n" {
        if !values.is_empty() {
            rest = rest
                .strip_prefix(b" ")
                .unwrap_or_else(|| panic!("one space: {}", rest.escape_ascii()));
        }
        let (value, after) = value(rest);
        values.push(value);
        rest = after;
    }
    values
}

fn value(octets: &[u8]) -> (Value, &[u8]) {
    match octets[0] {
        b'(' => list(&octets[1..]),
        // The next quote ends it: backslashes are not understood.
        b'"' => {
            let end = octets[1..]
                .iter()
                .position(|&octet| octet == b'"')
                .expect("a quote")
                + 1;
            let string = &octets[1..end];
            assert!(!string.contains(&b'\\'), "no backslash between quotes");
            (Value::String(string.to_vec()), &octets[end + 1..])
        }
        b'{' => {
            let end = octets.iter().position(|&octet| octet == b'}').expect("}");
            let size: usize = str::from_utf8(&octets[1..end]).unwrap().parse().unwrap();
            let rest = octets[end + 1..]
                .strip_prefix(b"\r\n")
                .expect("CRLF after a literal's size");
            assert!(!rest[..size].contains(&0), "no NUL in a literal");
            (Value::String(rest[..size].to_vec()), &rest[size..])
        }
        _ => atom(octets),
    }
}

/// Values up to a parenthesis. Only addresses and parts follow each other without a space.
fn list(mut rest: &[u8]) -> (Value, &[u8]) {
    let mut values = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(b")") {
            return (Value::List(values), after);
        }
        if !values.is_empty() {
            match rest.strip_prefix(b" ") {
                Some(after) => rest = after,
                None => assert!(rest[0] == b'(' && matches!(values.last(), Some(Value::List(_)))),
            }
        }
        let (value, after) = value(rest);
        values.push(value);
        rest = after;
    }
}

/// An atom, in which `[` swallows everything up to the next `]`; but for strings, in which
/// only a client that has asked for a field of such a name finds a `]`.
fn atom(octets: &[u8]) -> (Value, &[u8]) {
    let mut end = 0;
    while let Some(&octet) = octets.get(end) {
        match octet {
            b' ' | b')' | b'\r' => break,
            b'[' => {
                end += 1;
                while octets[end] != b']' {
                    end = match octets[end] {
                        b'"' | b'{' => octets.len() - value(&octets[end..]).1.len(),
                        _ => end + 1,
                    };
                }
                end += 1;
            }
            b'(' | b'{' | b'%' | b']' | b'"' => {
                panic!("no atom: {}", octets[..=end].escape_ascii())
            }
            _ => end += 1,
        }
    }
    assert!(end > 0, "an empty atom: {}", octets.escape_ascii());
    (
        Value::Atom(String::from_utf8(octets[..end].to_vec()).unwrap()),
        &octets[end..],
    )
}

fn pairs(values: &[Value]) -> impl Iterator<Item = (&str, &Value)> {
    let (pairs, rest) = values.as_chunks::<2>();
    assert!(rest.is_empty(), "names and values: {values:?}");
    pairs.iter().map(|[name, value]| (name.atom(), value))
}

/// RFC 8474 section 7.
fn object_is_readable(value: &Value) {
    let [id] = value.list() else {
        panic!("one identifier is needed: {value:?}")
    };
    let good = |octet: u8| octet.is_ascii_alphanumeric() || b"_-".contains(&octet);
    assert!((1..=255).contains(&id.atom().len()) && id.atom().bytes().all(good));
}

fn flag_is_readable(flag: &str) {
    assert!(!flag.contains(['[', ']', '%', '{', '(', ')']), "{flag}");
}

fn fetched(items: &[Value], with_uid: bool) {
    let mut uid = false;
    let mut names = Vec::new();
    for (name, value) in pairs(items) {
        assert!(!names.contains(&name), "{name} twice");
        names.push(name);
        match name {
            "UID" => {
                uid = true;
                assert!(value.number() > 0);
            }
            "FLAGS" => value
                .list()
                .iter()
                .for_each(|flag| flag_is_readable(flag.atom())),
            "RFC822.SIZE" => {
                value.number();
            }
            "INTERNALDATE" => date(value),
            "EMAILID" | "THREADID" => object_is_readable(value),
            "ENVELOPE" => envelope(value),
            "BODYSTRUCTURE" => structure(value, true),
            "BODY" => structure(value, false),
            section => {
                assert!(
                    section.starts_with("BODY[") || section.starts_with("RFC822"),
                    "{section}"
                );
                assert!(value.is_string() || value.is_nil());
            }
        }
    }
    assert!(
        uid || !with_uid,
        "a UID FETCH answers with the UID: {items:?}"
    );
}

/// `"05-Nov-2026 10:11:12 +0100"`.
fn date(value: &Value) {
    let Value::String(date) = value else {
        panic!("{value:?}")
    };
    assert_eq!(date.len(), 26);
    let month = str::from_utf8(&date[3..6]).unwrap();
    assert!("JanFebMarAprMayJunJulAugSepOctNovDec".contains(month));
}

fn envelope(value: &Value) {
    let fields = value.list();
    assert_eq!(fields.len(), 10);
    for index in [0, 1, 8, 9] {
        assert!(fields[index].is_string() || fields[index].is_nil());
    }
    for addresses in &fields[2..8] {
        if addresses.is_nil() {
            continue;
        }
        assert!(!addresses.list().is_empty());
        for address in addresses.list() {
            let parts = address.list();
            assert_eq!(parts.len(), 4);
            assert!(parts.iter().all(|part| part.is_string() || part.is_nil()));
        }
    }
}

/// Every leaf has an encoding that is a string, its octets, and its extension data.
fn structure(value: &Value, full: bool) {
    let fields = value.list();
    if matches!(fields[0], Value::List(_)) {
        let parts = fields
            .iter()
            .take_while(|field| matches!(field, Value::List(_)))
            .count();
        fields[..parts]
            .iter()
            .for_each(|part| structure(part, full));
        assert!(fields[parts].is_string());
        assert_eq!(fields.len(), parts + if full { 5 } else { 1 });
        return;
    }
    assert!(fields[0].is_string() && fields[1].is_string());
    assert!(fields[5].is_string(), "an encoding is never NIL");
    fields[6].number();
    let Value::String(kind) = &fields[0] else {
        unreachable!()
    };
    let Value::String(subtype) = &fields[1] else {
        unreachable!()
    };
    let mut length = 7;
    if kind.eq_ignore_ascii_case(b"text") {
        fields[7].number();
        length += 1;
    } else if kind.eq_ignore_ascii_case(b"message") && subtype.eq_ignore_ascii_case(b"rfc822") {
        envelope(&fields[7]);
        structure(&fields[8], full);
        fields[9].number();
        length += 3;
    }
    assert_eq!(fields.len(), length + if full { 4 } else { 0 });
    if full && !fields[length + 1].is_nil() {
        assert!(fields[length + 1].list()[0].is_string());
    }
}

/// A wire whose both sides are heard by a [`Reader`].
pub(crate) struct Heard {
    wire: Box<dyn Wire>,
    reader: Reader,
}

impl Heard {
    pub(crate) fn on(wire: Box<dyn Wire>) -> Heard {
        Heard {
            wire,
            reader: Reader::default(),
        }
    }
}

impl Wire for Heard {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.reader.client(octets);
        self.wire.send(octets)
    }

    fn receive(&mut self, room: &mut [u8], patience: Duration) -> io::Result<Received> {
        let received = self.wire.receive(room, patience)?;
        match received {
            Received::Octets(count) => self.reader.server(&room[..count]),
            Received::End => self.reader.end(),
            Received::Nothing => {}
        }
        Ok(received)
    }

    fn secure(self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        // What was pipelined in the clear is dropped by both.
        Ok(Box::new(Heard::on(self.wire.secure()?)))
    }
}
