//! What holds for the distributed engine alone, on a real server: several nodes on one
//! database, and a database that goes away and comes back. What holds for every engine
//! is in `tests/conformance.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

mod away;
mod common;
mod cut;
mod nodes;
mod opening;
mod wire;
