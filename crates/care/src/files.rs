//! Files written durably, and copied.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Octets that are copied at once.
const COPY_OCTETS: usize = 1024 * 1024;
/// How much of the end of what is there is compared before more is added.
const COMPARED_OCTETS: u64 = 64 * 1024;
/// Only the service's own user may read a backup.
const FILE_MODE: u32 = 0o600;

/// Writes a file in place of the one before: whenever everything stops, the old one is there
/// or the new.
pub(crate) fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, |mut file| file.write_all(content))
}

/// Copies a file in place of the one before, with its rights.
pub(crate) fn copy_durably(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mode = source.metadata()?.permissions().mode();
    replace(to, |mut file| {
        io::copy(&mut source, &mut file)?;
        file.set_permissions(PermissionsExt::from_mode(mode))
    })
}

fn replace(path: &Path, write: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let new = unfinished(path);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&new)?;
    write(&file)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    sync_parent(path)
}

/// The name that a file has until it is finished.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// What came of adding to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// So many octets.
    Octets(u64),
    /// Nothing: what is there does not go on in the source.
    Another,
}

/// Adds to a file what the source has more, up to `end` octets of it, durably.
pub(crate) fn add(
    from: &Path,
    to: &Path,
    end: u64,
    mut progress: impl FnMut(u64),
) -> io::Result<Added> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(to)?;
    let there = target.metadata()?.len();
    if there > end || !ends_alike(&mut source, &mut target, there)? {
        return Ok(Added::Another);
    }
    if there == end {
        return Ok(Added::Octets(0));
    }
    source.seek(SeekFrom::Start(there))?;
    target.seek(SeekFrom::Start(there))?;
    let mut left = end - there;
    let mut buffer = vec![0; COPY_OCTETS];
    while left > 0 {
        let want = usize::try_from(left).map_or(COPY_OCTETS, |left| left.min(COPY_OCTETS));
        let piece = &mut buffer[..want];
        source.read_exact(piece)?;
        target.write_all(piece)?;
        left -= want as u64;
        progress(want as u64);
    }
    target.sync_all()?;
    Ok(Added::Octets(end - there))
}

/// Whether the last octets before `end` are the same in both.
fn ends_alike(source: &mut File, target: &mut File, end: u64) -> io::Result<bool> {
    let octets = end.min(COMPARED_OCTETS);
    let last = |file: &mut File| {
        file.seek(SeekFrom::Start(end - octets))?;
        let mut piece = Vec::new();
        file.take(octets).read_to_end(&mut piece)?;
        Ok::<_, io::Error>(piece)
    };
    Ok(last(source)? == last(target)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_added_to_and_another_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::write(&from, b"0123456789").unwrap();
        assert_eq!(add(&from, &to, 4, |_| {}).unwrap(), Added::Octets(4));
        assert_eq!(add(&from, &to, 4, |_| {}).unwrap(), Added::Octets(0));
        assert_eq!(add(&from, &to, 10, |_| {}).unwrap(), Added::Octets(6));
        assert_eq!(std::fs::read(&to).unwrap(), b"0123456789");
        assert_eq!(add(&from, &to, 9, |_| {}).unwrap(), Added::Another);
        std::fs::write(&to, b"0923").unwrap();
        assert_eq!(add(&from, &to, 10, |_| {}).unwrap(), Added::Another);
    }
}
