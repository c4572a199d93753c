//! How long files and functions may become.

use super::{Rule, rust::Rust};
use crate::shell::Failure;
use crate::workspace::Workspace;

/// Lines of a file, its tests not counted: what one still scrolls through with the
/// beginning in mind.
const FILE: usize = 800;

/// Lines of a function's body: two screens. Nine in ten have fewer than 26; the long ones
/// that are honest are one `match`, a row for each case.
const FUNCTION: usize = 120;

pub(super) const RULE: Rule = Rule {
    name: "no file is over 800 lines and no function over 120, tests apart",
    why: "what has grown so far mixes what should be apart: ask which of deciding, doing and \
          saying it mixes, and cut there, never just to satisfy the number",
    check: lengths,
};

fn lengths(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        for rust in Rust::of(member)?.iter().filter(|rust| rust.is_product()) {
            let place = workspace.short(&rust.path);
            let lines = rust.product_lines();
            if lines > FILE {
                findings.push(format!("{place} has {lines} lines"));
            }
            for function in rust.functions().iter().filter(|one| one.lines > FUNCTION) {
                let (at, name, lines) = (function.line, &function.name, function.lines);
                findings.push(format!("{place}:{at}: {name} has {lines} lines"));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;

    #[test]
    fn no_file_and_no_function_has_outgrown_its_reader() {
        assert_kept(&RULE);
    }
}
