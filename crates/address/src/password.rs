//! Passwords as they come from a device or a page.

use std::fmt;

use zeroize::Zeroizing;

/// A secret in the clear, on its way to be checked or hashed.
///
/// It has no `Display`, its `Debug` prints stars, and its memory is wiped when it is
/// dropped (ARCHITECTURE.md, invariant 7). It is never trimmed: a space at an end is
/// part of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes the bytes as they came. Devices send UTF-8, some of them without
    /// saying so; no check is made here.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The secret itself, for the one place that compares or hashes it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        assert_eq!(format!("{:?}", Password::new("tilleul")), "***");
    }
}
