//! Round after round: the service is under load, the power is cut, and a normal start must
//! find everything that was acknowledged.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testbed::power::{Bench, Chance, EXIT_CUT, Lies, Manner, Mode, Table, Unseen, When};

use crate::common::{files_of_messages, free_base, people, quickstart, restlessly};
use crate::load::{Load, REST, Setting, Verdict};

/// How long an opening may take, far more than it does.
const OPENING: Duration = Duration::from_secs(60);
/// How long the service is let go on towards its cut.
const UNDER_WAY: Duration = Duration::from_secs(4);
/// After so many rounds under load another load begins, with empty accounts.
const CHAPTER: u64 = 10;

/// A series of power cuts.
pub(crate) struct Campaign {
    seed: u64,
    lies: Lies,
    base: u16,
    _base_lock: File,
    table: Table,
    heard: Verdict,
    /// Files of messages that were begun, and that are there at the end.
    files: (usize, usize),
    failure: Option<String>,
    /// The folder that was kept with it.
    kept: Option<PathBuf>,
}

impl Campaign {
    pub(crate) fn new(seed: u64) -> Campaign {
        let (base, lock) = free_base();
        Campaign {
            seed,
            lies: Lies::None,
            base,
            _base_lock: lock,
            table: Table::default(),
            heard: Verdict::default(),
            files: (0, 0),
            failure: None,
            kept: None,
        }
    }

    /// Once the service has started first, the disk lies about its syncs.
    pub(crate) fn lie(&mut self, lies: Lies) {
        self.lies = lies;
    }

    /// How the rounds ended, and what was acknowledged.
    pub(crate) fn report(&self) -> String {
        let (begun, there) = self.files;
        format!(
            "{}\n{:?}\nfiles of messages: {begun} begun, {there} there",
            self.table, self.heard.acknowledged
        )
    }

    /// Files of messages that were begun, and that are there at the end.
    pub(crate) fn files(&self) -> (usize, usize) {
        self.files
    }

    /// What did not hold, and where it can be looked at.
    pub(crate) fn failure(&self) -> Option<String> {
        let failure = self.failure.as_ref()?;
        Some(format!("POWER_SEED={}: {failure}", self.seed))
    }

    /// Removes the disk that was kept for a failure, which was one to be expected.
    pub(crate) fn keep_nothing(&self) {
        if let Some(kept) = &self.kept {
            fs::remove_dir_all(kept).unwrap();
        }
    }

    /// What all loads heard that came to their end.
    pub(crate) fn heard(&self) -> &Verdict {
        &self.heard
    }

    /// So many new services are cut while they make everything; the next start makes the
    /// rest.
    pub(crate) fn cut_first_starts(&mut self, cuts: u64) {
        for round in 0..cuts {
            let mut chance = Chance::new(self.seed ^ round << 32);
            let mut machine = Machine::new(self.base);
            let held = self.cut_a_first_start(&mut machine, &mut chance, Manner::of_round(round));
            if !self.goes_on(held, machine, Mode::FirstStart, round) {
                return;
            }
        }
    }

    fn cut_a_first_start(
        &mut self,
        machine: &mut Machine,
        chance: &mut Chance,
        manner: Manner,
    ) -> Result<(), Broken> {
        let mode = Mode::FirstStart;
        // It may be over before: then what it told must hold.
        let told = machine.start(When::some_moment(chance, 70))?;
        let passwords = told.map(|_| machine.passwords());
        machine.cut()?;
        self.settle(machine, mode, chance, manner)?;
        self.table.row(mode).rounds += 1;
        self.reopen(machine, mode)?;
        if passwords.is_some_and(|passwords| passwords != machine.passwords()) {
            self.table.row(mode).lost += 1;
            return Err(Broken::Left("a password that was told is another".into()));
        }
        let mut load = machine.load(0);
        load.wait_until_busy();
        machine.cut()?;
        self.table.row(mode).acknowledged += load.pause();
        machine.start(When::Never)?;
        self.judge(mode, &load.verdict())
    }

    /// One service is cut so many times, in one way after another.
    pub(crate) fn cut_under_load(&mut self, cuts: u64) {
        if self.failure.is_some() {
            return;
        }
        let mut machine = Machine::new(self.base);
        assert!(machine.start(When::Never).unwrap().is_some());
        machine.bench.lie(self.lies);
        let mut load = machine.load(0);
        let mut verdict = Verdict::default();
        let mut acknowledged = 0;
        for round in 0..cuts {
            if round % CHAPTER == 0 && round > 0 {
                load.end();
                load.clean();
                load = machine.load(round / CHAPTER);
                self.heard.add(std::mem::take(&mut verdict));
                acknowledged = 0;
            }
            load.go();
            let mode = Mode::UNDER_LOAD[round as usize % Mode::UNDER_LOAD.len()];
            let held = self.cut_once(&mut machine, &mut load, mode, round);
            let held = held.and_then(|heard| {
                self.table.row(mode).acknowledged += heard - acknowledged;
                acknowledged = heard;
                self.reopen(&mut machine, mode)?;
                verdict = load.verdict();
                self.judge(mode, &verdict)
            });
            if held.is_err() {
                self.goes_on(held, machine, mode, round);
                return;
            }
        }
        self.files = files_of_messages(&machine.data());
        machine.folder.disable_cleanup(false);
        self.heard.add(verdict);
    }

    /// Gives how many commands the load has heard of.
    fn cut_once(
        &mut self,
        machine: &mut Machine,
        load: &mut Load,
        mode: Mode,
        round: u64,
    ) -> Result<u64, Broken> {
        let mut chance = Chance::new(self.seed ^ round << 32 ^ 1);
        let manner = Manner::of_round(round / Mode::UNDER_LOAD.len() as u64);
        load.wait_until_busy();
        match mode {
            Mode::AtAWrite => machine.go_on_to(When::a_write(&mut chance, 400)),
            Mode::InASync => machine.go_on_to(When::a_sync(&mut chance, 100)),
            _ => thread::sleep(Duration::from_micros(chance.below(200_000))),
        }
        machine.cut()?;
        let heard = load.pause();
        self.settle(machine, mode, &mut chance, manner)?;
        if mode == Mode::WhileOpening {
            machine.start(When::some_moment(&mut chance, 12))?;
            machine.cut()?;
            self.settle(machine, mode, &mut chance, manner)?;
        }
        self.table.row(mode).rounds += 1;
        Ok(heard)
    }

    fn settle(
        &mut self,
        machine: &Machine,
        mode: Mode,
        chance: &mut Chance,
        manner: Manner,
    ) -> Result<(), Broken> {
        let open = machine.bench.settle(chance.any(), manner);
        let open = open.map_err(|Unseen(what)| Broken::Left(what))?;
        self.table.row(mode).open += open as u64;
        Ok(())
    }

    /// A normal start, with nobody's help.
    fn reopen(&mut self, machine: &mut Machine, mode: Mode) -> Result<(), Broken> {
        let opening = machine.start(When::Never)?;
        let row = self.table.row(mode);
        match opening {
            Some(opening) => row.openings.push(opening),
            None => row.not_reopened += 1,
        }
        let what = || Broken::Opened("the service did not start again".into());
        opening.map(drop).ok_or_else(what)
    }

    fn judge(&mut self, mode: Mode, verdict: &Verdict) -> Result<(), Broken> {
        let row = self.table.row(mode);
        row.lost += verdict.count("lost");
        row.torn += verdict.count("torn");
        row.twice += verdict.count("twice");
        row.wrong += verdict.count("wrong");
        if verdict.wrong.is_empty() {
            return Ok(());
        }
        let wrong = verdict.wrong.iter().map(|(_, what)| what.as_str());
        let wrong: Vec<_> = wrong.collect();
        Err(Broken::Opened(wrong.join("\n")))
    }

    /// Notes what did not hold, and keeps the disk as the cut left it.
    fn goes_on(
        &mut self,
        held: Result<(), Broken>,
        mut machine: Machine,
        mode: Mode,
        round: u64,
    ) -> bool {
        machine.kill();
        let Err(broken) = held else {
            machine.folder.disable_cleanup(false);
            return true;
        };
        let (Broken::Left(what) | Broken::Opened(what)) = &broken;
        if let Broken::Opened(_) = broken {
            machine.bench.put_back();
        }
        let place = machine.folder.path();
        self.failure = Some(format!(
            "round {round}, {mode:?}: {what}\n{} holds the disk, and beside it the log",
            place.display()
        ));
        self.kept = Some(place.to_owned());
        false
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

/// A service and its disk.
struct Machine {
    folder: TempDir,
    bench: Bench,
    base: u16,
    child: Option<Child>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Machine {
    fn new(base: u16) -> Machine {
        let mut folder = tempfile::tempdir().unwrap();
        // Until all has gone well.
        folder.disable_cleanup(true);
        Machine {
            bench: Bench::new(folder.path()),
            folder,
            base,
            child: None,
        }
    }

    fn data(&self) -> PathBuf {
        self.bench.disk.join("data")
    }

    /// Starts the service behind the shim. Gives how long it took to serve, or nothing if it
    /// ended before.
    fn start(&mut self, when: When) -> Result<Option<Duration>, Broken> {
        let mut command = quickstart(&self.data(), self.base);
        restlessly(&mut command);
        self.bench.put_before(&mut command, when);
        let mut log = File::options();
        let log = log.create(true).append(true);
        let log = log.open(self.folder.path().join("log")).unwrap();
        let begun = Instant::now();
        let mut child = command.stderr(log).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.child = Some(child);
        let (sender, told) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("quickstart.txt") {
                    let _ = sender.send(());
                }
            }
        });
        match told.recv_timeout(OPENING) {
            Ok(()) => Ok(Some(begun.elapsed())),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(Broken::Opened("it does not serve".into())),
        }
    }

    /// Lets it work until the shim cuts the power, but not for ever.
    fn go_on_to(&mut self, when: When) {
        self.bench.arm(when);
        let begun = Instant::now();
        let child = self.child.as_mut().unwrap();
        while child.try_wait().unwrap().is_none() && begun.elapsed() < UNDER_WAY {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Now at the latest the power is cut.
    fn cut(&mut self) -> Result<(), Broken> {
        match self.kill() {
            Some(status) if status.code().is_some_and(|code| code != EXIT_CUT) => Err(
                Broken::Left(format!("the service ended by itself: {status}")),
            ),
            _ => Ok(()),
        }
    }

    fn kill(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        let _ = child.kill();
        child.wait().ok()
    }

    fn passwords(&self) -> [String; 2] {
        people(&self.data()).map(|person| person.password)
    }

    fn load(&self, chapter: u64) -> Load {
        let setting = Setting {
            authority: self.data().join("tls/authority.pem"),
            bases: vec![self.base],
            rest: REST,
            data: self.data(),
            logs: self.folder.path().join("logs"),
        };
        Load::start(&setting, &people(&self.data()), chapter)
    }
}
