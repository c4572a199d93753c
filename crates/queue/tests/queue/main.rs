//! The queue from outside.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

mod care;
mod entries;
mod lanes;
mod model;
mod operate;
mod promises;
mod world;
