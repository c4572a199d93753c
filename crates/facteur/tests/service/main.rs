//! The real binary, spoken to by real clients and by transcripts over real TCP and TLS.

#![allow(clippy::unwrap_used, reason = "a test")]

mod clients;
mod common;
mod limits;
mod transcripts;
