//! Bodies in a bucket of a real server: what `bodies.rs` asks of segments, and a server
//! that is away.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

mod common;
mod keeping;
mod packs;
mod trouble;
