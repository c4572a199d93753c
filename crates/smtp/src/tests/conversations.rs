//! Conversations that one can read aloud. The sentences of refusals are `words`', so
//! those lines are checked by their codes.

use address::ReversePath;
use events::{Event, Refusal, SignInFailure};
use session::sasl::Cleartext;

use super::driver::{PLAIN, Talk, exchange, play, ready, submission, with};
use crate::{Hello, Question, Role, limits};

/// RFC 5321 appendix D.1, in today's clothes.
#[test]
fn another_server_delivers() {
    let mut talk = exchange();
    play(
        &mut talk,
        "S: 220 mail.exemple.fr ESMTP Facteur
         C: EHLO bar.com
         S: 250-mail.exemple.fr
         S: 250-PIPELINING
         S: 250-SIZE 10000
         S: 250-8BITMIME
         S: 250-ENHANCEDSTATUSCODES
         S: 250-SMTPUTF8
         S: 250-CHUNKING
         S: 250-DSN
         S: 250-LIMITS RCPTMAX=1000
         S: 250 STARTTLS
         C: MAIL FROM:<Smith@bar.com>
         S: 250 2.1.0 Sender fine
         C: RCPT TO:<lea@exemple.fr>
         S: 250 2.1.5 Recipient fine
         C: RCPT TO:<postmaster>
         S: 250 2.1.5 Recipient fine
         C: DATA
         S: 354 End the message with <CRLF>.<CRLF>
         C: Subject: bla
         C:
         C: ..dotted
         C: .
         S: 250 2.0.0 Delivered as 1
         C: QUIT
         S: 221 2.0.0 Bye
         close",
    );
    let received = &talk.world.received[0];
    assert_eq!(received.body, "Subject: bla\r\n\r\n.dotted\r\n");
    assert_eq!(received.from.to_string(), "<Smith@bar.com>");
    let begin = received.begin.as_ref().unwrap();
    assert_eq!(begin.hello.name, "bar.com");
    assert!(begin.hello.extended && begin.encryption.is_none() && !begin.signed_in);
    let name = "bar.com".to_owned();
    let delivered = Event::Delivered {
        id: "1".into(),
        recipients: 2,
    };
    assert_eq!(talk.world.events, [Event::Greeted { name }, delivered]);
}

/// Section 5.1 of the tablet's specification.
#[test]
fn the_tablet_sends() {
    let mut talk = submission();
    play(
        &mut talk,
        "S: 220 mail.exemple.fr ESMTP Facteur
         C: EHLO [IPv6:fe80::1%wlan0]
         S: 250-mail.exemple.fr
         S: 250-PIPELINING
         S: 250-SIZE 10000
         S: 250-8BITMIME
         S: 250-ENHANCEDSTATUSCODES
         S: 250-SMTPUTF8
         S: 250-CHUNKING
         S: 250-DSN
         S: 250-LIMITS RCPTMAX=1000
         S: 250-DELIVERBY
         S: 250-FUTURERELEASE 604800 1970-01-08T00:00:00Z
         S: 250-STARTTLS
         S: 250 AUTH PLAIN LOGIN
         C: STARTTLS
         S: 220 2.0.0 Begin TLS
         TLS
         C: EHLO [192.168.1.20]
         S: 250-mail.exemple.fr
         S: 250-PIPELINING
         S: 250-SIZE 10000
         S: 250-8BITMIME
         S: 250-ENHANCEDSTATUSCODES
         S: 250-SMTPUTF8
         S: 250-CHUNKING
         S: 250-DSN
         S: 250-LIMITS RCPTMAX=1000
         S: 250-REQUIRETLS
         S: 250-DELIVERBY
         S: 250-FUTURERELEASE 604800 1970-01-08T00:00:00Z
         S: 250 AUTH PLAIN LOGIN
         C: AUTH PLAIN AGplYW5AZXhlbXBsZS5mcgBtb3QgZGUgcGFzc2U=
         S: 235 2.7.0 Signed in
         C: MAIL FROM: <jean@exemple.fr>
         S: 250 2.1.0 Sender fine
         C: RCPT TO: <paul@exemple.org>
         S: 250 2.1.5 Recipient fine
         C: DATA
         S: 354 End the message with <CRLF>.<CRLF>
         C: Content-Disposition: attachment; filename=\"été.jpg\"
         C:
         C: base64
         C: .
         S: 250 2.0.0 Queued as 1",
    );
    let received = &talk.world.received[0];
    assert!(received.body.contains("été.jpg"));
    let begin = received.begin.as_ref().unwrap();
    assert!(begin.encryption.is_some() && begin.signed_in);
    assert_eq!(tablets(&talk), [true]);
    assert!(!talk.world.events.contains(&Event::BadCommand));
    talk.input(session::Input::EndOfStream);
    assert!(talk.closed, "it goes without QUIT");
}

/// Of each sender that was asked for, whether it looked like the tablet's.
fn tablets(talk: &Talk) -> Vec<bool> {
    let asked = talk.world.asked.iter();
    let asked = asked.filter_map(|question| match question {
        Question::Sender(sender) => Some(sender.old_tablet),
        _ => None,
    });
    asked.collect()
}

#[test]
fn nobody_else_is_taken_for_the_tablet() {
    let mut talk = ready(Role::Submission);
    for (hello, mail, is_one) in [
        ("[192.168.1.20]", "MAIL FROM: <a@b.fr>", true),
        ("localhost", "MAIL FROM: <a@b.fr>", true),
        ("[192.168.1.20]", "MAIL FROM:<a@b.fr>", false),
        ("[192.168.1.20]", "MAIL FROM: <a@b.fr> SIZE=9", false),
        ("laptop.b.fr", "MAIL FROM: <a@b.fr>", false),
    ] {
        talk.line(&format!("EHLO {hello}"));
        talk.world.asked.clear();
        assert!(talk.line(mail).starts_with("250 "), "{mail}");
        assert_eq!(tablets(&talk), [is_one], "{hello} {mail}");
    }
}

#[test]
fn an_old_device_signs_in_by_login() {
    let mut talk = submission();
    talk.run();
    talk.line("EHLO localhost");
    play(
        &mut talk,
        "C: AUTH LOGIN
         S: 334 VXNlcm5hbWU6
         C: amVhbkBleGVtcGxlLmZy
         S: 334 UGFzc3dvcmQ6
         C: bW90IGRlIHBhc3Nl
         S: 235 2.7.0 Signed in
         C: AUTH LOGIN
         S: 503 5.5.1 You are signed in
         C: STARTTLS
         S: 503 5.5.1 You are signed in",
    );
    assert_eq!(
        talk.world.events[1],
        Event::SignedIn {
            address: "jean@exemple.fr".into()
        }
    );
}

#[test]
fn sign_ins_that_come_to_nothing() {
    let mut talk = submission();
    play(
        &mut talk,
        "S: 220 mail.exemple.fr ESMTP Facteur
         C: AUTH PLAIN
         S: 503 5.5.1 Say EHLO first
         C: HELO localhost
         S: 250 mail.exemple.fr
         C: AUTH PLAIN
         S: 334
         C: *
         S: 501 5.7.0 Sign-in cancelled
         C: AUTH CRAM-MD5
         S: 504 5.5.4 The mechanisms are PLAIN and LOGIN
         C: AUTH PLAIN =
         S: 501 5.5.2 That is no name and password in base64
         C: AUTH LOGIN !
         S: 501 5.5.2 That is no name and password in base64
         C: AUTH PLAIN bGVhAGplYW4Ac2VjcmV0
         S: 535 5.7.8 Signing in as another user is not possible",
    );
    assert!(talk.world.asked.is_empty());
    talk.line("AUTH PLAIN");
    let long = "A".repeat(limits::LINE_OCTETS + 1);
    assert!(talk.line(&long).starts_with("500 5.5.6"));
    assert!(talk.line(&format!("AUTH PLAIN {PLAIN}")).starts_with("235"));
}

#[test]
fn a_wrong_password_is_refused_a_few_times() {
    let mut talk = submission();
    talk.run();
    talk.line("EHLO localhost");
    for _ in 1..limits::SIGN_IN_TRIES {
        assert!(
            talk.line("AUTH PLAIN AGplYW4AYQ==")
                .starts_with("535 5.7.8 ")
        );
    }
    let reason = SignInFailure::WrongPassword;
    assert_eq!(
        talk.world.events[1],
        Event::SignInRefused {
            name: "jean".into(),
            reason
        }
    );
    let last = talk.line("AUTH PLAIN AGplYW4AYQ==");
    assert!(
        last.starts_with("535 5.7.8 ") && last.contains("\r\n421 4.7.0 "),
        "{last}"
    );
    assert!(talk.closed);
}

#[test]
fn sending_needs_a_sign_in() {
    let mut talk = submission();
    talk.run();
    talk.line("EHLO localhost");
    assert!(
        talk.line("MAIL FROM: <jean@exemple.fr>")
            .starts_with("530 5.7.0")
    );
    assert!(
        talk.line("RCPT TO: <paul@exemple.org>")
            .starts_with("503 5.5.1")
    );
    assert!(talk.line("DATA").starts_with("503 5.5.1"));
    // Who it was is told, and nothing else asked.
    let told = Question::Unsigned {
        hello: Hello {
            name: "localhost".to_owned(),
            extended: true,
        },
        sender: ReversePath::Address("jean@exemple.fr".parse().unwrap()),
        encrypted: false,
    };
    assert_eq!(talk.world.asked, [told]);
    assert!(
        talk.world
            .events
            .contains(&Event::Refused(Refusal::SignInRequired))
    );
}

#[test]
fn another_server_does_not_sign_in() {
    let mut talk = ready(Role::Exchange);
    assert!(
        talk.line(&format!("AUTH PLAIN {PLAIN}"))
            .starts_with("502 5.5.1")
    );
    assert!(talk.line("STARTTLS").starts_with("220"));
    talk.secured();
    assert!(!talk.line("EHLO bar.com").contains("AUTH"));
    assert!(talk.line("AUTH LOGIN").starts_with("502 5.5.1"));
    assert!(
        talk.line("MAIL FROM:<a@bar.com> AUTH=<>")
            .starts_with("555 5.5.4")
    );
    assert!(talk.world.asked.is_empty());
}

#[test]
fn without_encryption_there_is_no_sign_in_where_that_is_forbidden() {
    let mut talk = with(Role::Submission, Cleartext::Forbidden);
    talk.run();
    assert!(!talk.line("EHLO localhost").contains("AUTH"));
    assert!(
        talk.line(&format!("AUTH PLAIN {PLAIN}"))
            .starts_with("538 5.7.11")
    );
    assert!(talk.world.asked.is_empty());
    talk.line("STARTTLS");
    talk.secured();
    assert!(
        talk.line("AUTH PLAIN").starts_with("503"),
        "EHLO has to be said again"
    );
    assert!(talk.line("EHLO localhost").contains("AUTH PLAIN LOGIN"));
    assert!(talk.line(&format!("AUTH PLAIN {PLAIN}")).starts_with("235"));
    assert!(matches!(
        talk.world.asked[0],
        Question::SignIn {
            encrypted: true,
            ..
        }
    ));
}

#[test]
fn an_account_may_refuse_the_clear() {
    let mut talk = submission();
    talk.world.refuses_clear = true;
    talk.run();
    talk.line("EHLO localhost");
    assert!(
        talk.line(&format!("AUTH PLAIN {PLAIN}"))
            .starts_with("538 5.7.11")
    );
}

#[test]
fn what_came_with_starttls_is_dropped() {
    let mut talk = exchange();
    talk.run();
    let said = talk.octets("EHLO a.fr\r\nSTARTTLS\r\nMAIL FROM:<injected@x.fr>\r\nQUIT\r\n");
    assert!(said.ends_with("220 2.0.0 Begin TLS\r\n"), "{said}");
    assert_eq!(
        talk.octets("QUIT\r\n"),
        "",
        "nothing is heard until TLS is there"
    );
    assert_eq!(talk.secured(), "");
    assert!(!talk.closed);
    assert!(
        talk.line("MAIL FROM:<a@x.fr>").starts_with("503"),
        "EHLO is forgotten"
    );
    assert!(!talk.line("EHLO a.fr").contains("STARTTLS"));
    assert!(talk.line("STARTTLS").starts_with("503"));
}

/// RFC 8689 section 2: it is neither offered nor taken in the clear.
#[test]
fn tls_for_the_whole_way_is_asked_for_under_tls() {
    let mut talk = exchange();
    let _ = talk.run();
    assert!(!talk.line("EHLO mx.exemple.org").contains("REQUIRETLS"));
    let said = talk.line("MAIL FROM:<paul@exemple.org> REQUIRETLS");
    assert_eq!(
        said,
        "555 5.5.4 Parameter REQUIRETLS is not offered here\r\n"
    );
    talk.line("STARTTLS");
    talk.secured();
    assert!(
        talk.line("EHLO mx.exemple.org")
            .ends_with("250 REQUIRETLS\r\n")
    );
    let said = talk.line("MAIL FROM:<paul@exemple.org> requiretls");
    assert_eq!(said, "250 2.1.0 Sender fine\r\n");
}

#[test]
fn implicit_tls_begins_secured() {
    let mut talk = with(Role::Submission, Cleartext::Forbidden);
    assert_eq!(talk.secured(), "220 mail.exemple.fr ESMTP Facteur\r\n");
    let said = talk.line("EHLO localhost");
    assert!(said.contains("AUTH PLAIN LOGIN") && !said.contains("STARTTLS"));
}

#[test]
fn the_order_of_commands() {
    let mut talk = exchange();
    play(
        &mut talk,
        "S: 220 mail.exemple.fr ESMTP Facteur
         C: MAIL FROM:<a@bar.com>
         S: 503 5.5.1 Say EHLO first
         C: HELO bar.com
         S: 250 mail.exemple.fr
         C: RCPT TO:<lea@exemple.fr>
         S: 503 5.5.1 Say MAIL first
         C: DATA
         S: 503 5.5.1 Say MAIL first
         C: MAIL FROM:<>
         S: 250 2.1.0 Sender fine
         C: MAIL FROM:<a@bar.com>
         S: 503 5.5.1 The sender was said already
         C: STARTTLS
         S: 503 5.5.1 STARTTLS comes before MAIL
         C: DATA
         S: 503 5.5.1 Say RCPT first
         C: RSET
         S: 250 2.0.0 Fine
         C: RSET
         S: 250 2.0.0 Fine
         C: DATA
         S: 503 5.5.1 Say MAIL first
         C: NOOP
         S: 250 2.0.0 Fine
         C: VRFY lea
         S: 252 2.0.0 Send the message and see
         C: EXPN staff
         S: 502 5.5.1 Not offered here
         C: HELP
         S: 214 2.0.0 RFC 5321 tells all; postmaster the rest
         C: BURL 3
         S: 500 5.5.1 Unknown command
         C: QUIT now
         S: 501 5.5.4 QUIT takes no argument
         C: quit
         S: 221 2.0.0 Bye
         close",
    );
    assert_eq!(talk.world.asked.len(), 2, "{:?}", talk.world.asked);
    assert_eq!(talk.world.asked[1], Question::Reset);
}

#[test]
fn hello_again_forgets_the_envelope() {
    let mut talk = ready(Role::Exchange);
    talk.line("MAIL FROM:<a@bar.com>");
    assert!(talk.line("EHLO bar.com").ends_with("250 STARTTLS\r\n"));
    assert_eq!(talk.world.asked.last(), Some(&Question::Reset));
    assert!(talk.line("RCPT TO:<lea@exemple.fr>").starts_with("503"));
}

#[test]
fn a_transaction_in_one_write() {
    let mut talk = ready(Role::Exchange);
    let said = talk.octets(
        "MAIL FROM:<a@bar.com> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<lea@exemple.fr>\r\n\
         RCPT TO:<nobody@exemple.fr>\r\nDATA\r\nSubject: x\r\n\r\né\r\n.\r\n\
         MAIL FROM:<b@bar.com>\r\nRCPT TO:<nobody@exemple.fr>\r\nDATA\r\nQUIT\r\n",
    );
    let codes: Vec<_> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(
        codes,
        [
            "250", "250", "550", "354", "250", "250", "550", "554", "221"
        ]
    );
    assert_eq!(talk.world.received.len(), 1);
    assert_eq!(talk.world.received[0].body, "Subject: x\r\n\r\né\r\n");
}

#[test]
fn refusals_have_their_codes() {
    let recipient: address::Address = "paul@exemple.org".parse().unwrap();
    let sender = recipient.clone();
    let cases = [
        (
            Refusal::UnknownRecipient {
                recipient: recipient.clone(),
            },
            "550 5.1.1 ",
        ),
        (Refusal::NotHosted { recipient }, "550 5.7.1 "),
        (Refusal::OverQuota { temporary: true }, "452 4.2.2 "),
        (Refusal::OverQuota { temporary: false }, "552 5.2.2 "),
        (Refusal::DiskFull, "452 4.3.1 "),
        (Refusal::Temporary, "451 4.3.0 "),
        (Refusal::SenderNotYours { sender }, "553 5.7.1 "),
        (Refusal::Loop, "554 5.4.6 "),
    ];
    for (refusal, code) in cases {
        for commands in [
            ["MAIL FROM:<a@bar.com>"].as_slice(),
            &["MAIL FROM:<a@bar.com>", "RCPT TO:<lea@exemple.fr>"],
            &["MAIL FROM:<a@bar.com>", "RCPT TO:<lea@exemple.fr>", "DATA"],
            &[
                "MAIL FROM:<a@bar.com>",
                "RCPT TO:<lea@exemple.fr>",
                "DATA",
                "a: b\r\n.",
            ],
        ] {
            let mut talk = ready(Role::Exchange);
            let (last, before) = commands.split_last().unwrap();
            for command in before {
                talk.line(command);
            }
            talk.world.refuses = Some(refusal.clone());
            assert!(talk.line(last).starts_with(code), "{refusal:?} to {last}");
            assert!(talk.world.events.contains(&Event::Refused(refusal.clone())));
            assert!(talk.line("NOOP").starts_with("250") && !talk.closed);
            assert!(talk.world.received.is_empty());
        }
    }
}

#[test]
fn after_a_message_the_next_envelope_is_a_new_one() {
    let mut talk = ready(Role::Exchange);
    for _ in 0..3 {
        for (line, code) in [
            ("MAIL FROM:<a@bar.com>", "250"),
            ("RCPT TO:<lea@exemple.fr>", "250"),
            ("DATA", "354"),
            ("a: b\r\n.", "250"),
            ("RCPT TO:<lea@exemple.fr>", "503"),
        ] {
            assert!(talk.line(line).starts_with(code), "{line}");
        }
    }
    assert!(
        talk.world
            .received
            .iter()
            .all(|received| received.to.len() == 1)
    );
}

#[test]
fn a_message_has_a_limited_number_of_recipients() {
    let mut talk = ready(Role::Exchange);
    talk.line("MAIL FROM:<a@bar.com>");
    for number in 0..limits::RECIPIENTS {
        assert!(
            talk.line(&format!("RCPT TO:<lea{number}@exemple.fr>"))
                .starts_with("250")
        );
    }
    assert!(
        talk.line("RCPT TO:<lea@exemple.fr>")
            .starts_with("452 4.5.3")
    );
    assert!(talk.line("DATA").starts_with("354"));
}

#[test]
fn nobody_may_be_the_sender() {
    let mut talk = ready(Role::Submission);
    assert!(talk.line("MAIL FROM:<> AUTH=<>").starts_with("250"));
    let Some(Question::Sender(sender)) = talk.world.asked.last() else {
        panic!()
    };
    assert_eq!(sender.path, ReversePath::Null);
}

#[test]
fn a_browser_is_sent_away() {
    let mut talk = exchange();
    talk.run();
    let said = talk.octets("POST / HTTP/1.1\r\nHost: mail\r\n\r\nMAIL FROM:<a@b.fr>\r\n");
    assert!(said.starts_with("500 5.5.1") && said.lines().count() == 1);
    assert!(talk.closed);
}

#[test]
fn nonsense_is_borne_for_a_while() {
    let mut talk = ready(Role::Exchange);
    for _ in 1..limits::BAD_COMMANDS {
        assert!(talk.line("XYZZY").starts_with("500 5.5.1"));
    }
    assert!(talk.line("RCPT TO:paul").starts_with("421 4.7.0"));
    assert!(talk.closed);
    let bad = talk
        .world
        .events
        .iter()
        .filter(|event| **event == Event::BadCommand)
        .count();
    assert_eq!(bad, limits::BAD_COMMANDS as usize);
}
