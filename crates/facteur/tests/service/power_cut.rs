//! The power is cut under load: all that was acknowledged is there, once, whole, with its
//! UID and flags.
//!
//! `POWER_CUTS=200` in the environment makes it the proof that `cargo xtask prove power-cut`
//! runs; `POWER_SEED` gives it the seed of an earlier run. docs/durability.md tells how it
//! works and what it can't show.
//!
//! The disk that loses what was not synced is `testbed::power`; `campaign.rs` lets the
//! service work on it, round after round.

mod campaign;

use std::env;
use std::time::SystemTime;

use campaign::Campaign;
use testbed::power::Lies;

/// How often the power is cut, unless `POWER_CUTS` says otherwise: once in each way.
const CUTS: u64 = 8;

/// Of so many cuts one is during the first start of a new service.
const FIRST_STARTS: u64 = 10;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Another one each time: what one run misses another may find.
fn seed() -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    number("POWER_SEED").unwrap_or(now.as_millis() as u64)
}

#[test]
fn what_was_acknowledged_holds_after_power_cuts_under_mixed_load() {
    let cuts = number("POWER_CUTS").unwrap_or(CUTS);
    let mut campaign = Campaign::new(seed());
    campaign.cut_first_starts(cuts.div_ceil(FIRST_STARTS));
    campaign.cut_under_load(cuts);
    println!("{}", campaign.report());
    let failure = campaign.failure();
    assert!(failure.is_none(), "{}", failure.unwrap_or_default());
    // A few rounds need not show something of each command.
    if cuts >= 50 {
        campaign.heard().assert_shown();
        // Space was taken back all the while.
        let (begun, there) = campaign.files();
        assert!(there < begun * 3 / 4, "{there} of {begun}");
    }
}

/// Cuts the power of a disk that lies, until mail is missing.
#[allow(clippy::print_stdout, reason = "whoever runs it reads what came of it")]
fn finds_out(lies: Lies, cuts: u64) {
    let mut campaign = Campaign::new(seed());
    campaign.lie(lies);
    campaign.cut_under_load(cuts);
    println!("{}\n{:?}", campaign.report(), campaign.failure());
    assert!(campaign.failure().is_some());
    campaign.keep_nothing();
}

#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    finds_out(Lies::All, 12);
}

#[test]
fn a_disk_that_lies_about_the_syncs_of_folders_is_found_out() {
    finds_out(Lies::OfFolders, 100);
}

/// As if the service acknowledged before the sync instead of after it.
#[test]
fn a_disk_that_syncs_too_late_is_found_out() {
    finds_out(Lies::Late, 100);
}
