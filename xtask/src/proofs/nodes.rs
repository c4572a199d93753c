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

const NODES: LongTest = LongTest {
    package: "facteur",
    features: "",
    target: "service",
    functions: &["nodes::what_was_acknowledged_is_there_whatever_ends"],
    variable: "NODES_SECONDS",
};

/// What the small server of every day is asked too.
const BUCKET: LongTest = LongTest {
    package: "blob",
    features: "s3",
    target: "bucket",
    functions: &[
        "keeping::bodies_of_every_size_come_back_also_after_opening_again",
        "keeping::ranges_are_cut_to_the_body",
        "keeping::a_damaged_body_is_found",
        "keeping::what_is_read_ahead_is_the_same",
        "keeping::what_there_is_is_listed_and_only_ours_is_removed",
        "keeping::many_bodies_are_listed_and_removed",
        "keeping::a_bucket_is_one_index_s_and_remembers_its_turns",
    ],
    variable: "S3_SERVER",
};

pub(super) const TESTS: &[LongTest; 2] = &[BUCKET, NODES];

fn run(workspace: &Workspace) -> Result<(), Failure> {
    verbs::garage(workspace)?;
    let [bucket, nodes] = TESTS;
    bucket.run(workspace, "keeping bodies in garage", "garage")?;
    nodes.run(workspace, "killing nodes for ten minutes", "600")
}
