//! The folder of a store: what wrote it, and that only one process has it open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::KvError;

/// The name of the file that says what wrote the folder. It is also what is locked.
const FORMAT_FILE: &str = "FORMAT";
/// What stands in it before the number.
const FORMAT_NAME: &str = "facteur-index";
/// The format that is written, and the newest that is read.
///
/// 1: `index.sqlite` with the schema of this module.
const FORMAT: u32 = 1;
/// Longest FORMAT file that is looked at.
const FORMAT_OCTETS: u64 = 64;

/// An open folder, locked until it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Holds the lock: the system takes it away with the last handle, whatever becomes
    /// of the process.
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, locks it, and reads its format.
    pub(super) fn open(path: &Path) -> Result<Folder, KvError> {
        let broken = |error: io::Error| KvError::Broken(format!("{}: {error}", path.display()));
        std::fs::create_dir_all(path).map_err(broken)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(FORMAT_FILE))
            .map_err(broken)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(KvError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        let mut text = String::new();
        Read::by_ref(&mut file)
            .take(FORMAT_OCTETS)
            .read_to_string(&mut text)
            .map_err(broken)?;
        if text.is_empty() {
            // New, or the making of it was cut short.
            write_format(&mut file, path).map_err(broken)?;
        } else {
            check_format(&text, path)?;
        }
        Ok(Folder {
            path: path.to_owned(),
            _lock: file,
        })
    }

    /// Where the database is.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("index.sqlite")
    }
}

fn write_format(file: &mut File, path: &Path) -> io::Result<()> {
    writeln!(file, "{FORMAT_NAME} {FORMAT}")?;
    file.sync_all()?;
    File::open(path)?.sync_all()
}

fn check_format(text: &str, path: &Path) -> Result<(), KvError> {
    let number = text
        .trim_end()
        .strip_prefix(FORMAT_NAME)
        .map(str::trim_start);
    match number.and_then(|number| number.parse::<u32>().ok()) {
        Some(1..=FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(KvError::NewerFormat {
            path: path.to_owned(),
            found,
            known: FORMAT,
        }),
        _ => Err(KvError::Broken(format!(
            "{} is not a store: its {FORMAT_FILE} says {text:?}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::open(dir.path()).unwrap();
        let refusal = Folder::open(dir.path()).unwrap_err();
        assert_eq!(refusal, KvError::InUse(dir.path().to_owned()));
        assert!(refusal.to_string().contains("in use by another process"));
        drop(first);
        Folder::open(dir.path()).unwrap();
    }

    #[test]
    fn a_newer_format_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FORMAT_FILE), "facteur-index 2\n").unwrap();
        let refusal = Folder::open(dir.path()).unwrap_err().to_string();
        assert!(
            refusal.contains("has format 2; this program knows up to 1"),
            "{refusal}"
        );
        for odd in [
            "facteur-index\n",
            "facteur-bodies 1",
            "facteur-index 0",
            "\0",
        ] {
            std::fs::write(dir.path().join(FORMAT_FILE), odd).unwrap();
            assert!(
                matches!(Folder::open(dir.path()), Err(KvError::Broken(_))),
                "{odd}"
            );
        }
    }

    #[test]
    fn an_unfinished_making_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FORMAT_FILE), "").unwrap();
        drop(Folder::open(dir.path()).unwrap());
        let text = std::fs::read_to_string(dir.path().join(FORMAT_FILE)).unwrap();
        assert_eq!(text, "facteur-index 1\n");
    }
}
