//! Where mail goes, and who may send as whom: decisions without input or output.
//!
//! It is for `service`, which asks the directory whatever a decision needs to know and
//! acts on what was decided. Absence replies and filters will join the aliases and
//! redirections here.
//!
//! | file | what it decides |
//! | --- | --- |
//! | `resolution.rs` | [`Resolution`]: which accounts and hosts elsewhere get what is sent to a recipient, and why |
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
//! * An address is looked up once; so aliases and redirections that lead in circles come to
//!   an end.
//! * An account and an address elsewhere stand once among the destinations, with the
//!   shortest way that leads there.
//! * Nothing is cut off in silence: what goes past a limit is refused as a whole, and
//!   targets that do not exist are named.
//! * A stranger's mail leaves for elsewhere only where somebody here made an alias or a
//!   redirection that leads there; a report also for whoever's message such a one sent on.

mod resolution;
mod sender;

pub use resolution::{
    ADDRESSES, Asker, By, DEPTH, Destination, Place, Resolution, Routes, Step, asks_for_help,
};
pub use sender::may_send_as;
