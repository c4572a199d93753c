//! Whether the settings lead to where the mail is. A service whose settings lead away from
//! it would seem to have lost everything.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use directory::{Directory, Settings};

use super::LOCK;
use super::chosen::Place;
use super::opening::{self, BODIES, INDEX};

/// Refuses to begin in a data folder what has served from a database: nobody would be found
/// there, and mail from elsewhere refused for good.
pub(super) fn check_folder(data: &Path, chosen: &Place) -> anyhow::Result<()> {
    let is_inside = !matches!(chosen, Place::Shared(..));
    ensure!(
        !(is_inside && data.join(LOCK).exists()),
        "{} has served mail that is in a database, and storage.engine is \"embedded\": set it to \
         \"postgres\", or move it into another data folder: facteur store move",
        data.display()
    );
    Ok(())
}

/// Refuses to go on where the mail is elsewhere. Of a new service it is noted where the
/// bodies are; without a note they are in the data folder.
pub(super) async fn check(
    directory: &Directory,
    data: &Path,
    chosen: &Place,
) -> anyhow::Result<()> {
    if matches!(chosen, Place::Shared(..)) && data.join(INDEX).exists() {
        check_left(directory, data).await?;
    }
    match (chosen.bucket(), directory.bodies().await?) {
        (None, None) => Ok(()),
        (None, Some(there)) => bail!(
            "the messages of this service are in {there}, and storage.bodies is \"segments\": set \
             it to \"s3\""
        ),
        (Some(bucket), Some(there)) => is_there(&bucket.place(), &there),
        (Some(bucket), None) => {
            check_new(directory, data).await?;
            let place = bucket.place();
            // Another node may have begun at the same time.
            is_there(&place, &directory.keep_bodies_in(&place).await?)
        }
    }
}

fn is_there(place: &str, there: &str) -> anyhow::Result<()> {
    ensure!(
        place == there,
        "the messages of this service are in {there}, and storage.s3 leads to {place}: set \
         storage.s3.bucket and storage.s3.prefix as they were"
    );
    Ok(())
}

/// Before a service keeps its first message in a bucket.
async fn check_new(directory: &Directory, data: &Path) -> anyhow::Result<()> {
    ensure!(
        !directory.has_accounts().await?,
        "this service has accounts whose messages are in {}, not in a bucket: set \
         storage.bodies = \"segments\" again, or name another data folder for a new service",
        data.join(BODIES).display()
    );
    Ok(())
}

/// Where there is an index in the data folder, beside that in the database.
async fn check_left(directory: &Directory, data: &Path) -> anyhow::Result<()> {
    ensure!(
        directory.has_accounts().await? || !holds_accounts(data).await?,
        "the data folder {} holds accounts with their mail, and the database holds none: set \
         storage.engine = \"embedded\" and storage.bodies = \"segments\" again, or move them from \
         there: facteur store move",
        data.display()
    );
    tracing::warn!(
        "{} is not used: storage.engine is \"postgres\"; accounts that are there alone are not \
         served",
        data.join(INDEX).display()
    );
    Ok(())
}

/// Whether there are accounts in an index in the data folder.
async fn holds_accounts(data: &Path) -> anyhow::Result<bool> {
    let (kv, _log) = opening::embedded(data, segments::SEGMENT_OCTETS)?;
    let there = Directory::new(kv, &Settings::default());
    there.has_accounts().await.with_context(|| {
        let index = data.join(INDEX);
        format!("can't read the index {}", index.display())
    })
}
