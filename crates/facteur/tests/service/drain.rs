//! SIGTERM: every session is told, what arrives may arrive, and then it is over.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::common::Facteur;
use crate::served::{Served, python};

/// Sessions of every kind, which are in the middle of things.
fn sessions(facteur: &Facteur, how: &str) -> Child {
    let [jeanne, paul] = facteur.people();
    let words = [
        &jeanne.address,
        &jeanne.password,
        &paul.address,
        &paul.password,
    ];
    let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
    let mut script = python(facteur, "drain.py", &[&[how], words.as_slice()].concat());
    let mut child = script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

#[test]
fn every_session_gets_its_goodbye_and_a_message_on_its_way_is_taken() {
    let mut facteur = Facteur::prepared();
    let mut served = Served::start(facteur.facteur(&["serve"]));
    let mut script = sessions(&facteur, "finish");
    served.signal("TERM");
    served.wait_for("stopping");
    drop(script.stdin.take());
    assert!(script.wait().unwrap().success());
    let (status, log) = served.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("were cut"), "{log}");
    // What was acknowledged at the last moment is there.
    facteur.kill_and_restart();
    let [_, paul] = facteur.people();
    let url = format!("imaps://localhost:{}/INBOX;MAILINDEX=1", facteur.port(993));
    let mut curl = std::process::Command::new("curl");
    curl.args([
        "--silent",
        "--user",
        &format!("{}:{}", paul.address, paul.password),
    ]);
    curl.arg("--cacert").arg(facteur.authority()).arg(&url);
    let read = crate::served::run(curl);
    assert!(read.contains("at the last moment"), "{read}");
}

#[test]
fn told_twice_it_waits_for_nobody() {
    let facteur = Facteur::prepared();
    let mut served = Served::start(facteur.facteur(&["serve"]));
    let mut script = sessions(&facteur, "stay");
    served.signal("TERM");
    served.wait_for("stopping");
    served.signal("TERM");
    let (status, log) = served.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("told to stop twice"), "{log}");
    drop(script.stdin.take());
    assert!(script.wait().unwrap().success());
}
