//! The room that is left on the disk, and what of it is not for new mail.

use std::io;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::LogError;

/// Octets of the disk that no new body takes. On a disk that is full for new mail, people
/// still read theirs, mark it, move it and delete it, and operators still set a password:
/// all of that needs room in the index, whose log alone grows to some 16 MiB before it is
/// begun anew.
pub const RESERVE_OCTETS: u64 = 64 * 1024 * 1024;

/// Octets of the disk that are left even when bodies are written again so that space comes
/// back: a full disk must not keep itself full.
pub(crate) const LEAST_OCTETS: u64 = RESERVE_OCTETS / 2;

/// Refuses octets that would not leave a reserve on the disk of this folder.
pub(crate) fn check(folder: &Path, octets: u64, reserve: u64) -> Result<(), LogError> {
    let disk = statvfs(folder).map_err(io::Error::from)?;
    // What only root may take does not count, whoever we are.
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    if free.saturating_sub(reserve) < octets {
        return Err(LogError::Full);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_disk_has_is_refused_and_an_octet_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(folder.path(), u64::MAX, 0), Err(LogError::Full));
        let disk = statvfs(folder.path()).unwrap();
        let free = disk.blocks_available() * disk.fragment_size();
        assert!(
            free > RESERVE_OCTETS,
            "the tests need {RESERVE_OCTETS} octets of disk and more"
        );
        assert_eq!(check(folder.path(), 1, RESERVE_OCTETS), Ok(()));
    }

    #[test]
    fn a_folder_that_is_gone_is_told_as_it_is() {
        let gone = check(Path::new("/nowhere/at/all"), 1, 0);
        assert!(matches!(gone, Err(LogError::Broken(_))), "{gone:?}");
    }
}
