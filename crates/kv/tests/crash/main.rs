//! Engines that are killed and whose power is cut under load: all that was acknowledged is
//! there, whole, once.
//!
//! The load is a process of its own; what it asks and hears it tells to this one, which
//! then judges what the next start finds. `KILLS=200` and `POWER_CUTS=200` in the
//! environment make it what `cargo xtask prove kill` and `power-cut` run; `POWER_SEED`
//! gives the seed of an earlier run. docs/durability.md tells how it works and what it
//! can't show.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `engine.rs` | the engines |
//! | `commits.rs` | what is committed |
//! | `load.rs`, `wire.rs` | the program that commits, and what it tells |
//! | `judge.rs` | whether what is there is what must be there |
//! | `machine.rs` | that program as a process, with its judge |
//! | `kill.rs`, `power_cut.rs`, `database.rs` | round after round |

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this file is tests only"
)]

mod commits;
#[cfg(feature = "postgres")]
mod database;
mod engine;
mod judge;
mod kill;
mod load;
mod machine;
mod power_cut;
mod wire;

use std::env;
use std::time::SystemTime;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Another one each time: what one run misses another may find.
fn seed() -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    number("POWER_SEED").unwrap_or(now.as_millis() as u64)
}
