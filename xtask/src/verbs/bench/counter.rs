//! What counts the syncs of other programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{Failure, output};

/// Counts from within each program that it is loaded into.
const SOURCE: &str = include_str!("syncs.c");

/// A library to be loaded into programs, and the file in which it counts.
pub(super) struct Counter {
    pub(super) library: PathBuf,
    pub(super) count: PathBuf,
}

impl Counter {
    /// Builds it in a folder that all those programs can reach.
    pub(super) fn build(folder: &Path) -> Result<Counter, Failure> {
        let (source, library) = (folder.join("syncs.c"), folder.join("syncs.so"));
        let count = folder.join("syncs");
        fs::write(&source, SOURCE)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-shared", "-fPIC", "-o"]);
        compiler.arg(&library).arg(&source).arg("-ldl");
        output(compiler.arg(format!("-DCOUNT=\"{}\"", count.display())))?;
        Ok(Counter { library, count })
    }

    /// Begins at zero.
    pub(super) fn reset(&self) -> Result<(), Failure> {
        Ok(fs::write(&self.count, [0; 8])?)
    }

    /// How many syncs there have been.
    pub(super) fn read(&self) -> Result<u64, Failure> {
        let octets = fs::read(&self.count)?;
        let odd = |_| Failure("the count of syncs has another size".to_owned());
        Ok(u64::from_le_bytes(octets.try_into().map_err(odd)?))
    }
}
