//! How a session ends from our side: always with a reply.

use session::{Input, RightEnd};

use super::driver::{exchange, in_data, ready, submission};
use crate::{Question, Role, limits};

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
fn silence_where_an_answer_is_due() {
    for said in [
        "AUTH LOGIN\r\n",
        "AUTH PLAIN\r\n",
        "AUTH LOGIN\r\namVhbg==\r\n",
        "AUTH PL",
    ] {
        let mut talk = submission();
        talk.run();
        talk.line("EHLO localhost");
        talk.octets(said);
        assert_eq!(talk.wait(299), "", "{said}");
        assert!(talk.wait(1).starts_with("421 4.4.2 "), "{said}");
        assert!(talk.closed);
    }
}

#[test]
fn silence_of_a_user_who_is_signed_in() {
    let mut talk = ready(Role::Submission);
    talk.line("MAIL FROM:<jean@exemple.fr>");
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
fn a_peer_that_only_talks_is_not_heard_for_ever() {
    for command in ["NOOP", "RSET", "HELP", "VRFY lea", "EHLO again"] {
        for role in [Role::Exchange, Role::Submission] {
            let mut talk = ready(role);
            let mut said = 0;
            while !talk.closed {
                assert!(said < limits::IDLE_COMMANDS, "{command}");
                let told = talk.line(command);
                said += 1;
                assert_eq!(
                    told.starts_with("421 4.7.0 "),
                    talk.closed,
                    "{command}: {told}"
                );
            }
            assert!(said + 2 >= limits::IDLE_COMMANDS, "{command}: {said}");
        }
    }
}

#[test]
fn nobody_learns_who_is_here_by_asking_on() {
    let mut talk = ready(Role::Exchange);
    talk.line("MAIL FROM:<a@b.fr>");
    let asked = "RCPT TO:<nobody@exemple.fr>\r\n".repeat(1000);
    let said = talk.octets(asked);
    let replies: Vec<_> = said.lines().collect();
    let (last, refused) = replies.split_last().unwrap();
    assert_eq!(refused.len() as u32, limits::REFUSED_COMMANDS);
    assert!(refused.iter().all(|reply| reply.starts_with("550 ")));
    assert!(last.starts_with("421 4.7.0 "), "{last}");
    assert!(talk.closed);
    assert_eq!(talk.world.asked.last(), Some(&Question::Reset));
}

#[test]
fn what_comes_at_the_wrong_moment_is_counted_too() {
    let mut talk = ready(Role::Exchange);
    let said = talk.octets("DATA\r\n".repeat(1000));
    assert_eq!(said.lines().count() as u32, limits::REFUSED_COMMANDS + 1);
    assert!(talk.closed);
}

/// RFC 5321 section 4.5.3.1.10: a sender that is told so brings the rest in another
/// message, and this one is delivered.
#[test]
fn recipients_beyond_the_limit_do_not_cost_the_message() {
    let mut talk = ready(Role::Exchange);
    talk.line("MAIL FROM:<a@b.fr>");
    let count = limits::RECIPIENTS + 500;
    let said = talk.octets("RCPT TO:<lea@exemple.fr>\r\n".repeat(count));
    let codes: Vec<_> = said.lines().map(|line| &line[..9]).collect();
    let (taken, beyond) = codes.split_at(limits::RECIPIENTS);
    assert!(taken.iter().all(|code| *code == "250 2.1.5"));
    assert!(beyond.iter().all(|code| *code == "452 4.5.3"));
    assert_eq!(beyond.len(), 500);
    talk.line("DATA");
    assert!(talk.octets("a: b\r\n.\r\n").starts_with("250 2.0.0 "));
    assert_eq!(talk.world.received[0].to.len(), limits::RECIPIENTS);
}

/// A server with much to bring stays as long as it brings something.
#[test]
fn an_accepted_message_wipes_the_slate() {
    let mut talk = ready(Role::Exchange);
    for _ in 0..10 {
        talk.octets("NOOP\r\n".repeat(50));
        talk.line("MAIL FROM:<a@b.fr>");
        talk.octets("RCPT TO:<nobody@exemple.fr>\r\n".repeat(50));
        talk.line("RCPT TO:<lea@exemple.fr>");
        talk.line("DATA");
        assert!(talk.octets("a: b\r\n.\r\n").starts_with("250 2.0.0 "));
    }
    assert!(!talk.closed);
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
