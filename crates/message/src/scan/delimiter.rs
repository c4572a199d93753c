//! Which multipart's delimiter a line is. RFC 2046 section 5.1.1.

/// A delimiter that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delimiter {
    /// Which open part it belongs to, counted from the outermost.
    pub(super) depth: usize,
    /// It ends that multipart (`--` after the boundary).
    pub(super) closing: bool,
}

/// Finds the delimiter that a line beginning with `head` is, among the boundaries of the
/// open multiparts, outermost first.
///
/// The RFC would take any line that begins with the boundary. But one boundary may begin
/// with another, of a part that was closed or never opened, so what follows it must not be
/// a letter that a boundary may have. Where two fit all the same, the one that is the whole
/// line counts, then the longest, then the innermost (a nested part may repeat its
/// parent's).
pub(super) fn find<'a>(
    head: &[u8],
    boundaries: impl DoubleEndedIterator<Item = (usize, &'a [u8])>,
) -> Option<Delimiter> {
    let line = head.strip_prefix(b"--")?;
    let mut best: Option<(usize, Delimiter)> = None;
    for (depth, boundary) in boundaries.rev() {
        let Some(after) = line.strip_prefix(boundary) else {
            continue;
        };
        let closing = after.starts_with(b"--");
        let rest = after.strip_prefix(b"--").unwrap_or(after);
        let delimiter = Delimiter { depth, closing };
        if rest
            .iter()
            .all(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n'))
        {
            return Some(delimiter);
        }
        let ends = rest.first().is_none_or(|octet| !is_boundary_letter(*octet));
        if ends && best.is_none_or(|(length, _)| length < boundary.len()) {
            best = Some((boundary.len(), delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

/// RFC 2046 section 5.1.1 (bcharsnospace).
fn is_boundary_letter(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(head: &str, boundaries: &[&str]) -> Option<(usize, bool)> {
        let boundaries = boundaries.iter().map(|text| text.as_bytes()).enumerate();
        find(head.as_bytes(), boundaries).map(|found| (found.depth, found.closing))
    }

    #[test]
    fn a_boundary_may_begin_with_another() {
        assert_eq!(found("--ab\r\n", &["a", "ab"]), Some((1, false)));
        assert_eq!(found("--ab\r\n", &["ab", "a"]), Some((0, false)));
        assert_eq!(found("--a--\r\n", &["a", "ab"]), Some((0, true)));
        assert_eq!(found("--ab;\r\n", &["a;", "ab"]), Some((1, false)));
        assert_eq!(found("--abc\r\n", &["ab", "a"]), None);
        assert_eq!(found("--a-\r\n", &["a"]), None);
        assert_eq!(found("--a--\r\n", &["a--", "a"]), Some((1, true)));
    }

    #[test]
    fn padding_and_garbage_may_follow() {
        assert_eq!(found("--a \t\r\n", &["a"]), Some((0, false)));
        assert_eq!(found("--a-- \n", &["a"]), Some((0, true)));
        assert_eq!(found("--a; x", &["a"]), Some((0, false)));
        assert_eq!(found("--b", &["a"]), None);
        assert_eq!(found("-a", &["a"]), None);
    }

    #[test]
    fn the_innermost_of_equals_counts() {
        assert_eq!(found("--a", &["a", "b", "a"]), Some((2, false)));
    }
}
