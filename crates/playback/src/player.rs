//! Plays a transcript and writes down what happened.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::align::keep;
use crate::connection::{Connection, Heard};
use crate::pattern::{Names, Pattern, written};
use crate::script::{Act, Line, Number, Script, What};
use crate::wire::Wire;

/// How long a line that must come may take: an Argon2id evaluation behind others on a
/// busy machine, with much to spare.
const EXPECTING: Duration = Duration::from_secs(30);

/// How long a server must have kept silent to count as having said all.
const IDLE: Duration = Duration::from_millis(250);

/// How many unexpected lines are shown; a server gone mad must not fill the screen.
const SHOWN: usize = 40;

/// Plays transcripts on wires that it is given the means to make.
pub struct Player<'a> {
    connect: Box<Connect<'a>>,
    default: String,
    names: Names,
}

/// Makes a connection to the endpoint of a name.
type Connect<'a> = dyn FnMut(&str) -> io::Result<Box<dyn Wire>> + 'a;

/// What to do where the server says something else than the transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Stop there.
    Compare,
    /// Write down what it says and go on.
    Rewrite,
}

/// What came of playing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The conversation as it went, up to the first surprise; lines that matched keep
    /// their wildcards.
    pub text: String,
    /// The first place where it went otherwise than written.
    pub surprise: Option<Surprise>,
}

/// Where a conversation went otherwise than written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surprise {
    /// The number of the line in the transcript, from 1.
    pub line: usize,
    /// The lines that were to come from there on, as written.
    pub expected: Vec<String>,
    /// What came instead; empty when nothing came.
    pub came: Vec<String>,
}

impl fmt::Display for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} went otherwise", self.line)?;
        for line in &self.expected {
            write!(f, "\n  written  {line}")?;
        }
        for line in &self.came {
            write!(f, "\n  came     {line}")?;
        }
        if self.came.is_empty() {
            write!(f, "\n  came     nothing")?;
        }
        Ok(())
    }
}

/// Why a transcript could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A connection could not be made, or broke.
    #[error("line {line}: {error}")]
    Broken {
        /// The number of the line that was being played, from 1.
        line: usize,
        /// What the wire said.
        error: io::Error,
    },
    /// A name in braces that nothing was remembered under and the test did not give.
    #[error("line {line}: {{{name}}} stands for nothing yet")]
    UnknownName {
        /// The number of the line, from 1.
        line: usize,
        /// The name.
        name: String,
    },
}

impl<'a> Player<'a> {
    /// A player whose connections come from `connect`, which is given the name of an
    /// endpoint; `default` is the endpoint of a connection that no `open` began.
    pub fn new(
        default: &str,
        connect: impl FnMut(&str) -> io::Result<Box<dyn Wire>> + 'a,
    ) -> Player<'a> {
        Player {
            connect: Box::new(connect),
            default: default.to_owned(),
            names: Names::new(),
        }
    }

    /// Lets `{name}` stand for `value` in every script.
    #[must_use]
    pub fn know(mut self, name: &str, value: impl Into<Vec<u8>>) -> Player<'a> {
        self.names.insert(name.to_owned(), value.into());
        self
    }

    /// Plays a script from its first line to its last, then listens whether the server
    /// has more to say. What the script remembers is forgotten at its end.
    ///
    /// # Errors
    /// When it can't be played; that the server spoke otherwise is no error but a
    /// [`Surprise`].
    pub fn play(&mut self, script: &Script, mode: Mode) -> Result<Played, PlayError> {
        let mut play = Play {
            connect: self.connect.as_mut(),
            default: &self.default,
            mode,
            names: self.names.clone(),
            lines: &script.lines,
            connections: BTreeMap::new(),
            text: String::new(),
            surprise: None,
        };
        let mut at = 0;
        while at < play.lines.len() && play.surprise.is_none() {
            at = play.step(at).map_err(|fault| fault.at_line(at + 1))?;
        }
        if play.surprise.is_none() {
            play.listen_to_the_end()
                .map_err(|fault| fault.at_line(at))?;
        }
        Ok(Played {
            text: play.text,
            surprise: play.surprise,
        })
    }
}

/// A [`PlayError`] that does not know its line yet.
enum Fault {
    Broken(io::Error),
    UnknownName(String),
}

impl Fault {
    fn at_line(self, line: usize) -> PlayError {
        match self {
            Self::Broken(error) => PlayError::Broken { line, error },
            Self::UnknownName(name) => PlayError::UnknownName { line, name },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Broken(error)
    }
}

/// One performance.
struct Play<'p, 'a> {
    connect: &'p mut Connect<'a>,
    default: &'p str,
    mode: Mode,
    names: Names,
    lines: &'p [Line],
    connections: BTreeMap<Number, Connection>,
    text: String,
    surprise: Option<Surprise>,
}

impl<'p> Play<'p, '_> {
    /// Plays the line at `at`, or the run of server lines that begins there; the result
    /// is the place of the next.
    fn step(&mut self, at: usize) -> Result<usize, Fault> {
        let lines = self.lines;
        let Some(line) = lines.get(at) else {
            return Ok(at + 1);
        };
        let What::On(number, act) = &line.what else {
            self.write(&line.text);
            return Ok(at + 1);
        };
        match act {
            Act::Hear(_) => return self.hear(at, *number),
            Act::Close => self.expect_close(at, *number)?,
            Act::Receive(size) => {
                if let Some(offset) = self.connection(*number)?.check_body(*size, EXPECTING)? {
                    let came = format!("octet {offset} of the body is another, or is not there");
                    self.surprise(at, at + 1, vec![came]);
                } else {
                    self.write(&line.text);
                }
            }
            _ => {
                self.act(*number, act)?;
                self.write(&line.text);
                if !self.says_more(at, *number) {
                    self.connection_if_open(*number)
                        .map_or(Ok(()), Connection::flush)?;
                }
            }
        }
        Ok(at + 1)
    }

    /// Does what a line of the client, or a directive without an answer, says.
    fn act(&mut self, number: Number, act: &Act) -> Result<(), Fault> {
        match act {
            Act::Open(endpoint) => {
                let wire = (self.connect)(endpoint)?;
                self.connections.insert(number, Connection::on(wire));
            }
            Act::Say(pattern) => {
                let octets = pattern.octets(&self.names).map_err(Fault::UnknownName)?;
                self.connection(number)?.say(&octets)?;
            }
            Act::Send(size) => self.connection(number)?.send_body(*size)?,
            Act::Secure => self.connection(number)?.secure()?,
            Act::HangUp => self.connection(number)?.hang_up(),
            Act::Hear(_) | Act::Close | Act::Receive(_) => {}
        }
        Ok(())
    }

    /// Whether the next line that is no remark is the same client's, so that both go
    /// out together.
    fn says_more(&self, at: usize, number: Number) -> bool {
        let mut next = self.lines.iter().skip(at + 1).map(|line| &line.what);
        match next.find(|what| **what != What::Remark) {
            Some(What::On(other, Act::Say(_) | Act::Send(_))) => *other == number,
            _ => false,
        }
    }

    /// Hears the run of server lines that begins at `at`.
    fn hear(&mut self, at: usize, number: Number) -> Result<usize, Fault> {
        let end = self.end_of_run(at, number);
        match self.mode {
            Mode::Compare => self.compare(at, end, number)?,
            Mode::Rewrite => self.rewrite(at, end, number)?,
        }
        Ok(end)
    }

    /// Where a run of server lines on one connection ends; remarks inside belong to it.
    fn end_of_run(&self, at: usize, number: Number) -> usize {
        let of_run = |line: &&Line| match &line.what {
            What::Remark => true,
            What::On(other, act) => *other == number && matches!(act, Act::Hear(_)),
        };
        let run = self.lines.iter().skip(at).take_while(of_run);
        let last = run
            .enumerate()
            .filter(|(_, line)| line.what != What::Remark)
            .last();
        at + last.map_or(1, |(index, _)| index + 1)
    }

    fn compare(&mut self, at: usize, end: usize, number: Number) -> Result<(), Fault> {
        let lines = self.lines;
        for (index, line) in lines.iter().enumerate().take(end).skip(at) {
            if let What::On(_, Act::Hear(pattern)) = &line.what {
                let heard = self.connection(number)?.line(EXPECTING)?;
                let matches =
                    matches!(&heard, Heard::Line(said) if pattern.matches(said, &mut self.names));
                if !matches {
                    let came = self.all_that_came(number, heard)?;
                    self.surprise(index, end, came);
                    return Ok(());
                }
            }
            self.write(&line.text);
        }
        Ok(())
    }

    fn rewrite(&mut self, at: usize, end: usize, number: Number) -> Result<(), Fault> {
        let lines = self.lines;
        let run: Vec<&'p Line> = lines.iter().take(end).skip(at).collect();
        let expected: Vec<&Pattern> = run.iter().filter_map(|line| heard_pattern(line)).collect();
        let mut said = Vec::new();
        loop {
            let patience = if said.len() < expected.len() {
                EXPECTING
            } else {
                IDLE
            };
            match self.connection(number)?.line(patience)? {
                Heard::Line(line) => said.push(line),
                Heard::Silence => break,
                // The `close` that follows, or the end of the script, meets it again.
                Heard::End => break,
            }
        }
        let kept = keep(&expected, &said, &mut self.names);
        // Remarks keep their place before the line that they stand before.
        let mut old = run.into_iter();
        let mut row = 0;
        for (line, kept) in said.iter().zip(kept) {
            let Some(kept) = kept else {
                self.write_said(number, line);
                continue;
            };
            for line in old.by_ref() {
                if line.what == What::Remark {
                    self.write(&line.text);
                    continue;
                }
                row += 1;
                if row > kept {
                    self.write(&line.text);
                    break;
                }
            }
        }
        for remark in old.filter(|line| line.what == What::Remark) {
            self.write(&remark.text);
        }
        Ok(())
    }

    /// `close`: the server ends the stream and says nothing before.
    fn expect_close(&mut self, at: usize, number: Number) -> Result<(), Fault> {
        let text = self.lines.get(at).map_or("close", |line| &line.text);
        loop {
            if self.connection(number)?.take_end() {
                self.write(text);
                return Ok(());
            }
            match (self.connection(number)?.line(EXPECTING)?, self.mode) {
                (Heard::End, _) => {}
                (Heard::Line(line), Mode::Rewrite) => self.write_said(number, &line),
                (Heard::Silence, Mode::Rewrite) => return Ok(()),
                (heard, Mode::Compare) => {
                    let came = self.all_that_came(number, heard)?;
                    self.surprise(at, at + 1, came);
                    return Ok(());
                }
            }
        }
    }

    /// What a server says after the last line is a surprise as well.
    fn listen_to_the_end(&mut self) -> Result<(), Fault> {
        let numbers: Vec<Number> = self.connections.keys().copied().collect();
        for number in numbers {
            let connection = self.connection(number)?;
            let heard = match (connection.take_end(), connection.is_open()) {
                (true, _) => Heard::End,
                (false, true) => connection.line(IDLE)?,
                (false, false) => continue,
            };
            let came = self.all_that_came(number, heard)?;
            match self.mode {
                _ if came.is_empty() => {}
                Mode::Compare => {
                    self.surprise(self.lines.len(), self.lines.len(), came);
                    return Ok(());
                }
                Mode::Rewrite => came.iter().for_each(|line| self.write(line)),
            }
        }
        Ok(())
    }

    /// What was heard, and what more comes, as lines of a transcript.
    fn all_that_came(&mut self, number: Number, first: Heard) -> Result<Vec<String>, Fault> {
        let mut came = Vec::new();
        let mut heard = first;
        while came.len() < SHOWN {
            match heard {
                Heard::Line(line) => came.push(said_text(number, &line)),
                Heard::Silence => {
                    let rest = self.connection(number)?.rest();
                    came.extend(rest.map(|line| said_text(number, &line)));
                    break;
                }
                Heard::End => {
                    came.push(with_number("close", number));
                    break;
                }
            }
            heard = self.connection(number)?.line(IDLE)?;
        }
        Ok(came)
    }

    /// The connection of a number, opened if this is the first that is heard of it.
    fn connection(&mut self, number: Number) -> io::Result<&mut Connection> {
        use std::collections::btree_map::Entry;
        Ok(match self.connections.entry(number) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(room) => room.insert(Connection::on((self.connect)(self.default)?)),
        })
    }

    fn connection_if_open(&mut self, number: Number) -> Option<&mut Connection> {
        self.connections
            .get_mut(&number)
            .filter(|connection| connection.is_open())
    }

    fn surprise(&mut self, from: usize, to: usize, came: Vec<String>) {
        let lines = self.lines.iter().take(to).skip(from);
        let expected = lines.filter(|line| line.what != What::Remark);
        self.surprise = Some(Surprise {
            line: from + 1,
            expected: expected.map(|line| line.text.clone()).collect(),
            came,
        });
    }

    fn write(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn write_said(&mut self, number: Number, line: &[u8]) {
        self.write(&said_text(number, line));
    }
}

fn heard_pattern(line: &Line) -> Option<&Pattern> {
    match &line.what {
        What::On(_, Act::Hear(pattern)) => Some(pattern),
        _ => None,
    }
}

/// A line that the server said, as it stands in a transcript.
fn said_text(number: Number, line: &[u8]) -> String {
    match written(line).as_str() {
        "" => with_number("S", number) + ":",
        text => format!("{}: {text}", with_number("S", number)),
    }
}

fn with_number(word: &str, number: Number) -> String {
    match number {
        Number::MIN => word.to_owned(),
        number => format!("{word}{number}"),
    }
}
