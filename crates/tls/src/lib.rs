//! Certificates, and TLS for connections that come in and go out.
//!
//! A [`Greeter`] holds the certificate in use and greets connections with it by rustls
//! (TLS 1.2 and 1.3, aws-lc-rs). It is shared by all listeners; [`Greeter::reload`]
//! changes the certificate for connections to come and touches none that are there.
//! A [`Caller`] is the other side: it greets the hosts that mail goes out to, and asks of
//! their certificates what is to be asked ([`Trust`]).
//! [`make_authority`] makes a certificate authority of one's own and a certificate under
//! it, for a service that starts without any.
//!
//! | file | what it does |
//! | --- | --- |
//! | `greeter` | the certificate in use, the handshake |
//! | `caller` | the handshake of a connection that goes out |
//! | `judge` | certificates that nobody judges, or by name and authority |
//! | `dane` | certificates as DNS names them |
//! | `authority` | a self-made authority and certificate |
//!
//! # Invariants
//!
//! * There is one crypto provider in the process, named here explicitly.
//! * A private key is written readable by its owner alone, and never logged.
//! * A reload that fails leaves the certificate that was in use.

mod authority;
mod caller;
mod dane;
mod greeter;
mod judge;
#[cfg(test)]
mod tests;

pub use authority::{Files, MakeError, make_authority};
pub use caller::{Caller, Fault, HandshakeError, Trust};
pub use dane::Tlsa;
pub use greeter::{Concern, Greeter, LoadError, NOTICE, encryption, key_digest};
