//! Where mail goes, and who may send as whom: decisions without input or output.
//!
//! It is for `service`, which asks the directory whatever a decision needs to know and
//! acts on what was decided. Redirections, absence replies and filters will join the
//! aliases here.
//!
//! | file | what it decides |
//! | --- | --- |
//! | `resolution.rs` | [`Resolution`]: which accounts and hosts elsewhere get what is sent to a recipient |
//! | `sender.rs` | [`may_send_as`]: whether an account may send under an address |
//!
//! # How to ask
//!
//! A resolution is a small machine: it names an address, is told what the directory
//! found, and names the next, until it knows enough.
//!
//! ```
//! # use directory::Found;
//! # use routing::{Asker, Resolution};
//! # fn lookup(_: &address::Address) -> Found { Found::NoSuchUser }
//! # let recipient: address::Address = "jean@exemple.fr".parse().unwrap();
//! let mut resolution = Resolution::new(recipient, Asker::Stranger);
//! while let Some(address) = resolution.next_lookup() {
//!     let found = lookup(address);
//!     resolution.answer(found);
//! }
//! let routes = resolution.finish();
//! # assert!(routes.is_err());
//! ```
//!
//! # What is sure
//!
//! * An address is looked up once; so aliases that lead in circles come to an end.
//! * An account and an address elsewhere stand once among the destinations, with the
//!   shortest way that leads there.
//! * Nothing is cut off in silence: what goes past a limit is refused as a whole, and
//!   targets that do not exist are named.
//! * A stranger's mail leaves for elsewhere only where somebody here made an alias that
//!   leads there.

mod resolution;
mod sender;

pub use resolution::{
    ADDRESSES, Asker, DEPTH, Destination, Place, Resolution, Routes, is_postmaster,
};
pub use sender::may_send_as;
