//! Generated message bodies: as long as wanted, the same at every run.
//!
//! A body is lines of 72 characters and CRLF, each with its own number, so that one
//! lost, doubled or out of place shows. No line begins with a dot, so it is the same
//! with and without dot-stuffing; the last two octets are always CRLF, unless the
//! whole is too short for that.

/// Octets of one line, its CRLF included: what most mail programs write.
const LINE: u64 = 74;

/// Octets of a body of `size` octets, from `offset` on, up to one piece's worth.
///
/// Empty when `offset` is at or past the end.
pub fn piece(size: u64, offset: u64) -> Vec<u8> {
    /// Lines in one piece: about 64 KiB.
    const LINES: u64 = 885;
    let end = size.min(offset.saturating_add(LINES * LINE));
    (offset..end).map(|at| octet(size, at)).collect()
}

/// The octet at one place.
fn octet(size: u64, at: u64) -> u8 {
    if at + 2 == size {
        return b'\r';
    }
    if at + 1 == size {
        return b'\n';
    }
    let (line, column) = (at / LINE, at % LINE);
    match column {
        0..=11 => digit(line, 11 - column),
        12 => b' ',
        // A line end that the final CRLF would split is left out.
        72 if at + 3 < size => b'\r',
        73 if at + 2 < size => b'\n',
        72 | 73 => b'.',
        _ => b'a' + ((line + column) % 26) as u8,
    }
}

/// The decimal digit of `number` that stands `place` places from its end.
fn digit(number: u64, place: u64) -> u8 {
    let power = 10u64.pow(place as u32);
    b'0' + (number / power % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(size: u64) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let next = piece(size, body.len() as u64);
            if next.is_empty() {
                return body;
            }
            body.extend(next);
        }
    }

    #[test]
    fn every_size_is_exact_and_made_of_crlf_lines() {
        for size in (0..400).chain([100_000, 200_001]) {
            let body = whole(size);
            assert_eq!(body.len() as u64, size);
            assert!(size < 2 || body.ends_with(b"\r\n"), "size {size}");
            if size < 2 {
                continue;
            }
            let text = String::from_utf8(body).unwrap();
            assert_eq!(text.matches('\r').count(), text.matches("\r\n").count());
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert!(text.split("\r\n").all(|line| !line.starts_with('.')));
            assert!(text.split("\r\n").all(|line| line.len() <= 74));
        }
    }

    #[test]
    fn lines_carry_their_number() {
        let text = String::from_utf8(whole(74 * 3)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[2].starts_with("000000000002 "), "{}", lines[2]);
    }
}
