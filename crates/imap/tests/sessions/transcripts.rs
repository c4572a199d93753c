//! The conversations in `transcripts/imap`, played on sessions held in the hand; every
//! answer is read by a client as strict as the oldest.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::strict::Heard;
use crate::world::{Account, Service};
use crate::{MODERN, PASSWORD, USER, session};
use playback::{Machine, Player, Wire, check, transcripts};
use session::sasl::Cleartext;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../transcripts/imap");
/// USER and PASSWORD for AUTHENTICATE PLAIN.
const PLAIN: &str = "AGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs";

#[test]
fn every_transcript_goes_as_written() {
    let paths = transcripts(Path::new(FOLDER)).unwrap();
    assert!(!paths.is_empty());
    for path in paths {
        let account = Account::new();
        let connect = |endpoint: &str| connect(endpoint, Arc::clone(&account));
        let mut player = Player::new("imap", connect)
            .know("user", USER)
            .know("modern", MODERN)
            .know("password", PASSWORD)
            .know("plain", PLAIN);
        if let Err(error) = check(&path, &mut player) {
            panic!("{error}");
        }
    }
}

/// `imap` is port 143, `imaps` is port 993.
fn connect(endpoint: &str, account: Arc<Mutex<Account>>) -> io::Result<Box<dyn Wire>> {
    let (session, service) = (session(Cleartext::ByAccount), Service::new(account));
    let wire: Box<dyn Wire> = match endpoint {
        "imap" => Box::new(Machine::new(session, service)),
        "imaps" => Box::new(Machine::secured(session, service)),
        _ => return Err(io::Error::other("no such endpoint")),
    };
    Ok(Box::new(Heard::on(wire)))
}
