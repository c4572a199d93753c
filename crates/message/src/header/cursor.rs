//! Walking over a value: white space, comments, quoted strings. RFC 5322 section 3.2.

use super::is_space;

/// What is still to be read of an unfolded value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn next(&mut self) -> Option<u8> {
        let (octet, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*octet)
    }

    /// Takes this octet if it is the next.
    pub(crate) fn eat(&mut self, octet: u8) -> bool {
        let is_next = self.peek() == Some(octet);
        if is_next {
            self.next();
        }
        is_next
    }

    /// Takes everything before the first octet of which `stop` is true.
    pub(crate) fn until(&mut self, stop: impl Fn(u8) -> bool) -> &'a [u8] {
        let at = self
            .rest
            .iter()
            .position(|octet| stop(*octet))
            .unwrap_or(self.rest.len());
        self.take(at)
    }

    /// Takes `count` octets, or all that are left.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .unwrap_or((self.rest, b""));
        self.rest = rest;
        taken
    }

    /// Passes white space; true when there was some.
    pub(crate) fn spaces(&mut self) -> bool {
        !self.until(|octet| !is_space(octet)).is_empty()
    }

    /// Passes white space and comments.
    pub(crate) fn blanks(&mut self) {
        loop {
            self.spaces();
            if !self.eat(b'(') {
                return;
            }
            self.comment();
        }
    }

    /// Reads a comment whose `(` was taken, through the `)` that ends it or to the end.
    /// Gives its text; comments inside it keep their parentheses.
    pub(crate) fn comment(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut open = 1_usize;
        while let Some(octet) = self.next() {
            match octet {
                b'\\' => {
                    text.extend(self.next());
                    continue;
                }
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            if open == 0 {
                break;
            }
            text.push(octet);
        }
        text
    }

    /// Reads a quoted string whose `"` was taken, through the `"` that ends it or to the
    /// end of the value. Gives its text without the quoting.
    pub(crate) fn quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some(octet) = self.next() {
            match octet {
                b'"' => break,
                b'\\' => text.extend(self.next()),
                octet => text.push(octet),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_nest_and_escape() {
        let mut cursor = Cursor::new(b"a (b \\) c)) d");
        assert_eq!(cursor.comment(), b"a (b ) c)");
        assert_eq!(cursor.rest(), b" d");
    }

    #[test]
    fn what_is_not_closed_ends_with_the_value() {
        assert_eq!(Cursor::new(b"a (b").comment(), b"a (b");
        assert_eq!(Cursor::new(b"a \\\"b").quoted(), b"a \"b");
        assert_eq!(Cursor::new(b"a\\").quoted(), b"a");
    }
}
