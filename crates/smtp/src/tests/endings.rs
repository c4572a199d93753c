//! How a session ends from our side: always with a reply.

use session::{Input, RightEnd};

use super::driver::{exchange, in_data, ready, submission};
use crate::{Question, Role};

#[test]
fn silence_between_commands() {
    let mut talk = ready(Role::Exchange);
    assert_eq!(talk.wait(299), "");
    assert!(talk.line("NOOP").starts_with("250"));
    assert_eq!(talk.wait(299), "");
    assert!(talk.wait(1).starts_with("421 4.4.2 "));
    assert!(talk.closed);
}

#[test]
fn a_line_that_never_ends_is_silence() {
    let mut talk = ready(Role::Exchange);
    for _ in 0..4 {
        talk.octets("x");
        assert_eq!(talk.wait(60), "");
    }
    talk.octets("x");
    assert!(talk.wait(60).starts_with("421 4.4.2 "));
}

#[test]
fn silence_inside_a_message() {
    let mut talk = in_data(Role::Exchange);
    for _ in 0..4 {
        talk.octets("a line\r\n");
        assert_eq!(talk.wait(299), "");
    }
    assert!(talk.wait(1).starts_with("421 4.4.2 "));
    assert!(talk.closed);
    assert_eq!(talk.world.discarded, 1);
}

#[test]
fn talking_does_not_put_off_signing_in_for_ever() {
    let mut talk = submission();
    talk.run();
    for _ in 0..9 {
        assert_eq!(talk.wait(60), "");
        talk.line("NOOP");
    }
    assert!(talk.wait(60).starts_with("421 4.4.2 "));
    assert!(talk.closed);
    let mut talk = ready(Role::Submission);
    for _ in 0..20 {
        assert_eq!(talk.wait(60), "");
        talk.line("NOOP");
    }
}

#[test]
fn a_timer_that_rings_too_early_is_ignored() {
    for mut talk in [ready(Role::Exchange), in_data(Role::Exchange)] {
        assert_eq!(talk.input(Input::TimeUp), "");
        assert!(!talk.closed);
    }
}

#[test]
fn shutdown_between_commands() {
    for mut talk in [exchange(), ready(Role::Submission)] {
        assert!(talk.input(Input::Shutdown).contains("421 4.3.2 "));
        assert!(talk.closed);
    }
}

/// Acceptance test 25 of the tablet's specification.
#[test]
fn a_message_at_shutdown_gets_its_reply() {
    let mut talk = in_data(Role::Submission);
    assert_eq!(talk.input(Input::Shutdown), "");
    assert_eq!(talk.wait(5), "");
    let said = talk.octets("a: b\r\n.\r\n");
    let codes: Vec<_> = said.lines().map(|line| &line[..9]).collect();
    assert_eq!(codes, ["250 2.0.0", "421 4.3.2"]);
    assert!(talk.closed);

    let mut talk = in_data(Role::Submission);
    talk.input(Input::Shutdown);
    talk.octets("a: b\r\n");
    assert!(talk.wait(10).starts_with("421 4.3.2 "));
    assert!(talk.closed);
    assert_eq!(talk.world.discarded, 1);
}

#[test]
fn an_answer_under_way_at_shutdown_is_said() {
    let mut talk = in_data(Role::Submission);
    talk.give(Input::Bytes("a: b\r\n.\r\n".into()));
    while talk.world.asked.last() != Some(&Question::Accept) {
        talk.step();
    }
    talk.give(Input::Shutdown);
    let said = talk.run();
    assert!(
        said.starts_with("250 2.0.0 ") && said.contains("\r\n421 4.3.2 "),
        "{said}"
    );
}

#[test]
fn a_right_that_ended_waits_for_no_message() {
    let mut talk = in_data(Role::Submission);
    talk.input(Input::Shutdown);
    let said = talk.input(Input::RightEnded(RightEnd::PasswordChanged));
    assert!(said.starts_with("421 4.7.0 "), "{said}");
    assert!(talk.closed);
    assert_eq!(talk.world.discarded, 1);
}

#[test]
fn a_stream_that_ends_inside_a_message_keeps_nothing() {
    let mut talk = in_data(Role::Exchange);
    talk.give(Input::Bytes("a: b\r\n.\r".into()));
    assert!(talk.input(Input::EndOfStream).starts_with("421 4.4.2 "));
    assert!(talk.closed && talk.world.received.is_empty());
    assert_eq!(talk.world.discarded, 1);
}

#[test]
fn a_peer_that_only_talks_gets_all_its_answers() {
    let mut talk = ready(Role::Exchange);
    talk.give(Input::Bytes(
        "MAIL FROM:<a@b.fr>\r\nRSET\r\nNOOP\r\n".into(),
    ));
    let said = talk.input(Input::EndOfStream);
    assert_eq!(said.lines().count(), 3);
    assert!(talk.closed);
}

#[test]
fn a_peer_that_goes_while_tls_should_begin() {
    let mut talk = exchange();
    talk.run();
    talk.line("STARTTLS");
    talk.input(Input::EndOfStream);
    assert!(talk.closed);
}
