//! The rooms that keep things, opened over one data folder.
//!
//! One process at a time has them; a second one is told so in words.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use blob::Blobs;
use directory::{Directory, OldDevices, Settings};
use jiff::Timestamp;
use kv::Kv;
use kv::sqlite::Sqlite;
use queue::Queue;
use segments::Log;
use service::manage::Manager;
use store::Store;

/// Where the index is, in the data folder.
const INDEX: &str = "index";
/// Where the bodies of messages are, in the data folder.
const BODIES: &str = "bodies";
/// Only the service's own user may look into the data folder.
const FOLDER_MODE: u32 = 0o700;

/// Everything that is kept: who there is, and what they have.
pub(crate) struct Rooms {
    /// Mailboxes and messages.
    pub(crate) store: Store,
    /// Mail accepted and not yet handed over.
    pub(crate) queue: Queue,
    /// Domains, accounts and aliases.
    pub(crate) directory: Directory,
}

impl Rooms {
    /// Opens a data folder, and makes it if it is not there. The index starts its own
    /// threads; a runtime must be there when it is used, not yet here.
    pub(crate) fn open(data: &Path, old_devices: OldDevices) -> anyhow::Result<Rooms> {
        make_folder(data)
            .with_context(|| format!("can't make the data folder {}", data.display()))?;
        // The log first: to open it changes nothing, so that a folder of a newer version is
        // refused as it is.
        let bodies = data.join(BODIES);
        let log = Log::open(&bodies)
            .with_context(|| format!("can't open the messages {}", bodies.display()))?;
        let index = data.join(INDEX);
        let kv: Arc<dyn Kv> = Arc::new(
            Sqlite::on(&index, log.clone())
                .with_context(|| format!("can't open the index {}", index.display()))?,
        );
        // Bodies and index share the log: one sync makes a message and its record durable.
        let blobs = Blobs::on(log)?;
        let settings = Settings {
            old_devices,
            ..Settings::default()
        };
        // Both keep what is in them durable, but the folder that holds them is ours.
        File::open(data)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("can't sync the data folder {}", data.display()))?;
        Ok(Rooms {
            store: Store::new(kv.clone(), blobs),
            queue: Queue::new(kv.clone()),
            directory: Directory::new(kv, &settings),
        })
    }

    /// Who carries out the operator's commands in these rooms.
    pub(crate) fn manager(&self) -> Manager {
        Manager {
            directory: self.directory.clone(),
            store: self.store.clone(),
            queue: self.queue.clone(),
            clock: Timestamp::now,
        }
    }
}

/// Makes the folder where it is missing, durably and for its owner alone. One that is
/// there keeps the rights that somebody gave it.
pub(crate) fn make_folder(data: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = data
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(data)?;
    // Each new name stands in the folder above. What is made in a folder that a power cut
    // takes away goes with it, however well it was synced.
    for folder in missing {
        let above = match folder.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        match File::open(above) {
            Ok(above) => above.sync_all()?,
            // Who may make a folder there need not be allowed to read what else there is.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_new_folder_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let rooms = Rooms::open(&data, OldDevices::Off).unwrap();
        let mode = data.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, FOLDER_MODE);
        assert!(rooms.directory.domains().await.unwrap().is_empty());
    }
}
