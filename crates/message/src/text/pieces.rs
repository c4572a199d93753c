//! Parameters that are cut into pieces or carry a charset. RFC 2231.

use super::charset::Charset;
use super::header_value;
use super::words::hex;
use crate::Parameter;
use crate::header::parameters::RawParameter;

/// A parameter as text: pieces joined and charset undone (RFC 2231), encoded words decoded
/// where a mail program wrote them there all the same. Names are compared without case.
///
/// Of a plain value and one of RFC 2231 under the same name, the latter counts, as in RFC
/// 6266 section 4.3.
pub fn parameter(parameters: &[Parameter], name: &str) -> Option<String> {
    let all = || {
        parameters
            .iter()
            .map(|parameter| (&*parameter.name, &*parameter.value))
    };
    match joined(all(), name.as_bytes()) {
        Some(Joined {
            charset: Some(charset),
            octets,
        }) => {
            let mut text = String::new();
            Charset::named(&charset).all(&octets, &mut text);
            Some(text)
        }
        Some(Joined {
            charset: None,
            octets,
        }) => Some(header_value(&octets)),
        None => {
            let plain = all().find(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))?;
            Some(header_value(plain.1))
        }
    }
}

/// The pieces of a parameter as octets, if it has any.
pub(crate) fn joined_parameter(parameters: &[RawParameter], name: &[u8]) -> Option<Vec<u8>> {
    let all = parameters
        .iter()
        .map(|parameter| (parameter.name.as_slice(), parameter.value.as_slice()));
    joined(all, name).map(|joined| joined.octets)
}

struct Joined {
    /// The name of the charset, where the value is of the kind that has one.
    charset: Option<Vec<u8>>,
    octets: Vec<u8>,
}

struct Piece<'a> {
    number: u32,
    /// Its octets are percent-encoded.
    encoded: bool,
    value: &'a [u8],
}

fn joined<'a>(all: impl Iterator<Item = (&'a [u8], &'a [u8])>, name: &[u8]) -> Option<Joined> {
    let mut pieces: Vec<_> = all
        .filter_map(|(other, value)| piece(name, other, value))
        .collect();
    // Stable: of two pieces with one number the first counts.
    pieces.sort_by_key(|piece| piece.number);
    pieces.dedup_by_key(|piece| piece.number);
    let first = pieces.first().filter(|piece| piece.number == 0)?;
    let (charset, rest) = if first.encoded {
        charset(first.value)
    } else {
        (None, first.value)
    };
    let mut octets = Vec::new();
    for (expected, piece) in (0..).zip(&pieces) {
        let value = if expected == 0 { rest } else { piece.value };
        match (piece.number == expected, piece.encoded) {
            (false, _) => break,
            (true, true) => percent(value, &mut octets),
            (true, false) => octets.extend(value),
        }
    }
    Some(Joined { charset, octets })
}

/// The piece that `other` is of the parameter `name`: `name*`, `name*0`, `name*0*`.
fn piece<'a>(name: &[u8], other: &[u8], value: &'a [u8]) -> Option<Piece<'a>> {
    let (same, suffix) = other.split_at_checked(name.len())?;
    let suffix = std::str::from_utf8(suffix).ok()?.strip_prefix('*')?;
    if !same.eq_ignore_ascii_case(name) {
        return None;
    }
    let digits = suffix.strip_suffix('*').unwrap_or(suffix);
    let number = if suffix.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    let encoded = suffix.is_empty() || suffix.ends_with('*');
    Some(Piece {
        number,
        encoded,
        value,
    })
}

/// `charset'language'rest`.
fn charset(value: &[u8]) -> (Option<Vec<u8>>, &[u8]) {
    let mut marks = value
        .iter()
        .enumerate()
        .filter(|(_, octet)| **octet == b'\'')
        .map(|(at, _)| at);
    match (marks.next(), marks.next()) {
        (Some(first), Some(second)) => {
            let name = value.get(..first).unwrap_or_default().to_vec();
            (Some(name), value.get(second + 1..).unwrap_or_default())
        }
        _ => (None, value),
    }
}

fn percent(value: &[u8], octets: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        match (octet, hex(after)) {
            (b'%', Some(decoded)) => {
                octets.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            (octet, _) => octets.push(*octet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Option<String> {
        let list: Vec<_> = pairs
            .iter()
            .map(|(name, value)| Parameter {
                name: (*name).into(),
                value: (*value).into(),
            })
            .collect();
        parameter(&list, "title")
    }

    #[test]
    fn examples_of_the_rfc() {
        assert_eq!(
            read(&[("title*", "us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A")]).unwrap(),
            "This is ***fun***"
        );
        assert_eq!(
            read(&[
                ("title*0*", "us-ascii'en'This%20is%20even%20more%20"),
                ("title*1*", "%2A%2A%2Afun%2A%2A%2A%20"),
                ("title*2", "isn't it!")
            ])
            .unwrap(),
            "This is even more ***fun*** isn't it!"
        );
    }

    #[test]
    fn pieces_in_any_order_until_one_is_missing() {
        assert_eq!(
            read(&[("title*1", "b"), ("Title*0", "a"), ("title*3", "d")]).unwrap(),
            "ab"
        );
        assert_eq!(read(&[("title*1", "b")]), None);
        assert_eq!(
            read(&[("title", "plain"), ("title*", "utf-8''caf%C3%A9")]).unwrap(),
            "café"
        );
        assert_eq!(read(&[("titles", "x"), ("title*x", "x")]), None);
    }

    #[test]
    fn what_programs_write() {
        assert_eq!(
            read(&[("title", "=?iso-8859-1?Q?caf=E9?=")]).unwrap(),
            "café"
        );
        assert_eq!(
            read(&[("title*0", "=?utf-8?Q?caf"), ("title*1", "=C3=A9?=")]).unwrap(),
            "café"
        );
        assert_eq!(read(&[("title*", "no%20charset")]).unwrap(), "no charset");
        assert_eq!(read(&[("title*", "utf-8''50%")]).unwrap(), "50%");
    }
}
