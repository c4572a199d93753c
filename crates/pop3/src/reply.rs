//! What the server says: the only way from a text to the wire.

use bytes::{BufMut, Bytes, BytesMut};

use crate::limits::REPLY_OCTETS;

/// A response code that a program can read. RFC 2449 section 8.1, RFC 3206.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The name, the password or the way of signing in is at fault.
    Auth,
    /// Something of ours failed and may pass.
    SysTemp,
    /// Something of ours needs a person.
    SysPerm,
}

impl Code {
    fn text(self) -> &'static str {
        match self {
            Self::Auth => "AUTH",
            Self::SysTemp => "SYS/TEMP",
            Self::SysPerm => "SYS/PERM",
        }
    }
}

/// One reply of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    success: bool,
    code: Option<Code>,
    text: String,
}

/// `+OK text`.
pub(crate) fn ok(text: impl Into<String>) -> Reply {
    Reply {
        success: true,
        code: None,
        text: text.into(),
    }
}

/// `-ERR text`.
pub(crate) fn err(text: impl Into<String>) -> Reply {
    Reply {
        success: false,
        code: None,
        text: text.into(),
    }
}

/// `-ERR [CODE] text`.
pub(crate) fn coded(code: Code, text: impl Into<String>) -> Reply {
    Reply {
        success: false,
        code: Some(code),
        text: text.into(),
    }
}

/// `+ text`: go on with signing in. RFC 5034 section 4 wants the space even when there
/// is no text.
pub(crate) fn challenge(base64: &'static str) -> Bytes {
    let mut line = BytesMut::from(&b"+ "[..]);
    line.put(base64.as_bytes());
    line.put(&b"\r\n"[..]);
    line.freeze()
}

/// `+OK text`, then these lines, then the dot. No line may begin with one.
pub(crate) fn lines(text: &str, lines: &[&str]) -> Bytes {
    let mut all = BytesMut::from(&ok(text).line()[..]);
    for line in lines {
        all.put(line.as_bytes());
        all.put(&b"\r\n"[..]);
    }
    all.put(&b".\r\n"[..]);
    all.freeze()
}

impl Reply {
    /// The reply as it goes out: ASCII, one line, at most [`REPLY_OCTETS`].
    pub(crate) fn line(&self) -> Bytes {
        let mut line = String::from(if self.success { "+OK" } else { "-ERR" });
        if let Some(code) = self.code {
            line.push_str(" [");
            line.push_str(code.text());
            line.push(']');
        }
        if !self.text.is_empty() {
            line.push(' ');
            line.extend(self.text.chars().map(printable));
        }
        line.truncate(REPLY_OCTETS - 2);
        line.push_str("\r\n");
        Bytes::from(line)
    }
}

/// Text may quote what came from elsewhere; one line of ASCII it stays.
fn printable(c: char) -> char {
    if c.is_ascii_graphic() || c == ' ' {
        c
    } else {
        '?'
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_one_line_of_ascii_within_the_limit() {
        assert_eq!(&ok("2 320").line()[..], b"+OK 2 320\r\n");
        assert_eq!(
            &coded(Code::SysTemp, "later").line()[..],
            b"-ERR [SYS/TEMP] later\r\n"
        );
        assert_eq!(&coded(Code::Auth, "").line()[..], b"-ERR [AUTH]\r\n");
        assert_eq!(&err("a\r\nb é").line()[..], b"-ERR a??b ?\r\n");
        let long = err("a".repeat(1000)).line();
        assert_eq!(long.len(), REPLY_OCTETS);
        assert!(long.ends_with(b"a\r\n"));
    }

    #[test]
    fn a_challenge_keeps_its_space() {
        assert_eq!(&challenge("")[..], b"+ \r\n");
    }
}
