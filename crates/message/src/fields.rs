//! A header as a run of fields. RFC 5322 section 2.2.

use std::collections::BTreeSet;

use memchr::memchr;

use crate::header::is_space;

/// One field of a header, its folding kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written, without the white space that may stand before the colon.
    /// Empty for lines that are no field: `From ` of an mbox file, a line without colon, a
    /// header that begins with white space.
    pub name: &'a [u8],
    /// What follows the colon, folded. The whole lines where the name is empty.
    pub value: &'a [u8],
    /// The field's lines as they stand.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// True when the field has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Adds it as it stands, with a line end.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.raw);
        if !self.raw.ends_with(b"\n") {
            to.extend(b"\r\n");
        }
    }
}

/// The fields of a header, in order, up to its blank line or its end.
///
/// Lines end in LF or CRLF; a bare CR is text. A line that is no field is given as one
/// without name, so that nothing of the header is lost.
pub fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

/// The iterator that [`fields`] gives.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let mut length = line(self.rest);
        if matches!(self.rest.get(..length)?, b"" | b"\n" | b"\r\n") {
            self.rest = b"";
            return None;
        }
        while let Some(after) = self.rest.get(length..)
            && after.first().copied().is_some_and(is_space)
        {
            length += line(after);
        }
        let (raw, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(field(raw))
    }
}

/// The length of the line at the start, its end included.
fn line(text: &[u8]) -> usize {
    memchr(b'\n', text).map_or(text.len(), |at| at + 1)
}

fn field(raw: &[u8]) -> Field<'_> {
    let nameless = Field {
        name: b"",
        value: raw,
        raw,
    };
    let first = raw.get(..line(raw)).unwrap_or(raw);
    let Some(colon) = memchr(b':', first) else {
        return nameless;
    };
    let (Some(before), Some(value)) = (raw.get(..colon), raw.get(colon + 1..)) else {
        return nameless;
    };
    let end = before
        .iter()
        .rposition(|octet| !is_space(*octet))
        .map_or(0, |at| at + 1);
    match before.get(..end) {
        // RFC 5322 section 3.6.8 (ftext).
        Some(name) if name.iter().all(u8::is_ascii_graphic) => Field { name, value, raw },
        _ => nameless,
    }
}

/// `HEADER.FIELDS` (or, with `not`, `HEADER.FIELDS.NOT`) of RFC 9051 section 6.4.5: the
/// fields that have one of these names (or none of them), in the header's order, folded
/// as they stand, and a blank line.
///
/// Lines that are no field have no name, so they are in the second and not in the first.
pub fn header_fields<N: AsRef<[u8]>>(header: &[u8], names: &[N], not: bool) -> Vec<u8> {
    let names: BTreeSet<Vec<u8>> = names
        .iter()
        .map(|name| name.as_ref().to_ascii_lowercase())
        .collect();
    let named = |field: &Field<'_>| {
        !field.name.is_empty() && names.contains(&field.name.to_ascii_lowercase())
    };
    let mut chosen = Vec::new();
    for field in fields(header).filter(|field| named(field) != not) {
        field.write(&mut chosen);
    }
    chosen.extend(b"\r\n");
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"From jean Mon Jan  1 10:10:10 2024\nSubject: a\r\n\tb\r\n\
        FROM : jean@x.fr\r\nno colon\r\n folded: on\r\nX:\r\n\r\nBody: no\r\n";

    #[test]
    fn every_line_is_in_one_field() {
        let names: Vec<_> = fields(HEADER).map(|field| field.name).collect();
        assert_eq!(names, [b"".as_slice(), b"Subject", b"FROM", b"", b"X"]);
        let raw: Vec<_> = fields(HEADER)
            .flat_map(|field| field.raw.to_vec())
            .collect();
        assert_eq!(raw, HEADER[..HEADER.len() - 12]);
        assert_eq!(fields(HEADER).nth(1).unwrap().value, b" a\r\n\tb\r\n");
    }

    #[test]
    fn a_header_may_begin_folded_or_end_early() {
        let header = b" folded\r\nA: b";
        let all: Vec<_> = fields(header)
            .map(|field| (field.name, field.raw))
            .collect();
        assert_eq!(
            all,
            [(b"".as_slice(), b" folded\r\n".as_slice()), (b"A", b"A: b")]
        );
        assert_eq!(fields(b"").count(), 0);
        assert_eq!(fields(b"\r\nA: b\r\n").count(), 0);
    }

    #[test]
    fn chosen_fields_end_with_a_blank_line() {
        assert_eq!(
            header_fields(HEADER, &["from", "x"], false),
            b"FROM : jean@x.fr\r\nX:\r\n\r\n"
        );
        assert_eq!(header_fields(HEADER, &["nothing"], false), b"\r\n");
        assert_eq!(header_fields(b"A: b", &["A"], false), b"A: b\r\n\r\n");
        assert_eq!(
            header_fields(HEADER, &["subject", "x"], true),
            b"From jean Mon Jan  1 10:10:10 2024\nFROM : jean@x.fr\r\nno colon\r\n folded: on\r\n\r\n"
        );
        // An empty name is nobody's name.
        assert_eq!(header_fields(b"odd\r\nA: b\r\n", &[""], false), b"\r\n");
    }
}
