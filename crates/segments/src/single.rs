//! A large body's own file.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::folder::Folder;
use crate::frame::HEADER_OCTETS;
use crate::place::Sort;
use crate::{LogError, SegmentId};

/// A file that is being written. Unless it is finished, dropping it removes it. Its
/// functions wait for the disk.
#[derive(Debug)]
pub struct Single {
    folder: Arc<Folder>,
    id: SegmentId,
    file: File,
    /// Octets of the body so far, as it is kept.
    length: u64,
    finished: bool,
}

impl Single {
    /// Begins a file. The place of its header stays empty until the end, so that no
    /// frame is there before.
    pub(crate) fn create(folder: Arc<Folder>) -> io::Result<Single> {
        let id = folder.new_segment(Sort::Single);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.part(id))?;
        Ok(Single {
            folder,
            id,
            file,
            length: 0,
            finished: false,
        })
    }

    /// Octets of the body so far, as it is kept.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds to the body.
    ///
    /// # Errors
    /// [`LogError::Full`] when the disk is.
    pub fn write(&mut self, octets: &[u8]) -> Result<(), LogError> {
        self.folder.check_room(octets.len() as u64)?;
        self.file
            .write_all_at(octets, HEADER_OCTETS as u64 + self.length)?;
        self.length += octets.len() as u64;
        Ok(())
    }

    /// Makes the body durable and gives it its name. The header is that of all that was
    /// written ([`body_header`](crate::body_header), [`compressed_header`](crate::compressed_header)).
    ///
    /// # Errors
    /// [`LogError::Full`] when the disk is.
    pub fn finish(mut self, header: &[u8; HEADER_OCTETS]) -> Result<SegmentId, LogError> {
        self.file.write_all_at(header, 0)?;
        self.file.sync_all()?;
        std::fs::rename(self.folder.part(self.id), self.folder.segment(self.id))?;
        self.finished = true;
        self.folder.sync()?;
        Ok(self.id)
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = std::fs::remove_file(self.folder.part(self.id))
        {
            // The next opening removes it.
            tracing::warn!(segment = %self.id, %error, "an unfinished body could not be removed");
        }
    }
}
