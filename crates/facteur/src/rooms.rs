//! The rooms that keep things, opened over one data folder.
//!
//! One process at a time has them; a second one is told so in words.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use blob::Blobs;
use care::Care;
use directory::{Directory, OldDevices, Settings};
use jiff::Timestamp;
use kv::sqlite::{Salvaged, Sqlite};
use kv::{Kv, KvError};
use queue::Queue;
use segments::Log;
use service::keep::Keeper;
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
    /// What keeps the data folder small and sound.
    pub(crate) care: Care,
    data: PathBuf,
}

impl Rooms {
    /// Opens a data folder, and makes it if it is not there. The index starts its own
    /// threads; a runtime must be there when it is used, not yet here. `file_octets` is how
    /// large the files are that messages share.
    pub(crate) fn open(
        data: &Path,
        old_devices: OldDevices,
        file_octets: u64,
    ) -> anyhow::Result<Rooms> {
        make_folder(data)
            .with_context(|| format!("can't make the data folder {}", data.display()))?;
        // The log first: to open it changes nothing, so that a folder of a newer version is
        // refused as it is.
        let bodies = data.join(BODIES);
        let log = Log::open_sized(&bodies, file_octets)
            .with_context(|| format!("can't open the messages {}", bodies.display()))?;
        let index = data.join(INDEX);
        let sqlite = Arc::new(open_index(data, &index, &log)?);
        let kv: Arc<dyn Kv> = sqlite.clone();
        // Bodies and index share the log: one sync makes a message and its record durable.
        let blobs = Blobs::on(log.clone())?;
        let settings = Settings {
            old_devices,
            ..Settings::default()
        };
        // Both keep what is in them durable, but the folder that holds them is ours.
        File::open(data)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("can't sync the data folder {}", data.display()))?;
        let store = Store::new(kv.clone(), blobs.clone());
        let queue = Queue::new(kv.clone());
        Ok(Rooms {
            care: Care::new(store.clone(), queue.clone(), sqlite, blobs, log),
            store,
            queue,
            directory: Directory::new(kv, &settings),
            data: data.to_owned(),
        })
    }

    /// Who carries out the operator's commands in these rooms; `serving` is whether people
    /// are served meanwhile.
    pub(crate) fn manager(&self, serving: bool) -> Manager {
        let keeper = Keeper {
            care: self.care.clone(),
            data: self.data.clone(),
            clock: Timestamp::now,
            serving,
        };
        Manager {
            keeper: Some(keeper),
            directory: self.directory.clone(),
            store: self.store.clone(),
            queue: self.queue.clone(),
            clock: Timestamp::now,
        }
    }
}

/// Opens the index; where it is lost or damaged, says what helps.
fn open_index(data: &Path, index: &Path, log: &Log) -> anyhow::Result<Sqlite> {
    Sqlite::on(index, log.clone()).map_err(|error| {
        let is_damage = matches!(error, KvError::Damaged(_) | KvError::Broken(_));
        let error =
            anyhow::Error::new(error).context(format!("can't open the index {}", index.display()));
        if is_damage {
            let data = data.display();
            error.context(format!(
                "to make the index again from what the messages' files hold:  \
                 facteur --data {data} store salvage"
            ))
        } else {
            error
        }
    })
}

/// Makes the index of a data folder again from the log alone.
pub(crate) fn salvage(data: &Path) -> anyhow::Result<Salvaged> {
    let bodies = data.join(BODIES);
    anyhow::ensure!(
        bodies.is_dir(),
        "there is no data folder {}; name it: facteur --data DIR",
        data.display()
    );
    let log = Log::open(&bodies)
        .with_context(|| format!("can't open the messages {}", bodies.display()))?;
    let index = data.join(INDEX);
    kv::sqlite::salvage(&index, &log)
        .with_context(|| format!("can't make the index {}", index.display()))
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
        let rooms = Rooms::open(&data, OldDevices::Off, segments::SEGMENT_OCTETS).unwrap();
        let mode = data.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, FOLDER_MODE);
        assert!(rooms.directory.domains().await.unwrap().is_empty());
    }
}
