//! Facteur: one program that is a mail service, and its operator's commands.
//!
//! | file | what it does |
//! | --- | --- |
//! | `cli` | the command line |
//! | `quickstart` | makes everything that a first service needs |
//! | `serve` | opens the ports and serves until it is told to stop |
//! | `config` | the configuration |
//! | `rooms` | the stores of a data folder, opened |
//! | `admin` | commands beside a running server, and without one |

mod admin;
mod cli;
mod config;
mod machine;
mod quickstart;
mod rooms;
mod serve;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// It gives back what was used: the C library keeps the blocks of many MiB that evaluating
/// passwords takes, hundreds of MiB in the end (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Refused, with the reason on the standard error. Wrong usage is 2, which clap says.
const REFUSED: u8 = 1;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may read it; the code says it too.
            let _ = writeln!(std::io::stderr(), "facteur: {error:#}");
            ExitCode::from(REFUSED)
        }
    }
}
