//! Every parser against input made up to break it: the targets in `fuzz/`, by libFuzzer.
//!
//! It takes the stable compiler and a C++ compiler: the flags below are those that a
//! program of its own for this would set. Each target has a minute; `FUZZ_SECONDS=3600` in
//! the environment gives each an hour. What was found interesting is kept in
//! `fuzz/corpus`, so each run goes on where the last one ended.

mod seeds;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Proof;
use crate::packages;
use crate::shell::{Failure, announce, output, step};
use crate::workspace::Workspace;
use seeds::Seeds;

pub(super) const PROOF: Proof = Proof {
    name: "fuzz",
    shows: "no parser panics, hangs or takes memory without bound, whatever it is given: guided fuzzing of each target",
    run,
};

/// Instruments all of Rust, so that libFuzzer sees which branches an input reaches.
const FLAGS: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Seconds for each target, unless `FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 60;

/// Seconds that one input may take. The slowest known takes a tenth of one.
const INPUT_SECONDS: u64 = 10;

/// Megabytes of a whole target with its engine. What the work itself holds has tighter
/// limits, named in each target.
const MEGABYTES: u64 = 512;

/// One target.
struct Target {
    /// Its file in `fuzz/src/bin`.
    name: &'static str,
    /// The longest input that is made up. Longer ones are slower and rarely tell more.
    octets: u32,
    /// What it begins with.
    seeds: Seeds,
}

const TARGETS: &[Target] = &[
    target("smtp", 32 * 1024, Seeds::Conversations("smtp")),
    target("smtp_client", 8 * 1024, Seeds::Answers("smtp-client")),
    target("imap", 16 * 1024, Seeds::Conversations("imap")),
    target("pop3", 32 * 1024, Seeds::Conversations("pop3")),
    target("imap_codec", 4096, Seeds::Commands("imap")),
    target("message", 16 * 1024, Seeds::Messages),
    target("trust", 8 * 1024, Seeds::Texts(seeds::STRANGERS)),
    target("address", 600, Seeds::Texts(seeds::ADDRESSES)),
    target("sasl", 16 * 1024, Seeds::Texts(seeds::SIGN_INS)),
    target("tuple", 256, Seeds::None),
    target("records", 4096, Seeds::None),
    target("blob", 512, Seeds::None),
    target("log", 512, Seeds::None),
    target("config", 2048, Seeds::Texts(seeds::CONFIGURATIONS)),
    target("web", 2048, Seeds::Texts(seeds::REQUESTS)),
];

const fn target(name: &'static str, octets: u32, seeds: Seeds) -> Target {
    Target {
        name,
        octets,
        seeds,
    }
}

fn run(workspace: &Workspace) -> Result<(), Failure> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::FUZZ)?;
    let seconds = match env::var("FUZZ_SECONDS") {
        Ok(text) => text
            .parse()
            .map_err(|_| Failure(format!("FUZZ_SECONDS: {text} is no number")))?,
        Err(_) => SECONDS,
    };
    let binaries = build(workspace)?;
    for target in TARGETS {
        target.run(workspace, &binaries, seconds)?;
    }
    Ok(())
}

/// Builds all targets; gives where they are.
fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let host = output(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let folder = workspace.root.join("fuzz/target");
    let mut build = workspace.cargo(&["build", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    // Named, so that build scripts and macros are not instrumented.
    build.args(["--target", host.trim(), "--target-dir"]);
    build.arg(&folder).env("RUSTFLAGS", FLAGS);
    step("building the targets (some minutes)", &mut build)?;
    Ok(folder.join(host.trim()).join("release"))
}

impl Target {
    fn run(&self, workspace: &Workspace, binaries: &Path, seconds: u64) -> Result<(), Failure> {
        let corpus = workspace.root.join("fuzz/corpus").join(self.name);
        let seeds = workspace.root.join("fuzz/corpus/seeds").join(self.name);
        fs::create_dir_all(&corpus)?;
        let mut folders = vec![corpus, seeds.clone()];
        folders.extend(self.seeds.write(workspace, &seeds)?);

        announce(&format!("{} for {seconds} s", self.name));
        let log = binaries.join(self.name).with_extension("log");
        let artifacts = workspace.root.join("fuzz/corpus").join("found-");
        let mut fuzzer = Command::new(binaries.join(self.name));
        fuzzer
            .args(&folders)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={}", self.octets))
            .arg(format!("-timeout={INPUT_SECONDS}"))
            .arg(format!("-rss_limit_mb={MEGABYTES}"))
            .arg(format!(
                "-dict={}",
                workspace.root.join("fuzz/words.dict").display()
            ))
            .arg(format!(
                "-artifact_prefix={}{}-",
                artifacts.display(),
                self.name
            ))
            // The complaint alone: the input makes it again.
            .env("RUST_BACKTRACE", "0")
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?);
        let status = fuzzer.status()?;
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let last: Vec<&str> = text.lines().rev().take(25).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        if !status.success() {
            return Err(Failure(format!(
                "{}: {status}\n{}",
                self.name,
                last.join("\n")
            )));
        }
        let done = done(&text).ok_or_else(|| {
            Failure(format!(
                "{}: no sign of guidance in {}",
                self.name,
                log.display()
            ))
        })?;
        println!("    {}: {done}", self.name);
        Ok(())
    }
}

/// How a run ended, from what libFuzzer wrote: the branches that were reached and the
/// inputs that were tried. None where it was not guided by branches.
fn done(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains("\tDONE "))?;
    let (tried, rest) = line.strip_prefix('#')?.split_once('\t')?;
    let reached = rest.split_once("cov: ")?.1.split(' ').next()?;
    let reached: u32 = reached.parse().ok().filter(|reached| *reached > 0)?;
    Some(format!("{tried} inputs, {reached} branches reached"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_run() {
        let workspace = Workspace::here().unwrap();
        let files = fs::read_dir(workspace.root.join("fuzz/src/bin")).unwrap();
        let mut files: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut table: Vec<_> = TARGETS
            .iter()
            .map(|target| format!("{}.rs", target.name))
            .collect();
        files.sort();
        table.sort();
        assert_eq!(files, table);
        let count = format!("each of {} targets", TARGETS.len());
        assert!(PROOF.shows.contains(&count), "{count}");
    }

    #[test]
    fn what_libfuzzer_says_at_the_end_is_read() {
        let log = "INFO: x\n#2\tINITED cov: 7 ft: 7\n#491\tDONE   cov: 8 ft: 8 corp: 2/4b\n";
        assert_eq!(done(log).as_deref(), Some("491 inputs, 8 branches reached"));
        assert_eq!(done("#9\tDONE   ft: 8 corp: 2/4b\n"), None);
        assert_eq!(done("#2\tINITED cov: 7 ft: 7\n"), None);
    }
}
