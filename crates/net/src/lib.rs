//! Listeners, the one loop that drives any session, and the one gate outwards.
//!
//! A protocol crate is a machine without socket or clock (see `session`); this crate
//! gives it both. [`listen`] opens an address, [`Wire`] is one connection before and
//! after TLS, [`Drive`] runs a session over it: it reads while it writes, gathers replies
//! and flushes them when nothing more is ready, gives time to the session as
//! [`session::Moment`]s, and has the session's questions answered by an [`Answerer`]
//! whose long answers it takes no faster than the socket drains. Outwards there is
//! [`Gate`].
//!
//! | file | what it does |
//! | --- | --- |
//! | `answerer` | the trait that `service` implements, and the hand-over of pieces |
//! | `wire` | a connection: plain, then perhaps TLS |
//! | `drive` | the loop |
//! | `channel` | the two directions of a connection, with their buffers |
//! | `patience` | an end to waiting, for what is no session |
//! | `listen` | sockets that wait for connections, our own or handed over |
//! | `gate` | connections to other hosts, and to which there is none |
//! | `network` | networks, and which addresses are anybody's |
//!
//! # Invariants
//!
//! * Memory for one connection is bounded: one read ahead, one piece, one gathering of
//!   output.
//! * What was read before `Step::Secure` is dropped, so that nothing said in the clear is
//!   taken for said under TLS (RFC 3207 section 6).
//! * No connection goes to an address that is private or reserved, unless the
//!   configuration names its network, nor to another address than the one that was judged.
//! * A right that ends closes the connection within a second, even in the middle of an
//!   answer (ARCHITECTURE.md, invariant 12).

mod answerer;
mod channel;
mod drive;
mod gate;
mod listen;
mod network;
mod patience;
mod wire;

pub use answerer::{Answerer, Pieces, Wake};
pub use channel::HANDSHAKE;
pub use drive::{Drive, Summary};
pub use gate::{ConnectError, Gate};
pub use listen::listen;
pub use network::{Network, NetworkError, is_public};
pub use patience::Patient;
pub use wire::Wire;
