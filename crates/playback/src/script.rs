//! A transcript file, read into lines.

use std::num::NonZeroU8;

use crate::pattern::{Pattern, is_name};

/// The number of a connection within a transcript; 1 where none is written.
pub(crate) type Number = NonZeroU8;

/// A transcript, ready to be played.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) lines: Vec<Line>,
}

/// One line: its text, exactly as in the file, and what it means.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) what: What,
}

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Remark,
    On(Number, Act),
}

/// What happens on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// `C:`
    Say(Pattern),
    /// `S:`
    Hear(Pattern),
    /// `open NAME`
    Open(String),
    /// `TLS`
    Secure,
    /// `send N`
    Send(u64),
    /// `receive N`
    Receive(u64),
    /// `close`
    Close,
    /// `hangup`
    HangUp,
}

/// A line that means nothing to the player.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}: {text}")]
pub struct ScriptError {
    /// Its number in the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
    /// The line itself.
    pub text: String,
}

impl Script {
    /// Reads the text of a transcript.
    ///
    /// # Errors
    /// The first line that is neither a remark, nor said, nor a directive.
    pub fn read(text: &str) -> Result<Script, ScriptError> {
        let read = |(index, text): (usize, &str)| match what(text) {
            Ok(what) => Ok(Line {
                text: text.to_owned(),
                what,
            }),
            Err(why) => Err(ScriptError {
                line: index + 1,
                why,
                text: text.to_owned(),
            }),
        };
        let lines = text
            .lines()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        Ok(Script { lines })
    }
}

fn what(line: &str) -> Result<What, &'static str> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(What::Remark);
    }
    if line.ends_with([' ', '\t']) && !matches!(line, "C: " | "S: ") {
        return Err("a space at the end is lost to editors: write {0x20}");
    }
    let (head, argument) = line.split_once(' ').unwrap_or((line, ""));
    if let Some(speaker) = head.strip_suffix(':') {
        return spoken(speaker, argument);
    }
    let (word, number) = numbered(head)?;
    let act = match (word, argument) {
        ("open", name) if is_name(name) => Act::Open(name.to_owned()),
        ("open", _) => return Err("open takes the name of an endpoint"),
        ("send", octets) => Act::Send(count(octets)?),
        ("receive", octets) => Act::Receive(count(octets)?),
        ("TLS", "") => Act::Secure,
        ("close", "") => Act::Close,
        ("hangup", "") => Act::HangUp,
        _ => return Err("this is no line of a transcript"),
    };
    Ok(What::On(number, act))
}

fn spoken(speaker: &str, text: &str) -> Result<What, &'static str> {
    let (who, number) = numbered(speaker)?;
    let pattern = Pattern::read(text);
    match who {
        "S" => Ok(What::On(number, Act::Hear(pattern))),
        "C" if pattern.has_wildcard() => Err("a wildcard can't be sent"),
        "C" => Ok(What::On(number, Act::Say(pattern))),
        _ => Err("only C: and S: speak"),
    }
}

/// Splits `close2` into the word and the number of the connection.
fn numbered(head: &str) -> Result<(&str, Number), &'static str> {
    let word = head.trim_end_matches(|c: char| c.is_ascii_digit());
    match head.get(word.len()..).unwrap_or_default() {
        "" => Ok((word, Number::MIN)),
        digits => match digits.parse() {
            Ok(number) => Ok((word, number)),
            Err(_) => Err("a connection's number is from 1 to 255"),
        },
    }
}

fn count(octets: &str) -> Result<u64, &'static str> {
    octets
        .parse()
        .map_err(|_| "the number of octets is missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(line: &str) -> Result<(u8, Act), &'static str> {
        match what(line)? {
            What::On(number, act) => Ok((number.get(), act)),
            What::Remark => Err("a remark"),
        }
    }

    #[test]
    fn each_kind_of_line_is_known() {
        assert_eq!(what("# TLS"), Ok(What::Remark));
        assert_eq!(what(""), Ok(What::Remark));
        assert_eq!(act("S: +OK"), Ok((1, Act::Hear(Pattern::read("+OK")))));
        assert_eq!(act("S:"), Ok((1, Act::Hear(Pattern::read("")))));
        assert_eq!(act("C12: QUIT"), Ok((12, Act::Say(Pattern::read("QUIT")))));
        assert_eq!(act("C:  two"), Ok((1, Act::Say(Pattern::read(" two")))));
        assert_eq!(act("open2 pop3s"), Ok((2, Act::Open("pop3s".to_owned()))));
        assert_eq!(act("TLS"), Ok((1, Act::Secure)));
        assert_eq!(act("send 26214400"), Ok((1, Act::Send(26_214_400))));
        assert_eq!(act("receive3 5"), Ok((3, Act::Receive(5))));
        assert_eq!(act("close2"), Ok((2, Act::Close)));
        assert_eq!(act("hangup"), Ok((1, Act::HangUp)));
    }

    #[test]
    fn a_slip_of_the_pen_is_refused_with_its_place() {
        let slips = [
            "s: +OK", "S +OK", "C: {*}", "X: hm", "tls", "close it", "open", "send", "send -1",
            "C0: no", "C256: no", "S: + ",
        ];
        for slip in slips {
            let error = Script::read(&format!("# fine\n{slip}\n")).unwrap_err();
            assert_eq!((error.line, error.text.as_str()), (2, slip));
        }
    }
}
