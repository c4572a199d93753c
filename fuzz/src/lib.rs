//! What the fuzz targets share. For whoever looks for input that a parser of ours can't
//! bear: `cargo xtask prove fuzz` builds the targets and runs each for a while.
//!
//! A target is one small file in `src/bin`: it takes octets that libFuzzer made up, guided
//! by which branches they reach, and panics where something does not hold that should.
//!
//! | file | what it does |
//! | --- | --- |
//! | `conversation.rs` | input to a conversation, cut anywhere; a session driven through it |
//! | `memory.rs` | how much memory a piece of work holds at most |
//! | `bin/` | the targets, one each |
//!
//! # What always holds
//!
//! * A target is a function of its input: no clock, no chance, nothing kept between runs
//!   that changes an outcome. So an input that failed once fails again.
//! * What is private to a crate and not reached by a whole session has a door of its own,
//!   `fuzzing.rs` in that crate, which is there only when `--cfg fuzzing` is given.

mod conversation;
mod memory;

pub use conversation::{Conversation, Cut, Talk, is_lines};
pub use libfuzzer_sys::fuzz_target;
pub use memory::within;
