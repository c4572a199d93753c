//! `cargo xtask garage`: an S3 server of several nodes, for the proof `nodes`.

use crate::packages;
use crate::shell::{Failure, announce, step};
use crate::workspace::Workspace;

/// What is built. It comes from crates.io with the versions of all that it needs.
const GARAGE: &str = "garage@2.5.0";
/// One engine is enough, and nothing is asked of a library of the system.
const FEATURES: &str = "bundled-libs,sqlite";

/// Builds it, once for each checkout, under `target/testbed`, where `testbed` looks for it.
pub(crate) fn garage(workspace: &Workspace) -> Result<(), Failure> {
    let folder = workspace.root.join("target/testbed/garage");
    let mark = folder.join(GARAGE);
    if mark.is_file() {
        announce(&format!("{GARAGE} is there already"));
        return Ok(());
    }
    packages::ensure(packages::BUILD)?;
    let mut install = workspace.cargo(&["install", "--locked", "--no-default-features"]);
    install.args(["--features", FEATURES, "--force", "--root"]);
    install.arg(&folder).arg(GARAGE);
    step(
        &format!("building {GARAGE} (ten minutes or so)"),
        &mut install,
    )?;
    std::fs::write(&mark, "").map_err(|error| Failure(format!("{}: {error}", mark.display())))
}
