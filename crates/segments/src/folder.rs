//! The folder of the log: what is in it, and what a crash left there.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::place::Sort;
use crate::{LogError, Marked, Place, SegmentId, room};

/// What stands in the FORMAT file before the number.
const FORMAT_NAME: &str = "facteur-bodies";
/// The format that is written, and the newest that is read.
///
/// 1: bodies alone. 2: bodies and changes. 3: copies of the index too. 4: bodies may be
/// compressed.
const FORMAT: u32 = 4;
/// Shared segments that are kept open for reading.
const OPEN_SEGMENTS: usize = 64;

/// An open folder, locked until it is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    marked: Marked,
    /// The count of the next segment of each sort.
    next_shared: AtomicU64,
    next_single: AtomicU64,
    /// The shared segments as found at the opening, ascending.
    found: Vec<SegmentId>,
    /// Whether there were others, as found at the opening.
    had_single: bool,
    open: Mutex<HashMap<SegmentId, Arc<File>>>,
}

impl Folder {
    /// Makes the folder if need be, locks it, reads its format, and removes what was
    /// being written when everything stopped.
    pub(crate) fn open(path: &Path) -> Result<Folder, LogError> {
        let marked = Marked::open(path, FORMAT_NAME, FORMAT)?;
        let mut shared = Vec::new();
        let mut single = None;
        for entry in std::fs::read_dir(path)? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(SegmentId::from_name) else {
                continue;
            };
            match id.sort() {
                Sort::Shared => shared.push(id),
                // A part's number is passed over too: it costs nothing.
                Sort::Single => single = single.max(Some(id)),
            }
            if name.to_str() == Some(&id.part_name()) {
                std::fs::remove_file(path.join(name))?;
            }
        }
        shared.sort_unstable();
        let next = |newest: Option<&SegmentId>| newest.map_or(1, |id| id.count() + 1).into();
        Ok(Folder {
            path: path.to_owned(),
            marked,
            next_shared: next(shared.last()),
            next_single: next(single.as_ref()),
            found: shared,
            had_single: single.is_some(),
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
    pub(crate) fn newest(&self) -> Option<SegmentId> {
        self.found.last().copied()
    }

    /// The first place of the log, as found at the opening.
    pub(crate) fn start(&self) -> Place {
        let first = self.found.first().copied();
        Place {
            segment: first.unwrap_or(SegmentId::new(0, Sort::Shared)),
            offset: 0,
        }
    }

    /// The shared segments from this one on that are there now, ascending.
    pub(crate) fn from(&self, first: SegmentId) -> io::Result<Vec<SegmentId>> {
        let mut shared = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let id = name.to_str().and_then(SegmentId::from_name);
            shared.extend(id.filter(|id| id.sort() == Sort::Shared && *id >= first));
        }
        shared.sort_unstable();
        Ok(shared)
    }

    /// All segments that are there now, with the octets of each, ascending in each sort.
    pub(crate) fn segments(&self) -> io::Result<Vec<(SegmentId, u64)>> {
        let mut segments = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(id) = name.to_str().and_then(SegmentId::from_name) else {
                continue;
            };
            if name.to_str() == Some(&id.to_string()) {
                segments.push((id, entry.metadata()?.len()));
            }
        }
        segments.sort_unstable();
        Ok(segments)
    }

    /// The number that the next large body gets.
    pub(crate) fn next_single(&self) -> SegmentId {
        SegmentId::new(self.next_single.load(Ordering::Relaxed), Sort::Single)
    }

    /// Takes a segment away. Whoever has it open still reads it.
    pub(crate) fn remove(&self, id: SegmentId) -> io::Result<()> {
        self.open.lock().remove(&id);
        std::fs::remove_file(self.segment(id))
    }

    /// True when nothing was ever kept here, as found at the opening.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty() && !self.had_single
    }

    pub(crate) fn is_older(&self) -> bool {
        self.marked.format() < FORMAT
    }

    pub(crate) fn raise(&self) -> Result<(), LogError> {
        Ok(self.marked.raise()?)
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
    pub(crate) fn check_room(&self, octets: u64) -> Result<(), LogError> {
        room::check(&self.path, octets, room::RESERVE_OCTETS)
    }

    /// The same where they are written so that others can go.
    pub(crate) fn check_least_room(&self, octets: u64) -> Result<(), LogError> {
        room::check(&self.path, octets, room::LEAST_OCTETS)
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(folder.newest(), Some(shared));
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
