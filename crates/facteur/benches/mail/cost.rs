//! What a server costs, as the system counts it, whatever processes it has.

use std::collections::HashMap;
use std::fs;
use std::ops::Sub;

/// What a process and all that come from it have cost so far, those that have ended too.
pub(crate) struct Cost {
    /// Seconds of CPU, of the system on their behalf included.
    pub(crate) cpu: f64,
    /// Octets that were to be written to disk.
    pub(crate) written: f64,
    /// Syncs of files and folders; none if nothing counts them.
    pub(crate) syncs: f64,
    /// MiB of memory now that are no part of a file; what several share is counted once.
    pub(crate) memory: f64,
}

impl Cost {
    pub(crate) fn of(root: u32) -> Cost {
        let mut cost = Cost {
            cpu: 0.0,
            written: 0.0,
            syncs: syncs(),
            memory: 0.0,
        };
        for process in tree(root) {
            // One that ends meanwhile counts for its parent.
            let Some(stat) = stat(process) else { continue };
            cost.cpu += stat.ticks / 100.0;
            cost.written += field(process, "io", "write_bytes:");
            cost.memory += field(process, "smaps_rollup", "Pss_Anon:") / 1024.0;
        }
        cost
    }
}

impl Sub for Cost {
    type Output = Cost;

    fn sub(self, before: Cost) -> Cost {
        Cost {
            cpu: self.cpu - before.cpu,
            written: self.written - before.written,
            syncs: self.syncs - before.syncs,
            memory: self.memory,
        }
    }
}

/// A process and all that come from it.
fn tree(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        if let Some((process, stat)) = number.and_then(|number| Some((number, stat(number)?))) {
            children.entry(stat.parent).or_default().push(process);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(process) = found.get(next) {
        found.extend(children.remove(process).unwrap_or_default());
        next += 1;
    }
    found
}

struct Stat {
    parent: u32,
    /// Of its own and of those of its children that have ended.
    ticks: f64,
}

fn stat(process: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields.get(11..15)?.iter().map(|ticks| ticks.parse::<f64>());
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        ticks: ticks.sum::<Result<f64, _>>().ok()?,
    })
}

fn field(process: u32, file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.split_whitespace().next());
    number.map_or(0.0, |number| number.parse().unwrap())
}

/// What the library that is loaded into the servers has counted.
fn syncs() -> f64 {
    let Some(path) = std::env::var_os("SYNCS") else {
        return 0.0;
    };
    let count = fs::read(path).unwrap();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let syncs = u64::from_le_bytes(count[..8].try_into().unwrap()) as f64;
    syncs
}
