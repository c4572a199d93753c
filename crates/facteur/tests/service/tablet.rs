//! The old tablet's e-mail app sends: the acceptance tests of its specification (section 7)
//! that are about SMTP, each by its number, in each of its kinds of security. Of 24 and 26 the
//! part that concerns the service itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::common::{Facteur, scripts};
use crate::served::{Served, run};

/// A step of the tablet's script.
fn step(facteur: &Facteur, step: &str) -> Command {
    let mut script = scripts("tablet");
    script.arg(facteur.setting()).arg(step);
    script
}

/// Lets the one who has the tablet sign in as it does by default: without encryption.
fn allow_old_devices(facteur: &Facteur) {
    let [jeanne, _] = facteur.people();
    run(facteur.facteur(&["account", "set", &jeanne.address, "--old-devices", "on"]));
}

/// A running service that lets the tablet in.
fn start() -> Facteur {
    let facteur = Facteur::start();
    allow_old_devices(&facteur);
    facteur
}

/// The same, with its log to be read.
fn serve() -> (Facteur, Served) {
    let facteur = Facteur::prepared();
    allow_old_devices(&facteur);
    let mut serve = facteur.facteur(&["serve"]);
    serve.env("FACTEUR_LOG__FORMAT", "json");
    let served = Served::start(serve);
    (facteur, served)
}

/// The sessions of submission in a log, in which nothing is worse than news.
#[track_caller]
fn submissions(log: &str) -> Vec<serde_json::Value> {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let serves = |line: &serde_json::Value| {
        line["message"]
            .as_str()
            .is_some_and(|said| said.contains("serving"))
    };
    // Before that it may warn of what it finds on this machine.
    let lines: Vec<serde_json::Value> = lines.skip_while(|line| !serves(line)).collect();
    let bad = lines.iter().find(|line| line["level"] != "INFO");
    assert_eq!(bad, None);
    let of = |line: &serde_json::Value| line["service"] == "submission";
    lines.into_iter().filter(of).collect()
}

#[test]
fn test_22_the_space_and_its_names_for_itself_are_taken() {
    run(step(&start(), "test_22"));
}

#[test]
fn test_23_it_finds_and_uses_both_ways_to_sign_in() {
    run(step(&start(), "test_23"));
}

#[test]
fn test_24_an_attempt_without_signing_in_is_told_of_with_whose_device_it_may_be() {
    let mut facteur = Facteur::start();
    let setting = facteur.setting();
    let unsigned = |step: &str| {
        let mut script = scripts("happened.unsigned");
        script.arg(&setting).arg(step);
        run(script);
    };
    unsigned("try");
    // By the running service, by what it left at its end, and by the next one.
    unsigned("look");
    assert!(facteur.stop().success());
    unsigned("look");
    facteur.restart();
    unsigned("look");
    run(facteur.facteur(&["store", "check"]));
}

#[test]
fn test_25_going_without_a_word_is_no_error() {
    let (facteur, mut served) = serve();
    run(step(&facteur, "test_25_vanishes"));
    let (status, log) = served.stop();
    assert!(status.success(), "{log}");
    let sessions = submissions(&log);
    assert_eq!(sessions.len(), 12, "{log}");
    run(step(&facteur, "test_25_not_an_error"));
}

#[test]
fn test_25_after_data_there_is_a_reply_though_the_service_stops() {
    let (mut facteur, mut served) = serve();
    let mut tablets = waiting(step(&facteur, "test_25_stopping"));
    served.signal("TERM");
    served.wait_for("stopping");
    drop(tablets.stdin.take());
    assert!(tablets.wait().unwrap().success());
    let (status, log) = served.end();
    assert!(status.success(), "{log}");
    assert!(!log.contains("were cut"), "{log}");
    // What was acknowledged is there, and nothing else.
    facteur.restart();
    run(step(&facteur, "test_25_stopped"));
}

/// A script that has said that it is ready, and goes on when its input ends.
fn waiting(mut script: Command) -> Child {
    let piped = script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

#[test]
fn test_26_a_large_attachment_with_a_name_in_raw_utf_8_comes_back_as_it_was() {
    run(step(&start(), "test_26"));
}

#[test]
fn test_27_ten_messages_in_a_row_are_not_slowed() {
    run(step(&start(), "test_27"));
}

/// Section 5.1: any refusal keeps a message in its outbox for ever.
#[test]
fn a_recipient_that_nobody_is_comes_back_as_a_report() {
    let mut facteur = start();
    run(step(&facteur, "told_later"));
    assert!(facteur.stop().success());
    run(facteur.facteur(&["store", "check"]));
    facteur.restart();
    run(step(&facteur, "remembered"));
}
