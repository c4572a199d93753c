//! The power is cut under load, on a disk that loses, tears and reorders whatever was not
//! synced (`testbed::power`).

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use testbed::power::{Bench, Chance, EXIT_CUT, Lies, Manner, Mode, Table, Tails, Unseen, When};

use crate::engine::Engine;
use crate::kill::count;
use crate::load::command;
use crate::machine::Machine;
use crate::{number, seed};

/// How often the power is cut, unless `POWER_CUTS` says otherwise.
const CUTS: u64 = 4;
/// Of so many cuts one is during the first opening of a new store.
const FIRST_STARTS: u64 = 4;
/// After so many cuts another store is begun.
const CHAPTER: u64 = 20;
/// So many commits are acknowledged before the next cut is made ready.
const BUSY: u64 = 20;
/// How long the load is let go on towards its cut.
const UNDER_WAY: Duration = Duration::from_secs(4);

/// A series of power cuts on one engine.
struct Campaign {
    engine: Engine,
    seed: u64,
    lies: Lies,
    table: Table,
    failure: Option<String>,
    /// The folder that was kept with it.
    kept: Option<PathBuf>,
}

impl Campaign {
    fn new(engine: Engine) -> Campaign {
        Campaign {
            engine,
            seed: seed(),
            lies: Lies::None,
            table: Table::default(),
            failure: None,
            kept: None,
        }
    }

    /// So many new stores are cut while they are made; the next opening makes the rest.
    fn cut_first_starts(&mut self, cuts: u64) {
        for round in 0..cuts {
            let mut chance = Chance::new(self.seed ^ round << 32);
            let mut store = Store::new(self.engine);
            let held = self.cut_a_first_start(&mut store, &mut chance, round);
            if !self.goes_on(held, store, Mode::FirstStart, round) {
                return;
            }
        }
    }

    fn cut_a_first_start(
        &mut self,
        store: &mut Store,
        chance: &mut Chance,
        round: u64,
    ) -> Result<(), Broken> {
        let mode = Mode::FirstStart;
        store.start(When::some_moment(chance, 40));
        store.machine.wait_for_end(Duration::from_millis(500));
        self.settle(store, mode, chance, round)?;
        self.reopen(store, mode)?;
        // What is made late is kept as well.
        store.work(BUSY);
        self.settle(store, mode, chance, round)?;
        self.table.row(mode).rounds += 1;
        self.reopen(store, mode)
    }

    /// One store after another is cut so many times in all, in one way after another.
    fn cut_under_load(&mut self, cuts: u64) {
        for first in (0..cuts).step_by(CHAPTER as usize) {
            if self.failure.is_some() {
                return;
            }
            let mut store = Store::new(self.engine);
            let (mut mode, mut round) = (Mode::AtAWrite, first);
            let mut held = self.open_first(&mut store);
            while held.is_ok() && round < cuts.min(first + CHAPTER) {
                mode = Mode::UNDER_LOAD[round as usize % Mode::UNDER_LOAD.len()];
                held = self.cut_once(&mut store, mode, round);
                round += 1;
            }
            self.goes_on(held, store, mode, round);
        }
    }

    fn open_first(&mut self, store: &mut Store) -> Result<(), Broken> {
        let opened = store.start(When::Never).and_then(|_| store.machine.look());
        opened.ok_or_else(|| Broken::Opened("it did not open at all".into()))?;
        store.bench.lie(self.lies);
        Ok(())
    }

    fn cut_once(&mut self, store: &mut Store, mode: Mode, round: u64) -> Result<(), Broken> {
        let mut chance = Chance::new(self.seed ^ round << 32 ^ 1);
        let ways = round / Mode::UNDER_LOAD.len() as u64;
        store.work(BUSY);
        match mode {
            Mode::AtAWrite => store.go_on_to(When::a_write(&mut chance, 400)),
            Mode::InASync => store.go_on_to(When::a_sync(&mut chance, 100)),
            _ => thread::sleep(Duration::from_micros(chance.below(200_000))),
        }
        self.settle(store, mode, &mut chance, ways)?;
        if mode == Mode::WhileOpening {
            store.start(When::some_moment(&mut chance, 12));
            store.machine.wait_for_end(Duration::from_millis(300));
            self.settle(store, mode, &mut chance, ways)?;
        }
        self.table.row(mode).rounds += 1;
        self.reopen(store, mode)
    }

    /// Now at the latest the power is cut; of what was not synced something is left.
    fn settle(
        &mut self,
        store: &mut Store,
        mode: Mode,
        chance: &mut Chance,
        round: u64,
    ) -> Result<(), Broken> {
        let cut = store.machine.kill(Some(EXIT_CUT));
        cut.map_err(Broken::Left)?;
        let open = store.bench.settle(chance.any(), manner(self.engine, round));
        let open = open.map_err(|Unseen(what)| Broken::Left(what))?;
        self.table.row(mode).open += open as u64;
        Ok(())
    }

    /// A normal opening, with nobody's help, finds all that there must be.
    fn reopen(&mut self, store: &mut Store, mode: Mode) -> Result<(), Broken> {
        let opening = store.start(When::Never);
        let found = store.machine.look();
        let row = self.table.row(mode);
        let (Some(opening), Some(verdict)) = (opening, found) else {
            row.not_reopened += 1;
            let said = store.machine.said();
            return Err(Broken::Opened(format!("it did not open: {said}")));
        };
        row.openings.push(opening);
        count(row, &verdict).map_err(Broken::Opened)
    }

    /// Notes what did not hold, and keeps the disk as the cut left it.
    fn goes_on(
        &mut self,
        held: Result<(), Broken>,
        mut store: Store,
        mode: Mode,
        round: u64,
    ) -> bool {
        store.machine.end();
        let Err(broken) = held else {
            store.folder.disable_cleanup(false);
            return true;
        };
        let (Broken::Left(what) | Broken::Opened(what)) = &broken;
        if let Broken::Opened(_) = broken {
            store.bench.put_back();
        }
        let place = store.folder.path();
        self.failure = Some(format!(
            "POWER_SEED={}, round {round}, {mode:?}: {what}\n{} holds the disk, and beside it the log",
            self.seed,
            place.display()
        ));
        self.kept = Some(place.to_owned());
        false
    }

    fn report(&self) {
        println!("{}\n\n{}\n", self.engine.name(), self.table);
    }
}

/// Why a round is the last.
#[derive(Debug)]
enum Broken {
    /// The disk is as it was left.
    Left(String),
    /// It was opened since the cut, by a program behind the shim.
    Opened(String),
}

/// A store on a disk of its own.
struct Store {
    engine: Engine,
    folder: TempDir,
    bench: Bench,
    machine: Machine,
    starts: u64,
}

impl Store {
    fn new(engine: Engine) -> Store {
        let mut folder = tempfile::tempdir().unwrap();
        // Until all has gone well.
        folder.disable_cleanup(true);
        Store {
            engine,
            bench: Bench::new(folder.path()),
            machine: Machine::new(folder.path().join("log")),
            folder,
            starts: 0,
        }
    }

    /// Opens it behind the shim; as [`Machine::start`].
    fn start(&mut self, when: When) -> Option<Duration> {
        let place = self.bench.disk.to_str().unwrap();
        let mut command = command(self.engine, place, self.starts);
        self.starts += 1;
        self.bench.put_before(&mut command, when);
        self.machine.start(command)
    }

    fn work(&mut self, commits: u64) {
        self.machine.tell("go");
        self.machine.wait_until_busy(commits);
    }

    /// Lets it work until the shim cuts the power, but not for ever.
    fn go_on_to(&mut self, when: When) {
        self.bench.arm(when);
        self.machine.wait_for_end(UNDER_WAY);
    }
}

/// Each way to lose what may be lost, in turn.
fn manner(engine: Engine, round: u64) -> Manner {
    let mut manner = Manner::of_round(round);
    if manner.tails == Tails::Cut && engine.counts_on_its_length() {
        manner.tails = Tails::Noted;
    }
    manner
}

fn cut(engine: Engine) {
    let cuts = number("POWER_CUTS").unwrap_or(CUTS);
    let mut campaign = Campaign::new(engine);
    campaign.cut_first_starts(cuts.div_ceil(FIRST_STARTS));
    campaign.cut_under_load(cuts);
    campaign.report();
    let failure = campaign.failure;
    assert!(failure.is_none(), "{}", failure.unwrap_or_default());
}

/// Cuts the power of a disk that lies, until commits are missing.
fn finds_out(engine: Engine, lies: Lies, cuts: u64) {
    let mut campaign = Campaign::new(engine);
    campaign.lies = lies;
    campaign.cut_under_load(cuts);
    campaign.report();
    let all = campaign.table.all();
    assert!(all.lost + all.not_reopened > 0, "{:?}", campaign.failure);
    fs::remove_dir_all(campaign.kept.unwrap()).unwrap();
}

#[test]
fn sqlite_keeps_what_it_acknowledged() {
    cut(Engine::Sqlite);
}

#[test]
fn a_disk_that_lies_to_sqlite_is_found_out() {
    finds_out(Engine::Sqlite, Lies::All, 12);
}

/// As if it acknowledged before the sync instead of after it.
#[test]
fn a_disk_that_syncs_too_late_for_sqlite_is_found_out() {
    finds_out(Engine::Sqlite, Lies::Late, 100);
}

#[cfg(feature = "redb")]
#[test]
fn redb_keeps_what_it_acknowledged() {
    cut(Engine::Redb);
}

#[cfg(feature = "redb")]
#[test]
fn a_disk_that_lies_to_redb_is_found_out() {
    finds_out(Engine::Redb, Lies::All, 12);
}

/// As if it acknowledged before the sync instead of after it.
#[cfg(feature = "redb")]
#[test]
fn a_disk_that_syncs_too_late_for_redb_is_found_out() {
    finds_out(Engine::Redb, Lies::Late, 100);
}
