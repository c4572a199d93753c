//! Fields of a header. RFC 6376 sections 3.4.1, 3.4.2 and 5.4.2.

use std::collections::BTreeMap;

use memchr::memchr3;

use super::Canonicalization;
use crate::{Field, fields};

/// Adds a field, canonical, without its line end: the signature's own field is signed
/// without one (RFC 6376 section 3.7), behind every other follows CRLF.
pub fn write_field(field: &Field<'_>, canonicalization: Canonicalization, canonical: &mut Vec<u8>) {
    match canonicalization {
        Canonicalization::Simple => canonical.extend_from_slice(without_end(field.raw)),
        Canonicalization::Relaxed => {
            canonical.extend(field.name.iter().map(u8::to_ascii_lowercase));
            canonical.push(b':');
            relax(without_end(field.value), canonical);
        }
    }
}

/// The fields that a list of names means, one for each name that has one: of several with
/// a name the last, and for the same name again the one before it (RFC 6376 section 5.4.2).
/// Lines that are no field are none.
pub fn last_fields<'a>(
    header: &'a [u8],
    names: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Vec<Field<'a>> {
    let mut named: BTreeMap<Vec<u8>, Vec<Field<'a>>> = BTreeMap::new();
    for field in fields(header).filter(|field| !field.name.is_empty()) {
        let name = field.name.to_ascii_lowercase();
        named.entry(name).or_default().push(field);
    }
    let mut last = |name: &[u8]| named.get_mut(&name.to_ascii_lowercase())?.pop();
    names
        .into_iter()
        .filter_map(|name| last(name.as_ref()))
        .collect()
}

fn without_end(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r\n").unwrap_or(text)
}

/// Unfolded, white space between words as one space, none at either end.
fn relax(value: &[u8], canonical: &mut Vec<u8>) {
    let (begin, mut space) = (canonical.len(), false);
    let mut rest = value;
    while let Some((&first, after)) = rest.split_first() {
        let folded = matches!(rest, [b'\r', b'\n', b' ' | b'\t', ..]);
        if folded || matches!(first, b' ' | b'\t') {
            space = true;
            rest = if folded {
                rest.get(2..).unwrap_or_default()
            } else {
                after
            };
            continue;
        }
        if std::mem::take(&mut space) && canonical.len() > begin {
            canonical.push(b' ');
        }
        let end = memchr3(b'\r', b' ', b'\t', after).map_or(rest.len(), |at| at + 1);
        let (run, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
        canonical.extend_from_slice(run);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(field: &str, canonicalization: Canonicalization) -> String {
        let field = fields(field.as_bytes()).next().unwrap();
        let mut canonical = Vec::new();
        write_field(&field, canonicalization, &mut canonical);
        String::from_utf8(canonical).unwrap()
    }

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 6376 section 3.4.5.
        let (a, b) = ("A: X\r\n", "B : Y\t\r\n\tZ  \r\n");
        assert_eq!(written(a, Canonicalization::Relaxed), "a:X");
        assert_eq!(written(b, Canonicalization::Relaxed), "b:Y Z");
        assert_eq!(written(a, Canonicalization::Simple), "A: X");
        assert_eq!(written(b, Canonicalization::Simple), "B : Y\t\r\n\tZ  ");
    }

    #[test]
    fn odd_values() {
        for (field, relaxed) in [
            ("A:", "a:"),
            ("A:\r\n", "a:"),
            ("A: \r\n \t\r\n\tb", "a:b"),
            ("A: é\r\n", "a:é"),
            ("A: b\rc\nX", "a:b\rc\n"),
        ] {
            assert_eq!(
                written(field, Canonicalization::Relaxed),
                relaxed,
                "{field:?}"
            );
        }
    }

    #[test]
    fn of_several_the_last_is_meant_first() {
        let header = b"To: a\r\nTo: b\r\nno field\r\nFrom: c\r\nTO : d\r\n\r\nTo: e\r\n";
        let chosen = |names: &[&str]| -> Vec<String> {
            let chosen = last_fields(header, names);
            let value = |field: &Field<'_>| String::from_utf8_lossy(field.value).trim().to_owned();
            chosen.iter().map(value).collect()
        };
        assert_eq!(chosen(&["to", "from", "To", "Cc"]), ["d", "c", "b"]);
        assert_eq!(chosen(&["to", "to", "to", "to"]), ["d", "b", "a"]);
        assert!(chosen(&[""]).is_empty());
    }

    proptest! {
        #[test]
        fn folding_and_more_white_space_change_nothing(
            words in proptest::collection::vec("[a-z:é]{1,5}", 1..8),
            gaps in proptest::collection::vec("[ \t]{1,3}|\r\n[ \t]{1,2}", 9),
        ) {
            let mut field = "Name".to_owned();
            field.push(':');
            for (word, gap) in words.iter().zip(&gaps) {
                field += &format!("{gap}{word}");
            }
            field.push_str(gaps[8].trim_end_matches("\r\n"));
            let plain = format!("name:{}", words.join(" "));
            prop_assert_eq!(written(&field, Canonicalization::Relaxed), plain);
        }
    }
}
