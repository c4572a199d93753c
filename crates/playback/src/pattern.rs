//! The text of one line: what it stands for, and whether octets match it.

use std::collections::BTreeMap;

/// Names and what they stand for.
pub(crate) type Names = BTreeMap<String, Vec<u8>>;

/// How a line ends on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Crlf,
    BareLf,
    None,
}

impl End {
    /// The octets that it is.
    pub(crate) fn octets(self) -> &'static [u8] {
        match self {
            Self::Crlf => b"\r\n",
            Self::BareLf => b"\n",
            Self::None => b"",
        }
    }

    /// The mark that shows it in a transcript.
    fn mark(self) -> &'static str {
        match self {
            Self::Crlf => "",
            Self::BareLf => "{bare-lf}",
            Self::None => "{no-end}",
        }
    }
}

/// A stretch of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Octets(Vec<u8>),
    /// `{*}` or `{*name}`.
    Any(Option<String>),
    /// `{name}`.
    Named(String),
}

/// What one line of a transcript stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
    end: End,
}

/// What one group in braces means.
enum Group {
    Piece(Piece),
    End(End),
}

impl Pattern {
    /// Reads the text of a line. Every text is one: unknown braces stand for themselves.
    pub(crate) fn read(text: &str) -> Pattern {
        let mut pattern = Pattern {
            pieces: Vec::new(),
            end: End::Crlf,
        };
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            pattern.push_octets(before.as_bytes());
            rest = match group(from) {
                Some((Group::Piece(Piece::Octets(octets)), after)) => {
                    pattern.push_octets(&octets);
                    after
                }
                Some((Group::Piece(piece), after)) => {
                    pattern.pieces.push(piece);
                    after
                }
                // A mark of the line's end means that only at the line's end.
                Some((Group::End(end), "")) => {
                    pattern.end = end;
                    ""
                }
                Some((Group::End(_), _)) | None => {
                    pattern.push_octets(b"{");
                    from.strip_prefix('{').unwrap_or_default()
                }
            };
        }
        pattern.push_octets(rest.as_bytes());
        pattern
    }

    fn push_octets(&mut self, octets: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Octets(last)) => last.extend_from_slice(octets),
            _ if octets.is_empty() => {}
            _ => self.pieces.push(Piece::Octets(octets.to_vec())),
        }
    }

    /// Whether the text leaves something open, so that it can't be sent.
    pub(crate) fn has_wildcard(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Any(_)))
    }

    /// The octets to send, line end included; `Err` is a name that stands for nothing.
    pub(crate) fn octets(&self, names: &Names) -> Result<Vec<u8>, String> {
        let mut line = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Octets(octets) => line.extend_from_slice(octets),
                Piece::Named(name) => {
                    line.extend_from_slice(names.get(name).ok_or_else(|| name.clone())?);
                }
                Piece::Any(_) => return Err("*".to_owned()),
            }
        }
        line.extend_from_slice(self.end.octets());
        Ok(line)
    }

    /// Whether a line from the server is this one. If so, `names` gains what the
    /// wildcards with a name stand for.
    pub(crate) fn matches(&self, line: &[u8], names: &mut Names) -> bool {
        let (text, end) = split_end(line);
        let mut found = Names::new();
        if end != self.end || !fits(&self.pieces, text, names, &mut found) {
            return false;
        }
        names.append(&mut found);
        true
    }
}

/// Whether the pieces account for the whole text; the shortest run is tried first for
/// each wildcard. The depth is the number of pieces in one line of a transcript.
fn fits(pieces: &[Piece], text: &[u8], names: &Names, found: &mut Names) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    match first {
        Piece::Octets(octets) => match text.strip_prefix(octets.as_slice()) {
            Some(after) => fits(rest, after, names, found),
            None => false,
        },
        Piece::Named(name) => match found.get(name).or_else(|| names.get(name)) {
            Some(value) => match text.strip_prefix(value.as_slice()) {
                Some(after) => fits(rest, after, names, found),
                None => false,
            },
            None => false,
        },
        Piece::Any(name) => (0..=text.len()).any(|length| {
            let (run, after) = text.split_at(length);
            if let Some(name) = name {
                found.insert(name.clone(), run.to_vec());
            }
            fits(rest, after, names, found)
        }),
    }
}

/// Reads the group in braces that `text` begins with, if it has a meaning.
fn group(text: &str) -> Option<(Group, &str)> {
    let (inside, after) = text.strip_prefix('{')?.split_once('}')?;
    let group = match inside {
        "bare-lf" => Group::End(End::BareLf),
        "no-end" => Group::End(End::None),
        "*" => Group::Piece(Piece::Any(None)),
        _ => Group::Piece(if let Some(name) = inside.strip_prefix('*') {
            Piece::Any(Some(is_name(name).then(|| name.to_owned())?))
        } else if let Some(digits) = inside.strip_prefix("0x") {
            Piece::Octets(hex(digits)?)
        } else {
            Piece::Named(is_name(inside).then(|| inside.to_owned())?)
        }),
    };
    Some((group, after))
}

/// Lower-case letters, digits and hyphens, a letter first.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let pair = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// A line from the wire without its end, and that end.
fn split_end(line: &[u8]) -> (&[u8], End) {
    if let Some(text) = line.strip_suffix(b"\r\n") {
        (text, End::Crlf)
    } else if let Some(text) = line.strip_suffix(b"\n") {
        (text, End::BareLf)
    } else {
        (line, End::None)
    }
}

/// Writes a line from the wire so that reading the text gives that very line.
pub(crate) fn written(line: &[u8]) -> String {
    let (octets, end) = split_end(line);
    let mut text = plain(octets, false);
    // Where the server itself said something like `{*}`, its braces become octets.
    if Pattern::read(&text).octets(&Names::new()).as_deref() != Ok(&[octets, b"\r\n"].concat()) {
        text = plain(octets, true);
    }
    // Editors remove a space at the end of a line.
    if text.ends_with(' ') {
        text.pop();
        text.push_str("{0x20}");
    }
    text + end.mark()
}

/// Octets as text, those that can't be shown as `{0x..}`.
fn plain(octets: &[u8], shield_braces: bool) -> String {
    let mut text = String::new();
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || (shield_braces && c == '{') {
                push_hex(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(c);
            }
        }
        push_hex(&mut text, chunk.invalid());
    }
    text
}

fn push_hex(text: &mut String, octets: &[u8]) {
    if !octets.is_empty() {
        text.push_str("{0x");
        for octet in octets {
            text.push_str(&format!("{octet:02X}"));
        }
        text.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pairs: &[(&str, &str)]) -> Names {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec()))
            .collect()
    }

    fn matches(text: &str, line: &str) -> bool {
        Pattern::read(text).matches(line.as_bytes(), &mut Names::new())
    }

    #[test]
    fn plain_text_and_literals_stand_for_themselves() {
        for text in [
            "",
            "* OK",
            "a APPEND INBOX {310}",
            "a {310+}",
            "{",
            "}{",
            "{A}",
            "~{5}",
        ] {
            assert!(matches(text, &format!("{text}\r\n")), "{text}");
            assert!(!matches(text, &format!("{text}x\r\n")), "{text}");
        }
    }

    #[test]
    fn wildcards_stay_within_the_line() {
        assert!(matches("220 {*} ESMTP", "220 mail.facteur.test ESMTP\r\n"));
        assert!(matches("a{*}b{*}", "axxbb\r\n"));
        assert!(matches("{*}", "\r\n"));
        assert!(!matches("220 {*} ESMTP", "220 mail ESMTP more\r\n"));
        assert!(!matches("{*}", "bare\n"));
        assert!(matches("{*}{bare-lf}", "bare\n"));
        assert!(matches("half{no-end}", "half"));
    }

    #[test]
    fn what_was_remembered_is_used() {
        let mut known = names(&[("user", "lea@facteur.test")]);
        let line = b"* OK [UIDVALIDITY 77] for lea@facteur.test\r\n";
        assert!(
            Pattern::read("* OK [UIDVALIDITY {*validity}] for {user}").matches(line, &mut known)
        );
        assert_eq!(known.get("validity").unwrap(), b"77");
        let sent = Pattern::read("{user} {validity}{0x000A}{no-end}")
            .octets(&known)
            .unwrap();
        assert_eq!(sent, b"lea@facteur.test 77\0\n");
        assert_eq!(
            Pattern::read("{other}").octets(&known),
            Err("other".to_owned())
        );
    }

    #[test]
    fn a_line_that_does_not_match_remembers_nothing() {
        let mut known = Names::new();
        assert!(!Pattern::read("{*x} b").matches(b"a c\r\n", &mut known));
        assert!(known.is_empty());
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_line() {
        let lines: [&[u8]; 12] = [
            b"* OK ready\r\n",
            b"+ \r\n",
            b"\r\n",
            b"",
            b"caf\xc3\xa9 \xff\xfe\r\n",
            b"tab\there\r\n",
            b"{*} {name} {310}\r\n",
            b"{0x41} {no-end}\r\n",
            b"bare\n",
            b"no end",
            b"cr\rinside\r\n",
            b"{no-end}",
        ];
        for line in lines {
            let text = written(line);
            assert!(
                !text.contains(['\r', '\n', '\t']) && !text.ends_with(' '),
                "{text}"
            );
            let back = Pattern::read(&text).octets(&Names::new()).unwrap();
            assert_eq!(back, line, "{text}");
        }
    }
}
