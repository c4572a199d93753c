//! Skeleton.

pub mod endpoints;
pub mod imap;
