//! What something costs, as the system counts it.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

/// What this process has cost so far.
pub(crate) struct Cost {
    /// Seconds of CPU, of the system on its behalf included.
    pub(crate) cpu: f64,
    /// Octets that were to be written to disk.
    pub(crate) written: u64,
}

impl Cost {
    pub(crate) fn now() -> Cost {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        let io = std::fs::read_to_string("/proc/self/io").unwrap();
        let written = io
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes: "))
            .unwrap();
        Cost {
            cpu: (ticks(11) + ticks(12)) / 100.0,
            written: written.parse().unwrap(),
        }
    }
}

/// MiB of memory that this process has for itself and for files.
pub(crate) fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<f64>().unwrap() / 1024.0
}

/// Has the system forget what it holds in memory of the files of a folder.
pub(crate) fn forget(folder: &Path) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            forget(&path);
        } else {
            let file = File::open(path).unwrap();
            // What is not on the disk can't be forgotten.
            file.sync_all().unwrap();
            posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED).unwrap();
        }
    }
}
