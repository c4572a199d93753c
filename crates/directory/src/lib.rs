//! The directory: which domains are served here, which accounts and aliases they
//! have, and who may sign in. It is the only door to them; customers, policies and
//! incidents will live behind the same door.
//!
//! It is written for three readers: `routing` and the SMTP server, who ask what an
//! address is ([`Directory::lookup`]); every protocol and page where people sign in
//! ([`Directory::sign_in`]); and whoever manages the service, by command line or page
//! (all the rest). It stands on `kv` alone and keeps its data in
//! [`kv::Partition::Directory`].
//!
//! | file | what it holds |
//! | --- | --- |
//! | `domain.rs`, `account.rs`, `redirection.rs`, `alias.rs` | the operations, one kind of thing each |
//! | `signatures.rs` | what a domain signs its mail with |
//! | `lookup.rs` | what an address is |
//! | `sent_on.rs` | the senders of messages that are sent on |
//! | `sign_in.rs` | one attempt to sign in, from name to [`Grant`] |
//! | `rights.rs` | the rights that sign-ins gave, and how they end |
//! | `follow.rs` | rights that end in another process |
//! | `bodies.rs` | where the bodies of messages are |
//! | `custody.rs` | which index this is, and who takes care of its bodies |
//! | `check.rs` | looking at every record |
//! | `gate.rs`, `network.rs` | who may have a password evaluated next |
//! | `verified.rs` | sign-ins verified a moment ago |
//! | `password.rs`, `verifier.rs` | rules for passwords, and what is stored of them |
//! | `keys.rs`, `records.rs`, `edit.rs` | keys, values and conditional commits |
//!
//! # What is sure
//!
//! * **One name space a domain.** An address is an account or an alias or nothing;
//!   upper and lower case are the same. A domain that is another name of one has none of
//!   its own. Of two that add the same address at the same
//!   time one is refused: every commit is conditional on what it was decided on.
//! * **Numbers are for ever.** An [`address::AccountId`] is never given twice.
//! * **Nobody learns who exists.** A wrong password, an unknown user and a name
//!   without its domain cost one evaluation each, with the same parameters, and an
//!   unencrypted attempt is refused alike whether the account exists or not.
//! * **Evaluations are bounded.** At most one a core runs at a time; networks take
//!   turns; what waits is bounded, beyond that the answer is `Busy`.
//! * **A right that ends, ends at once** (ARCHITECTURE.md, invariant 12). Once a
//!   change that ends rights is durable, no [`RightWatch`] of them stays silent, and
//!   none can come into being, however the two interleave. Dropping the future of such
//!   a change does not stop it half-way. Other processes on the same data end them when
//!   they are woken ([`Directory::follow`]); their new sign-ins see the change at once,
//!   since each one reads the store.
//! * **Passwords are neither printed nor kept.** Stored are Argon2id hashes; in memory,
//!   for verified sign-ins, a MAC under a key that dies with the process.
//! * **Keys of domains stay here.** They must be kept to sign; the data folder is as secret
//!   as they are. Whoever lets mail leave hands it in and gets the signature
//!   ([`Directory::sign`]).

mod account;
mod alias;
mod bodies;
mod check;
mod cost;
mod custody;
mod directory;
mod domain;
mod edit;
mod error;
mod follow;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
mod keys;
mod lookup;
mod network;
mod password;
mod records;
mod redirection;
mod rights;
mod sent_on;
mod settings;
mod sign_in;
mod signatures;
mod verified;
mod verifier;

pub use account::{Account, AccountChange, NewAccount, RemovedAccount};
pub use alias::{Alias, LostTarget, TARGETS, is_catch_all};
pub use bodies::is_of_the_place;
pub use check::{CheckedDirectory, DirectoryFault};
pub use cost::Argon2Cost;
pub use custody::{Custody, Lease};
pub use directory::Directory;
pub use domain::{HostedDomain, POSTMASTERS_SOUGHT};
pub use error::{DirectoryError, Holder};
pub use lookup::Found;
pub use network::Network;
pub use password::{PASSWORD_CHARACTERS, PASSWORD_OCTETS, check_password, generate_password};
pub use redirection::Redirection;
pub use rights::{RightEnd, RightWatch};
pub use settings::{OldDevices, Settings};
pub use sign_in::{Attempt, Grant};
pub use signatures::{KeyState, RETIRED_FOR, SignatureKey};
