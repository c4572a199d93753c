//! The shim from outside: it is compiled, put before a program, and told when to cut.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::chance::Chance;
use super::disk::Disk;
use super::file::{Tails, Unseen};
use super::folder::{self, Glance};
use super::journal;
use super::names::Names;

/// What a program ends with when the shim cuts the power.
pub const EXIT_CUT: i32 = 86;

/// When the power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Not by the shim.
    Never,
    /// Just before the so many-th change to the disk from now.
    AtWrite(u64),
    /// Within the so many-th sync from now, so many microseconds after its beginning.
    InSync(u64, u64),
}

/// Which syncs say that they are done and are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lies {
    /// None.
    None,
    /// All.
    All,
    /// Those of folders.
    OfFolders,
    /// Each is, but not before the next one.
    Late,
}

/// How a disk behaves when its power is cut.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Of what was appended.
    pub tails: Tails,
    /// Of names.
    pub names: Names,
}

/// A folder that is a disk, and what is kept beside it of what happens there.
#[derive(Debug)]
pub struct Bench {
    /// The folder that is the disk.
    pub disk: PathBuf,
    side: PathBuf,
    library: PathBuf,
    before: Glance,
    lies: Lies,
}

impl Bench {
    /// In a folder of its own.
    pub fn new(folder: &Path) -> Bench {
        let (disk, side) = (folder.join("disk"), folder.join("side"));
        fs::create_dir_all(&disk).unwrap();
        fs::create_dir_all(side.join("attic")).unwrap();
        Bench {
            library: compile(&side),
            disk,
            side,
            before: Glance::new(),
            lies: Lies::None,
        }
    }

    /// From now on the disk lies about its syncs.
    pub fn lie(&mut self, lies: Lies) {
        self.lies = lies;
        self.arm(When::Never);
    }

    /// Puts the shim before a program, whose disk it then is. What is on the disk now is
    /// durable.
    pub fn put_before(&mut self, program: &mut Command, when: When) {
        self.before = folder::glance(&self.disk);
        let _ = fs::remove_file(self.side.join("journal"));
        fs::write(self.side.join("control"), [0; 4096]).unwrap();
        self.arm(when);
        program
            .env("LD_PRELOAD", &self.library)
            .env("POWER_DISK", &self.disk)
            .env("POWER_SIDE", &self.side);
    }

    /// Tells the shim when to cut.
    pub fn arm(&self, when: When) {
        let (when, countdown, delay) = match when {
            When::Never => (0, 0, 0),
            When::AtWrite(count) => (1, count, 0),
            When::InSync(count, delay) => (2, count, delay),
        };
        let mut options = File::options();
        let control = options.write(true).create(true).truncate(false);
        let control = control.open(self.side.join("control"));
        let control = control.unwrap();
        let put = |word: u64, value: u64| {
            control
                .write_all_at(&value.to_ne_bytes(), word * 8)
                .unwrap();
        };
        put(0, 0);
        put(1, countdown);
        put(2, delay);
        let lies = match self.lies {
            Lies::None => 0,
            Lies::All => 1,
            Lies::OfFolders => 2,
            Lies::Late => 3,
        };
        put(3, lies);
        // Last: it is looked at first.
        put(0, when);
    }

    /// Once the program is dead: leaves of the disk what a power cut may leave. The same
    /// seed, journal and disk give the same again. Gives of how many files something could
    /// be taken.
    ///
    /// # Errors
    /// [`Unseen`] when something went past the shim: then nothing is shown.
    pub fn settle(&self, seed: u64, manner: Manner) -> Result<usize, Unseen> {
        let octets = journal::file(&self.side);
        let records = journal::read(&octets);
        let disk = Disk::follow(&records, manner.names)?;
        if let Some(what) = disk.strange.first() {
            return Err(Unseen(format!("{what} can't be followed")));
        }
        folder::audit(&disk, &self.disk, &self.attic(), &self.before)?;
        let mut chance = Chance::new(seed);
        let outcome = disk.cut(&mut chance, manner.tails, manner.names);
        folder::settle(&outcome, &disk, &mut chance, &self.disk, &self.attic());
        Ok(outcome.files.len())
    }

    /// Once the program is dead: puts the disk back to what it was when it began.
    pub fn put_back(&self) {
        let octets = journal::file(&self.side);
        let disk = Disk::follow_without_syncs(&journal::read(&octets)).unwrap();
        let mut chance = Chance::new(0);
        folder::settle(
            &disk.durable(),
            &disk,
            &mut chance,
            &self.disk,
            &self.attic(),
        );
    }

    fn attic(&self) -> PathBuf {
        self.side.join("attic")
    }
}

fn compile(side: &Path) -> PathBuf {
    let library = side.join("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/power/shim.c");
    let mut compiler = Command::new("cc");
    compiler.args([
        "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o",
    ]);
    let done = compiler.arg(&library).arg(source).output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    library
}
