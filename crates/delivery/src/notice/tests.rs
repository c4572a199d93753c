use address::Address;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail_parser::{MessageParser, MimeHeaders, PartType};
use proptest::prelude::*;
use queue::{Destination, Recipient, Status, Trouble};
use words::Language;

use super::{Notice, Original, Told};

const HEADER: &str = "Subject: =?utf-8?q?D=C3=A9jeuner?= de lundi\r\n\
                      Message-ID: <1@exemple.fr>\r\nFrom: lea@exemple.fr\r\n\r\n";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn recipient(address: &str) -> Recipient {
    Recipient::new(address.parse().unwrap(), Destination::Remote, at(0))
}

fn said(text: &str) -> Trouble {
    Trouble {
        text: text.to_owned(),
        host: Some("mx.b.fr".to_owned()),
        status: Status(5, 1, 1),
    }
}

fn message(told: Told, of: &[(Recipient, Trouble)], original: Original) -> Vec<u8> {
    let (to, from): (Address, Address) = (
        "lea@exemple.fr".parse().unwrap(),
        "postmaster@exemple.fr".parse().unwrap(),
    );
    let notice = Notice {
        told,
        of,
        to: &to,
        from: &from,
        host: "mail.exemple.fr",
        language: Language::French,
        zone: &TimeZone::fixed(jiff::tz::offset(1)),
        received: at(1_800_000_000),
        envelope_id: Some("QQ314159"),
        original,
        now: at(1_800_003_600),
        name: "report.1",
    };
    notice.message()
}

/// As a program for reading mail sees it: text, status and what came back.
fn read(message: &[u8]) -> (mail_parser::Message<'_>, [String; 3]) {
    let parsed = MessageParser::default().parse(message).unwrap();
    let content = |part: &mail_parser::MessagePart<'_>| match &part.body {
        PartType::Text(text) => text.to_string(),
        PartType::Binary(octets) => String::from_utf8_lossy(octets).into_owned(),
        PartType::Message(message) => String::from_utf8_lossy(message.raw_message()).into_owned(),
        other => panic!("{other:?}"),
    };
    let parts: Vec<_> = parsed.parts[1..4].iter().map(content).collect();
    (parsed, parts.try_into().unwrap())
}

fn check_lines(message: &[u8]) {
    for (index, octet) in message.iter().enumerate() {
        match octet {
            b'\r' => assert_eq!(message.get(index + 1), Some(&b'\n'), "at {index}"),
            b'\n' => assert_eq!(message[index - 1], b'\r', "at {index}"),
            _ => {}
        }
    }
    let longest = message
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::len)
        .max();
    assert!(longest < Some(1000), "{longest:?}");
}

#[test]
fn a_failure_is_told_to_people_and_programs() {
    let of = [
        (recipient("paul@b.fr"), said("550 5.1.1 No such user")),
        (
            Recipient {
                original: Some("rfc822;Ali+2B@B.fr".to_owned()),
                ..recipient("ali@b.fr")
            },
            Trouble::ours(Status(5, 4, 6), "the records name this host"),
        ),
    ];
    let header = Original::Header(HEADER.as_bytes().to_vec());
    let message = message(Told::Failed, &of, header);
    check_lines(&message);
    let (parsed, [text, status, returned]) = read(&message);
    assert_eq!(parsed.subject(), Some("Non remis\u{a0}: Déjeuner de lundi"));
    assert_eq!(parsed.in_reply_to().as_text(), Some("1@exemple.fr"));
    assert_eq!(parsed.message_id(), Some("report.1@mail.exemple.fr"));
    assert_eq!(parsed.date().unwrap().to_timestamp(), 1_800_003_600);
    let kind = parsed.content_type().unwrap();
    assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
    let expected = "Votre message du 15\u{a0}janvier\u{a0}2027, 9\u{a0}h\u{a0}00, n’est pas parvenu à ces destinataires\u{a0}:\n\n    \
        paul@b.fr\n    mx.b.fr a répondu\u{a0}: 550 5.1.1 No such user\n    \
        Ce que cela veut dire\u{a0}: cette adresse n’existe pas là-bas. Vérifiez comment elle s’écrit.\n\n    \
        ali@b.fr\n    Ce qui s’est passé\u{a0}: the records name this host\n    \
        Ce que cela veut dire\u{a0}: le message a tourné en rond entre des serveurs. La personne qui gère l’adresse du destinataire doit en vérifier les redirections.\n\n\
        Rien de plus n’est tenté pour eux. Vos autres destinataires ne sont pas concernés. L’en-tête de votre message est joint.";
    assert_eq!(text.replace("\r\n", "\n").trim_end(), expected);
    let expected = "Reporting-MTA: dns; mail.exemple.fr\r\n\
        Original-Envelope-Id: QQ314159\r\n\
        Arrival-Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n\r\n\
        Final-Recipient: rfc822; paul@b.fr\r\nAction: failed\r\nStatus: 5.1.1\r\n\
        Remote-MTA: dns; mx.b.fr\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user\r\n\r\n\
        Original-Recipient: rfc822; Ali+@B.fr\r\n\
        Final-Recipient: rfc822; ali@b.fr\r\nAction: failed\r\nStatus: 5.4.6\r\n\
        Diagnostic-Code: x-facteur; the records name this host\r\n";
    assert_eq!(status, expected);
    assert_eq!(returned.trim_end(), HEADER.trim_end());
}

#[test]
fn a_delay_says_until_when_it_is_tried() {
    let of = [(recipient("é@b.fr"), said("451 later"))];
    let until = at(1_800_432_000);
    let whole = format!("{HEADER}Texte é\r\n").into_bytes();
    let message = message(Told::Delayed { until }, &of, Original::Whole(whole.clone()));
    check_lines(&message);
    let (parsed, [text, status, returned]) = read(&message);
    assert_eq!(
        parsed.subject(),
        Some("Pas encore remis\u{a0}: Déjeuner de lundi")
    );
    assert!(
        text.contains("jusqu’au 20\u{a0}janvier\u{a0}2027, 9\u{a0}h\u{a0}00"),
        "{text}"
    );
    assert!(status.contains("Final-Recipient: utf-8; \\x{E9}@b.fr\r\nAction: delayed\r\n"));
    assert!(status.contains("Will-Retry-Until: Wed, 20 Jan 2027 08:00:00 +0000\r\n"));
    assert_eq!(
        returned.trim_end().as_bytes(),
        String::from_utf8(whole).unwrap().trim_end().as_bytes()
    );
}

#[test]
fn a_success_is_told_without_what_it_means() {
    let header = || Original::Header(HEADER.as_bytes().to_vec());
    let of = [(recipient("paul@b.fr"), Trouble::ours(Status(2, 0, 0), ""))];
    let delivered = message(Told::Delivered, &of, header());
    check_lines(&delivered);
    let (parsed, [text, status, _]) = read(&delivered);
    assert_eq!(parsed.subject(), Some("Remis\u{a0}: Déjeuner de lundi"));
    assert!(
        text.contains("a été remis à\u{a0}:\n\n    paul@b.fr\n\nVous"),
        "{text}"
    );
    assert!(
        status.ends_with("Action: delivered\r\nStatus: 2.0.0\r\n"),
        "{status}"
    );

    let taken = Trouble {
        status: Status(2, 6, 0),
        ..said("250 2.6.0 queued")
    };
    let relayed = message(Told::Relayed, &[(recipient("paul@b.fr"), taken)], header());
    let (parsed, [text, status, _]) = read(&relayed);
    assert_eq!(parsed.subject(), Some("Transmis\u{a0}: Déjeuner de lundi"));
    assert!(
        text.contains("mx.b.fr a répondu\u{a0}: 250 2.6.0 queued"),
        "{text}"
    );
    assert!(!text.contains("Ce que cela veut dire"), "{text}");
    let words = "Action: relayed\r\nStatus: 2.6.0\r\nRemote-MTA: dns; mx.b.fr\r\n";
    assert!(status.contains(words), "{status}");
}

proptest! {
    /// Whatever another host or the original says, it adds no field, line or part of its own.
    #[test]
    fn nothing_in_it_becomes_more_than_it_is(
        text in "[ -~é\r\n]{0,400}", subject in "[ -~é\r\n]{0,80}", id in "[ -~]{0,30}",
    ) {
        let of = [(recipient("paul@b.fr"), said(&text))];
        let header = format!("Subject: {}\r\nMessage-ID: <{id}@x>\r\n\r\n", subject.replace(['\r', '\n'], " "));
        let message = message(Told::Failed, &of, Original::Header(header.into_bytes()));
        check_lines(&message);
        let (parsed, [_, status, _]) = read(&message);
        prop_assert_eq!(parsed.parts.len(), 4);
        let names: Vec<_> = status.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
        prop_assert_eq!(names, [
            "Reporting-MTA", "Original-Envelope-Id", "Arrival-Date", "Final-Recipient", "Action",
            "Status", "Remote-MTA", "Diagnostic-Code",
        ]);
        prop_assert!(status.is_ascii());
        let fields = parsed.headers().iter().map(|header| header.name().to_owned());
        let fields: Vec<_> = fields.filter(|name| !["In-Reply-To", "References"].contains(&name.as_str())).collect();
        prop_assert_eq!(fields, [
            "Return-Path", "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted",
            "MIME-Version", "Content-Type",
        ]);
    }
}
