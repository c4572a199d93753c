//! The rules of the house, as far as a program can check them.
//!
//! Each rule is one file and one row of [`RULES`]; `cargo xtask lint` shows all that is
//! broken, and each rule is a test of its own besides. To change a rule, change its
//! sentence here first: if the reason no longer holds, the rule goes.

mod dependencies;
mod house;
mod lengths;
mod lints;
mod marks;
mod pages;
mod papers;
mod reach;
mod rust;

use crate::shell::Failure;
use crate::workspace::Workspace;

/// One rule.
pub(crate) struct Rule {
    /// What must hold, as a sentence.
    pub(crate) name: &'static str,
    /// Why, for whoever has just broken it.
    pub(crate) why: &'static str,
    /// Where it does not hold, a line for each place.
    pub(crate) check: fn(&Workspace) -> Result<Vec<String>, Failure>,
}

/// All of them.
pub(crate) const RULES: &[&Rule] = &[
    &house::DOWNWARD,
    &house::DRAWN,
    &reach::TREE,
    &reach::SOURCE,
    &pages::RULE,
    &marks::RULE,
    &lints::RULE,
    &lengths::RULE,
    &papers::PROOFS,
    &dependencies::RULE,
];

impl Rule {
    /// What to say when it is broken.
    pub(crate) fn complaint(&self, findings: &[String]) -> String {
        format!(
            "rule: {}\n  why: {}\n  {}",
            self.name,
            self.why,
            findings.join("\n  ")
        )
    }
}

/// Fails a test with the complaint, if there is one.
#[cfg(test)]
fn assert_kept(rule: &Rule) {
    let findings = (rule.check)(&Workspace::here().unwrap()).unwrap();
    assert!(findings.is_empty(), "\n{}\n", rule.complaint(&findings));
}
