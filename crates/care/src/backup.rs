//! A copy of all in another folder, made while serving. What the folder has from an earlier
//! backup is not written again.
//!
//! The log grows at its end alone, so a backup of it is added to. The index is written anew,
//! as it was at a moment before the end of the log that is copied then: opened, it reads in
//! that log what it lacks, as after a crash. So the folder is at any moment the data folder
//! of one moment: of the backup before, or of this one.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use kv::sqlite::INDEX_FILE;
use segments::{Log, Place, SegmentId};
use serde::{Deserialize, Serialize};

use crate::files::{Added, add, copy_durably, sync_parent, unfinished};
use crate::manifest::{MANIFEST, Manifest};
use crate::needed::blocking;
use crate::{Care, CareError, Progress, Step};

/// Where the index is in a data folder.
const INDEX: &str = "index";
/// Where the log is in a data folder.
const BODIES: &str = "bodies";
/// What of a data folder belongs to a running process alone.
const OF_THE_PROCESS: [&str; 1] = ["admin.sock"];
/// Only the service's own user may look into a backup.
const FOLDER_MODE: u32 = 0o700;

/// What came of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Backup {
    /// Octets that were written.
    pub written: u64,
    /// Octets that it has in all.
    pub all: u64,
}

impl Care {
    /// Makes a backup of the data folder in another one, or brings the backup there up to
    /// now. Passes wait for it.
    ///
    /// # Errors
    /// [`CareError::NotABackup`], [`CareError::Other`] or [`CareError::Inside`] when it can't
    /// be made there, [`CareError::Full`], else what the disk says. What was there of an
    /// earlier backup is as good as before.
    pub async fn backup(
        &self,
        data: &Path,
        to: &Path,
        progress: Progress<'_>,
    ) -> Result<Backup, CareError> {
        let _turn = self.turn.lock().await;
        let (index, log) = (self.rooms.index.clone(), self.rooms.log.clone());
        let (data, folder) = (data.to_owned(), to.to_owned());
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let work = blocking(move || {
            begin(&data, &folder)?;
            let saved = Saved::new(&folder)?;
            index.save(&saved.path)?;
            log.sync()?;
            let mut saving = Saving {
                folder: &folder,
                log: &log,
                end: log.end(),
                written: saved.octets()?,
                tell: &|step| drop(tell.send(step)),
            };
            // First: no older program may open a log that has what it can't read.
            saving.format(&data, BODIES)?;
            saving.log()?;
            saving.format(&data, INDEX)?;
            saving.rest(&data)?;
            saved.keep()?;
            saving.finish()
        });
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                Some(step) = told.recv() => progress(step),
            }
        }
    }
}

/// Makes the folder, or sees that it is of an earlier backup, and takes back what was being
/// added to it when that was cut short.
fn begin(data: &Path, folder: &Path) -> Result<(), CareError> {
    let broken = |error: io::Error| broken(folder, &error);
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(broken)?;
    let (data, to) = (data.canonicalize(), folder.canonicalize());
    if to.map_err(broken)?.starts_with(data.map_err(broken)?) {
        return Err(CareError::Inside(folder.to_owned()));
    }
    match Manifest::read(folder).map_err(broken)? {
        Some(manifest) => cut_back(&folder.join(BODIES), manifest.end).map_err(broken)?,
        None => {
            if folder.read_dir().map_err(broken)?.next().is_some() {
                return Err(CareError::NotABackup(folder.to_owned()));
            }
            // From now on it is one, of nothing.
            let segment = SegmentId::from_number(0);
            let end = Place { segment, offset: 0 };
            Manifest { end }.write(folder).map_err(broken)?;
        }
    }
    for part in [INDEX, BODIES] {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder.join(part));
        made.map_err(broken)?;
    }
    Ok(())
}

/// Cuts back a log to where it is whole.
fn cut_back(bodies: &Path, end: Place) -> io::Result<()> {
    for entry in bodies.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(SegmentId::from_name) else {
            continue;
        };
        // A large body is finished or not there.
        if id.is_shared() && id > end.segment {
            std::fs::remove_file(entry.path())?;
        } else if id == end.segment && entry.metadata()?.len() > end.offset {
            let file = OpenOptions::new().write(true).open(entry.path())?;
            file.set_len(end.offset)?;
            file.sync_all()?;
        }
    }
    Ok(())
}

/// The index, saved and not yet in its place.
struct Saved {
    path: PathBuf,
    place: PathBuf,
}

impl Saved {
    fn new(folder: &Path) -> Result<Saved, CareError> {
        let place = folder.join(INDEX).join(INDEX_FILE);
        let path = unfinished(&place);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(broken(folder, &error)),
            _ => Ok(Saved { path, place }),
        }
    }

    fn octets(&self) -> Result<u64, CareError> {
        let octets = self.path.metadata().map(|metadata| metadata.len());
        octets.map_err(|error| broken(&self.path, &error))
    }

    fn keep(self) -> Result<(), CareError> {
        std::fs::rename(&self.path, &self.place)
            .and_then(|()| sync_parent(&self.place))
            .map_err(|error| broken(&self.place, &error))
    }
}

/// A backup under way.
struct Saving<'a> {
    folder: &'a Path,
    log: &'a Log,
    /// Up to where the log is copied.
    end: Place,
    written: u64,
    tell: &'a dyn Fn(Step),
}

impl Saving<'_> {
    /// Adds to the log what it has more. Large bodies first: what the log refers to is there
    /// before it.
    fn log(&mut self) -> Result<(), CareError> {
        let mut segments = self.log.segments()?;
        segments.retain(|(id, _)| !id.is_shared() || *id <= self.end.segment);
        segments.sort_by_key(|(id, _)| (id.is_shared(), *id));
        let all: u64 = segments.iter().map(|(_, octets)| octets).sum();
        let mut seen = 0;
        for (id, octets) in segments {
            let octets = if id == self.end.segment {
                self.end.offset
            } else {
                octets
            };
            self.segment(id, octets)?;
            seen += octets;
            (self.tell)(Step::Saving { octets: seen, all });
        }
        let bodies = self.folder.join(BODIES);
        File::open(&bodies)
            .and_then(|bodies| bodies.sync_all())
            .map_err(|error| broken(&bodies, &error))?;
        // The index that is there now is older than all of this log.
        let manifest = Manifest { end: self.end };
        manifest
            .write(self.folder)
            .map_err(|error| broken(self.folder, &error))
    }

    fn segment(&mut self, id: SegmentId, octets: u64) -> Result<(), CareError> {
        let from = self.log.path(id);
        let to = self.folder.join(BODIES).join(id.to_string());
        let added = if id.is_shared() {
            add(&from, &to, octets, |_| {})
        } else {
            single(&from, &to, octets)
        };
        match added.map_err(|error| broken(&to, &error))? {
            Added::Octets(octets) => {
                self.written += octets;
                Ok(())
            }
            Added::Another => Err(CareError::Other {
                folder: self.folder.to_owned(),
                file: id.to_string(),
            }),
        }
    }

    /// Copies what the log or the index says of itself.
    fn format(&mut self, data: &Path, part: &str) -> Result<(), CareError> {
        let format = Path::new(part).join("FORMAT");
        self.file(&data.join(&format), &self.folder.join(&format))
    }

    /// Copies all but the log and the index: the configuration and the certificates.
    fn rest(&mut self, data: &Path) -> Result<(), CareError> {
        let ours = [INDEX, BODIES, MANIFEST];
        self.folder_of(data, self.folder, &|name| {
            !ours.contains(&name) && !OF_THE_PROCESS.contains(&name)
        })
    }

    fn folder_of(
        &mut self,
        from: &Path,
        to: &Path,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(), CareError> {
        let broken = |error: io::Error| broken(from, &error);
        for entry in from.read_dir().map_err(broken)? {
            let entry = entry.map_err(broken)?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| !wanted(name)) {
                continue;
            }
            let (source, target) = (entry.path(), to.join(&name));
            // Where a link leads is what the configuration means.
            let Ok(kind) = source.metadata() else {
                continue;
            };
            if kind.is_dir() {
                let made = DirBuilder::new()
                    .recursive(true)
                    .mode(FOLDER_MODE)
                    .create(&target);
                made.map_err(broken)?;
                self.folder_of(&source, &target, &|_| true)?;
            } else if kind.is_file() {
                self.file(&source, &target)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path) -> Result<(), CareError> {
        copy_durably(from, to).map_err(|error| broken(to, &error))?;
        self.written += to.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        Ok(())
    }

    /// Takes away what the log no longer has, now that nothing of the backup needs it.
    fn finish(self) -> Result<Backup, CareError> {
        let bodies = self.folder.join(BODIES);
        let broken = |error: io::Error| broken(&bodies, &error);
        let there = self.log.segments()?;
        let mut all = 0;
        for entry in bodies.read_dir().map_err(broken)? {
            let entry = entry.map_err(broken)?;
            let name = entry.file_name();
            let id = name.to_str().and_then(SegmentId::from_name);
            if id.is_some_and(|id| !there.iter().any(|(other, _)| *other == id)) {
                std::fs::remove_file(entry.path()).map_err(broken)?;
            } else {
                all += entry.metadata().map_err(broken)?.len();
            }
        }
        Ok(Backup {
            written: self.written,
            all,
        })
    }
}

/// Copies a large body's file, unless it is there.
fn single(from: &Path, to: &Path, octets: u64) -> io::Result<Added> {
    match to.metadata() {
        Ok(there) if there.len() == octets => Ok(Added::Octets(0)),
        Ok(_) => Ok(Added::Another),
        Err(_) => copy_durably(from, to).map(|()| Added::Octets(octets)),
    }
}

fn broken(path: &Path, error: &io::Error) -> CareError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CareError::Full,
        _ => CareError::Broken(format!("{}: {error}", path.display())),
    }
}
