//! Messages in, their parts out. Each is written with LF line ends and read with both.

use crate::{Content, Envelope, EnvelopeAddress, Part, Scanned, Scanner, SectionText, section};

fn scan(message: &[u8]) -> Scanned {
    let mut scanner = Scanner::new();
    scanner.push(message);
    scanner.finish()
}

/// The parts as text: `number type/subtype lines "body"`, the body without what is inside
/// other parts.
fn show(message: &str) -> String {
    let scanned = scan(message.as_bytes());
    assert_eq!(scanned.structure.root.end, message.len() as u64);
    let mut text = String::new();
    show_part(&scanned.structure.root, "", message, &mut text);
    text
}

fn show_part(part: &Part, number: &str, message: &str, text: &mut String) {
    let [start, body, end] =
        [part.start, part.body, part.end].map(|at| usize::try_from(at).unwrap());
    let header = message[start..body].lines().count();
    *text += &format!(
        "{number} {}/{}",
        part.media.kind.escape_ascii(),
        part.media.subtype.escape_ascii()
    );
    match &part.content {
        Content::Leaf => *text += &format!(" {header} {} {:?}\n", part.lines, &message[body..end]),
        Content::Multipart(children) => {
            *text += "\n";
            for (index, child) in children.iter().enumerate() {
                show_part(child, &format!("{number}.{}", index + 1), message, text);
            }
        }
        Content::Message(enclosed) => {
            let subject = enclosed.envelope.subject.clone().unwrap_or_default();
            *text += &format!(" {} {subject:?}\n", part.lines);
            show_part(&enclosed.root, &format!("{number}>"), message, text);
        }
    }
}

/// Both line ends give the same parts.
fn check(message: &str, wanted: &str) {
    assert_eq!(show(message), wanted);
    let crlf = message.replace('\n', "\r\n");
    assert_eq!(show(&crlf).replace("\\r\\n", "\\n"), wanted);
}

#[test]
fn a_plain_message() {
    check(
        "Subject: a\n\nhello\nworld\n",
        " text/plain 2 2 \"hello\\nworld\\n\"\n",
    );
    check("Subject: a\n\nhello", " text/plain 2 0 \"hello\"\n");
    check("Subject: a\n", " text/plain 1 0 \"\"\n");
    check("Subject: a", " text/plain 1 0 \"\"\n");
    check("\nhello", " text/plain 1 0 \"hello\"\n");
    check("", " text/plain 0 0 \"\"\n");
}

#[test]
fn a_multipart_with_preamble_and_epilogue() {
    check(
        "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n\n--b\nContent-Type: text/html\n\ntwo\n--b--\nepilogue\n--b\nmore\n",
        " multipart/mixed\n.1 text/plain 1 1 \"one\\n\"\n.2 text/html 2 0 \"two\"\n",
    );
}

#[test]
fn empty_parts() {
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nContent-Type: text/html\n--b--",
        " multipart/mixed\n.1 text/plain 0 0 \"\"\n.2 text/plain 1 0 \"\"\n.3 text/html 1 0 \"\"\n",
    );
    check(
        "Content-Type: multipart/mixed; boundary=b\n\nno part\n",
        " text/plain 2 1 \"no part\\n\"\n",
    );
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b--\n",
        " text/plain 2 1 \"--b--\\n\"\n",
    );
    check(
        "Content-Type: multipart/mixed; boundary=b\n",
        " text/plain 1 0 \"\"\n",
    );
    check(
        "Content-Type: multipart/mixed; boundary=b\n\n--b",
        " multipart/mixed\n.1 text/plain 0 0 \"\"\n",
    );
}

#[test]
fn a_multipart_without_boundary_is_text() {
    check(
        "Content-Type: multipart/mixed\n\n--b\n\none\n",
        " text/plain 2 3 \"--b\\n\\none\\n\"\n",
    );
}

#[test]
fn parts_whose_end_was_forgotten() {
    check(
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n--ab\n\none\n--a\n\ntwo\n",
        " multipart/mixed\n.1 multipart/alternative\n.1.1 text/plain 1 0 \"one\"\n.2 text/plain 1 1 \"two\\n\"\n",
    );
}

#[test]
fn a_boundary_may_be_repeated_inside() {
    check(
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a--\n--a\n\ntwo\n--a--\n",
        " multipart/mixed\n.1 multipart/mixed\n.1.1 text/plain 1 0 \"one\"\n.2 text/plain 1 0 \"two\"\n",
    );
}

#[test]
fn messages_inside() {
    check(
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--a\nContent-Type: message/rfc822\n\n--a--\n",
        " multipart/mixed\n.1 message/rfc822 6 \"inner\"\n.1> multipart/mixed\n.1>.1 text/plain 1 0 \"one\"\n.2 message/rfc822 0 \"\"\n.2> text/plain 0 0 \"\"\n",
    );
    check(
        "Content-Type: message/rfc822\n\nSubject: in\n\nbody\n",
        " message/rfc822 3 \"in\"\n> text/plain 2 1 \"body\\n\"\n",
    );
    check(
        "Content-Type: message/global\n",
        " message/global 0 \"\"\n> text/plain 0 0 \"\"\n",
    );
}

#[test]
fn a_digest_holds_messages() {
    check(
        "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: one\n\n1\n--a\nContent-Type: text/plain\n\n2\n--a--\n",
        " multipart/digest\n.1 message/rfc822 2 \"one\"\n.1> text/plain 2 0 \"1\"\n.2 text/plain 2 0 \"2\"\n",
    );
}

#[test]
fn oddities_of_headers_do_not_end_them() {
    check(
        "From jean Mon Jan  1 10:10:10 2024\nno colon\n folded\nContent-Type: text/html\n\nx",
        " text/html 5 0 \"x\"\n",
    );
}

#[test]
fn a_header_whose_empty_line_was_forgotten() {
    check(
        "Subject: a\nhello\nNote: b\n\nworld\n",
        " text/plain 1 4 \"hello\\nNote: b\\n\\nworld\\n\"\n",
    );
    check("hello", " text/plain 0 0 \"hello\"\n");
    check("hello\n", " text/plain 0 1 \"hello\\n\"\n");
    check(
        "Content-Type: multipart/mixed; boundary=b\npreamble\n--b\nContent-Type: text/html\none\n--b\ntwo\n--b--\n",
        " multipart/mixed\n.1 text/html 1 0 \"one\"\n.2 text/plain 0 0 \"two\"\n",
    );
    check(
        "Content-Type: multipart/mixed; boundary=b\n--b\n\none\n--b--\n",
        " multipart/mixed\n.1 text/plain 1 0 \"one\"\n",
    );
    check(
        "Subject: a\n--\nsignature\n",
        " text/plain 1 2 \"--\\nsignature\\n\"\n",
    );
    check(
        "Content-Type: message/rfc822\nDear\n\nhello\n",
        " message/rfc822 3 \"\"\n> text/plain 0 3 \"Dear\\n\\nhello\\n\"\n",
    );
}

#[test]
fn a_line_of_mbox_stands_before_all_others() {
    check("From x\nSubject: a\n\nb\n", " text/plain 3 1 \"b\\n\"\n");
    // Behind an odd line it is another odd line, and stays behind it.
    check("Q\nFrom x\n", " text/plain 0 2 \"Q\\nFrom x\\n\"\n");
    check("Q\nFrom ", " text/plain 0 1 \"Q\\nFrom \"\n");
}

#[test]
fn a_field_broken_in_lines_does_not_end_the_header() {
    check(
        "Content-Type: text/html;\nname=\"a\"\nReceived: x\nby y\n folded\nwith: z\nSubject: b\n\nc",
        " text/html 8 0 \"c\"\n",
    );
    let long = format!("A: b\n{}\nSubject: c\n\nd", "word ".repeat(250));
    assert_eq!(scan(long.as_bytes()).envelope.subject, None);
}

#[test]
fn a_sender_after_a_doubtful_end_is_a_doubt() {
    let scanned = scan(b"From: me@x.fr\r\nodd\r\n\r\nFrom: boss@x.fr\r\n\r\n");
    assert!(
        scanned
            .senders
            .found
            .iter()
            .any(|sender| sender.who.is_err())
    );
}

#[test]
fn a_bare_cr_is_no_line_end() {
    let scanned =
        scan(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\na\r--b\rb\r\n--b--\r\n");
    let Content::Multipart(children) = scanned.structure.root.content else {
        panic!()
    };
    assert_eq!(children.len(), 1);
    assert_eq!(children[0].end - children[0].body, 7);
}

#[test]
fn decoded_sizes() {
    let decoded = |header: &str, body: &str| {
        let message = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{header}\r\n\r\n{body}\r\n--b--\r\n"
        );
        let Content::Multipart(children) = scan(message.as_bytes()).structure.root.content else {
            panic!()
        };
        (children[0].end - children[0].body, children[0].decoded)
    };
    assert_eq!(
        decoded("Content-Transfer-Encoding: base64", "Zm9v\r\nYg=="),
        (10, 4)
    );
    assert_eq!(
        decoded(
            "Content-Transfer-Encoding: quoted-printable",
            "a=3D=\r\nb \r\n"
        ),
        (11, 5)
    );
    assert_eq!(
        decoded("Content-Transfer-Encoding: quoted-printable", "a=3D"),
        (4, 2)
    );
    assert_eq!(
        decoded("Content-Transfer-Encoding: x-unknown", "a=3D"),
        (4, 4)
    );
    assert_eq!(
        scan(b"Content-Transfer-Encoding: quoted-printable\n\na=\n")
            .structure
            .root
            .decoded,
        1
    );
    assert_eq!(
        scan(b"Content-Transfer-Encoding: quoted-printable\n\na\n")
            .structure
            .root
            .decoded,
        2
    );
}

#[test]
fn whose_hands_it_went_through_is_told() {
    let long = format!("Delivered-To: {}\r\n", "a".repeat(600));
    let message = format!(
        "delivered-to: Lea@x.fr\r\n{long}Delivered-To:\r\n\tb@y.fr \r\n\r\nDelivered-To: c@z.fr\r\n"
    );
    assert_eq!(
        scan(message.as_bytes()).delivered_to,
        [&b"Lea@x.fr"[..], b"b@y.fr"]
    );
    let many = "Delivered-To: a@x.fr\r\n".repeat(150);
    assert_eq!(scan(many.as_bytes()).delivered_to.len(), 100);
}

#[test]
fn what_is_told_of_the_whole_message() {
    let scanned = scan(
        b"Received: a\r\nReceived: b\r\nFrom: Jean <me@x.fr>\r\nSubject: caf\xe9\r\n\r\nReceived: body\r\n",
    );
    assert_eq!(scanned.received_fields, 2);
    assert!(scanned.eight_bit);
    assert_eq!(scanned.senders.from_fields, 1);
    assert_eq!(scanned.senders.found[0].who, Ok("me@x.fr".parse().unwrap()));
    let from = EnvelopeAddress::Mailbox {
        name: Some("Jean".into()),
        route: None,
        local: "me".into(),
        host: "x.fr".into(),
    };
    assert_eq!(scanned.envelope.from, [from]);
    assert!(!scan(b"a: b\r\n\r\nc").eight_bit);
    for (header, waived) in [
        ("TLS-Required: No", true),
        ("tls-required:\r\n no ", true),
        ("TLS-Required: Yes", false),
        ("TLS-Required: No\r\nTLS-Required: No", false),
        ("X-TLS-Required: No", false),
        ("From: a@b.fr\r\n\r\nTLS-Required: No", false),
    ] {
        let scanned = scan(format!("{header}\r\n\r\nx").as_bytes());
        assert_eq!(scanned.tls_waived, waived, "{header}");
    }
}

const FORWARD: &[u8] = b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nhello\r\n\
--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nworld\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n\
Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: y\r\n\r\ndeep\r\n--b--\r\n--a--\r\n";

#[test]
fn sections() {
    let structure = scan(FORWARD).structure;
    let text = |path: &[u32], what| {
        let range = section(&structure, path, what)?;
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        Some(std::str::from_utf8(&FORWARD[range]).unwrap())
    };
    use SectionText::{Header, Mime, Text, Whole};
    assert_eq!(text(&[], Whole).unwrap().as_bytes(), FORWARD);
    assert!(text(&[], Header).unwrap().ends_with("boundary=a\r\n\r\n"));
    assert!(text(&[], Text).unwrap().starts_with("--a\r\n"));
    assert_eq!(text(&[], Mime), None);
    assert_eq!(text(&[1], Whole), Some("hello"));
    assert_eq!(text(&[1], Mime), Some("\r\n"));
    assert_eq!(text(&[1], Header), None);
    assert_eq!(text(&[1], Text), None);
    assert_eq!(text(&[1, 1], Whole), None);
    assert_eq!(text(&[2], Whole), Some("Subject: inner\r\n\r\nworld"));
    assert_eq!(
        text(&[2], Mime),
        Some("Content-Type: message/rfc822\r\n\r\n")
    );
    assert_eq!(text(&[2], Header), Some("Subject: inner\r\n\r\n"));
    assert_eq!(text(&[2], Text), Some("world"));
    assert_eq!(text(&[2, 1], Whole), Some("world"));
    assert_eq!(text(&[2, 1], Mime), Some("Subject: inner\r\n\r\n"));
    assert_eq!(text(&[2, 1, 1], Whole), None);
    assert_eq!(text(&[2, 2], Whole), None);
    assert_eq!(text(&[3, 1], Whole), Some("deep"));
    assert_eq!(text(&[3, 1], Mime), Some("X: y\r\n\r\n"));
    assert_eq!(text(&[4], Whole), None);
    assert_eq!(text(&[0], Whole), None);
    assert_eq!(text(&[u32::MAX], Whole), None);
}

#[test]
fn the_one_part_of_a_plain_message_is_its_body() {
    let message = b"Subject: a\r\n\r\nhello";
    let structure = scan(message).structure;
    assert_eq!(section(&structure, &[1], SectionText::Whole), Some(14..19));
    assert_eq!(section(&structure, &[1], SectionText::Mime), Some(0..14));
    assert_eq!(section(&structure, &[2], SectionText::Whole), None);
    assert_eq!(section(&structure, &[1, 1], SectionText::Whole), None);
}

#[test]
fn a_message_that_is_a_message_is_its_own_part_1() {
    let message = b"Content-Type: message/rfc822\r\n\r\nSubject: a\r\n\r\nhello";
    let structure = scan(message).structure;
    assert_eq!(section(&structure, &[1], SectionText::Header), Some(32..46));
    assert_eq!(
        section(&structure, &[1, 1], SectionText::Whole),
        Some(46..51)
    );
}

#[test]
fn records_are_compact_and_come_back() {
    let scanned = scan(FORWARD);
    let bytes = postcard::to_allocvec(&(&scanned.structure, &scanned.envelope)).unwrap();
    assert!(bytes.len() < 340, "{}", bytes.len());
    let (structure, envelope): (crate::Structure, Envelope) = postcard::from_bytes(&bytes).unwrap();
    assert_eq!((structure, envelope), (scanned.structure, scanned.envelope));
}
