//! The octets that a signature of a message is made over. RFC 6376 section 3.4.
//!
//! Mail changes a little on its way: a server folds a field anew, another takes off white
//! space at the end of a line. A signature says which of that it forgives; here is what
//! then remains. Both who signs and who verifies need it.
//!
//! | file | what |
//! | --- | --- |
//! | `body.rs` | [`CanonicalBody`]: a body as it streams, in bounded memory |
//! | `header.rs` | [`write_field`]: one field; [`last_fields`]: which fields a list of names means |
//!
//! Lines end in CRLF and in nothing else here, as the RFC has it: a CR or an LF of its own
//! is an octet like any other.

mod body;
mod header;

pub use body::CanonicalBody;
pub use header::{last_fields, write_field};

/// What is forgiven: each of header and body has one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Canonicalization {
    /// Nothing but empty lines at the end of the body.
    Simple,
    /// How much white space there is where some is, and whether there is any at the end of
    /// a line; upper and lower case in the names of fields.
    Relaxed,
}
