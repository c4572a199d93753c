//! A body. RFC 6376 sections 3.4.3 and 3.4.4.

use memchr::{memchr, memchr3};

use super::Canonicalization;

/// Octets that are gathered before they are handed on: a hash takes a few large pieces
/// sooner than many small ones.
const GATHERED_OCTETS: usize = 4096;

/// Makes a body canonical while it streams, cut anywhere. It holds a few KiB and
/// counts what it can't tell yet (empty lines), so that its memory is bounded.
///
/// ```
/// use message::canonical::{CanonicalBody, Canonicalization};
///
/// let mut canonical = Vec::new();
/// let mut sink = |octets: &[u8]| canonical.extend_from_slice(octets);
/// let mut body = CanonicalBody::new(Canonicalization::Relaxed);
/// body.push(b"Bon \t jour \r\n\r\n", &mut sink);
/// body.finish(&mut sink);
/// assert_eq!(canonical, b"Bon jour\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct CanonicalBody {
    canonicalization: Canonicalization,
    /// Canonical octets that were not handed on yet.
    gathered: Vec<u8>,
    /// Empty lines that count only if something comes behind them.
    empty_lines: u64,
    /// The line has an octet that counts.
    in_line: bool,
    /// White space that counts only if something comes behind it in its line.
    space: bool,
    /// A CR that may begin a line end.
    cr: bool,
    /// Something was handed on or gathered.
    any: bool,
}

impl CanonicalBody {
    /// A body of which nothing was seen.
    pub fn new(canonicalization: Canonicalization) -> Self {
        Self {
            canonicalization,
            gathered: Vec::new(),
            empty_lines: 0,
            in_line: false,
            space: false,
            cr: false,
            any: false,
        }
    }

    /// Takes the next octets of the body, and gives those that are canonical now.
    pub fn push(&mut self, octets: &[u8], sink: &mut impl FnMut(&[u8])) {
        let mut rest = octets;
        while let Some((&first, after)) = rest.split_first() {
            rest = match (self.cr, first) {
                (true, b'\n') => {
                    self.cr = false;
                    self.line_end(sink);
                    after
                }
                // That CR was text.
                (true, _) => {
                    self.cr = false;
                    self.text(b"\r", sink);
                    rest
                }
                (false, b'\r') => {
                    self.cr = true;
                    after
                }
                (false, b' ' | b'\t') if self.is_relaxed() => {
                    self.space = true;
                    after
                }
                (false, _) => {
                    let (run, after) = rest.split_at_checked(self.run(rest)).unwrap_or((rest, b""));
                    self.text(run, sink);
                    after
                }
            };
        }
    }

    /// The body ends here. A last line without an end has one all the same: it gets one on
    /// its way.
    pub fn finish(mut self, sink: &mut impl FnMut(&[u8])) {
        if self.cr {
            self.text(b"\r", sink);
        }
        let ends = self.in_line || (!self.any && !self.is_relaxed());
        if ends {
            self.put(b"\r\n", sink);
        }
        sink(&self.gathered);
    }

    fn is_relaxed(&self) -> bool {
        self.canonicalization == Canonicalization::Relaxed
    }

    /// How many octets at the start, of which there is one, stay as they are.
    fn run(&self, octets: &[u8]) -> usize {
        let end = match self.canonicalization {
            Canonicalization::Simple => memchr(b'\r', octets),
            Canonicalization::Relaxed => memchr3(b'\r', b' ', b'\t', octets),
        };
        end.unwrap_or(octets.len())
    }

    /// Octets of a line that count, so that what waited before them does.
    fn text(&mut self, octets: &[u8], sink: &mut impl FnMut(&[u8])) {
        for _ in 0..std::mem::take(&mut self.empty_lines) {
            self.put(b"\r\n", sink);
        }
        if std::mem::take(&mut self.space) {
            self.put(b" ", sink);
        }
        self.put(octets, sink);
        self.in_line = true;
    }

    fn line_end(&mut self, sink: &mut impl FnMut(&[u8])) {
        self.space = false;
        if std::mem::take(&mut self.in_line) {
            self.put(b"\r\n", sink);
        } else {
            self.empty_lines = self.empty_lines.saturating_add(1);
        }
    }

    fn put(&mut self, octets: &[u8], sink: &mut impl FnMut(&[u8])) {
        self.any = true;
        if self.gathered.len() + octets.len() > GATHERED_OCTETS {
            sink(&self.gathered);
            self.gathered.clear();
        }
        if octets.len() > GATHERED_OCTETS {
            sink(octets);
        } else {
            self.gathered.extend_from_slice(octets);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(canonicalization: Canonicalization, body: &[u8], size: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut sink = |octets: &[u8]| all.extend_from_slice(octets);
        let mut canonical = CanonicalBody::new(canonicalization);
        for piece in body.chunks(size) {
            canonical.push(piece, &mut sink);
        }
        canonical.finish(&mut sink);
        all
    }

    fn simple(body: &str) -> String {
        let all = canonical(Canonicalization::Simple, body.as_bytes(), 3);
        String::from_utf8(all).unwrap()
    }

    fn relaxed(body: &str) -> String {
        let all = canonical(Canonicalization::Relaxed, body.as_bytes(), 3);
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 6376 section 3.4.5.
        let body = " C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(simple(body), " C \r\nD \t E\r\n");
        assert_eq!(relaxed(body), " C\r\nD E\r\n");
    }

    #[test]
    fn a_body_of_nothing() {
        for body in ["", "\r\n", "\r\n\r\n\r\n"] {
            assert_eq!(simple(body), "\r\n", "{body:?}");
            assert_eq!(relaxed(body), "", "{body:?}");
        }
        assert_eq!(simple(" \t\r\n\r\n"), " \t\r\n");
        assert_eq!(relaxed(" \t\r\n\r\n "), "");
    }

    #[test]
    fn the_last_line_may_have_no_end() {
        assert_eq!(simple("a\r\nb"), "a\r\nb\r\n");
        assert_eq!(relaxed("a\r\nb \t"), "a\r\nb\r\n");
        assert_eq!(simple("a\r"), "a\r\r\n");
        assert_eq!(relaxed("a \r"), "a \r\r\n");
    }

    #[test]
    fn a_cr_or_lf_of_its_own_is_text() {
        assert_eq!(
            relaxed("a\nb\rc \r d\n\r\n\r\r\n"),
            "a\nb\rc \r d\n\r\n\r\r\n"
        );
        assert_eq!(simple("\r\r\n\n\r\n"), "\r\r\n\n\r\n");
    }

    /// The same by whole lines.
    fn naive(canonicalization: Canonicalization, body: &str) -> String {
        let mut lines: Vec<String> = body.split("\r\n").map(str::to_owned).collect();
        if canonicalization == Canonicalization::Relaxed {
            for line in &mut lines {
                while line.contains([' ', '\t']) && line.ends_with([' ', '\t']) {
                    line.pop();
                }
                let mut words = line.replace('\t', " ");
                while words.contains("  ") {
                    words = words.replace("  ", " ");
                }
                *line = words;
            }
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        let nothing = match canonicalization {
            Canonicalization::Simple => "\r\n",
            Canonicalization::Relaxed => "",
        };
        if lines.is_empty() {
            return nothing.to_owned();
        }
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    fn bodies() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("\r\n".to_owned()),
            Just(" ".to_owned()),
            Just("\t".to_owned()),
            Just("\r".to_owned()),
            Just("\n".to_owned()),
            "[a-c]{1,3}",
            "[a-c ]{0,80}".prop_map(|text| text.repeat(100)),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn it_equals_the_naive_way_however_it_is_cut(body in bodies(), size in 1_usize..9000) {
            for canonicalization in [Canonicalization::Simple, Canonicalization::Relaxed] {
                let streamed = canonical(canonicalization, body.as_bytes(), size);
                let whole = naive(canonicalization, &body);
                prop_assert_eq!(String::from_utf8(streamed).unwrap(), whole);
            }
        }

        #[test]
        fn what_is_canonical_stays_as_it_is(body in bodies()) {
            for canonicalization in [Canonicalization::Simple, Canonicalization::Relaxed] {
                let once = canonical(canonicalization, body.as_bytes(), 7);
                let twice = canonical(canonicalization, &once, 5);
                prop_assert_eq!(once, twice);
            }
        }
    }
}
