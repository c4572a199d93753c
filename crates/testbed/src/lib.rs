//! What tests stand on: real servers, which are the programs that the service uses when it
//! is spread over machines, each started by the test that needs it and gone with it; and a
//! disk whose power can be cut. Only tests may depend on this crate (a house rule in xtask).
//!
//! It is a crate and no module of one, because the tests of `kv`, of `store` and of the
//! whole service need the same.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `postgres/` | [`Postgres`]: Debian's PostgreSQL in a folder of its own, and a standby |
//! | `s3.rs` | [`S3`]: moto, which answers as S3 does |
//! | `garage.rs` | [`Garage`]: an S3 server of several nodes |
//! | `mta/` | [`Mta`]: Debian's Postfix, OpenSMTPD and Dovecot, as other people's mail servers |
//! | `network.rs` | [`network::alone`]: a network of a test's own, with every port free |
//! | `debian.rs` | Debian's packages, unpacked beside each other |
//! | `dkimpy.rs` | [`dkimpy::verify`]: another's verdict of our signatures |
//! | `dns.rs` | [`Dns`]: Debian's NSD with zones as text, signed; and one that is silent |
//! | `power.rs`, `power/` | a disk that loses what was not synced |
//! | `child.rs` | a server as a process that is never left behind |
//!
//! # Invariants
//!
//! * A server has a folder of its own, which goes with it, and takes no port that is not
//!   free, unless it is given one, within a network of the test's own; so tests run side by
//!   side, and beside a server of the machine.
//! * It is stopped by the number of its process. It ends with the test, however that
//!   ends: the system ends it when the test's process does.
//! * PostgreSQL is as slow as it would be in earnest: syncs are on.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "for tests only: what goes wrong ends the test"
)]

mod child;
mod debian;
pub mod dkimpy;
mod dns;
mod garage;
mod mta;
pub mod network;
mod postgres;
pub mod power;
mod s3;

use std::net::TcpListener;

pub use dns::{Dns, SilentDns, Zone};
pub use garage::Garage;
pub use mta::{Mta, Place, postfix_tool};
pub use postgres::{Identity, Postgres};
pub use s3::S3;

/// A file with the certificate of an authority (PEM).
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a>(pub &'a std::path::Path);

/// A port that nobody has now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
