//! What a backup says of itself.

use std::io::{self, ErrorKind};
use std::path::Path;

use segments::{Place, SegmentId};

use crate::files::write_durably;

/// The name of the file.
pub(crate) const MANIFEST: &str = "BACKUP";
/// What stands in its first line. A newer format has another number.
const FIRST_LINE: &str = "facteur-backup 1";

/// What a backup says of itself: how far its log is whole. What lies after that was being
/// written when a backup was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) end: Place,
}

impl Manifest {
    /// Reads that of a folder; none if there is none.
    pub(crate) fn read(folder: &Path) -> io::Result<Option<Manifest>> {
        let text = match std::fs::read_to_string(folder.join(MANIFEST)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match Manifest::parse(&text) {
            Some(manifest) => Ok(Some(manifest)),
            None => Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("{MANIFEST} can't be read; is it of a newer version?"),
            )),
        }
    }

    fn parse(text: &str) -> Option<Manifest> {
        let mut lines = text.lines();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let (segment, offset) = lines
            .next()?
            .strip_prefix("whole up to ")?
            .split_once(' ')?;
        let segment = SegmentId::from_number(u64::from_str_radix(segment, 16).ok()?);
        let offset = offset.parse().ok()?;
        Some(Manifest {
            end: Place { segment, offset },
        })
    }

    /// Writes it, durably, in place of the one before.
    pub(crate) fn write(self, folder: &Path) -> io::Result<()> {
        let Place { segment, offset } = self.end;
        let text = format!(
            "{FIRST_LINE}\nwhole up to {:016x} {offset}\n\
             This folder is a data folder of Facteur: to go back to it, copy it and serve the copy.\n",
            segment.number()
        );
        write_durably(&folder.join(MANIFEST), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), None);
        let segment = SegmentId::from_number(42);
        let end = Place { segment, offset: 7 };
        let manifest = Manifest { end };
        manifest.write(dir.path()).unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), Some(manifest));
        std::fs::write(dir.path().join(MANIFEST), "facteur-backup 2\n").unwrap();
        assert!(Manifest::read(dir.path()).is_err());
    }
}
