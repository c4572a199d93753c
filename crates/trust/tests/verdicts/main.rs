//! Verdicts over a DNS that is a table.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

mod arc;
mod dkim;
mod dmarc;
mod lists;
mod spf;
mod table;
