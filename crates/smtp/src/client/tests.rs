//! What the transcripts in `transcripts/smtp-client` can't show: the fates, the clock, and
//! peers that are odd on purpose. `driver` holds a client in the hand.

mod driver;
mod odd;

use std::time::Duration;

use driver::{Talk, envelope, talk};

use super::{At, Failure, Fate, Input, Obstacle, StartTls, Status, Trouble, limits};

const PIPELINED: &str = "250-mx.test\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 DSN\r\n";
const BARE: &str = "250 mx.test\r\n";

/// How each recipient fared, in a word or two.
fn fates(talk: &mut Talk) -> Vec<String> {
    let outcome = talk.outcome();
    outcome.fates.iter().map(fate).collect()
}

fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Accepted(reply) => format!("accepted {}", reply.code),
        Fate::Refused {
            at,
            reply,
            for_good,
        } => {
            let when = if *for_good { "for good" } else { "for now" };
            format!("{} refused {when} {}", at.name(), reply.status())
        }
        Fate::Impossible(obstacle) => format!("impossible {}", obstacle.status()),
        Fate::Lost {
            at,
            perhaps_accepted,
            ..
        } => format!("lost at {} {perhaps_accepted}", at.name()),
        Fate::Untried => "untried".to_owned(),
    }
}

#[test]
fn each_recipient_has_a_fate_of_its_own() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    let said = talk.send(
        &envelope(&["a@x.fr", "b@x.fr", "c@x.fr"]),
        &["Hi\r\n", ".\r\n"],
    );
    assert!(said.ends_with("RCPT TO:<c@x.fr>\r\nDATA\r\n"), "{said}");
    let said = talk.hear("250 ok\r\n250 ok\r\n550 5.1.1 who?\r\n450 4.2.1 later\r\n354 go\r\n");
    assert_eq!(said, "Hi\r\n..\r\n.\r\n");
    assert_eq!(talk.hear("250 2.0.0 taken\r\n"), "");
    assert_eq!(
        fates(&mut talk),
        [
            "accepted 250",
            "RCPT refused for good 5.1.1",
            "RCPT refused for now 4.2.1"
        ]
    );
    assert!(talk.client.takes_more());
}

#[test]
fn without_pipelining_one_thing_is_said_at_a_time() {
    let mut talk = talk(StartTls::Never);
    talk.open(BARE);
    let said = talk.send(&envelope(&["a@x.fr", "b@x.fr"]), &["Hi\r\n"]);
    assert_eq!(said, "MAIL FROM:<lea@exemple.fr>\r\n");
    assert_eq!(talk.hear("250 ok\r\n"), "RCPT TO:<a@x.fr>\r\n");
    assert_eq!(talk.hear("550 no\r\n"), "RCPT TO:<b@x.fr>\r\n");
    // Nobody is left: there is no DATA, and the next message begins anew.
    assert_eq!(talk.hear("550 no\r\n"), "");
    assert_eq!(fates(&mut talk), ["RCPT refused for good 5.0.0"; 2]);
    assert_eq!(talk.send(&envelope(&["c@x.fr"]), &[]), "RSET\r\n");
    assert_eq!(talk.hear("250 ok\r\n"), "MAIL FROM:<lea@exemple.fr>\r\n");
}

#[test]
fn a_message_that_nobody_is_to_have_is_empty() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    talk.send(&envelope(&["a@x.fr"]), &["Hi\r\n"]);
    assert_eq!(talk.hear("250 ok\r\n550 5.1.1 no\r\n354 go\r\n"), ".\r\n");
    talk.hear("554 no valid recipients\r\n");
    assert_eq!(fates(&mut talk), ["RCPT refused for good 5.1.1"]);
    let said = talk.send(&envelope(&["b@x.fr"]), &[]);
    assert!(said.starts_with("MAIL "), "{said}");
}

#[test]
fn a_sender_that_is_refused_is_so_for_all() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    talk.send(&envelope(&["a@x.fr", "b@x.fr"]), &["Hi\r\n"]);
    talk.hear("550 5.7.1 not you\r\n503 mail?\r\n503 mail?\r\n503 mail?\r\n");
    assert_eq!(fates(&mut talk), ["MAIL refused for good 5.7.1"; 2]);
    assert!(talk.client.takes_more());
}

#[test]
fn recipients_without_a_sender_get_no_message() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    talk.send(&envelope(&["a@x.fr"]), &["Hi\r\n"]);
    assert_eq!(talk.hear("550 no\r\n250 ok\r\n354 go\r\n"), "");
    assert_eq!(fates(&mut talk), ["MAIL refused for good 5.0.0"]);
    assert!(talk.closed);
}

#[test]
fn after_the_end_a_lost_connection_leaves_a_doubt_and_before_it_none() {
    let begun = || {
        let mut talk = talk(StartTls::Never);
        talk.open(PIPELINED);
        talk.send(&envelope(&["a@x.fr"]), &["Hi\r\n"]);
        talk
    };
    let mut early = begun();
    early.give(Input::EndOfStream);
    assert_eq!(fates(&mut early), ["lost at MAIL false"]);
    let mut late = begun();
    late.hear("250 ok\r\n250 ok\r\n354 go\r\n");
    late.give(Input::EndOfStream);
    assert_eq!(fates(&mut late), ["lost at end of message true"]);
    // One that says why it closes has not taken it.
    let mut told = begun();
    told.hear("250 ok\r\n250 ok\r\n354 go\r\n");
    told.hear("421 4.3.2 closing\r\n");
    assert_eq!(fates(&mut told), ["lost at end of message false"]);
    assert!(told.closed);
}

#[test]
fn a_body_that_is_not_whole_has_no_end() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    talk.send(&envelope(&["a@x.fr"]), &["Hi\r\n", "\0lost"]);
    assert_eq!(talk.hear("250 ok\r\n250 ok\r\n354 go\r\n"), "Hi\r\n");
    let outcome = talk.outcome();
    let lost = Fate::Lost {
        at: At::Message,
        trouble: Trouble::BodyLost,
        perhaps_accepted: false,
    };
    assert_eq!(outcome.fates, [lost]);
    assert!(talk.closed);
}

#[test]
fn a_thousand_recipients_go_in_windows() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    let addresses: Vec<String> = (0..1000).map(|at| format!("a{at}@x.fr")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut said = talk.send(&envelope(&addresses), &["Hi\r\n"]);
    let mut commands = 0;
    while !said.is_empty() {
        let count = said.lines().count();
        assert!(count <= limits::WINDOW);
        commands += count;
        if said.ends_with("DATA\r\n") {
            break;
        }
        said = talk.hear(&"250 ok\r\n".repeat(count));
    }
    assert_eq!(commands, 1002);
    let last = said.lines().count();
    talk.hear(&format!("{}354 go\r\n", "250 ok\r\n".repeat(last - 1)));
    talk.hear("250 taken\r\n");
    assert_eq!(fates(&mut talk), vec!["accepted 250"; 1000]);
}

#[test]
fn what_a_peer_limits_is_kept() {
    let mut talk = talk(StartTls::Never);
    talk.open("250-mx\r\n250-PIPELINING\r\n250 LIMITS MAILMAX=1 RCPTMAX=1\r\n");
    let said = talk.send(&envelope(&["a@x.fr", "b@x.fr"]), &["Hi\r\n"]);
    assert!(!said.contains("b@x.fr"));
    talk.hear("250 ok\r\n250 ok\r\n354 go\r\n");
    talk.hear("250 taken\r\n");
    assert_eq!(fates(&mut talk), ["accepted 250", "untried"]);
    assert!(!talk.client.takes_more());
    assert_eq!(talk.send(&envelope(&["b@x.fr"]), &[]), "");
    assert_eq!(fates(&mut talk), ["untried"]);
}

#[test]
fn what_a_peer_can_not_have_is_not_tried() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    let mut large = envelope(&["a@x.fr"]);
    large.size = 1001;
    assert_eq!(talk.send(&large, &[]), "");
    assert_eq!(
        talk.outcome().fates,
        [Fate::Impossible(Obstacle::TooLarge { most: 1000 })]
    );
    assert_eq!(talk.send(&envelope(&["é@x.fr"]), &[]), "");
    let fate = &talk.outcome().fates[0];
    assert_eq!(fate.status(), Some(Status::new(5, 6, 7)));
    assert!(talk.client.takes_more());
}

#[test]
fn silence_ends_and_a_drop_at_a_time_does_not_help() {
    let mut talk = talk(StartTls::Never);
    for _ in 0..30 {
        talk.hear("220-wait\r\n");
        talk.pass(Duration::from_secs(10));
    }
    assert_eq!(
        talk.failure(),
        Failure::Trouble(At::Greeting, Trouble::Silent)
    );

    let mut talk = driver::talk(StartTls::Never);
    talk.open(PIPELINED);
    let addresses: Vec<String> = (0..1000).map(|at| format!("a{at}@x.fr")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    talk.send(&envelope(&addresses), &["Hi\r\n"]);
    // Each reply comes just in time.
    let mut passed = Duration::ZERO;
    while !talk.closed {
        talk.pass(limits::RCPT - Duration::from_secs(1));
        passed += limits::RCPT;
        talk.hear("250 ok\r\n");
    }
    assert!(passed <= limits::MESSAGE + limits::RCPT * 2, "{passed:?}");
    assert_eq!(fates(&mut talk)[0], "lost at RCPT false");
}

#[test]
fn each_wait_is_as_long_as_the_rfc_has_it() {
    let mut talk = talk(StartTls::Never);
    assert_eq!(talk.until(), limits::GREETING);
    talk.open(BARE);
    talk.send(&envelope(&["a@x.fr"]), &["Hi\r\n"]);
    for (reply, patience) in [
        ("250 ok\r\n", limits::RCPT),
        ("250 ok\r\n", limits::DATA),
        ("354 go\r\n", limits::END),
    ] {
        talk.pass(Duration::from_secs(1));
        talk.hear(reply);
        assert_eq!(talk.until(), patience);
    }
}

#[test]
fn goodbye_is_waited_for_a_little() {
    let mut talk = talk(StartTls::Never);
    talk.open(BARE);
    assert_eq!(talk.quit(), "QUIT\r\n");
    assert!(!talk.closed);
    talk.hear("221 bye\r\n");
    assert!(talk.closed);
    let mut silent = driver::talk(StartTls::Never);
    silent.open(BARE);
    silent.quit();
    silent.pass(limits::QUIT);
    assert!(silent.closed);
}
