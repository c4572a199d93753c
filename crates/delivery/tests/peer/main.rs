//! Connections to other hosts: to ones that are odd on purpose, to our own server's side,
//! and to Debian's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod awkward;
mod common;
mod foreign;

mod ours;
