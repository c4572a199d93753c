//! `cargo xtask bench`: what things cost, in CPU, octets and syncs rather than in time alone.

mod counter;
mod mail;

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use self::counter::Counter;
use crate::packages;
use crate::shell::{Failure, announce, output, step};
use crate::verbs::garage;
use crate::workspace::Workspace;

/// What sets the program that cargo runs a benchmark under.
const RUNNER: &str = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER";

/// A row of the table of deliveries.
struct Row {
    sizes: &'static str,
    sessions: &'static str,
}

const fn row(sizes: &'static str, sessions: &'static str) -> Row {
    Row { sizes, sessions }
}

const ROWS: &[Row] = &[
    row("mix", "1"),
    row("mix", "16"),
    row("mix", "128"),
    row("text", "128"),
    row("large", "128"),
];

/// Where the store keeps things, the first of which the others are compared with.
const PLACES: &[(&str, &str)] = &[
    ("embedded", "the data folder"),
    ("database", "index in PostgreSQL, bodies in the data folder"),
    ("bucket", "index in the data folder, bodies in garage"),
    ("nodes", "index in PostgreSQL, bodies in garage"),
];

/// How many messages the mailboxes have that are looked at.
const MAILBOXES: &[&str] = &["10000", "100000", "1000000"];

/// How many mailboxes are opened at once, and of how many messages.
const MANY: &str = "10000";
const EACH: &str = "100";

/// Octets of bodies in the folder that is opened after a crash.
const LARGE: &str = "10000000000";

/// How long each row delivers.
const SECONDS: &str = "10";

/// Measures one thing by its name.
pub(crate) fn bench(workspace: &Workspace, name: &str) -> Result<(), Failure> {
    match name {
        "mail" => mail::mail(workspace),
        "queue" => queue(workspace),
        "store" => store(workspace),
        _ => Err(Failure(format!(
            "there is no benchmark named {name}: mail, queue, store"
        ))),
    }
}

/// Messages that wait, and to how many destinations they go.
const WAITING: &[(&str, &str)] = &[
    ("10000", "1000"),
    ("100000", "1000"),
    ("1000000", "1000"),
    ("1000000", "1"),
];

/// What the queue costs, however much waits in it.
fn queue(workspace: &Workspace) -> Result<(), Failure> {
    packages::ensure(packages::BUILD)?;
    let bench = |words: &[&str]| {
        let mut command = workspace.cargo(&["bench", "--quiet", "--package", "queue"]);
        command.args(["--bench", "queue"]).args(words);
        command
    };
    step("building", &mut bench(&["--no-run"]))?;
    let folder = workspace.target.join("bench/queue");
    let path = folder.display().to_string();
    announce("a queue after a crash, by what waits in it");
    println!(
        "\n| messages | destinations | first taken after ms | put/s by 64 | taken and settled/s by 20 | MiB of memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (messages, destinations) in WAITING {
        anew(&folder)?;
        // It ends as a crash does.
        bench(&["--", "fill", &path, messages, destinations]).output()?;
        let told = output(&mut bench(&["--", "work", &path]))?;
        println!("| {messages} | {destinations} | {} |", told.trim());
    }
    println!();
    fs::remove_dir_all(&folder).map_err(Failure::from)
}

/// Makes a folder that is empty.
fn anew(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::from(error)),
        _ => Ok(fs::create_dir_all(folder)?),
    }
}

/// What the store costs: most of it on the embedded engine, deliveries on all.
fn store(workspace: &Workspace) -> Result<(), Failure> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TESTS)?;
    garage(workspace)?;
    step(
        "building",
        workspace
            .cargo(&["bench", "--no-run", "--package", "store"])
            .args(["--features", "nodes", "--bench", "store"]),
    )?;
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder)?;
    let bench = Bench {
        workspace,
        folder: &folder,
    };
    announce("deliveries to 1,000 accounts");
    println!(
        "\n| sizes | sessions | deliveries/s | p50 ms | p99 ms | CPU ms each | octets written a body octet | syncs each |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for Row { sizes, sessions } in ROWS {
        let told = bench.run(&["deliver", "embedded", sizes, sessions, SECONDS])?;
        let syncs = bench.syncs(sizes, sessions)?;
        println!("| {sizes} | {sessions} | {} | {syncs:.3} |", told.trim());
    }
    println!();
    bench.places()?;
    announce("1,000 messages of 20 KB read whole, one after the other");
    println!("\n| messages | CPU ms each | octets on the disk a body octet |");
    println!("| --- | --- | --- |");
    for sizes in ["mix", "text"] {
        let told = bench.run(&["read", sizes])?;
        println!("| {sizes} | {} |", told.trim());
    }
    println!();
    announce("one mailbox, in ms: medians, the two after opening cold apart");
    println!(
        "\n| messages | all flags, cold | first opening | summary | opening | all flags | 10,000 flags changed | one flag | one delivery |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for messages in MAILBOXES {
        let told = bench.run(&["mailbox", messages])?;
        let (opening, rest) = told.trim().split_once(" | ").unwrap_or_default();
        let (flags, rest) = rest.split_once(" | ").unwrap_or_default();
        println!("| {messages} | {flags} | {opening} | {rest} |");
    }
    println!();
    bench.whole_folders()
}

struct Bench<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
}

impl Bench<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command: Command = self.workspace.cargo(&[
            "bench",
            "--quiet",
            "--package",
            "store",
            "--features",
            "nodes",
            "--bench",
            "store",
            "--",
        ]);
        command.args(words).env("BENCH_FOLDER", self.folder);
        command
    }

    /// Runs a part of the benchmark, and gives what it printed.
    fn run(&self, words: &[&str]) -> Result<String, Failure> {
        output(&mut self.command(words))
    }

    /// The same deliveries wherever the store may keep things, all on this machine.
    fn places(&self) -> Result<(), Failure> {
        announce("deliveries of mix by 128 sessions, by engine, all of it on this machine");
        println!(
            "\n| engine | deliveries/s | of the embedded | p50 ms | p99 ms | CPU ms each, the servers' apart |"
        );
        println!("| --- | --- | --- | --- | --- | --- |");
        let mut embedded = None;
        for (place, what) in PLACES {
            let told = self.run(&["deliver", place, "mix", "128", SECONDS])?;
            let told: Vec<&str> = told.trim().split(" | ").collect();
            let [rate, p50, p99, cpu, _] = told[..] else {
                return Err(Failure(format!("no row came of {told:?}")));
            };
            let number = rate.parse::<f64>().unwrap_or_default();
            let share = number / *embedded.get_or_insert(number);
            println!("| {what} | {rate} | {share:.2} | {p50} | {p99} | {cpu} |");
        }
        println!();
        Ok(())
    }

    /// Syncs a delivery: those of a run less those of making the accounts alone.
    fn syncs(&self, sizes: &str, sessions: &str) -> Result<f64, Failure> {
        let counter = Counter::build(self.folder)?;
        let count = |seconds: &str| -> Result<(f64, f64), Failure> {
            counter.reset()?;
            let mut command = self.command(&["deliver", "embedded", sizes, sessions, seconds]);
            let runner = format!("env LD_PRELOAD={}", counter.library.display());
            let told = output(command.env(RUNNER, runner))?;
            let rate = told.split(" |").next();
            let rate = rate.and_then(|rate| rate.trim().parse::<f64>().ok());
            let odd = || Failure(format!("no rate came of {told}"));
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let syncs = counter.read()? as f64;
            Ok((syncs, rate.ok_or_else(odd)?))
        };
        let (idle, _) = count("0")?;
        let (busy, rate) = count(SECONDS)?;
        let seconds = SECONDS.parse::<f64>().unwrap_or(1.0);
        Ok((busy - idle) / (rate * seconds))
    }

    /// Many mailboxes opened, and a large folder after a crash, each by a process of its own.
    fn whole_folders(&self) -> Result<(), Failure> {
        let folder = self.folder.join("whole");
        let path = folder.display().to_string();
        announce("many mailboxes, of which nothing is in memory");
        println!(
            "\n| mailboxes | messages | opened in ms | all listed with their numbers in ms | MiB of memory |"
        );
        println!("| --- | --- | --- | --- | --- |");
        anew(&folder)?;
        self.run(&["make", &path, MANY, EACH])?;
        println!("| {} |\n", self.run(&["look", &path])?.trim());
        announce("a large folder after a crash in the middle of deliveries");
        println!("\n| GB | opened in ms |");
        println!("| --- | --- |");
        anew(&folder)?;
        // It ends as a crash does.
        let crashed = self.command(&["fill", &path, LARGE]).output()?;
        if crashed.status.success() {
            return Err(Failure("the crash did not come".into()));
        }
        println!("| {} |", self.run(&["reopen", &path])?.trim());
        fs::remove_dir_all(&folder).map_err(Failure::from)
    }
}
