//! The first stage of reading: where a command ends.
//!
//! A command is a line; a line that ends in `{5}` or `{5+}` goes on with that many octets
//! and another line (RFC 9051 section 4.3, RFC 7888). A `{5}` needs our consent first.
//! Whatever comes, what is held is bounded: a command beyond the limit is thrown away to
//! its real end, literals included, so that no octet of it is ever taken for a command.

use bytes::{Buf, Bytes, BytesMut};

use crate::limits;

/// An announcement of octets that follow a line. RFC 9051 section 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// How many octets.
    pub(crate) size: u64,
    /// True for `{n}`: the client waits for our `+` before it sends them.
    pub(crate) waits: bool,
}

/// What the input holds next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole command without its last line end, literals inside as they came.
    Command(Bytes),
    /// The client waits for `+` before it goes on with its command.
    Continue,
    /// An APPEND up to its message, whose octets come next and are not in here.
    Append {
        /// What stands before the literal's announcement.
        head: Bytes,
        /// The message's announcement.
        message: Literal,
    },
    /// A command beyond the limit was thrown away. Its beginning tells the tag.
    TooLong(Bytes),
    /// The client sends far more than it should: give the connection up.
    Flood,
}

/// What came in place of a line on its own: the answer to a challenge, IDLE's DONE.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Whole(Bytes),
    TooLong,
}

/// Input that was given and not yet used, and how far it has been looked at.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    input: BytesMut,
    /// Octets at the front that are known to belong to the command.
    held: usize,
    /// Octets at the front in which the line's end is known not to be.
    scanned: usize,
    /// Octets of a literal that are still to come after those held.
    literal: usize,
    skipping: Option<Skip>,
}

/// A command that is being thrown away.
#[derive(Debug)]
struct Skip {
    /// How it began.
    beginning: Bytes,
    /// The last octets of the line so far: they may announce another literal.
    tail: Vec<u8>,
    /// Octets of a literal still to come.
    literal: u64,
    /// Octets thrown away so far.
    swallowed: u64,
}

/// The most octets that an announcement can have: `{`, a number of 20 digits, `+}`, CRLF.
const ANNOUNCEMENT: usize = 25;

impl Framer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Forgets everything. RFC 9051 section 6.2.1, after STARTTLS.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next thing in the input; `None` until more of it has come.
    pub(crate) fn next(&mut self, limit: usize) -> Option<Frame> {
        let frame = if self.skipping.is_some() {
            self.skip()
        } else {
            self.command(limit)
        };
        if self.input.is_empty() {
            // An idle connection holds no memory.
            self.input = BytesMut::new();
        }
        frame
    }

    fn command(&mut self, limit: usize) -> Option<Frame> {
        loop {
            if self.literal > 0 && !self.take_literal() {
                return None;
            }
            let Some(end) = self.line_end() else {
                return if self.input.len() > limit {
                    self.give_up(0)
                } else {
                    None
                };
            };
            if end > limit {
                return self.give_up(0);
            }
            let line = self.input.get(self.held..end).unwrap_or_default();
            let Some((literal, length)) = announcement(line) else {
                let mut command = self.take(end);
                command.truncate(without_line_end(&command).len());
                return Some(Frame::Command(command));
            };
            let head_end = self.held + length;
            if is_append(self.input.get(..head_end).unwrap_or_default()) {
                let mut head = self.take(end);
                head.truncate(head_end);
                return Some(Frame::Append {
                    head,
                    message: literal,
                });
            }
            let room = limit.saturating_sub(end);
            let Some(size) = usize::try_from(literal.size)
                .ok()
                .filter(|&size| size <= room)
            else {
                return self.refuse(end, literal);
            };
            (self.held, self.scanned, self.literal) = (end, end, size);
            if literal.waits {
                return Some(Frame::Continue);
            }
        }
    }

    /// Counts a literal's octets as held; false until all are there.
    fn take_literal(&mut self) -> bool {
        let whole = self.held + self.literal;
        if self.input.len() < whole {
            return false;
        }
        (self.held, self.scanned, self.literal) = (whole, whole, 0);
        true
    }

    /// Where the current line ends, its LF included. A bare LF ends a line too: people who
    /// test a server by hand send it.
    fn line_end(&mut self) -> Option<usize> {
        let fresh = self.input.get(self.scanned..).unwrap_or_default();
        match memchr::memchr(b'\n', fresh) {
            Some(index) => Some(self.scanned + index + 1),
            None => {
                self.scanned = self.input.len();
                None
            }
        }
    }

    /// Takes octets from the front and stands at the beginning of something new.
    fn take(&mut self, count: usize) -> Bytes {
        (self.held, self.scanned, self.literal) = (0, 0, 0);
        self.input.split_to(count.min(self.input.len())).freeze()
    }

    /// A literal would pass the limit. A client that waits need not send it.
    fn refuse(&mut self, end: usize, literal: Literal) -> Option<Frame> {
        if literal.waits {
            let mut command = self.take(end);
            command.truncate(limits::TAG * 2);
            return Some(Frame::TooLong(command));
        }
        // From here on the line is over and the literal begins.
        self.held = end;
        self.give_up(literal.size)
    }

    /// Starts to throw the command away: after `literal` octets when that is not zero.
    fn give_up(&mut self, literal: u64) -> Option<Frame> {
        let line_begins = self.held;
        let beginning = self
            .input
            .get(..self.input.len().min(limits::TAG * 2))
            .unwrap_or_default();
        let beginning = Bytes::copy_from_slice(beginning);
        self.skipping = Some(Skip {
            beginning,
            tail: Vec::new(),
            literal,
            swallowed: 0,
        });
        self.take(line_begins);
        self.skip()
    }

    fn skip(&mut self) -> Option<Frame> {
        let skip = self.skipping.as_mut()?;
        let ended = skip.swallow(&mut self.input);
        if skip.swallowed > limits::SWALLOWED {
            return Some(Frame::Flood);
        }
        if !ended {
            return None;
        }
        (self.held, self.scanned, self.literal) = (0, 0, 0);
        self.skipping
            .take()
            .map(|skip| Frame::TooLong(skip.beginning))
    }

    /// A line on its own, without its line end. One beyond the limit is thrown away to its
    /// end.
    pub(crate) fn line(&mut self, limit: usize) -> Option<Line> {
        match self.line_end() {
            Some(end) if end <= limit && self.skipping.is_none() => {
                let mut line = self.take(end);
                line.truncate(without_line_end(&line).len());
                Some(Line::Whole(line))
            }
            Some(end) => {
                self.take(end);
                self.skipping = None;
                Some(Line::TooLong)
            }
            None => {
                if self.input.len() > limit {
                    let all = self.input.len();
                    self.take(all);
                    self.skipping = Some(Skip {
                        beginning: Bytes::new(),
                        tail: Vec::new(),
                        literal: 0,
                        swallowed: 0,
                    });
                }
                None
            }
        }
    }

    /// What stands between the message of an APPEND and the end of the command, thrown
    /// away: `Command` when it is nothing, as it must be, else `TooLong`.
    pub(crate) fn after_message(&mut self) -> Option<Frame> {
        if self.skipping.is_some() {
            return self.skip();
        }
        match self.input.first() {
            None => None,
            Some(b'\n') => Some(Frame::Command(self.take(1).slice(1..))),
            Some(b'\r') if self.input.len() == 1 => None,
            Some(b'\r') if self.input.get(1) == Some(&b'\n') => {
                Some(Frame::Command(self.take(2).slice(2..)))
            }
            Some(_) => self.give_up(0),
        }
    }

    /// Octets of a message, at most `wanted` and a [`limits::PIECE`]; empty when none has come.
    pub(crate) fn octets(&mut self, wanted: u64) -> Bytes {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let count = wanted.min(limits::PIECE).min(self.input.len());
        self.take(count)
    }
}

impl Skip {
    /// Throws away what has come of the command; true once that is all of it.
    fn swallow(&mut self, input: &mut BytesMut) -> bool {
        loop {
            let wanted = usize::try_from(self.literal).unwrap_or(usize::MAX);
            let octets = wanted.min(input.len());
            input.advance(octets);
            self.literal -= octets as u64;
            self.swallowed += octets as u64;
            if self.literal > 0 || !self.swallow_line(input) {
                return false;
            }
            match announcement(&self.tail) {
                Some((Literal { size, waits: false }, _)) => self.literal = size,
                // One that waits is not sent: the client will see that it was refused.
                _ => return true,
            }
            self.tail.clear();
        }
    }

    /// The same for the rest of a line; false when its end has not come.
    fn swallow_line(&mut self, input: &mut BytesMut) -> bool {
        let end = memchr::memchr(b'\n', input).map(|index| index + 1);
        let line = input.split_to(end.unwrap_or(input.len()));
        self.swallowed += line.len() as u64;
        self.remember(&line);
        end.is_some()
    }

    /// Keeps the last octets of what was thrown away of a line.
    fn remember(&mut self, line: &[u8]) {
        let from = line.len().saturating_sub(ANNOUNCEMENT);
        self.tail
            .extend_from_slice(line.get(from..).unwrap_or_default());
        let extra = self.tail.len().saturating_sub(ANNOUNCEMENT);
        self.tail.drain(..extra);
    }
}

/// The line without its CRLF or LF.
fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The literal that a line announces at its end, and how long the line is without the
/// announcement. RFC 9051 section 9: a literal follows a space or a parenthesis.
fn announcement(line: &[u8]) -> Option<(Literal, usize)> {
    let line = without_line_end(line).strip_suffix(b"}")?;
    let (line, waits) = match line.strip_suffix(b"+") {
        Some(line) => (line, false),
        None => (line, true),
    };
    let digits = line
        .iter()
        .rev()
        .take_while(|octet| octet.is_ascii_digit())
        .count();
    let before = line.len() - digits;
    let head = line.get(..before)?.strip_suffix(b"{")?;
    if digits == 0 || !matches!(head.last(), None | Some(b' ' | b'(')) {
        return None;
    }
    let number = str::from_utf8(line.get(before..)?).ok()?;
    // A number beyond all measure is as good as one beyond every limit.
    let size = number.parse().unwrap_or(u64::MAX);
    Some((Literal { size, waits }, head.len()))
}

/// True for an APPEND in which a literal would be the message: the mailbox, which may be a
/// literal too, is there. RFC 9051 section 6.3.12.
fn is_append(head: &[u8]) -> bool {
    let mut words = head.splitn(3, |&octet| octet == b' ');
    let (Some(_tag), Some(name), Some(arguments)) = (words.next(), words.next(), words.next())
    else {
        return false;
    };
    name.eq_ignore_ascii_case(b"APPEND") && !arguments.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100;

    /// All frames of an input, given in pieces of a size, with `+` answered at once.
    fn frames(input: &[u8], piece: usize) -> Vec<String> {
        let mut framer = Framer::default();
        let mut seen = Vec::new();
        for piece in input.chunks(piece) {
            framer.push(piece);
            while let Some(frame) = framer.next(LIMIT) {
                let flood = frame == Frame::Flood;
                seen.push(match frame {
                    Frame::Command(bytes) => format!("command {}", shown(&bytes)),
                    Frame::Continue => "+".to_owned(),
                    Frame::Append { head, message } => {
                        format!("append {} {}", shown(&head), message.size)
                    }
                    Frame::TooLong(bytes) => {
                        format!("too long {}", shown(&bytes.slice(..bytes.len().min(9))))
                    }
                    Frame::Flood => "flood".to_owned(),
                });
                if flood {
                    return seen;
                }
            }
        }
        seen
    }

    fn shown(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).replace("\r\n", "|")
    }

    /// The frames must not depend on how the input was cut.
    fn check(input: &[u8], wanted: &[&str]) {
        for piece in [1, 2, 3, 7, 50, 100_000] {
            assert_eq!(frames(input, piece), wanted, "in pieces of {piece}");
        }
    }

    #[test]
    fn lines_are_commands() {
        check(
            b"a NOOP\r\nb NOOP\r\n",
            &["command a NOOP", "command b NOOP"],
        );
        check(b"a NOOP\nb NOOP", &["command a NOOP"]);
        check(b"\r\n", &["command "]);
    }

    #[test]
    fn literals_belong_to_their_command() {
        check(
            b"a LOGIN {2}\r\nab {3+}\r\nc\r\n\r\nb NOOP\r\n",
            &["+", "command a LOGIN {2}|ab {3+}|c|", "command b NOOP"],
        );
        check(b"a X {0}\r\n\r\n", &["+", "command a X {0}|"]);
        check(b"a X \"{2}\"\r\n", &["command a X \"{2}\""]);
        check(b"a LOGIN x pass{2}\r\n", &["command a LOGIN x pass{2}"]);
        check(
            b"a X {}\r\nb X {+}\r\n",
            &["command a X {}", "command b X {+}"],
        );
    }

    #[test]
    fn the_message_of_append_is_left_in_the_input() {
        check(
            b"a APPEND Sent () {900}\r\n",
            &["append a APPEND Sent ()  900"],
        );
        check(
            b"a append {4+}\r\nSent {10+}\r\n",
            &["append a append {4+}|Sent  10"],
        );
        let mut framer = Framer::default();
        framer.push(b"a APPEND Sent {4+}\r\nabcd\r\nb NOOP\r\n");
        assert!(matches!(framer.next(LIMIT), Some(Frame::Append { .. })));
        assert_eq!(framer.octets(4), "abcd");
        assert_eq!(framer.after_message(), Some(Frame::Command(Bytes::new())));
        assert_eq!(framer.next(LIMIT), Some(Frame::Command("b NOOP".into())));
    }

    #[test]
    fn what_is_too_long_is_thrown_away_to_its_real_end() {
        let long = "x".repeat(LIMIT);
        check(
            format!("a X {long}\r\nb NOOP\r\n").as_bytes(),
            &["too long a X xxxxx", "command b NOOP"],
        );
        // The literal looks like a command and must not become one.
        let smuggled = format!("a X {long} {{8+}}\r\nc NOOP\r\n end\r\nb NOOP\r\n");
        check(
            smuggled.as_bytes(),
            &["too long a X xxxxx", "command b NOOP"],
        );
        let literal = format!(
            "a X {{200+}}\r\n{} {{8+}}\r\nc NOOP\r\n\r\nb NOOP\r\n",
            "\r\n".repeat(100)
        );
        check(
            literal.as_bytes(),
            &["too long a X {200+", "command b NOOP"],
        );
    }

    #[test]
    fn a_literal_that_waits_is_refused_before_it_is_sent() {
        check(
            b"a X {200}\r\nb NOOP\r\n",
            &["too long a X {200}", "command b NOOP"],
        );
        check(
            b"a X {99999999999999999999999}\r\nb NOOP\r\n",
            &["too long a X {9999", "command b NOOP"],
        );
    }

    #[test]
    fn a_flood_ends() {
        let limit = usize::try_from(limits::SWALLOWED).unwrap();
        let flood = vec![b'x'; limit + 200_000];
        assert_eq!(frames(&flood, 65_536), ["flood"]);
        let literal = [&b"a X {99999999999+}\r\n"[..], &flood].concat();
        assert_eq!(frames(&literal, 65_536), ["flood"]);
    }

    #[test]
    fn single_lines_have_their_own_limit() {
        let mut framer = Framer::default();
        framer.push(b"DONE\r\nxxxxxxxxxxxx");
        assert_eq!(framer.line(8), Some(Line::Whole("DONE".into())));
        assert_eq!(framer.line(8), None);
        framer.push(b"xxx");
        assert_eq!(framer.line(8), None);
        framer.push(b"x\r\nDONE\n");
        assert_eq!(framer.line(8), Some(Line::TooLong));
        assert_eq!(framer.line(8), Some(Line::Whole("DONE".into())));
    }

    #[test]
    fn nothing_may_follow_the_message_of_append() {
        let mut framer = Framer::default();
        framer.push(b" {3+}\r\na\r\n\r\nb NOOP\r\n");
        assert!(matches!(framer.after_message(), Some(Frame::TooLong(_))));
        assert_eq!(framer.next(LIMIT), Some(Frame::Command("b NOOP".into())));
    }
}
