//! Handing mail over to other hosts.
//!
//! | file | what it does |
//! | --- | --- |
//! | `peer` | one connection to one host, and messages over it |
//!
//! # What always holds
//!
//! * Nothing is connected to but through [`net::Gate`].
//! * A message is accepted by a host only when it said so to the message's end; where the
//!   connection was lost just there, that is told as a doubt.
//! * A message of any size costs the memory of a few of its pieces.

pub mod peer;
