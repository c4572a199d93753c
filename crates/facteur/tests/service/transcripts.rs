//! Every conversation of `transcripts/`, over real TCP and TLS against the real binary.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::Facteur;
use playback::tcp::Client;
use playback::{Player, Wire, check, transcripts};

const LEA: &str = "lea@exemple.fr";
const SECRET: &str = "une fleur de tilleul";

/// A service with the people of the transcripts: Léa may use old devices.
fn service() -> Facteur {
    let facteur = Facteur::start();
    run(&facteur, &["domain", "add", "exemple.fr"]);
    for address in [LEA, "paul@exemple.fr", "jean@exemple.fr"] {
        run(&facteur, &["account", "add", address, "--password-stdin"]);
    }
    run(&facteur, &["alias", "add", "postmaster@exemple.fr", LEA]);
    run(&facteur, &["account", "set", LEA, "--old-devices", "on"]);
    facteur
}

fn run(facteur: &Facteur, arguments: &[&str]) {
    let mut child = facteur
        .facteur(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // Verbs that ask for nothing may be gone by now.
    let _ = input.write_all(format!("{SECRET}\n").as_bytes());
    drop(input);
    assert!(child.wait().unwrap().success(), "{arguments:?}");
}

fn folder(protocol: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../transcripts")
        .join(protocol)
}

/// Connects to an endpoint by the name that transcripts have for it.
fn connect(facteur: &Facteur, endpoint: &str) -> io::Result<Box<dyn Wire>> {
    let (port, secure) = match endpoint {
        "smtp" => (25, false),
        "submission" => (587, false),
        "submissions" => (465, true),
        "imap" => (143, false),
        "imaps" => (993, true),
        "pop3" => (110, false),
        "pop3s" => (995, true),
        other => return Err(io::Error::other(format!("no endpoint {other}"))),
    };
    let client = Client::new(&facteur.authority(), "localhost")?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, facteur.port(port)));
    match secure {
        true => client.connect_secure(address),
        false => client.connect(address),
    }
}

/// Plays all transcripts of a protocol, each against a service of its own.
fn play(protocol: &str, prepare: impl Fn(&Facteur)) {
    let mut wrong = Vec::new();
    let paths = transcripts(&folder(protocol)).unwrap();
    assert!(!paths.is_empty());
    for path in paths {
        let facteur = service();
        prepare(&facteur);
        let mut player = Player::new(protocol, |endpoint: &str| connect(&facteur, endpoint))
            .know("user", LEA)
            .know("modern", "paul@exemple.fr")
            .know("other", "jean@exemple.fr")
            .know("domain", "exemple.fr")
            .know("password", SECRET)
            .know("plain", "AGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs")
            .know("user64", "bGVhQGV4ZW1wbGUuZnI=")
            .know("password64", "dW5lIGZsZXVyIGRlIHRpbGxldWw=");
        if let Err(error) = check(&path, &mut player) {
            wrong.push(error.to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Puts the two messages of the POP3 transcripts into Léa's inbox as they are.
fn fill_inbox(facteur: &Facteur) {
    for name in ["1.eml", "2.eml"] {
        let uploaded = Command::new("curl")
            .args(["--silent", "--user", &format!("{LEA}:{SECRET}"), "--cacert"])
            .arg(facteur.authority())
            .arg("--upload-file")
            .arg(folder("pop3").join("inbox").join(name))
            .arg(format!("imaps://localhost:{}/INBOX", facteur.port(993)))
            .status()
            .unwrap();
        assert!(uploaded.success(), "{name}");
    }
}

#[test]
fn imap() {
    play("imap", |_| {});
}

#[test]
fn pop3() {
    play("pop3", fill_inbox);
}

#[test]
fn smtp() {
    play("smtp", |_| {});
}
