//! Marks of unfinished work.

use super::{Rule, rust::Rust};
use crate::shell::Failure;
use crate::workspace::Workspace;

/// In code: what stands in for work that was not done, or was left over from it.
const CODE: &[&str] = &[
    "todo!",
    "unimplemented!",
    "dbg!",
    "#[ignore",
    "#![allow(dead_code",
];

/// In comments: notes to a later self.
const COMMENTS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
];

pub(super) const RULE: Rule = Rule {
    name: "nothing is left for later",
    why: "a mark in the code is an issue that nobody reads, and an ignored test one that \
          nobody runs: finish it, or file it",
    check: marks,
};

fn marks(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        for rust in Rust::of(member)? {
            for (number, mark) in found(&rust.code, &rust.comments) {
                findings.push(format!("{}:{number}: {mark}", workspace.short(&rust.path)));
            }
        }
    }
    Ok(findings)
}

/// The marks in a file with the numbers of their lines.
fn found(code: &str, comments: &str) -> Vec<(usize, &'static str)> {
    let of = |text: &str, marks: &[&'static str], whole: bool| -> Vec<_> {
        let lines = text.lines().enumerate();
        lines
            .flat_map(|(index, line)| {
                let here = marks.iter().filter(|mark| has(line, mark, whole));
                here.map(|mark| (index + 1, *mark)).collect::<Vec<_>>()
            })
            .collect()
    };
    [of(code, CODE, false), of(comments, COMMENTS, true)].concat()
}

/// Whether a line has the mark; a `whole` one stands between no letters or digits.
fn has(line: &str, mark: &str, whole: bool) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + mark.len()..)
            .and_then(|text| text.chars().next());
        let apart = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        apart(before) && (!whole || apart(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;
    use crate::rules::rust::Rust;

    #[test]
    fn nothing_is_left_for_later() {
        assert_kept(&RULE);
    }

    #[test]
    fn marks_are_found_where_they_mean_something() {
        let comment = format!("// {}: later\n", COMMENTS[0]);
        let text = format!("fn a() {{ todo!() }}\n#[ignore = \"slow\"]\n{comment}");
        let rust = Rust::read("src/x.rs".into(), &text, false);
        let lines: Vec<_> = found(&rust.code, &rust.comments)
            .iter()
            .map(|(at, _)| *at)
            .collect();
        assert_eq!(lines, [1, 2, 3]);
        let innocent = "let text = \"todo! #[ignore\"; // as \\u{XXXX} and TODOS\n";
        let rust = Rust::read("src/x.rs".into(), innocent, false);
        assert!(found(&rust.code, &rust.comments).is_empty());
    }
}
