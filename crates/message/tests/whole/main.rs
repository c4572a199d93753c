//! Whole messages: real ones, broken ones, and huge ones.

// Every test here may fail as it likes.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
mod corpus;
mod large;
mod oracle;
mod properties;
