//! A folder that says what wrote it, and that one process at a time has open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use crate::LogError;

/// The name of the file that says what wrote the folder. It is also what is locked.
const FORMAT_FILE: &str = "FORMAT";
/// Longest FORMAT file that is looked at.
const FORMAT_OCTETS: u64 = 64;

/// An open folder with a FORMAT file, locked until it is dropped.
#[derive(Debug)]
pub struct Marked {
    path: PathBuf,
    /// What stands before the number.
    name: &'static str,
    /// The format that is written, and the newest that is read.
    newest: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    format: u32,
    /// Holds the lock: the system takes it away with the last handle, whatever becomes
    /// of the process.
    file: File,
}

impl Marked {
    /// Makes the folder if need be (of the format `newest`), locks it, and reads its format.
    ///
    /// # Errors
    /// [`LogError::InUse`], [`LogError::NewerFormat`], or [`LogError::Broken`] when it is
    /// the folder of something else, or the disk fails.
    pub fn open(path: &Path, name: &'static str, newest: u32) -> Result<Marked, LogError> {
        let broken = |error: io::Error| LogError::Broken(format!("{}: {error}", path.display()));
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
            Err(TryLockError::WouldBlock) => return Err(LogError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        let mut text = Vec::new();
        Read::by_ref(&mut file)
            .take(FORMAT_OCTETS)
            .read_to_end(&mut text)
            .map_err(broken)?;
        let format = if is_unfinished(&line(name, newest), &text) {
            0
        } else {
            read(path, name, newest, &String::from_utf8_lossy(&text))?
        };
        let marked = Marked {
            path: path.to_owned(),
            name,
            newest,
            state: Mutex::new(State { format, file }),
        };
        if format == 0 {
            marked.raise().map_err(broken)?;
        }
        Ok(marked)
    }

    /// The format that the folder has.
    pub fn format(&self) -> u32 {
        self.state.lock().format
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Raises the folder to the newest format, durably: one short write to the place where
    /// the text was, so that on stable storage is the older text or the newer.
    ///
    /// # Errors
    /// What the system says.
    pub fn raise(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        if state.format == self.newest {
            return Ok(());
        }
        let text = line(self.name, self.newest);
        state.file.seek(SeekFrom::Start(0))?;
        state.file.write_all(text.as_bytes())?;
        state.file.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        state.format = self.newest;
        Ok(())
    }
}

/// What a FORMAT file says.
fn line(name: &str, format: u32) -> String {
    format!("{name} {format}\n")
}

/// True where a folder is new, or the making of it was cut short: a power cut may leave of
/// the line its beginning, and zeros for the rest.
fn is_unfinished(line: &str, text: &[u8]) -> bool {
    let zeros = text.iter().rev().take_while(|octet| **octet == 0).count();
    let (kept, _) = text.split_at(text.len() - zeros);
    text.len() <= line.len() && kept.len() < line.len() && line.as_bytes().starts_with(kept)
}

/// The format that a FORMAT file names.
fn read(path: &Path, name: &str, newest: u32, text: &str) -> Result<u32, LogError> {
    let number = text.trim_end().strip_prefix(name).map(str::trim_start);
    match number.and_then(|number| number.parse::<u32>().ok()) {
        Some(found) if found > newest => Err(LogError::NewerFormat {
            path: path.to_owned(),
            found,
            known: newest,
        }),
        Some(found) if found > 0 => Ok(found),
        _ => Err(LogError::Broken(format!(
            "{} is the folder of something else: its {FORMAT_FILE} says {text:?}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<Marked, LogError> {
        Marked::open(path, "facteur-test", 2)
    }

    #[test]
    fn a_second_opening_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path()).unwrap();
        let refusal = open(dir.path()).unwrap_err();
        assert_eq!(refusal, LogError::InUse(dir.path().to_owned()));
        assert!(refusal.to_string().contains("in use by another process"));
        drop(first);
        open(dir.path()).unwrap();
    }

    #[test]
    fn a_newer_format_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FORMAT_FILE), "facteur-test 3\n").unwrap();
        let refusal = open(dir.path()).unwrap_err().to_string();
        assert!(
            refusal.contains("has format 3; this program knows up to 2"),
            "{refusal}"
        );
        for odd in ["facteur-test\n", "facteur-other 1", "facteur-test 0", "\0x"] {
            std::fs::write(dir.path().join(FORMAT_FILE), odd).unwrap();
            assert!(
                matches!(open(dir.path()), Err(LogError::Broken(_))),
                "{odd}"
            );
        }
    }

    #[test]
    fn an_unfinished_making_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FORMAT_FILE);
        let line = b"facteur-test 2\n";
        for kept in 0..line.len() {
            let mut torn = line.to_vec();
            torn[kept..].fill(0);
            for left in [&torn[..], &line[..kept]] {
                std::fs::write(&file, left).unwrap();
                drop(open(dir.path()).unwrap());
                assert_eq!(std::fs::read(&file).unwrap(), line);
            }
        }
    }

    #[test]
    fn an_older_folder_is_raised() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FORMAT_FILE), "facteur-test 1\n").unwrap();
        let marked = open(dir.path()).unwrap();
        assert_eq!(marked.format(), 1);
        marked.raise().unwrap();
        assert_eq!(marked.format(), 2);
        drop(marked);
        assert_eq!(open(dir.path()).unwrap().format(), 2);
    }
}
