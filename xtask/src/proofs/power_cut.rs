//! The power is cut under mixed load: the everyday tests with 200 cuts, and 20 (of an engine
//! alone, 50) during the first start. docs/durability.md tells how the cut is emulated.

use super::Proof;
use super::long_test::LongTest;
use crate::shell::Failure;
use crate::workspace::Workspace;

pub(super) const PROOF: Proof = Proof {
    name: "power-cut",
    shows: "200 power cuts under mixed load and 20 during a first start, on a disk that loses, tears and reorders whatever was not synced: a normal start opens, and all that was acknowledged is there, once, whole, with its UID and flags; and 250 on each embedded engine of `kv`",
    run,
};

pub(super) const TESTS: &[LongTest] = &[
    LongTest {
        package: "facteur",
        features: "",
        target: "service",
        functions: &["power_cut::what_was_acknowledged_holds_after_power_cuts_under_mixed_load"],
        variable: "POWER_CUTS",
    },
    LongTest {
        package: "kv",
        features: "redb,postgres",
        target: "crash",
        functions: &[
            "power_cut::sqlite_keeps_what_it_acknowledged",
            "power_cut::redb_keeps_what_it_acknowledged",
        ],
        variable: "POWER_CUTS",
    },
];

fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut tests = TESTS.iter();
    tests.try_for_each(|test| test.run(workspace, "cutting the power", "200"))
}
