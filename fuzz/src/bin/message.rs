//! Messages: their structure is true however they are cut, every section lies within, and
//! what is made of headers and bodies is bounded.
#![no_main]

use fuzz::{fuzz_target, within};
use message::canonical::{CanonicalBody, Canonicalization, write_field};
use message::{Additions, Ordered, Part, Submitted, fields, header_fields, senders, text};

#[path = "../../../crates/message/tests/whole/common.rs"]
#[allow(dead_code)]
mod common;

fuzz_target!(|input: &[u8]| {
    // Octets of text decoded from octets four times as many, several times over.
    within(1024 * 1024 + 64 * input.len(), || {
        let scanned = common::scan(input);
        common::check(input, &scanned);
        let sizes = [1 + input.len() % 7, 1, 1 + input.len() % 63, 2];
        assert_eq!(common::scan_in(input, &sizes), scanned);
        let stored = postcard::to_allocvec(&(&scanned.envelope, &scanned.structure))
            .expect("it can be stored");
        assert!(stored.len() < 1024 * 1024);
        let read = postcard::from_bytes(&stored).expect("it can be read");
        assert_eq!((scanned.envelope, scanned.structure), read);

        let root = &read.1.root;
        let header = common::text(input, root.header_range());
        let raw: usize = fields(header).map(|field| field.raw.len()).sum();
        assert!(header.len() - raw <= 2);
        assert!(header_fields(header, &["subject"], true).len() <= header.len() + 4);
        for field in fields(header) {
            let _ = message::date::parse(field.value);
            assert!(text::header_value(field.value).len() <= 4 * field.value.len());
        }
        let found = senders(header);
        assert!(found.found.len() >= (found.from_fields + found.sender_fields) as usize);
        body(input, root);
        let (ordered, below) = submitted(input, usize::MAX);
        let pieces = submitted(input, sizes[0]);
        assert!(pieces.0 == ordered && pieces.1 == below);
        let secret = |name: &str| fields(&ordered).any(|field| field.is(name));
        assert!(!secret("Bcc") && !secret("Resent-Bcc"));
        assert!(ordered.ends_with(b"\r\n") && input.ends_with(&below));
        for canonicalization in [Canonicalization::Simple, Canonicalization::Relaxed] {
            let whole = canonical(input, canonicalization, usize::MAX);
            assert!(whole.len() <= input.len() + 2);
            assert_eq!(canonical(input, canonicalization, sizes[0]), whole);
            for field in fields(header) {
                let mut octets = Vec::new();
                write_field(&field, canonicalization, &mut octets);
                assert!(octets.len() <= field.raw.len() + 1);
            }
        }
    });
});

/// Header and body of a submission that comes in pieces of this size.
fn submitted(input: &[u8], size: usize) -> (Vec<u8>, Vec<u8>) {
    let mut submitted = Submitted::new(Additions {
        date: "Date: x\r\n".to_owned(),
        message_id: "Message-ID: <a@b>\r\n".to_owned(),
    });
    let (mut header, mut body) = (Vec::new(), Vec::new());
    let mut take = |ordered: Ordered| {
        header.extend(ordered.header);
        body.extend(ordered.body);
    };
    for piece in input.chunks(size) {
        take(submitted.push(piece));
    }
    take(submitted.finish());
    (header, body)
}

/// What of a body is signed, when it comes in pieces of this size.
fn canonical(body: &[u8], canonicalization: Canonicalization, size: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut sink = |piece: &[u8]| octets.extend_from_slice(piece);
    let mut canonical = CanonicalBody::new(canonicalization);
    body.chunks(size)
        .for_each(|piece| canonical.push(piece, &mut sink));
    canonical.finish(&mut sink);
    octets
}

/// The text of a part is the same whether it comes whole or octet by octet.
fn body(input: &[u8], part: &Part) {
    let octets = common::text(input, part.body_range());
    let read = |size: usize| {
        let (mut reader, mut text) = (text::BodyText::new(part), String::new());
        octets
            .chunks(size)
            .for_each(|chunk| reader.push(chunk, &mut text));
        reader.finish(&mut text);
        text
    };
    let whole = read(usize::MAX);
    assert!(whole.len() <= 4 * octets.len() + 16);
    assert_eq!(read(1), whole);
}
