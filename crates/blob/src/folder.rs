//! The folder of segments: what wrote it, that only one process has it open, what is
//! in it, and what a crash left there.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::BlobError;
use crate::body::{SegmentId, Sort};
use crate::room;

/// The name of the file that says what wrote the folder. It is also what is locked.
const FORMAT_FILE: &str = "FORMAT";
/// What stands in it before the number.
const FORMAT_NAME: &str = "facteur-bodies";
/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;
/// Longest FORMAT file that is looked at.
const FORMAT_OCTETS: u64 = 64;
/// Shared segments that are kept open for reading.
const OPEN_SEGMENTS: usize = 64;

/// An open folder, locked until it is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Holds the lock: the system takes it away with the last handle, whatever becomes
    /// of the process.
    _lock: File,
    /// The count of the next segment of each sort.
    next_shared: AtomicU64,
    next_single: AtomicU64,
    /// The shared segment with the highest number, as found at the opening.
    newest_shared: Option<SegmentId>,
    open: Mutex<HashMap<SegmentId, Arc<File>>>,
}

impl Folder {
    /// Makes the folder if need be, locks it, reads its format, and removes what was
    /// being written when everything stopped.
    pub(crate) fn open(path: &Path) -> Result<Folder, BlobError> {
        let lock = lock(path)?;
        let mut highest = [None; 2];
        for entry in std::fs::read_dir(path)? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(SegmentId::from_name) else {
                continue;
            };
            // A part's number is passed over too: it costs nothing.
            let of_sort = &mut highest[usize::from(id.sort() == Sort::Single)];
            *of_sort = (*of_sort).max(Some(id));
            if name.to_str() == Some(&id.part_name()) {
                std::fs::remove_file(path.join(name))?;
            }
        }
        let [newest_shared, newest_single] = highest;
        let next = |newest: Option<SegmentId>| newest.map_or(1, |id| id.count() + 1).into();
        Ok(Folder {
            path: path.to_owned(),
            _lock: lock,
            next_shared: next(newest_shared),
            next_single: next(newest_single),
            newest_shared,
            open: Mutex::default(),
        })
    }

    /// A number that no segment had.
    pub(crate) fn new_segment(&self, sort: Sort) -> SegmentId {
        let next = match sort {
            Sort::Shared => &self.next_shared,
            Sort::Single => &self.next_single,
        };
        SegmentId::new(next.fetch_add(1, Ordering::Relaxed), sort)
    }

    /// The shared segment that was appended to last, as found at the opening.
    pub(crate) fn newest_shared(&self) -> Option<SegmentId> {
        self.newest_shared
    }

    /// Where a segment's file is.
    pub(crate) fn segment(&self, id: SegmentId) -> PathBuf {
        self.path.join(id.to_string())
    }

    /// Where a segment's file is while it is not finished.
    pub(crate) fn part(&self, id: SegmentId) -> PathBuf {
        self.path.join(id.part_name())
    }

    /// Refuses octets that would not leave the reserve on this disk.
    pub(crate) fn check_room(&self, octets: u64) -> Result<(), BlobError> {
        room::check(&self.path, octets)
    }

    /// Makes the names of new files durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// A segment, open for reading.
    pub(crate) fn reading(&self, id: SegmentId) -> io::Result<Arc<File>> {
        if let Some(file) = self.open.lock().get(&id) {
            return Ok(file.clone());
        }
        let file = Arc::new(File::open(self.segment(id))?);
        if id.sort() == Sort::Shared {
            self.keep_open(id, file.clone());
        }
        Ok(file)
    }

    fn keep_open(&self, id: SegmentId, file: Arc<File>) {
        let mut open = self.open.lock();
        // Whichever goes is opened again in some microseconds.
        if open.len() >= OPEN_SEGMENTS
            && let Some(some) = open.keys().next().copied()
        {
            open.remove(&some);
        }
        open.insert(id, file);
    }
}

fn lock(path: &Path) -> Result<File, BlobError> {
    std::fs::create_dir_all(path)?;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path.join(FORMAT_FILE))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(BlobError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    let mut text = String::new();
    Read::by_ref(&mut file)
        .take(FORMAT_OCTETS)
        .read_to_string(&mut text)?;
    if text.is_empty() {
        // New, or the making of it was cut short.
        writeln!(file, "{FORMAT_NAME} {FORMAT}")?;
        file.sync_all()?;
        File::open(path)?.sync_all()?;
    } else {
        check_format(&text, path)?;
    }
    Ok(file)
}

fn check_format(text: &str, path: &Path) -> Result<(), BlobError> {
    let number = text
        .trim_end()
        .strip_prefix(FORMAT_NAME)
        .map(str::trim_start);
    match number.and_then(|number| number.parse::<u32>().ok()) {
        Some(1..=FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(BlobError::NewerFormat {
            path: path.to_owned(),
            found,
            known: FORMAT,
        }),
        _ => Err(BlobError::Broken(format!(
            "{} holds no bodies: its {FORMAT_FILE} says {text:?}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_and_a_newer_format_are_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::open(dir.path()).unwrap();
        let refusal = Folder::open(dir.path()).unwrap_err();
        assert!(refusal.to_string().contains("in use by another process"));
        drop(first);
        std::fs::write(dir.path().join(FORMAT_FILE), "facteur-bodies 7\n").unwrap();
        let refusal = Folder::open(dir.path()).unwrap_err().to_string();
        assert!(
            refusal.contains("has format 7; this program knows up to 1"),
            "{refusal}"
        );
        std::fs::write(dir.path().join(FORMAT_FILE), "facteur-index 1\n").unwrap();
        assert!(matches!(
            Folder::open(dir.path()),
            Err(BlobError::Broken(_))
        ));
    }

    #[test]
    fn unfinished_files_go_and_their_numbers_do_not_come_back() {
        let dir = tempfile::tempdir().unwrap();
        drop(Folder::open(dir.path()).unwrap());
        let part = SegmentId::new(5, Sort::Single);
        let shared = SegmentId::new(3, Sort::Shared);
        for name in [part.part_name(), shared.to_string(), "notes.txt".into()] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let folder = Folder::open(dir.path()).unwrap();
        assert!(!folder.part(part).exists());
        assert!(dir.path().join("notes.txt").exists());
        assert_eq!(folder.newest_shared(), Some(shared));
        assert_eq!(
            folder.new_segment(Sort::Single),
            SegmentId::new(6, Sort::Single)
        );
        assert_eq!(
            folder.new_segment(Sort::Shared),
            SegmentId::new(4, Sort::Shared)
        );
    }
}
