//! Every chore of a developer, and the rules of the house as tests.
//!
//! `cargo xtask` prints the verbs ([`verbs`]). They are Rust so that whoever can build
//! Facteur can run them: there is no other tool to install, no shell to suit.
//!
//! # How the files are cut
//!
//! | folder or file | what it holds |
//! | --- | --- |
//! | [`verbs`] | one file for each verb: `run`, `test`, `lint`, `prove`... |
//! | [`rules`] | one file for each rule of the house, each with its test |
//! | [`proofs`] | what takes too long for every day; one table, one file for each |
//! | [`packages`] | which Debian packages are needed, and installing them |
//! | [`shell`] | running other programs, and saying so |
//! | [`workspace`] | where everything is, read from cargo |
//!
//! # Invariants
//!
//! * It builds in seconds: its dependencies are a reader of JSON and one of TOML.
//! * It changes nothing outside the repository and its target folder, but for Debian
//!   packages, and those only where that needs no question (as root, or by `sudo` that
//!   asks for no password). Where it may not, it prints the one line to paste.
//! * Whatever takes longer than a second is announced before it begins.
//! * A rule that a program can check is a test here, and its failure says why the rule
//!   is there (ARCHITECTURE.md points to it).
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command-line program"
)]

mod packages;
mod proofs;
mod rules;
mod shell;
mod verbs;
mod workspace;

use std::env;
use std::process::ExitCode;

use verbs::Verb;
use workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let verb = match Verb::parse(&arguments) {
        Ok(verb) => verb,
        Err(misuse) => {
            eprintln!("{misuse}");
            return ExitCode::from(2);
        }
    };
    match Workspace::here().and_then(|workspace| verb.carry_out(&workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
