//! Lints that hold for every crate alike.

use std::fs;

use super::{Rule, rust::Rust};
use crate::shell::Failure;
use crate::workspace::Workspace;

pub(super) const RULE: Rule = Rule {
    name: "every crate takes the lints of the workspace, and none is unsafe",
    why: "a panic or an unsafe line in one crate brings down the mail of all; the lints are \
          what keeps both out, so no crate may leave them",
    check: lints,
};

fn lints(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        let manifest = fs::read_to_string(member.folder.join("Cargo.toml"))?;
        if !takes_lints(&manifest) {
            findings.push(format!(
                "{}: Cargo.toml lacks [lints] workspace = true",
                member.name
            ));
        }
        for rust in Rust::of(member)? {
            for (number, line) in rust.code.lines().enumerate() {
                if is_unsafe(line) {
                    findings.push(format!("{}:{}", workspace.short(&rust.path), number + 1));
                }
            }
        }
    }
    Ok(findings)
}

fn takes_lints(manifest: &str) -> bool {
    let manifest: Option<toml::Table> = manifest.parse().ok();
    let workspace = || manifest?.get("lints")?.get("workspace")?.as_bool();
    workspace() == Some(true)
}

fn is_unsafe(line: &str) -> bool {
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.any(|word| word == "unsafe")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;

    #[test]
    fn every_crate_takes_the_lints_and_none_is_unsafe() {
        assert_kept(&RULE);
    }

    #[test]
    fn both_halves_are_seen() {
        assert!(takes_lints(
            "[package]\nname = \"x\"\n[lints]\nworkspace = true\n"
        ));
        assert!(!takes_lints("[lints.rust]\nunsafe_code = \"allow\"\n"));
        assert!(!takes_lints("[lints]\nworkspace = false\n"));
        assert!(is_unsafe("let x = unsafe { y };"));
        assert!(!is_unsafe("forbid(unsafe_code)"));
    }
}
