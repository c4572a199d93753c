//! kill -9 under load.

use std::thread;
use std::time::Duration;

use testbed::power::{Chance, Row};

use crate::engine::Engine;
use crate::judge::{Kind, Verdict};
use crate::load::command;
use crate::machine::Machine;
use crate::{number, seed};

/// How often it is killed, unless `KILLS` says otherwise.
const KILLS: u64 = 8;
/// After so many kills another store is begun.
const CHAPTER: u64 = 20;
/// So many commits are acknowledged before the next kill.
const BUSY: u64 = 30;
/// Longest time from then to the kill.
const MOMENT_MS: u64 = 120;
/// In one of so many rounds it is killed within the next opening as well.
const WHILE_OPENING: u64 = 4;
/// Longest time from the beginning of that opening to the kill.
const OPENING_MS: u64 = 40;

/// How often, as the environment says.
pub(crate) fn kills(everyday: u64) -> u64 {
    number("KILLS").unwrap_or(everyday)
}

/// Lets the load work, up to some moment.
pub(crate) fn work(machine: &mut Machine, chance: &mut Chance) {
    machine.tell("go");
    machine.wait_until_busy(BUSY);
    thread::sleep(Duration::from_millis(chance.below(MOMENT_MS)));
}

/// Counts what was found in a row; fails if anything was.
pub(crate) fn count(row: &mut Row, verdict: &Verdict) -> Result<(), String> {
    row.acknowledged += verdict.acknowledged;
    row.lost += verdict.count(Kind::Lost);
    row.torn += verdict.count(Kind::Torn);
    row.twice += verdict.count(Kind::Twice);
    row.wrong += verdict.count(Kind::Wrong);
    if verdict.faults.is_empty() {
        return Ok(());
    }
    let faults = verdict.faults.iter().take(10).map(ToString::to_string);
    Err(faults.collect::<Vec<_>>().join("\n"))
}

/// What came of it, for people.
pub(crate) fn report(rows: &[(&str, &Row)]) -> String {
    let mut text = "| killed | kills | acknowledged | lost | torn | twice | wrong | \
                    not reopened | reopened within, ms: least, median, most |\n"
        .to_owned();
    text += &format!("|{}\n", " --- |".repeat(9));
    for (what, row) in rows {
        text += &format!("| {what} | {}\n", row.killed());
    }
    text
}

/// A store in a folder, whose process is killed.
fn kill(engine: Engine) {
    let seed = seed();
    let (mut chance, mut row) = (Chance::new(seed), Row::default());
    let mut held = Ok(());
    let all = kills(KILLS);
    for chapter in 0..all.div_ceil(CHAPTER) {
        let rounds = (all - chapter * CHAPTER).min(CHAPTER);
        held = held.and_then(|()| kill_one_store(engine, rounds, &mut chance, &mut row));
    }
    println!("{}", report(&[(engine.name(), &row)]));
    assert_eq!(held, Ok(()), "POWER_SEED={seed}");
}

fn kill_one_store(
    engine: Engine,
    rounds: u64,
    chance: &mut Chance,
    row: &mut Row,
) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    let mut machine = Machine::new(folder.path().join("log"));
    let mut starts = 0;
    let mut next = || {
        starts += 1;
        command(engine, store, starts)
    };
    for round in 0..=rounds {
        if round % WHILE_OPENING == 1 {
            machine.spawn(next());
            thread::sleep(Duration::from_millis(chance.below(OPENING_MS)));
            machine.kill(None)?;
        }
        let opened = machine.start(next());
        let verdict = machine.look();
        let (Some(opened), Some(verdict)) = (opened, verdict) else {
            row.not_reopened += 1;
            return Err(format!(
                "round {round}: it did not open: {}",
                machine.said()
            ));
        };
        if round > 0 {
            row.rounds += 1;
            row.openings.push(opened);
        }
        count(row, &verdict)?;
        if round < rounds {
            work(&mut machine, chance);
        }
        machine.kill(None)?;
    }
    Ok(())
}

#[test]
fn sqlite_keeps_what_it_acknowledged() {
    kill(Engine::Sqlite);
}

#[cfg(feature = "redb")]
#[test]
fn redb_keeps_what_it_acknowledged() {
    kill(Engine::Redb);
}
