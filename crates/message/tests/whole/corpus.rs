//! Real messages: those of a folder of odd ones, where it lies beside the checkout. Nothing
//! is tested here where it does not; the other tests stand alone.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{check, scan, scan_in, text, with_crlf};
use message::{Content, Part, Scanned};

/// The folder of messages, looked for upwards from here.
fn corpus() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here
        .ancestors()
        .map(|folder| folder.join("shared/corpus/messages"))
        .find(|folder| folder.is_dir());
    let files = folder.and_then(|folder| fs::read_dir(folder).ok());
    let mut files: Vec<_> = files
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "eml"));
    files.sort();
    files
}

/// Every message as it is and with CRLF line ends.
fn each(mut look: impl FnMut(&str, &[u8], &Scanned)) {
    for file in corpus() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let message = fs::read(&file).unwrap();
        for message in [with_crlf(&message), message] {
            look(&name, &message, &scan(&message));
        }
    }
}

#[test]
fn every_part_is_in_its_place() {
    each(|_, message, scanned| check(message, scanned));
}

#[test]
fn how_it_is_cut_does_not_matter() {
    each(|name, message, scanned| {
        assert_eq!(&scan_in(message, &[1]), scanned, "{name}");
        assert_eq!(&scan_in(message, &[7, 4096, 2]), scanned, "{name}");
    });
}

#[test]
fn line_ends_change_nothing_but_places() {
    for file in corpus() {
        let message = fs::read(&file).unwrap();
        let (as_is, crlf) = (scan(&message), scan(&with_crlf(&message)));
        assert_eq!(as_is.envelope, crlf.envelope, "{}", file.display());
        assert_eq!(as_is.senders, crlf.senders, "{}", file.display());
        same_shape(&as_is.structure.root, &crlf.structure.root);
    }
}

fn same_shape(one: &Part, other: &Part) {
    assert_eq!(
        (&one.media, &one.encoding, one.lines),
        (&other.media, &other.encoding, other.lines)
    );
    assert_eq!((&one.disposition, &one.id), (&other.disposition, &other.id));
    match (&one.content, &other.content) {
        (Content::Leaf, Content::Leaf) => {}
        (Content::Message(one), Content::Message(other)) => {
            assert_eq!(one.envelope, other.envelope);
            same_shape(&one.root, &other.root);
        }
        (Content::Multipart(one), Content::Multipart(other)) => {
            assert_eq!(one.len(), other.len());
            one.iter()
                .zip(other)
                .for_each(|(one, other)| same_shape(one, other));
        }
        (one, other) => panic!("{one:?} is not {other:?}"),
    }
}

#[test]
fn a_body_is_what_stands_between_delimiters() {
    each(|name, message, scanned| between(name, message, &scanned.structure.root));
}

/// Before each part stands a line with its boundary, and after it too or the end.
fn between(name: &str, message: &[u8], part: &Part) {
    let Content::Multipart(children) = &part.content else {
        if let Content::Message(enclosed) = &part.content {
            between(name, message, &enclosed.root);
        }
        return;
    };
    let boundary = message::text::parameter(&part.media.parameters, "boundary").unwrap();
    let delimiter = format!("--{}", boundary.trim_end());
    for child in children.iter().filter(|child| child.start < child.end) {
        let before = text(message, part.body..child.start);
        let line = before
            .split_inclusive(|octet| *octet == b'\n')
            .next_back()
            .unwrap();
        assert!(line.starts_with(delimiter.as_bytes()), "{name}");
        let after = text(message, child.end..message.len() as u64).trim_ascii_start();
        let outer = child.end == part.end;
        assert!(outer || after.starts_with(delimiter.as_bytes()), "{name}");
        between(name, message, child);
    }
}
