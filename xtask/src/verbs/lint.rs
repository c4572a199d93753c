//! `cargo xtask lint`: what can be said of the code without running it.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::rules::RULES;
use crate::shell::{Failure, announce, step};
use crate::verbs::test::document;
use crate::workspace::Workspace;

/// Checks format, lints, documentation, dependencies and the rules of the house.
pub(crate) fn lint(workspace: &Workspace) -> Result<(), Failure> {
    step("format", &mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    let mut clippy = workspace.cargo(&["clippy", "--workspace", "--all-features"]);
    clippy.args(["--all-targets", "--", "--deny", "warnings"]);
    step("clippy", &mut clippy)?;
    document(workspace)?;
    rules(workspace)?;
    advisories(workspace)
}

/// All broken rules at once, so that one run shows the whole work.
fn rules(workspace: &Workspace) -> Result<(), Failure> {
    announce("rules of the house");
    let mut broken = Vec::new();
    for rule in RULES {
        let findings = (rule.check)(workspace)?;
        if !findings.is_empty() {
            broken.push(rule.complaint(&findings));
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Failure(broken.join("\n\n")))
    }
}

/// Licences, bans and sources were checked by our own rule from the same file. What it
/// can't know is which crates have known faults: that takes cargo-deny and its database.
fn advisories(workspace: &Workspace) -> Result<(), Failure> {
    if !has_cargo_deny() {
        announce("cargo-deny is not installed: known faults of dependencies were not looked up");
        return Ok(());
    }
    step(
        "cargo deny",
        &mut workspace.cargo(&["deny", "--all-features", "check"]),
    )
}

fn has_cargo_deny() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        let home = env::var_os("HOME")?;
        Some(PathBuf::from(home).join(".cargo"))
    });
    let folders = env::split_paths(&path).chain(home.map(|home| home.join("bin")));
    folders
        .into_iter()
        .any(|folder| folder.join(OsStr::new("cargo-deny")).is_file())
}
