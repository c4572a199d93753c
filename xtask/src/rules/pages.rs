//! Crate documentation.

use std::fs;

use super::Rule;

/// Lines of documentation at the head of a crate, at least: what it is, for whom, how
/// its files are cut, what always holds. Less than this has not said all four.
const LINES: usize = 10;

pub(super) const RULE: Rule = Rule {
    name: "every crate begins with a page about itself",
    why: "whoever opens a crate must learn what it is, for whom, how its files are cut and \
          what always holds, before the first line of code",
    check: |workspace| {
        let mut findings = Vec::new();
        for member in &workspace.members {
            let lines = page(&fs::read_to_string(&member.entry)?);
            if lines < LINES {
                let place = workspace.short(&member.entry);
                findings.push(format!(
                    "{place} begins with {lines} lines of //!, not {LINES}"
                ));
            }
        }
        Ok(findings)
    },
};

fn page(text: &str) -> usize {
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;

    #[test]
    fn every_crate_begins_with_a_page() {
        assert_kept(&RULE);
    }

    #[test]
    fn only_the_head_counts() {
        assert_eq!(page("//! One.\n//!\n//! Three.\n\n//! Not.\nmod x;\n"), 3);
        assert_eq!(page("mod x;\n//! Late.\n"), 0);
    }
}
