//! kill -9 at any point of accepting, queueing and sending: nothing acknowledged is lost, and
//! nothing is both delivered and reported.
//!
//! `KILLS=200` in the environment makes it the proof that `cargo xtask prove kill` runs.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::World;

/// How often the service is killed, unless `KILLS` says otherwise.
const KILLS: u64 = 8;
/// Messages that are acknowledged between two kills, at least.
const BETWEEN: u64 = 5;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn what_was_acknowledged_is_sent_or_reported_whenever_it_is_killed() {
    let kills = env::var("KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut world = World::start();
    let mut load = world.script("load");
    let mut load = load
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ask = load.stdin.take().unwrap();
    let mut lines = BufReader::new(load.stdout.take().unwrap()).lines();
    let mut acknowledged = || {
        writeln!(ask, "how many?").unwrap();
        let line = lines.next().unwrap().unwrap();
        line.parse::<u64>().unwrap()
    };
    let mut last = 0;
    for kill in 0..kills {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = acknowledged();
            if now >= last + BETWEEN {
                last = now;
                break;
            }
            assert!(
                Instant::now() < deadline,
                "nothing is acknowledged any more"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        // At another moment each time.
        std::thread::sleep(Duration::from_millis(kill * 37 % 100));
        world.here.kill_and_restart();
    }
    drop(ask);
    let told: Vec<String> = lines.map(Result::unwrap).collect();
    println!("| kills | what became of all that was acknowledged |");
    println!("| --- | --- |");
    println!("| {kills} | {} |", told.join(" "));
    assert!(load.wait().unwrap().success());
}
