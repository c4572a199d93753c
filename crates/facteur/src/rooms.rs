//! The rooms that keep things, opened where the settings say.
//!
//! One process at a time has a data folder; a second one is told so in words. A database
//! and a bucket any number may have.
//!
//! | file | what it does |
//! | --- | --- |
//! | `rooms.rs` | the rooms, and the data folder |
//! | `chosen.rs` | which engines the settings mean, with the files read that they name |
//! | `opening.rs` | opens them, or says in words why not |
//! | `moving.rs` | all that is kept, from one data folder or cluster to another |
//! | `home.rs` | refuses settings that lead away from the mail |

mod chosen;
mod home;
mod moving;
mod opening;

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use care::Care;
use care::bucket::{Collector, Kept, LEAST_GRACE};
use directory::{Directory, OldDevices, Settings};
use jiff::Timestamp;
use journal::Journal;
use kv::postgres::Postgres;
use kv::sqlite::Salvaged;
use queue::Queue;
use service::keep::Keeper;
use service::manage::Manager;
use service::publish::Published;
use store::Store;

pub(crate) use chosen::{Chosen, Place, secret};
pub(crate) use moving::move_to;

/// Held by a server whose mail is elsewhere, in the data folder. Where it is there, the
/// mail is elsewhere.
const LOCK: &str = "server.lock";
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
    /// What happened.
    pub(crate) journal: Journal,
    /// The index, where other nodes share it.
    shared: Option<Arc<Postgres>>,
    /// What keeps the data folder small and sound, where mail is in it.
    pub(crate) care: Option<Care>,
    /// What takes out of the bucket what nobody needs, where mail is in one.
    pub(crate) collector: Option<Collector>,
    /// The engines themselves.
    pub(crate) place: care::Place,
    data: PathBuf,
}

impl Rooms {
    /// Opens what was chosen, and makes a data folder that is not there. To be called in
    /// the runtime that it is used in.
    pub(crate) async fn open(
        data: &Path,
        chosen: &Chosen,
        old_devices: OldDevices,
    ) -> anyhow::Result<Rooms> {
        make_folder(data)
            .with_context(|| format!("can't make the data folder {}", data.display()))?;
        home::check_folder(data, &chosen.place)?;
        let engines = opening::open(data, chosen).await?;
        let settings = Settings {
            old_devices,
            ..Settings::default()
        };
        let directory = Directory::new(engines.kv.clone(), &settings);
        // Both keep what is in them durable, but the folder that holds them is ours.
        File::open(data)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("can't sync the data folder {}", data.display()))?;
        home::check(&directory, data, &chosen.place).await?;
        let store = Store::new(engines.kv.clone(), engines.blobs.clone());
        let queue = Queue::new(engines.kv.clone());
        let journal = Journal::new(engines.kv.clone(), rand::random());
        let place = care::Place {
            index: engines.kv,
            bodies: engines.blobs.clone(),
        };
        let grace = Duration::from_secs(chosen.care.grace_seconds);
        let kept = engines.bucket.map(|bucket| Kept {
            store: store.clone(),
            queue: queue.clone(),
            directory: directory.clone(),
            index: place.index.clone(),
            bucket,
        });
        let collector = match kept {
            Some(kept) => Some(collector(kept, grace, engines.own.is_some()).await?),
            None => None,
        };
        let care = engines.own.map(|(index, log)| {
            let (store, queue) = (store.clone(), queue.clone());
            Care::new(store, queue, index, engines.blobs, log, grace)
        });
        Ok(Rooms {
            store,
            queue,
            directory,
            journal,
            shared: engines.shared,
            care,
            collector,
            place,
            data: data.to_owned(),
        })
    }

    /// Whether other nodes may have the index open.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Waits until what happened is written, and other nodes know of all that was changed here:
    /// before the process ends.
    pub(crate) async fn close(&self) {
        if let Err(error) = self.journal.flush().await {
            tracing::error!(%error, "what happened last can't be written down");
        }
        if let Some(shared) = &self.shared {
            shared.tell_all().await;
        }
    }

    /// Who carries out the operator's commands in these rooms; `serving` is whether people
    /// are served meanwhile, `published` what the service is to the world.
    pub(crate) fn manager(&self, serving: bool, published: Option<Published>) -> Manager {
        let keeper = Keeper {
            care: self.care.clone(),
            collector: self.collector.clone(),
            data: self.data.clone(),
            clock: Timestamp::now,
            serving,
        };
        Manager {
            keeper: Some(keeper),
            directory: self.directory.clone(),
            store: self.store.clone(),
            queue: self.queue.clone(),
            journal: self.journal.clone(),
            published,
            clock: Timestamp::now,
        }
    }
}

/// Care for a bucket, which must be this index's own. Whoever cares for a folder beside it
/// tidies accounts already.
async fn collector(kept: Kept, grace: Duration, is_tidied: bool) -> anyhow::Result<Collector> {
    let collector = Collector::new(kept, grace.max(LEAST_GRACE));
    collector.check().await?;
    Ok(match is_tidied {
        true => collector,
        false => collector.tidying(),
    })
}

/// Makes the index of a data folder again from the log alone.
pub(crate) fn salvage(data: &Path) -> anyhow::Result<Salvaged> {
    opening::salvage(data)
}

/// Holds a data folder in which nothing else tells one server from another, as long as
/// what this gives is there.
pub(crate) fn hold(data: &Path) -> anyhow::Result<File> {
    let path = data.join(LOCK);
    let about = || format!("can't hold {}", path.display());
    let file = File::create(&path).with_context(about)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "{} is in use by another process; stop that one first, or give this one a data \
             folder of its own",
            data.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(about),
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
        let rooms = Rooms::open(&data, &Chosen::embedded(), OldDevices::Off)
            .await
            .unwrap();
        let mode = data.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, FOLDER_MODE);
        assert!(rooms.directory.domains().await.unwrap().is_empty());
    }

    #[test]
    fn a_folder_is_held_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path()).unwrap();
        let refusal = hold(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains("in use by another process"), "{refusal}");
        drop(held);
        assert!(hold(folder.path()).is_ok());
    }
}
