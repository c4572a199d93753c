//! Messages and lines as octets: sizes, line ends, and reads cut anywhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events::{Event, Refusal};
use proptest::prelude::*;
use session::{Input, Moment, Session};

use super::driver::{
    MAX_OCTETS, PLAIN, Received, Talk, exchange, in_data, ready, submission, with,
};
use crate::{Hello, Piece, Question, Role, limits};

#[test]
fn a_bare_line_end_from_another_server_is_refused_at_the_real_end() {
    for body in [
        "a: b\n\nc",
        "a: b\r\n\r\nc\rd",
        "\n.\r\nMAIL FROM:<x@y.fr>\r\n\r\n.\n",
    ] {
        let mut talk = in_data(Role::Exchange);
        assert_eq!(talk.octets(body.to_owned()), "", "{body:?}");
        assert!(
            talk.octets("\r\n.\r\nNOOP\r\n").starts_with("550 5.6.0 "),
            "{body:?}"
        );
        assert!(!talk.closed && talk.world.received.is_empty());
        assert_eq!(talk.world.discarded, 1);
        assert!(
            talk.world
                .events
                .contains(&Event::Refused(Refusal::BareLineEnd))
        );
        assert!(
            talk.line("MAIL FROM:<b@bar.com>").starts_with("250"),
            "the connection is kept"
        );
    }
}

#[test]
fn a_bare_line_end_from_a_user_is_mended() {
    let mut talk = in_data(Role::Submission);
    let said = talk.octets("a: b\n\n.\nMAIL FROM:<x@y.fr>\r.\r\nend\r\n.\r\n");
    assert!(said.starts_with("250 2.0.0 Delivered"));
    let body = "a: b\r\n\r\n.\r\nMAIL FROM:<x@y.fr>\r\n.\r\nend\r\n";
    assert_eq!(talk.world.received[0].body, body);
    assert_eq!(talk.world.received.len(), 1);
}

#[test]
fn a_message_too_large_is_read_to_its_end_and_refused() {
    let line = format!("{}\r\n", "a".repeat(98));
    for (lines, code) in [
        (100, "250 2.0.0 "),
        (101, "552 5.3.4 "),
        (1000, "552 5.3.4 "),
    ] {
        let mut talk = in_data(Role::Exchange);
        for _ in 0..lines {
            assert_eq!(talk.octets(line.clone()), "");
        }
        assert!(talk.octets(".\r\n").starts_with(code), "{lines}");
        let kept = talk
            .world
            .received
            .first()
            .map_or(0, |received| received.body.len());
        assert!(kept as u64 <= MAX_OCTETS);
        assert!(talk.line("NOOP").starts_with("250"));
    }
}

#[test]
fn a_size_too_large_is_refused_before_anything_is_sent() {
    let mut talk = ready(Role::Exchange);
    assert!(
        talk.line("MAIL FROM:<a@b.fr> SIZE=10001")
            .starts_with("552 5.3.4 ")
    );
    assert!(
        talk.line("MAIL FROM:<a@b.fr> SIZE=99999999999999999999")
            .starts_with("552 5.3.4 ")
    );
    assert!(
        talk.line("MAIL FROM:<a@b.fr> SIZE=10000")
            .starts_with("250 ")
    );
}

#[test]
fn a_message_without_end_is_cut_off_with_a_reply() {
    let mut talk = in_data(Role::Exchange);
    let piece = bytes::Bytes::from(vec![b'a'; 1 << 20]);
    for _ in 0..limits::EXCESS_OCTETS >> 20 {
        assert_eq!(talk.octets(piece.clone()), "");
    }
    assert!(talk.octets(piece).starts_with("552 5.3.4 "));
    assert!(talk.closed);
    assert_eq!(talk.world.discarded, 1);
}

#[test]
fn an_empty_message_is_one() {
    let mut talk = in_data(Role::Exchange);
    assert!(talk.octets(".\r\n").starts_with("250 "));
    assert_eq!(talk.world.received[0].body, "");
}

#[test]
fn a_line_too_long_is_one_bad_command() {
    let mut talk = ready(Role::Exchange);
    let said = talk.octets(format!("{}\r\nNOOP\r\n", "x".repeat(50_000)));
    assert_eq!(said, "500 5.5.2 The line is too long\r\n250 2.0.0 Fine\r\n");
}

#[test]
fn a_line_end_inside_a_command_runs_nothing() {
    let mut talk = ready(Role::Exchange);
    assert!(
        talk.line("MAIL FROM:<a@b.fr>\nRCPT TO:<lea@exemple.fr>")
            .starts_with("500 5.5.2 ")
    );
    assert!(talk.world.asked.is_empty());
}

#[test]
fn received_says_how_it_came() {
    let begin_of = |talk: &mut Talk| {
        talk.line("MAIL FROM:<jean@exemple.fr> SMTPUTF8");
        talk.line("RCPT TO:<lea@exemple.fr>");
        talk.line("DATA");
        match talk.world.asked.last() {
            Some(Question::Begin(begin)) => begin.clone(),
            other => panic!("{other:?}"),
        }
    };
    let begin = begin_of(&mut ready(Role::Submission));
    assert!(begin.smtputf8 && begin.signed_in && begin.encryption.is_none());
    let mut talk = exchange();
    talk.secured();
    talk.line("HELO bar.com");
    let begin = begin_of(&mut talk);
    assert_eq!(
        begin.hello,
        Hello {
            name: "bar.com".into(),
            extended: false
        }
    );
    assert_eq!(
        begin.encryption.map(|it| it.version.name()),
        Some("TLSv1.3")
    );
    assert!(!begin.signed_in);
}

/// A whole session, to be cut in any way.
fn script() -> String {
    let wrong = STANDARD.encode("\0jean@exemple.fr\0non");
    format!(
        "EHLO localhost\r\nnonsense\r\nAUTH PLAIN {wrong}\r\nAUTH PLAIN\r\n{PLAIN}\r\n\
         MAIL FROM: <jean@exemple.fr>\r\nRCPT TO: <nobody@exemple.fr>\r\n\
         RCPT TO: <paul@exemple.org>\r\nDATA\r\n.dot\r\n..\r\na\nb\rc\r\r\n\n.\r\n.\n\r\n.\r\r\n\
         .\r\nMAIL FROM:<jean@exemple.fr>\r\nRCPT TO:<lea@exemple.fr>\r\nDATA\r\n{}\r\n.\r\n\
         RSET\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\nNOOP\r\n",
        "b".repeat(10_100)
    )
}

fn whole_session(cuts: &[usize]) -> (String, Vec<Question>, Vec<Received>) {
    let (mut talk, script) = (submission(), script());
    let (mut said, mut from) = (talk.run(), 0);
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % script.len()).collect();
    cuts.sort_unstable();
    for cut in cuts.into_iter().chain([script.len()]) {
        said.push_str(&talk.octets(script.as_bytes()[from..cut].to_vec()));
        from = cut;
    }
    assert!(talk.closed);
    (said, talk.world.asked, talk.world.received)
}

#[test]
fn the_session_that_is_cut_is_a_good_one() {
    let (said, _, received) = whole_session(&[]);
    let codes: Vec<_> = said
        .lines()
        .filter(|line| &line[3..4] == " ")
        .map(|l| &l[..3])
        .collect();
    assert_eq!(
        codes,
        [
            "220", "250", "500", "535", "334", "235", "250", "550", "250", "354", "250", "250",
            "250", "354", "552", "250", "250", "250", "221"
        ]
    );
    assert_eq!(received.len(), 1);
    assert_eq!(
        received[0].body,
        "dot\r\n.\r\na\r\nb\r\nc\r\n\r\n\r\n.\r\n\r\n\r\n\r\n\r\n"
    );
    let all: Vec<_> = (0..script().len()).collect();
    assert_eq!(whole_session(&all), whole_session(&[]), "octet by octet");
}

proptest! {
    #[test]
    fn how_octets_are_cut_changes_nothing(
        cuts in proptest::collection::vec(any::<usize>(), 0..40),
        early in proptest::collection::vec(0_usize..600, 0..40),
    ) {
        let cuts = [cuts, early].concat();
        prop_assert_eq!(whole_session(&cuts), whole_session(&[]));
    }

    #[test]
    fn any_octets_are_borne(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..40),
        role in prop_oneof![Just(Role::Exchange), Just(Role::Submission)],
        inside: bool,
    ) {
        let mut talk = if inside { in_data(role) } else { ready(role) };
        for chunk in chunks {
            talk.octets(chunk);
        }
        let said = talk.input(Input::EndOfStream);
        prop_assert!(talk.closed);
        prop_assert!(!inside || !talk.world.received.is_empty() || said.starts_with("421 4.4.2"));
    }

    #[test]
    fn any_commands_in_any_order_are_answered(
        lines in proptest::collection::vec(prop_oneof![
            Just("EHLO a.fr"), Just("HELO a.fr"), Just("MAIL FROM:<a@b.fr>"), Just("AUTH LOGIN"),
            Just("RCPT TO:<lea@exemple.fr>"), Just("RCPT TO:<nobody@exemple.fr>"), Just("*"),
            Just("DATA\r\nx\r\n.\r\nNOOP"), Just("RSET"), Just("NOOP"), Just(""), Just("AUTH PLAIN"),
            Just("AUTH PLAIN AGplYW5AZXhlbXBsZS5mcgBtb3QgZGUgcGFzc2U=")], 0..40),
        role in prop_oneof![Just(Role::Exchange), Just(Role::Submission)],
    ) {
        let mut talk = with(role, session::sasl::Cleartext::ByAccount);
        talk.run();
        for line in lines {
            if !talk.closed {
                let said = talk.line(line);
                prop_assert!(said.ends_with("\r\n"), "{} to {}", said, line);
            }
        }
    }

    #[test]
    fn any_input_at_any_time_is_borne(inputs in proptest::collection::vec(0_u8..14, 0..60)) {
        let mut talk = submission();
        for input in inputs {
            talk.give(match input {
                0 => Input::EndOfStream,
                1 => Input::AnswerEnd,
                2 => Input::Piece(Piece::Granted),
                3 => Input::Piece(Piece::SignedIn { address: "a".into() }),
                4 => Input::Piece(Piece::Accepted { id: "1".into(), delivered: 0, queued: 0 }),
                5 => Input::Notice,
                6 => Input::TimeUp,
                7 => Input::Shutdown,
                8 => Input::Bytes("EHLO a\r\nAUTH PLAIN AGEAYg==\r\n".into()),
                9 => Input::Bytes("MAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n".into()),
                10 => Input::Bytes("x\r\n.\r".into()),
                11 => Input::Bytes("\n".into()),
                12 => Input::RightEnded(session::RightEnd::PasswordChanged),
                _ => Input::Bytes("STARTTLS\r\n".into()),
            });
            let _ = talk.session.next(Moment::default());
        }
    }
}
