//! Reading what fields hold: the little languages of RFC 5322 and RFC 2045, as they are
//! really written.

pub(crate) mod addresses;
pub(crate) mod budget;
pub(crate) mod cursor;
pub(crate) mod parameters;

/// A field's value in one line: line ends taken out, octets that no line may hold made
/// spaces, white space at both ends cut. RFC 5322 section 2.2.3.
pub(crate) fn unfold(value: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        match octet {
            b'\n' => {}
            b'\r' if after.first() == Some(&b'\n') => {}
            b'\r' | 0 => line.push(b' '),
            octet => line.push(*octet),
        }
    }
    let end = line
        .iter()
        .rposition(|octet| !is_space(*octet))
        .map_or(0, |at| at + 1);
    line.truncate(end);
    let begin = line.iter().position(|octet| !is_space(*octet)).unwrap_or(0);
    line.drain(..begin);
    line
}

/// White space of RFC 5234 (WSP).
pub(crate) fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// The octets without the white space at both ends.
pub(crate) fn trim(octets: &[u8]) -> &[u8] {
    let begin = octets
        .iter()
        .position(|octet| !is_space(*octet))
        .unwrap_or(octets.len());
    let end = octets
        .iter()
        .rposition(|octet| !is_space(*octet))
        .map_or(begin, |at| at + 1);
    octets.get(begin..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_goes_and_white_space_inside_stays() {
        assert_eq!(unfold(b" a\r\n  b\n\tc \r\n"), b"a  b\tc");
        assert_eq!(unfold(b"a\rb\0c"), b"a b c");
        assert_eq!(unfold(b" \r\n \r\n"), b"");
    }

    #[test]
    fn trimming_nothing_leaves_nothing() {
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim(b" a b\t"), b"a b");
    }
}
