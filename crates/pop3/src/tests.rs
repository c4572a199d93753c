//! What a POP3 session says and asks, where a plain transcript can't show it: time,
//! endings, failures of the world, and octets that come in any pieces.

mod driver;

use crate::{Piece, Question, limits};
use bytes::Bytes;
use driver::{World, begin, signed_in, with};
use events::{Event, Refusal, SignInFailure};
use proptest::prelude::*;
use session::sasl::Cleartext;
use session::{Input, Moment, RightEnd, Session};

const ONE: &str = "Subject: un\r\n\r\n.\r\n..deux\r\nfin\r\n";

fn two() -> World {
    World::new(&[(3, ONE), (9, "a: b\r\n\r\nshort")])
}

fn wire(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// Section 3.1 of the tablet's specification, in the clear.
#[test]
fn the_tablet_checks_its_account() {
    let mut talk = begin(two());
    assert_eq!(talk.run(), "+OK mail.exemple.fr POP3 ready\r\n");
    let capabilities = talk.line("CAPA");
    for line in [
        "STLS",
        "UIDL",
        "USER",
        "TOP",
        "PIPELINING",
        "SASL PLAIN",
        "EXPIRE NEVER",
    ] {
        assert!(capabilities.contains(&format!("\r\n{line}\r\n")), "{line}");
    }
    assert!(capabilities.starts_with("+OK") && capabilities.ends_with("\r\n.\r\n"));
    assert!(talk.line("USER jean@exemple.fr").starts_with("+OK"));
    assert!(talk.line("PASS mot de passe").starts_with("+OK"));
    assert_eq!(talk.line("STAT"), "+OK 2 44\r\n");
    assert_eq!(
        talk.line("UIDL"),
        wire("+OK 2 messages (44 octets)\n1 7.3\n2 7.9\n.\n")
    );
    assert_eq!(talk.line("QUIT"), "+OK Bye\r\n");
    assert!(talk.closed);
    assert!(
        !talk
            .world
            .asked
            .iter()
            .any(|asked| matches!(asked, Question::Remove { .. }))
    );
}

/// Section 3.2.
#[test]
fn the_tablet_fetches() {
    let mut talk = signed_in(two());
    assert_eq!(
        talk.line("LIST"),
        wire("+OK 2 messages (44 octets)\n1 31\n2 13\n.\n")
    );
    assert_eq!(talk.line("LIST 2"), "+OK 2 13\r\n");
    assert_eq!(talk.line("UIDL 2"), "+OK 2 7.9\r\n");
    let text = wire("+OK 31 octets\nSubject: un\n\n..\n...deux\nfin\n.\n");
    assert_eq!(talk.line("RETR 1"), text);
    let top = wire("+OK The top of the message follows\na: b\n\nshort\n.\n");
    assert_eq!(talk.line("TOP 2 673"), top);
    assert!(talk.world.events.contains(&Event::Read { octets: 31 }));
    assert!(talk.line("RETR 3").starts_with("-ERR No such message"));
}

#[test]
fn an_empty_message_is_answered_too() {
    let mut talk = signed_in(World::new(&[(1, "")]));
    assert_eq!(talk.line("RETR 1"), wire("+OK 0 octets\n.\n"));
    assert_eq!(
        talk.line("TOP 1 0"),
        wire("+OK The top of the message follows\n.\n")
    );
}

#[test]
fn the_top_of_a_long_message_reads_little_of_it() {
    let header = format!("X: {}\r\n", "a".repeat(100)).repeat(1000);
    let text = format!("{header}\r\n{}", "b\r\n".repeat(200_000));
    let mut talk = signed_in(World::new(&[(1, &text)]));
    talk.world.piece = 4000;
    let top = talk.line("TOP 1 2");
    assert_eq!(top.lines().count(), 1 + 1000 + 1 + 2 + 1);
    let asked: u64 = talk
        .world
        .asked
        .iter()
        .map(|asked| {
            if let Question::Read { octets, .. } = asked {
                *octets
            } else {
                0
            }
        })
        .sum();
    assert!(asked <= 2 * limits::TOP_OCTETS, "{asked}");
}

#[test]
fn only_quit_removes() {
    let mut talk = signed_in(two());
    assert!(talk.line("DELE 1").starts_with("+OK"));
    assert!(talk.line("DELE 1").starts_with("-ERR"));
    assert!(talk.line("RETR 1").starts_with("-ERR"));
    assert_eq!(talk.line("STAT"), "+OK 1 13\r\n");
    assert!(talk.line("RSET").starts_with("+OK"));
    assert_eq!(talk.line("STAT"), "+OK 2 44\r\n");
    talk.line("DELE 2");
    assert_eq!(talk.line("QUIT"), "+OK Bye\r\n");
    assert_eq!(
        talk.world.asked.last(),
        Some(&Question::Remove { uids: vec![9] })
    );
    assert_eq!(
        talk.world.events.last(),
        Some(&Event::Removed { messages: 1 })
    );
    assert!(talk.closed);
}

#[test]
fn a_session_that_ends_otherwise_removes_nothing() {
    for ending in [
        Input::EndOfStream,
        Input::Shutdown,
        Input::RightEnded(RightEnd::AccountRemoved),
    ] {
        let mut talk = signed_in(two());
        talk.line("DELE 1");
        talk.input(ending);
        assert!(talk.closed);
        assert!(
            !talk
                .world
                .asked
                .iter()
                .any(|asked| matches!(asked, Question::Remove { .. }))
        );
    }
}

#[test]
fn a_removal_that_is_not_durable_is_not_acknowledged() {
    for removal in [Piece::Refused(Refusal::DiskFull), Piece::Gone] {
        let mut talk = signed_in(two());
        talk.world.removal = Some(removal);
        talk.line("DELE 1");
        assert!(talk.line("QUIT").starts_with("-ERR [SYS/TEMP]"));
        assert!(talk.closed);
    }
}

#[test]
fn wrong_password_and_unknown_user_look_alike() {
    let mut talk = begin(two());
    talk.run();
    let wrong = [talk.line("USER jean@exemple.fr"), talk.line("PASS no")];
    let unknown = [talk.line("USER jean"), talk.line("PASS mot de passe")];
    assert_eq!(wrong, unknown);
    assert!(wrong[1].starts_with("-ERR [AUTH]"));
    let reason = SignInFailure::WrongPassword;
    assert_eq!(
        talk.world.events[1],
        Event::SignInRefused {
            name: "jean".into(),
            reason
        }
    );
    assert!(
        talk.line("PASS mot de passe").starts_with("-ERR"),
        "USER has to be said again"
    );
}

#[test]
fn sign_in_can_be_tried_a_few_times() {
    let mut talk = begin(two());
    talk.run();
    for _ in 0..limits::SIGN_IN_TRIES {
        assert!(!talk.closed);
        talk.line("USER jean@exemple.fr");
        assert!(talk.line("PASS no").starts_with("-ERR [AUTH]"));
    }
    assert!(talk.closed);
}

#[test]
fn auth_plain_both_ways() {
    let response = "AGplYW5AZXhlbXBsZS5mcgBtb3QgZGUgcGFzc2U=";
    let mut talk = begin(two());
    talk.run();
    assert_eq!(talk.line("AUTH"), wire("+OK Ways to sign in\nPLAIN\n.\n"));
    assert!(talk.line("AUTH CRAM-MD5").starts_with("-ERR"));
    assert_eq!(talk.line("AUTH PLAIN"), "+ \r\n");
    assert!(talk.line("*").starts_with("-ERR"));
    assert_eq!(talk.line("auth plain"), "+ \r\n");
    assert!(talk.line(response).starts_with("+OK 2 messages"));
    let mut talk = begin(two());
    talk.run();
    assert!(
        talk.line(&format!("AUTH PLAIN {response}"))
            .starts_with("+OK 2 messages")
    );
    assert_eq!(
        talk.world.events,
        [Event::SignedIn {
            address: "jean@exemple.fr".into()
        }]
    );
}

#[test]
fn without_encryption_nothing_is_offered_or_taken_where_that_is_forbidden() {
    let mut talk = with(Cleartext::Forbidden, two());
    talk.run();
    let capabilities = talk.line("CAPA");
    assert!(!capabilities.contains("USER") && !capabilities.contains("SASL"));
    for line in ["USER jean@exemple.fr", "AUTH PLAIN AGEAYg==", "AUTH"] {
        assert!(talk.line(line).starts_with("-ERR [AUTH]"), "{line}");
    }
    assert!(talk.line("PASS mot de passe").starts_with("-ERR"));
    assert!(talk.world.asked.is_empty());
    assert!(talk.line("STLS").starts_with("+OK"));
    talk.secured();
    let capabilities = talk.line("CAPA");
    assert!(capabilities.contains("USER") && !capabilities.contains("STLS"));
    talk.line("USER jean@exemple.fr");
    assert!(talk.line("PASS mot de passe").starts_with("+OK"));
}

#[test]
fn an_account_may_refuse_the_clear() {
    let mut talk = begin(two());
    talk.world.no_encryption_needed = false;
    talk.run();
    talk.line("USER jean@exemple.fr");
    assert!(talk.line("PASS mot de passe").starts_with("-ERR [AUTH]"));
}

#[test]
fn what_came_with_stls_is_dropped() {
    let mut talk = begin(two());
    talk.run();
    let said = talk.octets("USER lea@exemple.fr\r\nSTLS\r\nPASS injected\r\nQUIT\r\n");
    assert_eq!(said.lines().count(), 2);
    assert!(talk.securing && !talk.closed);
    assert_eq!(
        talk.octets("QUIT\r\n"),
        "",
        "nothing is heard until TLS is there"
    );
    assert_eq!(talk.secured(), "");
    assert!(
        talk.line("PASS x").starts_with("-ERR Say USER"),
        "the name is forgotten too"
    );
    assert!(talk.line("STLS").starts_with("-ERR"));
}

#[test]
fn implicit_tls_begins_secured() {
    let mut talk = with(Cleartext::Forbidden, two());
    assert_eq!(talk.secured(), "+OK mail.exemple.fr POP3 ready\r\n");
    assert!(talk.line("USER jean@exemple.fr").starts_with("+OK"));
}

#[test]
fn a_maildrop_that_cannot_be_listed_is_not_an_empty_one() {
    for listing in [
        vec![],
        vec![Piece::Refused(Refusal::Temporary)],
        vec![
            Piece::Messages {
                validity: 1,
                messages: vec![],
            },
            Piece::Messages {
                validity: 2,
                messages: vec![],
            },
        ],
    ] {
        let mut world = two();
        world.listing = listing;
        let mut talk = begin(world);
        talk.run();
        talk.line("USER jean@exemple.fr");
        assert!(
            talk.line("PASS mot de passe")
                .starts_with("-ERR [SYS/TEMP]")
        );
        assert!(talk.line("STAT").starts_with("-ERR Sign in"));
    }
}

#[test]
fn a_message_that_cannot_be_read_is_refused_or_left_without_an_end() {
    let mut talk = signed_in(two());
    talk.world.broken_after = Some((0, Piece::Gone));
    assert_eq!(
        talk.line("RETR 1"),
        "-ERR Message 1 was removed elsewhere\r\n"
    );
    talk.world.broken_after = Some((0, Piece::Refused(Refusal::Temporary)));
    assert!(talk.line("RETR 1").starts_with("-ERR [SYS/TEMP]"));
    assert!(!talk.closed);
    talk.world.broken_after = Some((1, Piece::Refused(Refusal::Temporary)));
    assert_eq!(talk.line("RETR 1"), "+OK 31 octets\r\nSubject: u");
    assert!(talk.closed);
}

#[test]
fn an_answer_shorter_than_the_listing_said_is_not_whole() {
    let mut talk = signed_in(two());
    talk.world.broken_after = Some((1, Piece::Octets(Bytes::new())));
    let said = talk.line("RETR 1");
    assert!(!said.ends_with(".\r\n") && talk.closed);
}

#[test]
fn silence_ends_a_session_with_a_reply() {
    let mut talk = begin(two());
    talk.run();
    assert_eq!(talk.wait(119), "");
    assert!(talk.wait(1).starts_with("-ERR"));
    assert!(talk.closed);

    // In the middle of signing in, too.
    for said in ["USER jean", "AUTH PLAIN", "USER jean@exemple.fr\r\nPA"] {
        let mut talk = begin(two());
        talk.run();
        talk.line(said);
        assert_eq!(talk.wait(119), "", "{said}");
        assert!(talk.wait(1).starts_with("-ERR"), "{said}");
        assert!(talk.closed, "{said}");
    }

    let mut talk = signed_in(two());
    for _ in 0..3 {
        assert_eq!(talk.wait(64 * 60), "");
        assert!(talk.line("NOOP").starts_with("+OK"));
    }
    assert!(talk.wait(65 * 60).starts_with("-ERR"));
    assert!(talk.closed);
}

#[test]
fn talking_does_not_put_off_signing_in_for_ever() {
    let mut talk = begin(two());
    talk.run();
    for _ in 0..9 {
        assert!(!talk.closed);
        assert_eq!(talk.wait(60), "");
        talk.line("CAPA");
    }
    assert!(talk.wait(60).starts_with("-ERR"));
    assert!(talk.closed);
}

#[test]
fn a_timer_that_rings_too_early_is_ignored() {
    let mut talk = signed_in(two());
    assert_eq!(talk.input(Input::TimeUp), "");
    assert!(!talk.closed);
}

/// Acceptance test 10 of the tablet's specification.
#[test]
fn shutdown_never_cuts_an_answer() {
    for (command, ending) in [("RETR 1", "fin\r\n.\r\n"), ("UIDL", "2 7.9\r\n.\r\n")] {
        for steps in 0..12 {
            let mut talk = signed_in(two());
            talk.give(Input::Bytes(format!("{command}\r\nNOOP\r\n").into()));
            let mut going = true;
            for _ in 0..steps {
                going = going && talk.step();
            }
            let begun = talk.said().starts_with(b"+OK");
            talk.give(Input::Shutdown);
            let said = talk.run();
            assert!(talk.closed);
            let last = said.lines().last().unwrap();
            assert!(last.starts_with("-ERR [SYS/TEMP]"), "{said}");
            if begun {
                assert!(said.contains(ending), "{said}");
            }
        }
    }
}

#[test]
fn a_right_that_ended_is_said_after_the_answer() {
    let mut talk = signed_in(two());
    let said = talk.input(Input::RightEnded(RightEnd::PasswordChanged));
    assert!(said.starts_with("-ERR [AUTH]"), "{said}");
    assert!(talk.closed);
}

#[test]
fn a_client_that_only_talks_gets_all_its_answers() {
    let mut talk = signed_in(two());
    talk.give(Input::Bytes("STAT\r\nNOOP\r\nQUIT\r\n".into()));
    let said = talk.input(Input::EndOfStream);
    assert_eq!(said.lines().count(), 3);
    assert!(talk.closed);
}

#[test]
fn nonsense_is_borne_for_a_while() {
    let mut talk = begin(two());
    talk.run();
    for _ in 1..limits::BAD_COMMANDS {
        assert_eq!(talk.line("EHLO tablette"), "-ERR Unknown command\r\n");
    }
    assert!(
        talk.line(&"x".repeat(limits::LINE_OCTETS + 1))
            .starts_with("-ERR Too many")
    );
    assert!(talk.closed);
}

#[test]
fn a_line_too_long_is_one_bad_command() {
    let mut talk = signed_in(two());
    let said = talk.octets(format!("{}\r\nNOOP\r\n", "x".repeat(50_000)));
    assert_eq!(said, "-ERR The line is too long\r\n+OK Still here\r\n");
}

#[test]
fn sixty_thousand_messages() {
    let messages: Vec<_> = (1..=60_000).map(|uid| (uid, "")).collect();
    let mut talk = signed_in(World::new(&messages));
    let said = talk.line("UIDL");
    assert_eq!(said.lines().count(), 60_002);
    assert!(said.ends_with("60000 7.60000\r\n.\r\n"));
    assert_eq!(talk.line("LIST 59999"), "+OK 59999 0\r\n");
    for number in 1..=60_000 {
        talk.give(Input::Bytes(format!("DELE {number}\r\n").into()));
        talk.run();
    }
    assert_eq!(talk.line("STAT"), "+OK 0 0\r\n");
    assert_eq!(talk.line("LIST"), wire("+OK 0 messages (0 octets)\n.\n"));
}

/// A whole session, to be cut in any way.
const SCRIPT: &str = "CAPA\r\nUSER jean@exemple.fr\r\nPASS mot de passe\r\nSTAT\nnonsense\r\n\
    LIST\r\nRETR 1\r\nTOP 1 1\r\nDELE 2\r\nUIDL\r\nRSET\r\nDELE 1\r\nLIST\r\nQUIT\r\nNOOP\r\n";

fn whole_session(cuts: &[usize]) -> (String, Vec<Question>) {
    let mut talk = begin(two());
    let (mut said, mut from) = (talk.run(), 0);
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % SCRIPT.len()).collect();
    cuts.sort_unstable();
    for cut in cuts.into_iter().chain([SCRIPT.len()]) {
        said.push_str(&talk.octets(&SCRIPT.as_bytes()[from..cut]));
        from = cut;
    }
    assert!(talk.closed);
    (said, talk.world.asked)
}

proptest! {
    #[test]
    fn how_octets_are_cut_changes_nothing(cuts in proptest::collection::vec(0_usize..4000, 0..40)) {
        prop_assert_eq!(whole_session(&cuts), whole_session(&[]));
    }

    #[test]
    fn any_octets_are_answered(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..40),
        inside: bool,
    ) {
        let mut talk = if inside { signed_in(two()) } else { begin(two()) };
        for chunk in chunks {
            talk.octets(chunk);
        }
        talk.input(Input::EndOfStream);
        prop_assert!(talk.closed);
    }

    #[test]
    fn any_commands_in_any_order_are_answered(
        lines in proptest::collection::vec(prop_oneof![
            Just("USER jean@exemple.fr"), Just("PASS mot de passe"), Just("STAT"), Just("AUTH PLAIN"),
            Just("LIST"), Just("UIDL 1"), Just("RETR 1"), Just("TOP 2 0"), Just("DELE 1"),
            Just("RSET"), Just("*"), Just("CAPA"), Just("NOOP"), Just("RETR 0"), Just("")], 0..40),
    ) {
        let mut talk = begin(two());
        talk.run();
        for line in lines {
            if !talk.closed {
                let said = talk.line(line);
                prop_assert!(said.starts_with('+') || said.starts_with("-ERR"), "{}: {}", line, said);
            }
        }
    }

    #[test]
    fn any_input_at_any_time_is_borne(inputs in proptest::collection::vec(0_u8..12, 0..60)) {
        let mut talk = begin(two());
        for input in inputs {
            talk.give(match input {
                0 => Input::EndOfStream,
                1 => Input::AnswerEnd,
                2 => Input::Piece(Piece::Gone),
                3 => Input::Piece(Piece::SignedIn { address: "a".into() }),
                4 => Input::Piece(Piece::Octets("abc".into())),
                5 => Input::Notice,
                6 => Input::TimeUp,
                7 => Input::Shutdown,
                8 => Input::Bytes("USER a\r\nPASS b\r\n".into()),
                9 => Input::Bytes("RETR 1\r\nQUIT\r\n".into()),
                10 => Input::Piece(Piece::Messages { validity: 1, messages: vec![] }),
                _ => Input::Bytes("STLS\r\n".into()),
            });
            let _ = talk.session.next(Moment::default());
        }
    }
}
