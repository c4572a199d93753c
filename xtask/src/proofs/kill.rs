//! kill -9 under mixed load: the everyday test with 200 kills in place of 20.

use super::Proof;
use super::service_test::ServiceTest;
use crate::shell::Failure;
use crate::workspace::Workspace;

pub(super) const PROOF: Proof = Proof {
    name: "kill",
    shows: "200 times kill -9 under mixed load: all that was acknowledged is there, once, whole, with its UID and flags",
    run,
};

pub(super) const TEST: ServiceTest = ServiceTest {
    module: "kill",
    function: "what_was_acknowledged_holds_after_kills_under_mixed_load",
    variable: "KILLS",
};

fn run(workspace: &Workspace) -> Result<(), Failure> {
    TEST.run(workspace, "killing", 200)
}
