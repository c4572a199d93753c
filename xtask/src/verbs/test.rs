//! `cargo xtask test`: everything that must pass every day.

use std::env;

use crate::packages;
use crate::shell::{Failure, announce, step, succeeds};
use crate::workspace::Workspace;

/// Which crates, and how they are built: the same for each step, so that each builds on
/// the one before.
const ALL: [&str; 2] = ["--workspace", "--all-features"];

/// Runs all tests, or those whose names fit the filter.
pub(crate) fn test(workspace: &Workspace, filter: &[String]) -> Result<(), Failure> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TESTS)?;
    let mut build = workspace.cargo(&["build", "--all-targets"]);
    step("building (some minutes the first time)", build.args(ALL))?;
    if filter.is_empty() {
        document(workspace)?;
    }
    if has_nextest(workspace) {
        return nextest(workspace, filter);
    }
    announce("cargo nextest is not installed: cargo test, which is slower, does as well");
    step("testing", workspace.cargo(&["test"]).args(ALL).args(filter))
}

/// Builds the documentation; a link that leads nowhere fails it.
pub(crate) fn document(workspace: &Workspace) -> Result<(), Failure> {
    let mut doc = workspace.cargo(&["doc", "--no-deps"]);
    doc.args(ALL).env("RUSTDOCFLAGS", "--deny warnings");
    step("building the documentation", &mut doc)
}

fn has_nextest(workspace: &Workspace) -> bool {
    let command = workspace.cargo(&[]);
    let cargo = command.get_program().to_string_lossy();
    succeeds(&cargo, &["nextest", "--version"])
}

fn nextest(workspace: &Workspace, filter: &[String]) -> Result<(), Failure> {
    if filter.is_empty() {
        // It runs no examples in documentation.
        let mut examples = workspace.cargo(&["test", "--doc", "--quiet"]);
        step(
            "testing the examples in the documentation",
            examples.args(ALL),
        )?;
    }
    let profile = if env::var_os("CI").is_some() {
        "ci"
    } else {
        "default"
    };
    let mut nextest = workspace.cargo(&["nextest", "run", "--profile", profile]);
    step("testing", nextest.args(ALL).args(filter))
}
