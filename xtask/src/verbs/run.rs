//! `cargo xtask run`: from a clone to a mail service.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::packages;
use crate::shell::{Failure, announce, step};
use crate::workspace::Workspace;

/// Builds the release and becomes it.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Failure> {
    packages::ensure(packages::BUILD)?;
    let mut build = workspace.cargo(&["build", "--release", "--package", "facteur"]);
    step(
        "building the service (some minutes the first time)",
        &mut build,
    )?;
    let binary = workspace.target.join("release/facteur");
    announce("facteur quickstart");
    // Becoming it rather than starting it: signals and the exit code are then its own.
    let error = Command::new(&binary)
        .arg("quickstart")
        .args(arguments)
        .exec();
    Err(Failure(format!("{}: {error}", binary.display())))
}
