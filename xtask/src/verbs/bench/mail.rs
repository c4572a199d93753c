//! Mail through the whole service, and the same through Debian's Postfix and Dovecot, in turns.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::counter::Counter;
use crate::packages;
use crate::shell::{Failure, announce, output, step};
use crate::workspace::Workspace;

/// How often each is measured, in turns; the medians count.
const TURNS: usize = 3;

/// How long mail is brought each time.
const SECONDS: &str = "5";

/// A load that is brought: how large messages are, by how many sessions, and how many messages
/// a connection brings.
struct Load {
    sizes: &'static str,
    sessions: &'static str,
    each: &'static str,
}

const fn load(sizes: &'static str, sessions: &'static str, each: &'static str) -> Load {
    Load {
        sizes,
        sessions,
        each,
    }
}

const LOADS: &[Load] = &[
    load("small", "1", "100"),
    load("small", "64", "100"),
    load("small", "64", "1"),
    load("mix", "64", "100"),
    load("large", "64", "100"),
];

/// Those who take mail from others.
const TAKERS: &[(&str, &str)] = &[
    ("postfix", "Postfix, Dovecot"),
    ("stranger", "Facteur, from a stranger"),
    ("trusted", "Facteur, from a trusted network"),
];

/// Those who hand it on.
const RELAYS: &[(&str, &str)] = &[("postfix", "Postfix"), ("ours", "Facteur")];

/// Measures all of it.
pub(super) fn mail(workspace: &Workspace) -> Result<(), Failure> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TESTS)?;
    let build = &[
        "bench",
        "--no-run",
        "--package",
        "facteur",
        "--bench",
        "mail",
    ];
    step("building", &mut workspace.cargo(build))?;
    // Their programs run as users who can't reach into a checkout.
    let folder = std::env::temp_dir().join("facteur-bench-mail");
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    let bench = Bench {
        workspace,
        counter: Counter::build(&folder)?,
    };
    bench.counter.reset()?;
    fs::set_permissions(&bench.counter.count, fs::Permissions::from_mode(0o666))?;
    announce("mail from another host, into 30 mailboxes");
    println!(
        "\n| messages | sessions | messages a connection | by | accepted/s | until visible/s | times Postfix and Dovecot | p99 ms | CPU ms each | octets written an octet | syncs each | MiB of memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for Load {
        sizes,
        sessions,
        each,
    } in LOADS
    {
        let words = |who| vec!["taking", who, sizes, sessions, each, SECONDS];
        for (what, ratio, row) in bench.turns(TAKERS, &words)? {
            let [accepted, visible, slow, cpu, written, syncs, memory] = &row[..] else {
                return Err(Failure(format!("no row came of {row:?}")));
            };
            println!(
                "| {sizes} | {sessions} | {each} | {what} | {accepted:.0} | {visible:.0} | {ratio:.1} | {slow:.1} | {cpu:.2} | {written:.2} | {syncs:.3} | {memory:.0} |"
            );
        }
    }
    announce("mail of 2 KB for another host, by 20 sessions");
    println!(
        "\n| by | accepted/s | arrived/s | times Postfix | CPU ms each | syncs each | MiB of memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let words = |who| vec!["relaying", who, "20", SECONDS];
    for (what, ratio, row) in bench.turns(RELAYS, &words)? {
        let [accepted, arrived, cpu, syncs, memory] = &row[..] else {
            return Err(Failure(format!("no row came of {row:?}")));
        };
        println!(
            "| {what} | {accepted:.0} | {arrived:.0} | {ratio:.1} | {cpu:.2} | {syncs:.3} | {memory:.0} |"
        );
    }
    println!();
    Ok(fs::remove_dir_all(&folder)?)
}

/// Who it was, how many times the first one's messages a second, and the medians.
type Row = (&'static str, f64, Vec<f64>);

struct Bench<'a> {
    workspace: &'a Workspace,
    counter: Counter,
}

impl Bench<'_> {
    /// Measures each of these in turns. The ratio is that of the second number, pair by pair,
    /// with the first of these; its median counts.
    fn turns(
        &self,
        those: &[(&'static str, &'static str)],
        words: &dyn Fn(&'static str) -> Vec<&'static str>,
    ) -> Result<Vec<Row>, Failure> {
        let mut runs = vec![Vec::new(); those.len()];
        for _ in 0..TURNS {
            for ((who, _), runs) in those.iter().zip(&mut runs) {
                runs.push(self.run(&words(who))?);
            }
        }
        let first = runs.first().cloned().unwrap_or_default();
        let rows = those.iter().zip(&runs).map(|((_, what), runs)| {
            let pairs = runs.iter().zip(&first);
            let ratios = pairs.map(|(run, first)| run[1] / first[1]).collect();
            let columns = 0..runs[0].len();
            let medians = columns.map(|at| median(runs.iter().map(|run| run[at]).collect()));
            (*what, median(ratios), medians.collect())
        });
        Ok(rows.collect())
    }

    /// One measurement, on a new server.
    fn run(&self, words: &[&str]) -> Result<Vec<f64>, Failure> {
        self.counter.reset()?;
        let mut command = self.workspace.cargo(&[
            "bench",
            "--quiet",
            "--package",
            "facteur",
            "--bench",
            "mail",
            "--",
        ]);
        command
            .args(words)
            .env("SYNCS_LIBRARY", &self.counter.library)
            .env("SYNCS", &self.counter.count);
        let told = output(&mut command)?;
        let numbers = told.trim().split(" | ").map(str::parse);
        numbers
            .collect::<Result<_, _>>()
            .map_err(|_| Failure(format!("no numbers came of {told:?}")))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
