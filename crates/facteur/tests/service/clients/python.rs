//! Python's imaplib, poplib and smtplib: every method of each, in each way to come in.
//!
//! What is said and expected is in the scripts of `python/`, one for a library or a part
//! of it.

use std::fs;

use super::tools::{add, allow_old_devices, program, run};
use crate::common::{Facteur, Person};

/// TLS from the first byte, by STARTTLS or STLS, and not at all.
const WAYS: [&str; 3] = ["tls", "upgraded", "clear"];

/// Runs a script as this person.
fn script(facteur: &Facteur, name: &str, way: &str, person: &Person) {
    let file = format!(
        "{}/tests/service/clients/python/{name}.py",
        env!("CARGO_MANIFEST_DIR")
    );
    let [jeanne, _] = facteur.people();
    let mut python = program("python3");
    // Leaves nothing beside the scripts.
    python
        .args(["-B", &file, way])
        .arg(facteur.authority())
        .arg(facteur.base.to_string())
        .args([&person.address, &person.password, &jeanne.address]);
    let said = run(&mut python);
    assert_eq!(said.code, Some(0), "{name}, {way}: {}", said.errors);
}

/// Runs scripts in each way, as somebody new each time.
fn in_each_way(scripts: &[&str]) {
    let facteur = Facteur::start();
    // smtplib writes to her.
    add(&facteur, "élodie");
    for name in scripts {
        for way in WAYS {
            let person = add(&facteur, &format!("{}-{way}", name.replace('_', "-")));
            if way == "clear" {
                allow_old_devices(&facteur, &person);
            }
            script(&facteur, name, way, &person);
        }
    }
}

#[test]
fn no_library_gets_in_unencrypted_unless_the_account_allows_it() {
    let facteur = Facteur::start();
    let person = add(&facteur, "modern");
    script(&facteur, "kept_out", "clear", &person);
}

#[test]
fn no_library_gets_in_unencrypted_where_the_service_forbids_it() {
    let mut facteur = Facteur::start();
    // Whatever the account would allow.
    let person = add(&facteur, "old");
    allow_old_devices(&facteur, &person);
    let file = facteur.data().join("facteur.toml");
    let settings = fs::read_to_string(&file).unwrap();
    let forbidden = settings.replace("old_devices = \"by-account\"", "old_devices = \"off\"");
    assert_ne!(settings, forbidden);
    fs::write(&file, forbidden).unwrap();
    facteur.kill_and_restart();
    script(&facteur, "forbidden", "clear", &person);
    script(&facteur, "imap_sign_in", "upgraded", &person);
}

#[test]
fn imaplib_does_all_it_can() {
    in_each_way(&[
        "imap_sign_in",
        "imap_mailboxes",
        "imap_messages",
        "imap_names",
    ]);
}

#[test]
fn poplib_does_all_it_can() {
    in_each_way(&["pop"]);
}

#[test]
fn smtplib_does_all_it_can() {
    in_each_way(&["smtp", "smtp_outside"]);
}
