//! kill -9 under load: all that was acknowledged is there, once, whole, with its UID and
//! flags.
//!
//! `KILLS=200` in the environment makes it the proof that `cargo xtask prove kill` runs.

use std::env;
use std::time::{Duration, Instant};

use crate::common::{Facteur, files_of_messages};
use crate::load::{Load, REST, Setting, Verdict};

/// How often the service is killed, unless `KILLS` says otherwise.
const KILLS: u64 = 20;

/// After so many kills everything is compared, and another load begins with empty accounts
/// in the same folder.
const CHAPTER: u64 = 20;

#[test]
fn what_was_acknowledged_holds_after_kills_under_mixed_load() {
    let kills = env::var("KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut facteur = Facteur::start_restless();
    let people = facteur.people();
    let setting = Setting {
        authority: facteur.authority(),
        bases: vec![facteur.base],
        rest: REST,
        data: facteur.data(),
        logs: facteur.folder.path().join("logs"),
    };
    let (mut total, mut openings) = (Verdict::default(), Vec::new());
    for chapter in 0..kills.div_ceil(CHAPTER) {
        let mut load = Load::start(&setting, &people, chapter);
        for kill in chapter * CHAPTER..kills.min((chapter + 1) * CHAPTER) {
            // Each of them does something before the next kill, and is then hit in the
            // middle of something else, at another moment each time.
            load.wait_until_busy();
            std::thread::sleep(Duration::from_millis(kill * 37 % 100));
            facteur.kill();
            let begun = Instant::now();
            facteur.restart();
            openings.push(begun.elapsed());
        }
        load.end();
        total.add(load.verdict());
        if !total.wrong.is_empty() {
            break;
        }
        load.clean();
    }
    openings.sort();
    println!(
        "| kills | acknowledged | lost | torn | twice | wrong | reopened within, ms: least, median, most |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    println!(
        "| {} | {} | {} | {} | {} | {} | {}, {}, {} |",
        openings.len(),
        total.commands(),
        total.count("lost"),
        total.count("torn"),
        total.count("twice"),
        total.count("wrong"),
        openings[0].as_millis(),
        openings[openings.len() / 2].as_millis(),
        openings[openings.len() - 1].as_millis(),
    );
    println!("{:?}", total.acknowledged);
    let (begun, there) = files_of_messages(&facteur.data());
    println!("files of messages: {begun} begun, {there} there");
    // Space was taken back all the while; how much, a few rounds need not show.
    let most = if kills >= 50 {
        begun * 3 / 4
    } else {
        begun - 1
    };
    assert!(there <= most, "{there} of {begun}");
    total.assert_good();
    total.assert_shown();
}
