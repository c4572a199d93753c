//! Proofs that take too long for every day. A new one is a file, a row here and a row in
//! docs/proofs.md.

mod fresh;
mod fuzz;
mod kill;
mod long_test;
mod nodes;
mod power_cut;
mod same_time;

use crate::shell::Failure;
use crate::workspace::Workspace;

/// One proof.
pub(crate) struct Proof {
    /// What it is called by.
    pub(crate) name: &'static str,
    /// What it shows when it passes.
    pub(crate) shows: &'static str,
    /// Does it; an error says what did not hold.
    pub(crate) run: fn(&Workspace) -> Result<(), Failure>,
}

/// All of them.
pub(crate) const PROOFS: &[Proof] = &[
    fresh::PROOF,
    fuzz::PROOF,
    kill::PROOF,
    nodes::PROOF,
    power_cut::PROOF,
    same_time::PROOF,
];
