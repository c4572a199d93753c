//! Well-formed messages, made so that their parts are known, and read by us and by another
//! parser.

use mail_parser::{MessageParser, PartType};
use message::{Content, Part};
use proptest::prelude::*;

use crate::common::{check, scan, text};

/// What a message is made of.
#[derive(Clone, Debug)]
enum Tree {
    Text { body: String, encoding: Encoding },
    Parts(Vec<Tree>),
    Message { subject: String, inside: Box<Tree> },
}

#[derive(Clone, Copy, Debug)]
enum Encoding {
    None,
    Quoted,
    Base64,
}

fn tree() -> impl Strategy<Value = Tree> {
    let encoding = prop_oneof![
        Just(Encoding::None),
        Just(Encoding::Quoted),
        Just(Encoding::Base64)
    ];
    // Not empty, and no line end at an end: parsers differ in whose those are.
    let body =
        "[a-z][ -~\u{e9}\r\n]{0,60}[a-z]".prop_map(|body| body.replace(['\r', '\n'], "\r\n"));
    let leaf = (body, encoding).prop_map(|(body, encoding)| Tree::Text { body, encoding });
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::Parts),
            ("[a-z][a-z ]{0,9}[a-z]", inner).prop_map(|(subject, inside)| Tree::Message {
                subject,
                inside: Box::new(inside)
            }),
        ]
    })
}

/// Writes the part's header and body; `number` makes boundaries differ, some beginning
/// with others.
fn write(tree: &Tree, number: &str, out: &mut String) {
    match tree {
        Tree::Text { body, encoding } => write_text(body, *encoding, out),
        Tree::Parts(parts) => {
            *out += &format!(
                "Content-Type: multipart/mixed; boundary=\"b{number}\"\r\n\r\npreamble\r\n"
            );
            for (index, part) in parts.iter().enumerate() {
                *out += &format!("\r\n--b{number}\r\n");
                write(part, &format!("{number}{index}"), out);
            }
            *out += &format!("\r\n--b{number}--\r\nepilogue");
        }
        Tree::Message { subject, inside } => {
            *out += &format!("Content-Type: message/rfc822\r\n\r\nSubject: {subject}\r\n");
            write(inside, &format!("{number}x"), out);
        }
    }
}

fn write_text(body: &str, encoding: Encoding, out: &mut String) {
    *out += "Content-Type: text/plain; charset=utf-8\r\n";
    match encoding {
        Encoding::None => *out += &format!("\r\n{body}"),
        Encoding::Quoted => {
            let quote = |octet: u8| match octet {
                b'\r' | b'\n' | b'a'..=b'z' => char::from(octet).to_string(),
                octet => format!("={octet:02X}"),
            };
            let body: String = body.bytes().map(quote).collect();
            *out += &format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{body}");
        }
        Encoding::Base64 => {
            *out += "Content-Transfer-Encoding: base64\r\n\r\n";
            *out += &base64(body.as_bytes());
        }
    }
}

fn base64(octets: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in octets.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | u32::from(*group.get(at).unwrap_or(&0))
        });
        for place in 0..4 {
            let letter = char::from(letters[(bits >> (18 - 6 * place) & 63) as usize]);
            out.push(if place <= group.len() { letter } else { '=' });
        }
    }
    out
}

/// The tree as one line, texts as they are read.
fn wanted(tree: &Tree) -> String {
    match tree {
        Tree::Text { body, .. } => format!("{body:?}"),
        Tree::Parts(parts) => format!(
            "({})",
            parts.iter().map(wanted).collect::<Vec<_>>().join(" ")
        ),
        Tree::Message { subject, inside } => format!("<{subject:?} {}>", wanted(inside)),
    }
}

fn ours(part: &Part, message: &[u8]) -> String {
    match &part.content {
        Content::Leaf => {
            let (mut reader, mut body) = (message::text::BodyText::new(part), String::new());
            reader.push(text(message, part.body_range()), &mut body);
            reader.finish(&mut body);
            format!("{body:?}")
        }
        Content::Multipart(parts) => {
            format!(
                "({})",
                parts
                    .iter()
                    .map(|part| ours(part, message))
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        Content::Message(enclosed) => {
            let subject = enclosed.envelope.subject.as_deref().unwrap_or_default();
            let subject = message::text::header_value(subject);
            format!("<{subject:?} {}>", ours(&enclosed.root, message))
        }
    }
}

fn theirs(message: &mail_parser::Message<'_>, part: usize) -> String {
    match &message.parts[part].body {
        PartType::Multipart(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| theirs(message, *part as usize))
                .collect();
            format!("({})", parts.join(" "))
        }
        PartType::Message(inside) => {
            format!(
                "<{:?} {}>",
                inside.subject().unwrap_or_default(),
                theirs(inside, 0)
            )
        }
        PartType::Text(text) => format!("{text:?}"),
        other => panic!("{other:?}"),
    }
}

/// True where a message is all that an enclosed message is: the other parser panics there.
fn forwards_a_forward(tree: &Tree) -> bool {
    match tree {
        Tree::Text { .. } => false,
        Tree::Parts(parts) => parts.iter().any(forwards_a_forward),
        Tree::Message { inside, .. } => {
            matches!(**inside, Tree::Message { .. }) || forwards_a_forward(inside)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read(tree in tree()) {
        let mut message = String::from("Subject: outer\r\nMIME-Version: 1.0\r\n");
        write(&tree, "", &mut message);
        let scanned = scan(message.as_bytes());
        check(message.as_bytes(), &scanned);
        prop_assert_eq!(ours(&scanned.structure.root, message.as_bytes()), wanted(&tree));
        if !forwards_a_forward(&tree) {
            let other = MessageParser::default().parse(&message).unwrap();
            prop_assert_eq!(theirs(&other, 0), wanted(&tree));
        }
    }
}
