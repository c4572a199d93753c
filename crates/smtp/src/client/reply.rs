//! Octets to replies. RFC 5321 section 4.2.

use bytes::Bytes;
use session::{Inbox, Line, LineEnd};

use super::Status;
use super::limits::{KEPT_LINES, LINE_OCTETS, REPLY_LINES, REPLY_OCTETS};

/// What a peer replied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its code, from 200 to 599.
    pub code: u16,
    /// Its enhanced code, where it has one that agrees with the first.
    pub status: Option<Status>,
    /// Its lines without their codes, as printable text; of a very long reply only the
    /// beginning.
    pub lines: Vec<String>,
}

impl Reply {
    /// It said yes.
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// It said no.
    pub fn is_refusal(&self) -> bool {
        self.code >= 400
    }

    /// It said no, and would again.
    pub fn is_permanent(&self) -> bool {
        self.code >= 500
    }

    /// Its enhanced code, or what its code says by itself: `X.0.0`.
    pub fn status(&self) -> Status {
        let class = self.code / 100;
        self.status.unwrap_or(Status::new(class, 0, 0))
    }

    /// What it said, in one line.
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }
}

/// What comes in and is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoReply;

/// Reads replies out of what comes in.
#[derive(Debug)]
pub(super) struct Reader {
    inbox: Inbox,
    begun: Option<Begun>,
}

/// A reply of which the last line is still to come.
#[derive(Debug)]
struct Begun {
    reply: Reply,
    lines: usize,
    octets: usize,
}

impl Reader {
    pub(super) fn new() -> Reader {
        Reader {
            // Some servers end the lines of their own texts in LF alone. That is no danger
            // in a reply: whoever writes it could write the other line as well.
            inbox: Inbox::new(LineEnd::Lf, LINE_OCTETS),
            begun: None,
        }
    }

    /// Takes what the peer said.
    pub(super) fn push(&mut self, octets: &Bytes) {
        self.inbox.push(octets);
    }

    /// The peer has said nothing since the last reply that was read.
    pub(super) fn is_empty(&self) -> bool {
        self.inbox.is_empty() && self.begun.is_none()
    }

    /// The next reply, once all of it is there.
    ///
    /// # Errors
    /// When what came can't be one.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, NoReply> {
        while let Some(line) = self.inbox.line() {
            let Line::Whole(line) = line else {
                return Err(NoReply);
            };
            if let Some(reply) = self.line(&line)? {
                return Ok(Some(reply));
            }
        }
        match self.inbox.is_overfull() {
            true => Err(NoReply),
            false => Ok(None),
        }
    }

    /// Takes one line. Gives the reply that it ends.
    fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, NoReply> {
        let (code, last, text) = match (parse(line), &self.begun) {
            (Some(parsed), _) => parsed,
            // A server that broke a line of its text has said more of it.
            (None, Some(begun)) => (begun.reply.code, false, line),
            (None, None) => return Err(NoReply),
        };
        let mut begun = self.begun.take().unwrap_or_else(|| Begun::new(code));
        begun.take(code, text)?;
        if last {
            return Ok(Some(begun.reply));
        }
        self.begun = Some(begun);
        Ok(None)
    }
}

impl Begun {
    fn new(code: u16) -> Begun {
        let reply = Reply {
            code,
            status: None,
            lines: Vec::new(),
        };
        Begun {
            reply,
            lines: 0,
            octets: 0,
        }
    }

    fn take(&mut self, code: u16, text: &[u8]) -> Result<(), NoReply> {
        self.lines += 1;
        if self.lines > REPLY_LINES {
            return Err(NoReply);
        }
        if code != self.reply.code {
            // RFC 5321 section 4.2.1 forbids it; the last line's code is the one that a
            // client which reads line by line would believe.
            self.reply.code = code;
            self.reply.status = None;
        }
        let mut text = printable(text);
        if let Some((status, rest)) = Status::split(&text, code / 100) {
            self.reply.status = Some(status);
            text = rest.to_owned();
        }
        self.octets += text.len();
        if self.octets <= REPLY_OCTETS && self.lines <= KEPT_LINES {
            self.reply.lines.push(text);
        }
        Ok(())
    }
}

/// The code of a line, whether it is the last of its reply, and its text.
fn parse(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_first_chunk::<3>()?;
    let digits = std::str::from_utf8(digits).ok()?;
    let is_code = digits.bytes().all(|octet| octet.is_ascii_digit());
    let code = digits.parse().ok().filter(|_| is_code)?;
    if !(200..=599).contains(&code) {
        return None;
    }
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b'-', text)) => Some((code, false, text)),
        Some((b' ' | b'\t', text)) => Some((code, true, text)),
        // Four digits, or a word that begins with three, are no code.
        Some(_) => None,
    }
}

/// A text that may stand in a log line and in a report.
fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let shown = |c: char| if c.is_control() { '?' } else { c };
    text.trim().chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All replies in these octets, given in pieces of that size.
    fn read(octets: &[u8], size: usize) -> Result<Vec<Reply>, NoReply> {
        let (mut reader, mut replies) = (Reader::new(), Vec::new());
        for piece in octets.chunks(size) {
            reader.push(&Bytes::copy_from_slice(piece));
            while let Some(reply) = reader.next()? {
                replies.push(reply);
            }
        }
        Ok(replies)
    }

    fn one(octets: &[u8]) -> Reply {
        let replies = read(octets, octets.len()).unwrap();
        assert_eq!(replies.len(), 1);
        replies[0].clone()
    }

    #[test]
    fn a_reply_has_one_line_or_several() {
        let reply = one(b"550 5.1.1 <a@b>: unknown\r\n");
        assert_eq!(
            (reply.code, reply.status().to_string()),
            (550, "5.1.1".to_owned())
        );
        assert_eq!(reply.text(), "<a@b>: unknown");
        let reply =
            one(b"550-5.7.1 Not from here.\r\n550-5.7.1 See\r\n550 5.7.1 https://x.test\r\n");
        assert_eq!(reply.text(), "Not from here. See https://x.test");
        assert_eq!(reply.status, Some(Status::new(5, 7, 1)));
        assert_eq!(one(b"250\r\n").status(), Status::new(2, 0, 0));
        assert_eq!(one(b"250 \r\n").text(), "");
    }

    #[test]
    fn what_servers_really_say_is_read() {
        assert_eq!(one(b"250-a\n250 b\n").text(), "a b");
        assert_eq!(one(b"250\tok\r\n").text(), "ok");
        assert_eq!(
            one(b"554-no\r\nmore of it\r\n554 end\r\n").text(),
            "no more of it end"
        );
        assert_eq!(one(b"450-wait\r\n550 no\r\n").code, 550);
        assert_eq!(one(b"550 4.7.1 no\r\n").status(), Status::new(5, 0, 0));
        assert_eq!(one(b"250 \xff\x00\x1b[1m\r\n").text(), "\u{fffd}??[1m");
    }

    #[test]
    fn what_is_no_reply_is_told() {
        for octets in [
            &b"SSH-2.0-OpenSSH\r\n"[..],
            b"+OK\r\n",
            b"2500 x\r\n",
            b"25x\r\n",
            b"150 x\r\n",
            b"600 x\r\n",
            b"\r\n",
            b"\x16\x03\x01\x02\n",
        ] {
            assert_eq!(read(octets, 3), Err(NoReply), "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn a_reply_has_an_end_and_is_kept_in_bounds() {
        let line = [&b"250-"[..], &[b'a'; 1000], b"\r\n"].concat();
        let many = [line.repeat(300), b"250 end\r\n".to_vec()].concat();
        let reply = one(&many);
        assert!(reply.text().len() <= REPLY_OCTETS + KEPT_LINES);
        assert_eq!(
            read(&b"250-\r\n".repeat(REPLY_LINES + 1), 100),
            Err(NoReply)
        );
        assert_eq!(read(&vec![b'2'; LINE_OCTETS], 100), Ok(vec![]));
        assert_eq!(read(&vec![b'2'; LINE_OCTETS + 2], 100), Err(NoReply));
    }

    #[test]
    fn what_is_left_over_is_known() {
        let mut reader = Reader::new();
        assert!(reader.is_empty());
        reader.push(&Bytes::from_static(b"250 ok\r\n2"));
        assert!(reader.next().unwrap().is_some());
        assert!(!reader.is_empty());
        reader.push(&Bytes::from_static(b"50-a\r\n"));
        assert_eq!(reader.next(), Ok(None));
        assert!(!reader.is_empty());
        reader.push(&Bytes::from_static(b"250 b\r\n"));
        assert!(reader.next().unwrap().is_some());
        assert!(reader.is_empty());
    }

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let run = prop_oneof![
            any::<u8>().prop_map(|octet| vec![octet]),
            "[2-5][0-9][0-9][ -][a-z0-9. ]{0,8}\r\n".prop_map(String::into_bytes),
            Just(b"250".to_vec()),
            Just(b"\r\n".to_vec()),
        ];
        proptest::collection::vec(run, 0..20).prop_map(|runs| runs.concat())
    }

    proptest! {
        #[test]
        fn any_octets_are_replies_or_none_however_they_are_cut(octets in octets(), size in 1_usize..9) {
            prop_assert_eq!(read(&octets, size), read(&octets, octets.len().max(1)));
        }
    }
}
