//! What the tests of whole messages share.

use message::{Content, Lineage, Part, Scanned, Scanner, SectionText, header_fields, section};

/// Scans a message in pieces of these sizes, over and over.
pub(crate) fn scan_in(message: &[u8], sizes: &[usize]) -> Scanned {
    let mut scanner = Scanner::new();
    let mut rest = message;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*size).clamp(1, rest.len()));
        scanner.push(piece);
        rest = after;
    }
    scanner.finish()
}

pub(crate) fn scan(message: &[u8]) -> Scanned {
    scan_in(message, &[usize::MAX])
}

/// Every promise that `Part` makes about places, for the whole tree.
pub(crate) fn check(message: &[u8], scanned: &Scanned) {
    let root = &scanned.structure.root;
    assert_eq!((root.start, root.end), (0, message.len() as u64));
    assert_eq!(scanned.size, message.len() as u64);
    check_part(message, root);
    check_sections(scanned, root, &mut Vec::new());
    check_asked(message, scanned);
}

/// What is kept of the header answers as the header does.
fn check_asked(message: &[u8], scanned: &Scanned) {
    let header = text(message, scanned.structure.root.header_range());
    let Some(asked) = &scanned.asked else {
        return;
    };
    for names in [
        &[
            "From",
            "to",
            "CC",
            "date",
            "subject",
            "message-id",
            "content-type",
        ][..],
        &["references", "in-reply-to", "list-unsubscribe"],
        &["subject"],
    ] {
        assert!(names.iter().all(|name| message::is_asked(name.as_bytes())));
        let [kept, whole] =
            [asked.as_slice(), header].map(|from| header_fields(from, names, false));
        assert_eq!(kept, whole, "{names:?}");
    }
    assert_eq!(Lineage::of(&scanned.envelope, asked), scanned.lineage);
}

pub(crate) fn text(message: &[u8], range: std::ops::Range<u64>) -> &[u8] {
    &message[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
}

fn check_part(message: &[u8], part: &Part) {
    assert!(part.start <= part.body && part.body <= part.end);
    let body = text(message, part.body_range());
    assert_eq!(
        part.lines,
        body.iter().filter(|octet| **octet == b'\n').count() as u64
    );
    assert_eq!(part.decoded, decoded(part, body));
    let inside: &[Part] = match &part.content {
        Content::Leaf => &[],
        Content::Multipart(children) => children,
        Content::Message(enclosed) => {
            assert_eq!(
                (enclosed.root.start, enclosed.root.end),
                (part.body, part.end)
            );
            std::slice::from_ref(&enclosed.root)
        }
    };
    assert_eq!(matches!(part.content, Content::Leaf), inside.is_empty());
    let mut reached = part.body;
    for child in inside {
        assert!(reached <= child.start && child.end <= part.end);
        reached = child.end;
        check_part(message, child);
    }
}

/// What the decoder gives for the whole body is what was counted in passing.
fn decoded(part: &Part, body: &[u8]) -> u64 {
    if !matches!(part.content, Content::Leaf) {
        return body.len() as u64;
    }
    let mut decoder = message::transfer::Decoder::new(part.transfer());
    let mut out = Vec::new();
    decoder.push(body, &mut out);
    decoder.finish(&mut out);
    out.len() as u64
}

/// Each part is found under its number, and nothing after the last.
fn check_sections(scanned: &Scanned, part: &Part, path: &mut Vec<u32>) {
    let children: &[Part] = match &part.content {
        Content::Multipart(children) => children,
        _ => std::slice::from_ref(part),
    };
    for (number, child) in (1..).zip(children) {
        path.push(number);
        assert_eq!(
            section(&scanned.structure, path, SectionText::Whole),
            Some(child.body_range())
        );
        assert_eq!(
            section(&scanned.structure, path, SectionText::Mime),
            Some(child.header_range())
        );
        match &child.content {
            Content::Message(enclosed) => check_sections(scanned, &enclosed.root, path),
            Content::Multipart(_) => check_sections(scanned, child, path),
            Content::Leaf => {}
        }
        path.pop();
    }
    path.push(children.len() as u32 + 1);
    assert_eq!(section(&scanned.structure, path, SectionText::Whole), None);
    path.pop();
}

/// LF and CRLF made CRLF.
pub(crate) fn with_crlf(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 16);
    let mut last = 0;
    for octet in message {
        if *octet == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(*octet);
        last = *octet;
    }
    out
}
