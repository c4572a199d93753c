//! What holds for any octets at all.

use crate::common::{check, scan, scan_in};
use message::{EnvelopeAddress, date, fields, header_fields, senders, text};
use proptest::collection::vec;
use proptest::prelude::*;

/// Pieces of which broken messages are made.
const PIECES: [&str; 44] = [
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "--a",
    "--a--",
    "--ab",
    "--ab--",
    "\r\n--a\r\n",
    "\r\n--ab\r\n",
    "\n--a--\n",
    "-",
    "Content-Type: ",
    "multipart/mixed; boundary=a",
    "multipart/digest; boundary=\"ab\"",
    "multipart/alternative",
    "message/rfc822",
    "text/html; charset=\"x",
    "Content-Type: multipart/mixed; boundary=a\r\n\r\n",
    "Content-Type: multipart/mixed; boundary=ab\n\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Zm9v",
    "=",
    "=C3=A9",
    "From: ",
    "Jean <j@x.fr>",
    "a@b, c",
    "Group:",
    ";",
    "\"",
    "(",
    "=?utf-8?Q?=C3=A9?=",
    "Subject: x",
    "Message-ID: <a@b>\r\n",
    "References: <\"a\"@b> <c@d>\r\n",
    "\r\nIn-Reply-To: (",
    "<a@b>",
    "\0",
    " ",
    "\t",
    "é",
    "Date: Mon, 23 Nov 2026 10:11:12 +0100\r\n",
];

fn broken_message() -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

fn any_message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![broken_message(), vec(any::<u8>(), 0..300)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_have_a_structure_that_is_true(message in any_message()) {
        check(&message, &scan(&message));
    }

    #[test]
    fn how_a_message_is_cut_does_not_matter(message in any_message(), sizes in vec(1_usize..40, 1..20)) {
        prop_assert_eq!(scan_in(&message, &sizes), scan(&message));
    }

    #[test]
    fn records_come_back_from_storage(message in any_message()) {
        let scanned = scan(&message);
        let stored = postcard::to_allocvec(&(&scanned.structure, &scanned.envelope)).unwrap();
        prop_assert_eq!(postcard::from_bytes(&stored), Ok((scanned.structure, scanned.envelope)));
    }

    #[test]
    fn every_octet_of_a_header_is_in_a_field(message in any_message()) {
        let scanned = scan(&message);
        let header = crate::common::text(&message, scanned.structure.root.header_range());
        let raw: Vec<u8> = fields(header).flat_map(|field| field.raw.to_vec()).collect();
        let blank = header.strip_prefix(raw.as_slice()).unwrap();
        prop_assert!(matches!(blank, b"" | b"\n" | b"\r\n"));
        let all = header_fields::<&str>(header, &[], true);
        prop_assert!(all.starts_with(&raw) && all.ends_with(b"\r\n"));
        prop_assert_eq!(header_fields::<&str>(header, &[], false), b"\r\n");
    }

    #[test]
    fn groups_are_closed_and_text_has_no_line_end(message in any_message()) {
        let envelope = scan(&message).envelope;
        for list in [&envelope.from, &envelope.to, &envelope.sender_field] {
            let mut open = false;
            for address in list {
                match address {
                    EnvelopeAddress::GroupStart(_) => prop_assert!(!std::mem::replace(&mut open, true)),
                    EnvelopeAddress::GroupEnd => prop_assert!(std::mem::replace(&mut open, false)),
                    EnvelopeAddress::Mailbox { local, host, .. } => {
                        let wrong = |octet: &u8| matches!(octet, b'\r' | b'\n' | 0);
                        prop_assert!(!local.iter().any(wrong) && !host.iter().any(wrong));
                    }
                }
            }
            prop_assert!(!open);
        }
    }

    /// The scanner, which reads the header as it comes, and the function agree; and where
    /// the strict reading has no doubt, it sees what the tolerant one shows.
    #[test]
    fn a_sender_that_is_shown_was_seen(value in vec(prop::sample::select(&PIECES[22..]), 0..8)) {
        let header = format!("From: {}\r\n\r\n", value.concat().replace(['\r', '\n'], " "));
        let found = senders(header.as_bytes());
        prop_assert!(found.from_fields == 1 && !found.found.is_empty());
        let scanned = scan(header.as_bytes());
        prop_assert_eq!(&scanned.senders, &found);
        if found.found.iter().any(|sender| sender.who.is_err()) {
            return Ok(());
        }
        for address in &scanned.envelope.from {
            if let EnvelopeAddress::Mailbox { local, host, .. } = address {
                let shown = format!("{}@{}", String::from_utf8_lossy(local), String::from_utf8_lossy(host));
                let shown = shown.parse().ok();
                prop_assert!(found.found.iter().any(|sender| sender.who.as_ref().ok() == shown.as_ref()));
            }
        }
    }

    #[test]
    fn any_value_is_text(value in any_message()) {
        let _ = date::parse(&value);
        let shown = text::header_value(&value);
        prop_assert!(shown.len() <= value.len() * 4);
    }

    #[test]
    fn a_body_reads_the_same_however_it_is_cut(
        body in any_message(),
        sizes in vec(1_usize..40, 1..20),
        encoding in prop::sample::select(&["7bit", "base64", "quoted-printable"][..]),
        charset in prop::sample::select(&["utf-8", "iso-2022-jp", "utf-16", "utf-7", "cp850", "big5"][..]),
    ) {
        let header = format!("Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
        let part = scan(header.as_bytes()).structure.root;
        let read = |sizes: &[usize]| {
            let (mut reader, mut text, mut rest) = (text::BodyText::new(&part), String::new(), body.as_slice());
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                reader.push(piece, &mut text);
                rest = after;
            }
            reader.finish(&mut text);
            text
        };
        prop_assert_eq!(read(&sizes), read(&[usize::MAX]));
    }
}
