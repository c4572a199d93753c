//! `cargo xtask bench`: what things cost, in CPU, octets and syncs rather than in time alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::packages;
use crate::shell::{Failure, announce, output, step};
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
    row("large", "128"),
];

/// How many messages the mailboxes have that are looked at.
const MAILBOXES: &[&str] = &["10000", "100000", "1000000"];

/// How long each row delivers.
const SECONDS: &str = "10";

/// Measures one thing by its name.
pub(crate) fn bench(workspace: &Workspace, name: &str) -> Result<(), Failure> {
    match name {
        "store" => store(workspace),
        _ => Err(Failure(format!(
            "there is no benchmark named {name}: store"
        ))),
    }
}

/// Deliveries into the store on the embedded engine.
fn store(workspace: &Workspace) -> Result<(), Failure> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::BENCH)?;
    step(
        "building",
        workspace
            .cargo(&["bench", "--no-run", "--package", "store"])
            .args(["--bench", "store"]),
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
        let told = bench.run(None, &["deliver", sizes, sessions, SECONDS])?;
        let syncs = bench.syncs(sizes, sessions)?;
        println!("| {sizes} | {sessions} | {} | {syncs:.3} |", told.trim());
    }
    println!();
    announce("one mailbox, in ms: medians, the first opening apart");
    println!(
        "\n| messages | first opening | summary | opening | all flags | 10,000 flags changed | one flag | one delivery |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for messages in MAILBOXES {
        let told = bench.run(None, &["mailbox", messages])?;
        println!("| {messages} | {} |", told.trim());
    }
    Ok(())
}

struct Bench<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
}

impl Bench<'_> {
    /// Runs a part of the benchmark, and gives what it printed.
    fn run(&self, under: Option<&str>, words: &[&str]) -> Result<String, Failure> {
        let mut command: Command = self.workspace.cargo(&[
            "bench",
            "--quiet",
            "--package",
            "store",
            "--bench",
            "store",
            "--",
        ]);
        command.args(words).env("BENCH_FOLDER", self.folder);
        if let Some(under) = under {
            command.env(RUNNER, under);
        }
        output(&mut command)
    }

    /// Syncs a delivery: those of a run less those of making the accounts alone.
    fn syncs(&self, sizes: &str, sessions: &str) -> Result<f64, Failure> {
        let counts = self.folder.join("syncs");
        let under = format!(
            "strace -f -c --seccomp-bpf -e trace=fsync,fdatasync,sync_file_range,msync -o {}",
            counts.display()
        );
        let count = |seconds: &str| -> Result<(f64, f64), Failure> {
            let told = self.run(Some(&under), &["deliver", sizes, sessions, seconds])?;
            let table = fs::read_to_string(&counts)?;
            let total = table.lines().find(|line| line.ends_with(" total"));
            let syncs = total.and_then(|line| line.split_whitespace().nth(3));
            let rate = told
                .split(" |")
                .next()
                .and_then(|rate| rate.trim().parse::<f64>().ok());
            let syncs = syncs.and_then(|syncs| syncs.parse::<f64>().ok());
            syncs
                .zip(rate)
                .ok_or_else(|| Failure(format!("strace printed no total:\n{table}")))
        };
        let (idle, _) = count("0")?;
        let (busy, rate) = count(SECONDS)?;
        let seconds = SECONDS.parse::<f64>().unwrap_or(1.0);
        Ok((busy - idle) / (rate * seconds))
    }
}
