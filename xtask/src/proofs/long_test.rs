//! Tests that are run at length as a proof: what is shown for long is then what is tested
//! every day, from one source.

use crate::packages;
use crate::shell::{Failure, step};
use crate::workspace::Workspace;

/// Tests in one folder of a crate's tests.
pub(super) struct LongTest {
    pub(super) package: &'static str,
    pub(super) features: &'static str,
    /// The folder.
    pub(super) target: &'static str,
    /// Each as `module::function`, the module below the folder.
    pub(super) functions: &'static [&'static str],
    /// The variable that says how many rounds there are, or what else is to be of it.
    pub(super) variable: &'static str,
}

impl LongTest {
    /// Runs each in sight with this value of the variable, with the development build.
    pub(super) fn run(
        &self,
        workspace: &Workspace,
        doing: &str,
        value: &str,
    ) -> Result<(), Failure> {
        packages::ensure(packages::BUILD)?;
        packages::ensure(packages::TESTS)?;
        let which = ["--package", self.package, "--test", self.target];
        let features = ["--features", self.features];
        let mut build = workspace.cargo(&["test", "--no-run"]);
        let building = format!("building the tests of {}", self.package);
        step(&building, build.args(which).args(features))?;
        let mut test = workspace.cargo(&["test", "--quiet"]);
        test.args(which).args(features);
        // One after the other, so that their tables can be read.
        test.args(["--", "--exact", "--nocapture", "--test-threads=1"]);
        test.args(self.functions);
        test.env(self.variable, value);
        step(
            &format!("{doing}: {} (some minutes)", self.package),
            &mut test,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::proofs::{kill, nodes, power_cut};

    /// A name that no test has would run none, and pass.
    #[test]
    fn the_tests_that_are_run_are_there() {
        let workspace = Workspace::here().unwrap();
        for test in kill::TESTS
            .iter()
            .chain(power_cut::TESTS)
            .chain(nodes::TESTS)
        {
            let folder = format!("crates/{}/tests/{}", test.package, test.target);
            for function in test.functions {
                let (module, function) = function.rsplit_once("::").unwrap();
                let file = format!("{folder}/{}.rs", module.replace("::", "/"));
                let text = workspace.text(&file).unwrap();
                let heads = ["#[test]\nfn", "#[tokio::test]\nasync fn"];
                let mut heads = heads.map(|head| format!("{head} {function}()")).into_iter();
                assert!(
                    heads.any(|head| text.contains(&head)),
                    "{function} in {file}"
                );
            }
            let files = fs::read_dir(workspace.root.join(&folder)).unwrap();
            let texts = files.filter_map(|file| fs::read_to_string(file.unwrap().path()).ok());
            let variable = format!("\"{}\"", test.variable);
            let is_read = texts.into_iter().any(|text| text.contains(&variable));
            assert!(is_read, "{variable} in {folder}");
        }
    }
}
