//! A refused sign-in takes the same time whoever is named.
//!
//! The development build is measured: what is done for somebody and not for nobody shows
//! there at its slowest. A difference is judged by ranks (Mann and Whitney), which asks
//! nothing of how the times are spread; the script says how far it may go.

use std::fs;
use std::process::Command;

use super::Proof;
use crate::packages;
use crate::shell::{Failure, step};
use crate::workspace::Workspace;

pub(super) const PROOF: Proof = Proof {
    name: "same-time",
    shows: "a refused sign-in takes the same time for a wrong password, an unknown user and no address at all, in 9 ways over TLS and in the clear",
    run,
};

/// Attempts for each name, in each way of signing in over TLS; four times as many in the
/// clear, where they take less.
const SAMPLES: &str = "60";

fn run(workspace: &Workspace) -> Result<(), Failure> {
    packages::ensure(packages::TESTS)?;
    step(
        "building",
        &mut workspace.cargo(&["build", "--package", "facteur"]),
    )?;
    let folder = workspace.target.join("proofs/same-time");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut measure = Command::new("python3");
    measure
        .arg("-B")
        .arg(
            workspace
                .root
                .join("crates/facteur/tests/service/sign_in.py"),
        )
        .arg("times")
        .arg(workspace.target.join("debug/facteur"))
        .arg(folder.join("data"))
        .arg(SAMPLES);
    step("signing in", &mut measure)?;
    fs::remove_dir_all(&folder).map_err(Failure::from)
}
