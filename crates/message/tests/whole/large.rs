//! Messages made to exhaust a careless reader. They are large enough that a cost which
//! grows with the square of their size would not end within a test's patience.

use crate::common::{check, scan, scan_in};
use message::{Content, Part, limits};

fn stored(scanned: &message::Scanned) -> usize {
    postcard::to_allocvec(&(&scanned.structure, &scanned.envelope))
        .unwrap()
        .len()
}

fn children(part: &Part) -> &[Part] {
    match &part.content {
        Content::Multipart(children) => children,
        _ => &[],
    }
}

/// Everything that is kept of one message stays under a megabyte.
const STORED: usize = 1024 * 1024;

#[test]
fn more_parts_than_are_counted() {
    let part =
        "--b\r\nContent-Type: application/x-something; name=\"a file name.bin\"\r\n\r\nx\r\n";
    let message = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n",
        part.repeat(15_000)
    );
    let scanned = scan_in(message.as_bytes(), &[1000, 77]);
    check(message.as_bytes(), &scanned);
    let parts = children(&scanned.structure.root);
    assert_eq!(parts.len(), limits::PARTS - 1);
    let rest = parts.last().unwrap();
    assert_eq!(rest.end, message.len() as u64);
    assert!(stored(&scanned) < STORED, "{}", stored(&scanned));
}

#[test]
fn bare_parts_up_to_the_limit() {
    let message = format!(
        "Content-Type: multipart/digest; boundary=b\r\n\r\n{}",
        "--b\r\n\r\n\r\n".repeat(12_000)
    );
    let scanned = scan(message.as_bytes());
    check(message.as_bytes(), &scanned);
    assert!(stored(&scanned) < STORED, "{}", stored(&scanned));
}

#[test]
fn parts_in_parts_in_parts() {
    let mut message = String::new();
    for depth in 0..1000 {
        message +=
            &format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n");
    }
    let scanned = scan(message.as_bytes());
    check(message.as_bytes(), &scanned);
    let mut part = &scanned.structure.root;
    let mut depth = 1;
    while let Some(child) = children(part).first() {
        part = child;
        depth += 1;
    }
    assert_eq!(depth, limits::NESTING);
    assert!(part.media.is("text", "plain"));
    let forwards = "Content-Type: message/rfc822\r\n\r\n".repeat(1000);
    let scanned = scan(forwards.as_bytes());
    check(forwards.as_bytes(), &scanned);
    assert!(stored(&scanned) < 10_000);
}

#[test]
fn boundaries_that_all_begin_alike() {
    let long = "x".repeat(900);
    let mut message = String::new();
    for depth in 0..90 {
        message += &format!(
            "Content-Type: multipart/mixed; boundary={long}{depth:03}\r\n\r\n--{long}{depth:03}\r\n"
        );
    }
    message += &format!("\r\n{}", format!("--{long}y\r\n").repeat(2000));
    let scanned = scan(message.as_bytes());
    check(message.as_bytes(), &scanned);
}

#[test]
fn a_header_of_a_hundred_thousand_lines() {
    let lines: String = (0..100_000)
        .map(|line| format!("X-{line}: {line}\r\n folded\r\n"))
        .collect();
    let message = format!("From: me@x.fr\r\n{lines}Subject: late\r\n\r\nbody\r\n");
    let scanned = scan_in(message.as_bytes(), &[4096]);
    check(message.as_bytes(), &scanned);
    // Beyond the limit fields are not seen, and the sender is in doubt.
    assert_eq!(scanned.envelope.subject, None);
    assert_eq!(scanned.senders.from_fields, 2);
    assert_eq!(scanned.structure.root.lines, 1);
}

#[test]
fn one_line_of_megabytes() {
    let line = "-x\"(<@=?,".repeat(500_000);
    for message in [
        line.clone(),
        format!("From: {line}"),
        format!("Content-Type: text/plain; {line}\r\n"),
        format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{line}\r\n--{line}\r\n--b--"
        ),
    ] {
        let scanned = scan_in(message.as_bytes(), &[65_536, 1]);
        check(message.as_bytes(), &scanned);
        assert_eq!(scan_in(message.as_bytes(), &[1003, 1002]), scanned);
        assert!(stored(&scanned) < STORED);
    }
}

/// Lines about as long as what is held of a line: how they are cut does not matter.
#[test]
fn lines_at_the_limit_of_what_is_held() {
    for length in 995..1012 {
        for line in [
            "x".repeat(length),
            "odd ".repeat(length / 4),
            format!("--{}", "b".repeat(length)),
        ] {
            let fields = format!("A: b\r\n{line}\r\n folded\r\nSubject: c\r\n{line}\n\r\nd\r\n");
            let parts = format!(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{line}\r\n--b--"
            );
            let boundary = "b".repeat(length);
            let long = format!(
                "Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{line}\r\n\r\nd\r\n{line}--"
            );
            for message in [fields, parts, long] {
                let scanned = scan(message.as_bytes());
                check(message.as_bytes(), &scanned);
                for sizes in [&[1][..], &[100], &[1001, 3], &[7, 998]] {
                    assert_eq!(scan_in(message.as_bytes(), sizes), scanned);
                }
            }
        }
    }
}

/// Beginnings of everything that looks for its end.
#[test]
fn values_without_end() {
    for piece in [
        "=?",
        "=?a?q?",
        "=?a?q?=",
        "=?utf-8?Q?a?= ",
        "(",
        "\"",
        "<",
        "a@b,",
        "a:;",
        "\\",
        "x ",
        "a.",
        "?=",
        "[",
        ";a*0=b",
        ";a=\"\"",
    ] {
        let value = piece.repeat(1_000_000 / piece.len());
        let message =
            format!("To: {value}\r\nContent-Type: text/plain{value}\r\nFrom: {value}\r\n\r\n");
        let scanned = scan(message.as_bytes());
        assert!(stored(&scanned) < STORED, "{piece}");
        message::text::header_value(value.as_bytes());
        message::date::parse(value.as_bytes());
        message::senders(format!("From: {value}\r\n").as_bytes());
    }
}
