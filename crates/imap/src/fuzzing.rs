//! The way in for the proof `fuzz`: only it sets `--cfg fuzzing`.

use crate::MailboxName;
use crate::codec::command::Command;
use crate::codec::date::InternalDate;
use crate::codec::parse::{Fault, FaultKind, append_head, parse};
use crate::codec::utf7;
use crate::codec::write::Writer;
use crate::limits;

/// Reads octets as a command, and as the small things that commands and answers share.
///
/// # Panics
/// Where a complaint is about a place outside of the command, or where what was written
/// is not read as it was.
pub fn codec(octets: &[u8]) {
    for fault in [parse(octets).err(), append_head(octets).err()] {
        if let Some(Fault { tag, kind }) = fault {
            assert!(tag.is_none_or(|tag| tag.as_str().len() <= limits::TAG));
            if let FaultKind::Expected { at, .. } = kind {
                assert!((1..=octets.len() + 1).contains(&at));
            }
        }
    }
    if let Some(name) = utf7::decode(octets) {
        assert!(utf7::encode(&name).as_bytes() == octets);
    }
    string(octets);
    if let Ok(text) = str::from_utf8(octets) {
        mailbox(text);
        if let Some(date) = InternalDate::read(text) {
            assert!(InternalDate::read(&date.write()) == Some(date), "{text}");
        }
    }
}

/// A string comes back, but for NUL, which no string may hold.
fn string(octets: &[u8]) {
    let mut writer = Writer::default();
    writer.syntax("a ID (\"x\" ").string(octets).syntax(")");
    let whole: Vec<u8> = octets
        .iter()
        .map(|&octet| if octet == 0 { b'?' } else { octet })
        .collect();
    let read = parse(&writer.take()).map(|request| request.command);
    assert!(read == Ok(Command::Id(vec![(b"x".to_vec(), Some(whole))])));
}

/// A mailbox's name comes back.
fn mailbox(name: &str) {
    let mut writer = Writer::default();
    writer.syntax("a DELETE ").mailbox(name);
    let read = parse(&writer.take()).map(|request| request.command);
    let fits = utf7::encode(name).len() <= limits::MAILBOX_NAME;
    assert!(!fits || read == Ok(Command::Delete(MailboxName::new(name))));
}
