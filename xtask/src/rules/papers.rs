//! Papers that must tell what the code knows.

use super::Rule;
use crate::proofs;

pub(super) const PROOFS: Rule = Rule {
    name: "docs/proofs.md has one row for each proof",
    why: "a proof that takes too long for every day is worth what the table says of its last \
          run; one without a row is believed and never run",
    check: |workspace| {
        let known: Vec<&str> = proofs::PROOFS.iter().map(|proof| proof.name).collect();
        let rows = rows(&workspace.text("docs/proofs.md")?);
        let unlisted = known
            .iter()
            .filter(|name| !rows.iter().any(|row| row == **name));
        let unknown = rows.iter().filter(|row| !known.contains(&row.as_str()));
        let findings = unlisted.map(|name| format!("{name} has no row"));
        Ok(findings
            .chain(unknown.map(|row| format!("{row} is a row and no proof")))
            .collect())
    },
};

/// The names that begin the rows of a page's table: those in back quotes.
fn rows(page: &str) -> Vec<String> {
    let name = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    page.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;

    #[test]
    fn each_proof_has_a_row() {
        assert_kept(&PROOFS);
    }

    #[test]
    fn rows_are_read() {
        let page = "| name | shows |\n| --- | --- |\n| `kill` | all is there |\ntext `not`\n";
        assert_eq!(rows(page), ["kill"]);
    }
}
