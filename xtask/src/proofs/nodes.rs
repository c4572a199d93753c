//! Three nodes under load while whatever can end does: the everyday test for ten minutes, with
//! garage as the bucket.

use super::Proof;
use super::long_test::LongTest;
use crate::shell::Failure;
use crate::verbs;
use crate::workspace::Workspace;

pub(super) const PROOF: Proof = Proof {
    name: "nodes",
    shows: "three nodes on PostgreSQL and garage for ten minutes, nodes killed at random, the database failed over to its standby, a node of garage lost with all that it kept: all that was acknowledged is there, once, whole, with its UID and flags, and who waits at one node is told what came in at another",
    run,
};

pub(super) const TEST: LongTest = LongTest {
    package: "facteur",
    features: "",
    target: "service",
    functions: &["nodes::what_was_acknowledged_is_there_whatever_ends"],
    variable: "NODES_SECONDS",
};

fn run(workspace: &Workspace) -> Result<(), Failure> {
    verbs::garage(workspace)?;
    TEST.run(workspace, "killing nodes for ten minutes", 600)
}
