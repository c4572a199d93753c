//! How much header text one message may still keep.

use crate::HeaderText;
use crate::limits::{ITEM_OCTETS, KEPT_OCTETS, VALUE_OCTETS};

/// What is left of [`KEPT_OCTETS`].
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(KEPT_OCTETS)
    }

    /// Keeps a value, cut at [`VALUE_OCTETS`]; `None` when there is no room left.
    pub(crate) fn text(&mut self, octets: &[u8]) -> Option<HeaderText> {
        let octets = octets.get(..VALUE_OCTETS).unwrap_or(octets);
        self.0 = self.0.checked_sub(octets.len())?;
        Some(HeaderText::new(octets))
    }

    /// Makes room for one more element of a list, which has its texts besides.
    pub(crate) fn item(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(ITEM_OCTETS)?;
        Some(())
    }
}
