//! SIGHUP: a new certificate and configuration, or in words why not.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::common::Facteur;
use crate::served::{Served, python};

/// A script that stays signed in and, for each line it reads, looks at the service anew.
struct Watcher {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Watcher {
    fn start(facteur: &Facteur) -> Watcher {
        let [jeanne, _] = facteur.people();
        let mut child = python(facteur, "reload.py", &[&jeanne.address, &jeanne.password])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let ask = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Watcher {
            child,
            ask,
            answers,
        }
    }

    /// The certificate that a new connection gets, and whether sign-in is offered in the
    /// clear; the old session must have answered as well.
    fn look(&mut self) -> [String; 2] {
        self.ask.write_all(b"look\n").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        words.try_into().unwrap()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration whose settings are the ones that it had, but for a line.
fn change(facteur: &Facteur, from: &str, to: &str) {
    let path = facteur.data().join("facteur.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replace(from, to)).unwrap();
}

/// A second authority with a certificate of the same names, from another folder.
fn other_certificate() -> Facteur {
    Facteur::prepared()
}

#[test]
fn a_new_certificate_and_setting_are_taken_and_old_sessions_stay() {
    let facteur = Facteur::prepared();
    let mut served = Served::start(facteur.facteur(&["serve"]));
    let mut watcher = Watcher::start(&facteur);
    let [first, offered] = watcher.look();
    assert_eq!(offered, "offered");

    let other = other_certificate();
    for name in ["certificate.pem", "key.pem"] {
        let renewed = facteur.data().join("tls").join(name);
        fs::copy(other.data().join("tls").join(name), renewed).unwrap();
    }
    change(
        &facteur,
        "old_devices = \"by-account\"",
        "old_devices = \"off\"",
    );
    served.signal("HUP");
    served.wait_for("taken anew");
    let [second, offered] = watcher.look();
    assert_ne!(first, second);
    assert_eq!(offered, "withheld");

    // And from another place.
    let [certificate, key] =
        ["certificate.pem", "key.pem"].map(|n| facteur.data().join("tls").join(n));
    fs::rename(certificate, facteur.data().join("moved.pem")).unwrap();
    fs::rename(key, facteur.data().join("moved-key.pem")).unwrap();
    change(&facteur, "\"tls/certificate.pem\"\n", "\"moved.pem\"\n");
    change(&facteur, "\"tls/key.pem\"\n", "\"moved-key.pem\"\n");
    served.signal("HUP");
    served.wait_for("taken anew");
    assert_eq!(watcher.look()[0], second);
}

#[test]
fn what_waits_for_a_restart_is_named_and_the_log_level_does_not() {
    let facteur = Facteur::prepared();
    let mut served = Served::start(facteur.facteur(&["serve"]));
    change(
        &facteur,
        "message_bytes = 52428800",
        "message_bytes = 70000",
    );
    change(&facteur, "level = \"info\"", "level = \"warn\"");
    served.signal("HUP");
    let said = served.wait_for("wait for a restart");
    assert!(said.ends_with(": message_bytes"), "{said}");
    let (status, log) = served.stop();
    assert!(status.success());
    assert!(!log.contains("stopped"), "{log}");
}

#[test]
fn what_is_wrong_is_refused_in_words_and_the_old_goes_on() {
    let facteur = Facteur::prepared();
    let mut served = Served::start(facteur.facteur(&["serve"]));
    let mut watcher = Watcher::start(&facteur);
    let before = watcher.look();

    change(
        &facteur,
        "old_devices = \"by-account\"",
        "old_device = \"off\"",
    );
    served.signal("HUP");
    let said = served.wait_for("nothing is taken");
    assert!(said.contains("the nearest is old_devices"), "{said}");
    assert_eq!(watcher.look(), before);

    // A right setting with a certificate that can't be used: neither is taken.
    change(&facteur, "old_device = \"off\"", "old_devices = \"off\"");
    let key = facteur.data().join("tls/key.pem");
    fs::copy(other_certificate().data().join("tls/key.pem"), &key).unwrap();
    served.signal("HUP");
    let said = served.wait_for("nothing is taken");
    assert!(said.contains("certificate.pem"), "{said}");
    assert_eq!(watcher.look(), before);
    fs::write(&key, "nothing like a key\n").unwrap();
    served.signal("HUP");
    let said = served.wait_for("nothing is taken");
    assert!(said.contains("key.pem"), "{said}");
    assert_eq!(watcher.look(), before);
}
