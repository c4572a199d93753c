//! kill -9 under mixed load: the everyday tests with 200 kills.

use super::Proof;
use super::long_test::LongTest;
use crate::shell::Failure;
use crate::workspace::Workspace;

pub(super) const PROOF: Proof = Proof {
    name: "kill",
    shows: "200 times kill -9 under mixed load: all that was acknowledged is there, once, whole, with its UID and flags; 200 times while mail is accepted, queued and sent: all of it is sent or reported, and nothing both; and 200 times on each engine of `kv`, of PostgreSQL's servers as well",
    run,
};

pub(super) const TESTS: &[LongTest] = &[
    LongTest {
        package: "facteur",
        features: "",
        target: "service",
        functions: &[
            "kill::what_was_acknowledged_holds_after_kills_under_mixed_load",
            "sending::kills::what_was_acknowledged_is_sent_or_reported_whenever_it_is_killed",
        ],
        variable: "KILLS",
    },
    LongTest {
        package: "kv",
        features: "redb,postgres",
        target: "crash",
        functions: &[
            "kill::sqlite_keeps_what_it_acknowledged",
            "kill::redb_keeps_what_it_acknowledged",
            "database::postgres_keeps_what_it_acknowledged",
        ],
        variable: "KILLS",
    },
];

fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut tests = TESTS.iter();
    tests.try_for_each(|test| test.run(workspace, "killing", "200"))
}
