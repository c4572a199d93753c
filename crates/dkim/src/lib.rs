//! DKIM: a domain signs what leaves in its name. RFC 6376, with Ed25519 by RFC 8463.
//!
//! For `directory`, which keeps the keys of the domains, and for whoever lets a message
//! leave. What is signed is told by three: the octets of the header as they will leave,
//! the hash of the body, made while it streamed ([`Reading`]), and who signs ([`Signer`]).
//! [`sign`] makes the fields of that, to be put on top.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `key.rs` | [`PrivateKey`]: made by lot, kept, signing; the record that names its public half |
//! | `selector.rs` | [`Selector`]: which of a domain's keys |
//! | `reading.rs` | a message as it streams: its header, and the hash of its body |
//! | `names.rs` | which fields of a header are signed |
//! | `sign.rs` | the signature |
//! | `seal.rs` | the seal of whoever sends on what another wrote (ARC, RFC 8617) |
//!
//! # What holds
//!
//! * A private key can't be printed, and its octets are wiped when it is dropped.
//! * A signature covers the fields that people and programs go by, and that there are no
//!   more of them: to add a second `From` or `Subject` breaks it. It covers the whole body.
//! * What of a message is held for signing is bounded ([`HEADER_OCTETS`]).

mod key;
mod names;
mod reading;
mod seal;
mod selector;
mod sign;

pub use key::{Algorithm, KeyError, PrivateKey};
pub use reading::{HEADER_OCTETS, Read, Reading};
pub use seal::{Chain, seal};
pub use selector::{Selector, SelectorError};
pub use sign::{Signer, sign};
