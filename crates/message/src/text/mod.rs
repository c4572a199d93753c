//! Text for people and for SEARCH: what header values and bodies say once every encoding
//! is undone.
//!
//! Nothing here fails. Text in no charset that we know, or that is not in the charset it
//! claims, is read as UTF-8 where it can be and as Windows-1252 where it cannot.
//!
//! | file | what |
//! | --- | --- |
//! | `words.rs` | encoded words in header values: RFC 2047 |
//! | `pieces.rs` | parameters in pieces and charsets: RFC 2231 |
//! | `charset.rs` | octets to text |
//! | `guess.rs` | octets to text when nobody says how |
//! | `utf7.rs` | the charset that encoding_rs leaves out: RFC 2152 |
//! | `tables.rs` | charsets of MS-DOS, one table each |
//! | `body.rs` | a part's body, as it streams by |

mod body;
mod charset;
mod guess;
mod pieces;
mod tables;
mod utf7;
mod words;

pub use body::BodyText;
pub(crate) use pieces::joined_parameter;
pub use pieces::parameter;

/// A header value as text: unfolded, encoded words (RFC 2047) decoded, raw 8-bit octets
/// read as UTF-8 or else as Windows-1252.
pub fn header_value(value: &[u8]) -> String {
    words::decode(&crate::header::unfold(value))
}

/// Whether [`header_value`] is sure to show an unfolded value as everybody does: all its
/// encoded words are in charsets that we know.
pub(crate) fn is_known(value: &[u8]) -> bool {
    words::are_known(value)
}
