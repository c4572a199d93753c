//! What an SMTP session says and asks.

mod chunks;
mod conversations;
mod driver;
mod endings;
mod octets;

use crate::limits::REPLY_OCTETS;
use crate::reply::Reply;

/// RFC 5321 section 4.2, RFC 3463 section 2: what every reply has to be.
pub(crate) fn is_good_reply(reply: &Reply) {
    let wire = reply.wire();
    let text = std::str::from_utf8(&wire).unwrap();
    assert!(text.is_ascii() && text.ends_with("\r\n"), "{text}");
    let lines: Vec<_> = text.trim_end().split("\r\n").collect();
    let code = lines[0].get(..3).unwrap();
    assert!(code.bytes().all(|b| b.is_ascii_digit()), "{text}");
    for (at, line) in lines.iter().enumerate() {
        let last = at + 1 == lines.len();
        assert!(line.len() + 2 <= REPLY_OCTETS, "{line}");
        assert!(line.starts_with(code), "{line}");
        assert_eq!(&line[3..4], if last { " " } else { "-" }, "{line}");
        assert!(!line.contains(|c: char| c.is_ascii_control()), "{line}");
        assert!(has_fitting_enhanced_code(line), "{line}");
    }
}

/// The greeting, EHLO's answer and intermediate replies have none.
fn has_fitting_enhanced_code(line: &str) -> bool {
    let (code, text) = (&line[..3], &line[4..]);
    let word = text.split(' ').next().unwrap();
    let numbers: Vec<_> = word.split('.').map(str::parse::<u16>).collect();
    match numbers.as_slice() {
        [Ok(class), Ok(_), Ok(_)] => class.to_string() == code[..1],
        _ => matches!(code, "220" | "250" | "334" | "354"),
    }
}
