//! Opens the engines that were chosen, and says in words why one can't be.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use blob::s3::Bucket;
use blob::{BlobError, Blobs};
use kv::postgres::{Postgres, Settings};
use kv::sqlite::{Salvaged, Sqlite};
use kv::{Kv, KvError};
use segments::Log;
use tokio::time::timeout;

use super::chosen::{Chosen, Place};

/// Where the index is, in the data folder.
pub(super) const INDEX: &str = "index";
/// Where the bodies of messages are, in the data folder.
pub(super) const BODIES: &str = "bodies";
/// How long the database, or the bucket, may take in all to be opened.
const PATIENCE: Duration = Duration::from_secs(60);

/// The engines of a service.
pub(super) struct Engines {
    pub(super) kv: Arc<dyn Kv>,
    pub(super) blobs: Blobs,
    /// The index once more, and its log, where they are in the data folder.
    pub(super) own: Option<(Arc<Sqlite>, Log)>,
    /// The bucket once more, where bodies are in one.
    pub(super) bucket: Option<Bucket>,
    /// The index once more, where other nodes must be told of what is changed here.
    pub(super) shared: Option<Arc<Postgres>>,
}

/// Opens what was chosen.
pub(super) async fn open(data: &Path, chosen: &Chosen) -> anyhow::Result<Engines> {
    match &chosen.place {
        Place::Folder => {
            let (index, log) = embedded(data, chosen.care.file_bytes)?;
            // Bodies and index share the log: one sync makes a message and its record durable.
            let blobs = Blobs::on(log.clone())?;
            Ok(Engines {
                kv: index.clone(),
                blobs,
                own: Some((index, log)),
                bucket: None,
                shared: None,
            })
        }
        // What the bucket has acknowledged is durable before its record is.
        Place::FolderAndBucket(settings) => {
            let (index, log) = embedded(data, chosen.care.file_bytes)?;
            let bucket = bucket(settings).await?;
            Ok(Engines {
                kv: index.clone(),
                blobs: Blobs::in_bucket(bucket.clone()),
                own: Some((index, log)),
                bucket: Some(bucket),
                shared: None,
            })
        }
        Place::Shared(settings, bodies) => {
            let shared = Arc::new(database(settings).await?);
            let bucket = bucket(bodies).await?;
            Ok(Engines {
                kv: shared.clone(),
                blobs: Blobs::in_bucket(bucket.clone()),
                own: None,
                bucket: Some(bucket),
                shared: Some(shared),
            })
        }
    }
}

/// The index in the data folder, and the log that it follows.
pub(super) fn embedded(data: &Path, file_octets: u64) -> anyhow::Result<(Arc<Sqlite>, Log)> {
    // The log first: to open it changes nothing, so that a folder of a newer version is
    // refused as it is.
    let bodies = data.join(BODIES);
    let log = Log::open_sized(&bodies, file_octets)
        .with_context(|| format!("can't open the messages {}", bodies.display()))?;
    let index = data.join(INDEX);
    let opened = Sqlite::on(&index, log.clone()).map_err(|error| {
        let is_damage = matches!(error, KvError::Damaged(_) | KvError::Broken(_));
        let about = format!("can't open the index {}", index.display());
        let error = anyhow!(error).context(about);
        if !is_damage {
            return error;
        }
        let data = data.display();
        error.context(format!(
            "to make the index again from the files of the messages:  \
             facteur --data {data} store salvage"
        ))
    });
    Ok((Arc::new(opened?), log))
}

/// Makes the index of a data folder again from the log alone.
pub(super) fn salvage(data: &Path) -> anyhow::Result<Salvaged> {
    let bodies = data.join(BODIES);
    ensure!(
        bodies.is_dir(),
        "there are no messages in {}; name the data folder: facteur --data DIR",
        data.display()
    );
    let log = Log::open(&bodies)
        .with_context(|| format!("can't open the messages {}", bodies.display()))?;
    let index = data.join(INDEX);
    kv::sqlite::salvage(&index, &log)
        .with_context(|| format!("can't make the index {}", index.display()))
}

async fn database(settings: &Settings) -> anyhow::Result<Postgres> {
    let opened = timeout(PATIENCE, Postgres::open(settings.clone())).await;
    let silent = |_| KvError::Away(format!("no answer in {} seconds", PATIENCE.as_secs()));
    let error = match opened.map_err(silent) {
        Ok(Ok(database)) => return Ok(database),
        Ok(Err(error)) | Err(error) => error,
    };
    let remedy = match &error {
        KvError::Away(_) => "is it running, and does storage.postgres.url lead to it?",
        KvError::Refused(_) => {
            "look at storage.postgres.url for user and database, and at the password in \
             storage.postgres.password_file; the user needs the right to make tables once"
        }
        KvError::NewerDatabase { .. } => "another node may have been renewed before this one",
        _ => "look at storage.postgres",
    };
    Err(anyhow!("{error}; {remedy}").context("can't open the index in the database"))
}

async fn bucket(settings: &blob::s3::Settings) -> anyhow::Result<Bucket> {
    let opened = timeout(PATIENCE, Bucket::open(settings)).await;
    let silent = |_| BlobError::Away(format!("no answer in {} seconds", PATIENCE.as_secs()));
    let error = match opened.map_err(silent) {
        Ok(Ok(bucket)) => return Ok(bucket),
        Ok(Err(error)) | Err(error) => error,
    };
    let remedy = match &error {
        BlobError::Away(_) => "is it running, and does storage.s3.endpoint lead to it?",
        BlobError::Refused(_) => {
            "look at storage.s3.access_key and the secret in storage.s3.secret_key_file; the key \
             needs the rights to list, get, put and delete there"
        }
        BlobError::NoBucket(_) => "make it, or name another in storage.s3.bucket",
        BlobError::NewerFormat { .. } => "another node may have been renewed before this one",
        _ => "look at storage.s3",
    };
    let place = settings.place();
    Err(anyhow!("{error}; {remedy}").context(format!("can't open the messages in {place}")))
}
