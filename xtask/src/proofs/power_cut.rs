//! The power is cut under mixed load: the everyday test with 200 cuts in place of 8, and 20
//! during the first start. docs/durability.md tells how the cut is emulated.

use super::Proof;
use super::service_test::ServiceTest;
use crate::shell::Failure;
use crate::workspace::Workspace;

pub(super) const PROOF: Proof = Proof {
    name: "power-cut",
    shows: "200 power cuts under mixed load and 20 during a first start, on a disk that loses, tears and reorders whatever was not synced: a normal start opens, and all that was acknowledged is there, once, whole, with its UID and flags",
    run,
};

pub(super) const TEST: ServiceTest = ServiceTest {
    module: "power_cut",
    function: "what_was_acknowledged_holds_after_power_cuts_under_mixed_load",
    variable: "POWER_CUTS",
};

fn run(workspace: &Workspace) -> Result<(), Failure> {
    TEST.run(workspace, "cutting the power", 200)
}
