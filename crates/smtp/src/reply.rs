//! A reply as lines: the only way from a text to the wire. RFC 5321 section 4.2,
//! RFC 2034.

use bytes::Bytes;

use crate::limits::REPLY_OCTETS;

/// One reply, of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    code: u16,
    /// Subject and detail of the enhanced code (RFC 3463); its class is the first
    /// digit of the code, so the two can't disagree. The greeting, EHLO's answer and
    /// the intermediate replies have none (RFC 2034 section 4).
    detail: Option<(u16, u16)>,
    lines: Vec<String>,
}

impl Reply {
    /// A reply without an enhanced code.
    pub(crate) fn bare(code: u16, lines: Vec<String>) -> Reply {
        Reply {
            code,
            detail: None,
            lines,
        }
    }

    /// A reply with one: `coded(550, (1, 1), ..)` is `550 5.1.1`.
    pub(crate) fn coded(code: u16, detail: (u16, u16), text: impl Into<String>) -> Reply {
        Reply {
            code,
            detail: Some(detail),
            lines: vec![text.into()],
        }
    }

    /// The reply as it goes out: ASCII, each line within [`REPLY_OCTETS`]; a longer
    /// text goes on in the next line.
    pub(crate) fn wire(&self) -> Bytes {
        let enhanced = match self.detail {
            Some((subject, detail)) => format!("{}.{subject}.{detail} ", self.code / 100),
            None => String::new(),
        };
        // Code, mark, and CRLF take six.
        let room = REPLY_OCTETS - 6 - enhanced.len();
        let lines: Vec<String> = self
            .lines
            .iter()
            .flat_map(|line| wrap(line, room))
            .collect();
        let mut wire = String::new();
        for (at, line) in lines.iter().enumerate() {
            let mark = if at + 1 == lines.len() { ' ' } else { '-' };
            wire.push_str(&format!("{}{mark}{enhanced}{line}\r\n", self.code));
        }
        wire.into()
    }
}

/// Cuts a text into lines at its spaces, and takes out what no reply may hold.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let text: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect();
    let mut lines = Vec::new();
    let mut rest = text.as_str();
    while rest.len() > room {
        let (head, _) = rest.split_at(room);
        let at = head.rfind(' ').filter(|&at| at > 0).unwrap_or(room);
        let (line, more) = rest.split_at(at);
        lines.push(line.to_owned());
        rest = more.trim_start();
    }
    lines.push(rest.to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_and_several() {
        let one = Reply::coded(550, (1, 1), "No such user");
        assert_eq!(&one.wire()[..], b"550 5.1.1 No such user\r\n");
        let several = Reply::bare(250, vec!["host".into(), "PIPELINING".into(), "SIZE".into()]);
        assert_eq!(
            &several.wire()[..],
            b"250-host\r\n250-PIPELINING\r\n250 SIZE\r\n"
        );
        assert_eq!(
            &Reply::bare(334, vec![String::new()]).wire()[..],
            b"334 \r\n"
        );
    }

    #[test]
    fn a_long_text_goes_on_in_the_next_line() {
        for word in ["palette ", "x"] {
            let wire = Reply::coded(451, (3, 0), word.repeat(1000)).wire();
            let text = std::str::from_utf8(&wire).unwrap();
            let lines: Vec<_> = text.split_terminator("\r\n").collect();
            assert!(lines.iter().all(|line| line.len() + 2 <= REPLY_OCTETS));
            let (last, others) = lines.split_last().unwrap();
            assert!(last.starts_with("451 4.3.0 "));
            assert!(!others.is_empty() && others.iter().all(|line| line.starts_with("451-4.3.0 ")));
        }
    }

    #[test]
    fn a_text_stays_within_its_line() {
        let reply = Reply::coded(501, (1, 3), "a\r\n250 é");
        assert_eq!(&reply.wire()[..], b"501 5.1.3 a??250 ?\r\n");
    }
}
