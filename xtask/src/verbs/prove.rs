//! `cargo xtask prove`: one proof by its name.

use std::process::Command;
use std::time::Instant;

use crate::proofs::PROOFS;
use crate::shell::{Failure, announce, output};
use crate::workspace::Workspace;

/// Prints the names of the proofs and what each shows.
pub(crate) fn list() {
    for proof in PROOFS {
        println!("{:<10} {}", proof.name, proof.shows);
    }
}

/// Runs a proof. Passed, it prints the line for docs/proofs.md.
pub(crate) fn prove(workspace: &Workspace, name: &str) -> Result<(), Failure> {
    let Some(proof) = PROOFS.iter().find(|proof| proof.name == name) else {
        list();
        return Err(Failure(format!("there is no proof named {name}")));
    };
    announce(&format!("proof {name}: {}", proof.shows));
    let begun = Instant::now();
    (proof.run)(workspace)?;
    let minutes = begun.elapsed().as_secs().div_ceil(60);
    let date = output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    println!("\nproved. The line for docs/proofs.md:\n");
    println!(
        "| `{name}` | {} | passed in {minutes} min | {} | {} |",
        proof.shows,
        date.trim(),
        commit(workspace)?
    );
    Ok(())
}

/// The commit that was proved, and whether the tree held more than that.
fn commit(workspace: &Workspace) -> Result<String, Failure> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        output(command.current_dir(&workspace.root).args(arguments))
    };
    let commit = git(&["rev-parse", "--short", "HEAD"])?.trim().to_owned();
    let changed = !git(&["status", "--porcelain"])?.trim().is_empty();
    Ok(if changed {
        commit + " and changes"
    } else {
        commit
    })
}
