//! A test of the service, run at length as a proof: what is shown for long is then what is
//! tested every day, from one source.

use crate::packages;
use crate::shell::{Failure, step};
use crate::workspace::Workspace;

/// A test in `crates/facteur/tests/service`.
pub(super) struct ServiceTest {
    pub(super) module: &'static str,
    pub(super) function: &'static str,
    /// The variable that says how many rounds there are.
    pub(super) variable: &'static str,
}

impl ServiceTest {
    /// Runs so many rounds in sight, with the development build.
    pub(super) fn run(
        &self,
        workspace: &Workspace,
        doing: &str,
        rounds: u32,
    ) -> Result<(), Failure> {
        packages::ensure(packages::BUILD)?;
        packages::ensure(packages::TESTS)?;
        let service = ["--package", "facteur", "--test", "service"];
        let mut build = workspace.cargo(&["test", "--no-run"]);
        step("building", build.args(service))?;
        let mut test = workspace.cargo(&["test", "--quiet"]);
        test.args(service).args(["--", "--exact", "--nocapture"]);
        test.arg(format!("{}::{}", self.module, self.function));
        test.env(self.variable, rounds.to_string());
        step(&format!("{doing} (some minutes)"), &mut test)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proofs::{kill, power_cut};

    /// A name that no test has would run none, and pass.
    #[test]
    fn the_tests_that_are_run_are_there() {
        let workspace = Workspace::here().unwrap();
        for test in [kill::TEST, power_cut::TEST] {
            let file = format!("crates/facteur/tests/service/{}.rs", test.module);
            let text = workspace.text(&file).unwrap();
            let function = format!("#[test]\nfn {}()", test.function);
            assert!(text.contains(&function), "{function} in {file}");
            assert!(text.contains(&format!("\"{}\"", test.variable)), "{file}");
        }
    }
}
