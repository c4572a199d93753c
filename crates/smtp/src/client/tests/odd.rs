//! Peers that are odd, or worse; and TLS.

use proptest::prelude::*;

use super::driver::{self, Talk, envelope, signing_in, talk};
use super::{PIPELINED, fates};
use crate::client::{At, Failure, Fate, StartTls, Trouble};

const WITH_TLS: &str = "250-mx.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n";

#[test]
fn a_peer_that_knows_no_ehlo_is_greeted_the_old_way() {
    let mut talk = talk(StartTls::IfOffered);
    talk.hear("220 mx\r\n");
    assert_eq!(talk.hear("502 what?\r\n"), "HELO mail.exemple.fr\r\n");
    talk.hear("250-PIPELINING\r\n250-PIPELINING\r\n250 SIZE 5\r\n");
    assert!(talk.ready);
    assert!(!talk.client.capabilities().pipelining);
}

#[test]
fn a_peer_that_will_not_have_us_is_left_politely() {
    for (replies, at) in [
        (&["554 5.3.2 no mail here\r\n"][..], At::Greeting),
        (&["220 mx\r\n", "550 no\r\n", "550 no\r\n"], At::Hello),
        (&["220 mx\r\n", "450 not now\r\n"], At::Hello),
    ] {
        let mut talk = talk(StartTls::IfOffered);
        let said = replies.iter().map(|reply| talk.hear(reply)).last();
        assert_eq!(said.as_deref(), Some("QUIT\r\n"));
        let Failure::Refused(where_, _) = talk.failure() else {
            panic!("not refused");
        };
        assert_eq!(where_, at);
    }
}

#[test]
fn nothing_that_was_said_in_the_clear_is_believed() {
    let mut talk = talk(StartTls::IfOffered);
    talk.hear("220 mx\r\n");
    assert_eq!(talk.hear(WITH_TLS), "STARTTLS\r\n");
    assert_eq!(talk.hear("220 go\r\n"), "");
    assert_eq!(talk.secure(), "EHLO mail.exemple.fr\r\n");
    talk.hear("250 mx\r\n");
    assert!(talk.ready);
    assert!(!talk.client.capabilities().pipelining);
    assert!(talk.client.encryption().is_some());
}

#[test]
fn what_stands_behind_the_reply_to_starttls_ends_it() {
    for behind in ["250 ok\r\n", "250-mx\r\n250 AUTH PLAIN\r\n", "2", "\r\n"] {
        let mut talk = talk(StartTls::IfOffered);
        talk.hear("220 mx\r\n");
        talk.hear(WITH_TLS);
        assert_eq!(talk.hear(&format!("220 go\r\n{behind}")), "");
        assert_eq!(
            talk.failure(),
            Failure::Trouble(At::StartTls, Trouble::Injected)
        );
        assert!(!talk.securing);
    }
}

#[test]
fn tls_is_begun_as_it_is_wanted() {
    let greeted = |starttls, offers: &str| {
        let mut talk = talk(starttls);
        talk.hear("220 mx\r\n");
        let said = talk.hear(offers);
        (talk, said)
    };
    let (talk, said) = greeted(StartTls::Never, WITH_TLS);
    assert!(talk.ready && said.is_empty());
    let (talk, said) = greeted(StartTls::IfOffered, "250 mx\r\n");
    assert!(talk.ready && said.is_empty());
    let (mut talk, said) = greeted(StartTls::Demanded, "250 mx\r\n");
    assert_eq!(
        (talk.failure(), said.as_str()),
        (Failure::NoTls, "QUIT\r\n")
    );
    let (mut talk, _) = greeted(StartTls::IfOffered, WITH_TLS);
    assert_eq!(talk.hear("454 4.7.0 not now\r\n"), "");
    assert!(talk.ready && talk.client.encryption().is_none());
    let (mut talk, _) = greeted(StartTls::Demanded, WITH_TLS);
    assert_eq!(talk.hear("454 4.7.0 not now\r\n"), "QUIT\r\n");
    assert!(matches!(talk.failure(), Failure::Refused(At::StartTls, _)));
}

#[test]
fn a_password_is_said_under_tls_alone() {
    let mut clear = signing_in(StartTls::IfOffered);
    clear.hear("220 mx\r\n");
    assert_eq!(clear.hear("250-mx\r\n250 AUTH PLAIN LOGIN\r\n"), "QUIT\r\n");
    assert_eq!(clear.failure(), Failure::SignInNeedsTls);
}

fn under_tls(offers: &str) -> (Talk, String) {
    let mut talk = signing_in(StartTls::Demanded);
    talk.hear("220 mx\r\n");
    talk.hear("250-mx\r\n250 STARTTLS\r\n");
    talk.hear("220 go\r\n");
    talk.secure();
    let said = talk.hear(offers);
    (talk, said)
}

#[test]
fn one_signs_in_by_what_is_offered() {
    const PLAIN: &str = "AGxlYUBleGVtcGxlLmZyAHRpbGxldWw=";
    let (mut talk, said) = under_tls("250-mx\r\n250 AUTH PLAIN LOGIN\r\n");
    assert_eq!(said, format!("AUTH PLAIN {PLAIN}\r\n"));
    // One that takes no response with the command is told again, once.
    assert_eq!(talk.hear("334 \r\n"), format!("{PLAIN}\r\n"));
    talk.hear("235 2.7.0 welcome\r\n");
    assert!(talk.ready);
    let (mut talk, said) = under_tls("250-mx\r\n250 AUTH LOGIN\r\n");
    assert_eq!(said, "AUTH LOGIN\r\n");
    assert_eq!(
        talk.hear("334 VXNlcm5hbWU6\r\n"),
        "bGVhQGV4ZW1wbGUuZnI=\r\n"
    );
    assert_eq!(talk.hear("334 UGFzc3dvcmQ6\r\n"), "dGlsbGV1bA==\r\n");
    assert_eq!(talk.hear("535 5.7.8 no\r\n"), "QUIT\r\n");
    assert!(matches!(talk.failure(), Failure::Refused(At::SignIn, _)));
    let (mut talk, _) = under_tls("250-mx\r\n250 AUTH GSSAPI\r\n");
    assert_eq!(talk.failure(), Failure::NoSignIn);
    let (mut talk, _) = under_tls("250-mx\r\n250 AUTH PLAIN\r\n");
    talk.hear("334 \r\n");
    talk.hear("334 again\r\n");
    assert!(matches!(
        talk.failure(),
        Failure::Trouble(At::SignIn, Trouble::Unexpected(_))
    ));
}

/// A reply too many would make every later one look like the answer to the command
/// before: an accepted message that was not.
#[test]
fn a_reply_too_many_ends_the_connection() {
    let mut talk = talk(StartTls::Never);
    talk.open("250 mx.test\r\n");
    talk.send(&envelope(&["a@x.fr"]), &["Hi\r\n"]);
    assert_eq!(talk.hear("250 ok\r\n250 ok\r\n"), "");
    assert_eq!(fates(&mut talk), ["lost at RCPT false"]);
    assert!(talk.closed);

    for early in ["220 mx\r\n250 mx\r\n", "220 mx\r\n2"] {
        let mut talk = driver::talk(StartTls::Never);
        talk.hear(early);
        assert_eq!(
            talk.failure(),
            Failure::Trouble(At::Hello, Trouble::OutOfStep),
            "{early}"
        );
    }
}

#[test]
fn a_reply_in_the_middle_of_a_message_is_about_it() {
    for (early, fate) in [
        ("552 5.3.4 too large\r\n", "message refused for good 5.3.4"),
        ("451 4.3.1 full\r\n", "message refused for now 4.3.1"),
        ("421 4.3.2 bye\r\n", "lost at message false"),
        ("250 fine\r\n", "lost at message false"),
    ] {
        let mut talk = talk(StartTls::Never);
        talk.open(PIPELINED);
        talk.send(&envelope(&["a@x.fr"]), &["Hi\r\n"]);
        let said = talk.hear(&format!("250 ok\r\n250 ok\r\n354 go\r\n{early}"));
        assert!(!said.contains("\r\n.\r\n"), "{said}");
        assert_eq!(fates(&mut talk), [fate]);
        assert!(talk.closed);
    }
}

#[test]
fn a_peer_that_closes_between_messages_does_no_harm() {
    let mut talk = talk(StartTls::Never);
    talk.open(PIPELINED);
    talk.hear("421 4.4.2 idle for too long\r\n");
    assert!(talk.closed);
    assert!(!talk.client.takes_more());
    talk.send(&envelope(&["a@x.fr"]), &[]);
    assert_eq!(talk.outcome().fates, [Fate::Untried]);
}

#[test]
fn what_is_no_smtp_is_told() {
    let mut talk = talk(StartTls::IfOffered);
    talk.hear("+OK POP3 ready\r\n");
    assert_eq!(
        talk.failure(),
        Failure::Trouble(At::Greeting, Trouble::Nonsense)
    );
    let mut talk = driver::talk(StartTls::Never);
    talk.open(PIPELINED);
    talk.send(&envelope(&["a@x.fr"]), &[]);
    talk.hear("354 go\r\n");
    assert!(matches!(
        &talk.outcome().fates[..],
        [Fate::Lost {
            at: At::Mail,
            trouble: Trouble::Unexpected(_),
            ..
        }]
    ));
}

fn replies() -> impl Strategy<Value = Vec<String>> {
    let code = prop_oneof![
        4 => Just("250 ok\r\n".to_owned()),
        2 => Just("354 go\r\n".to_owned()),
        1 => Just("550 5.1.1 no\r\n".to_owned()),
        1 => Just("450 no\r\n".to_owned()),
        1 => Just("250-mx\r\n250-PIPELINING\r\n250 DSN\r\n".to_owned()),
        1 => Just("421 bye\r\n".to_owned()),
        1 => "\\PC{0,6}\r\n",
    ];
    let flight = proptest::collection::vec(code, 1..4).prop_map(|lines| lines.concat());
    proptest::collection::vec(flight, 0..12)
}

proptest! {
    /// Whatever the peer says, each recipient has one fate, and none is accepted but by
    /// what came after the message's end.
    #[test]
    fn any_peer_leaves_each_recipient_with_a_fate(replies in replies()) {
        let mut talk = talk(StartTls::IfOffered);
        let mut said = talk.hear("220 mx\r\n");
        let (mut sent, mut ended) = (false, false);
        for reply in replies.iter().chain([&"421 bye\r\n".to_owned()]) {
            if talk.closed || talk.securing {
                break;
            }
            if talk.ready && !sent {
                sent = true;
                said += &talk.send(&envelope(&["a@x.fr", "b@x.fr"]), &["Hi\r\n", ".."]);
            }
            said += &talk.hear(reply);
            ended |= said.contains("Hi\r\n...\r\n.\r\n");
            if sent && (talk.ready || talk.closed) {
                let outcome = talk.outcome();
                prop_assert_eq!(outcome.fates.len(), 2);
                for fate in &outcome.fates {
                    let accepted = matches!(fate, Fate::Accepted(_));
                    let doubtful = matches!(fate, Fate::Lost { perhaps_accepted: true, .. });
                    prop_assert!(ended || !(accepted || doubtful));
                    prop_assert!(*fate != Fate::Untried);
                }
                break;
            }
        }
    }
}
