//! What the settings of storage come to, with the files read that they name: all that is
//! needed to open the rooms, by whatever user.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use address::Password;
use anyhow::{Context, ensure};
use blob::s3::Settings as Bucket;
use kv::postgres::{self, Settings as Postgres};

use crate::config::{Bodies, Care, Database, Engine, Notices, S3, Secret, Storage};

/// Octets that are read of a file with a secret, which is one line.
const SECRET_OCTETS: u64 = 4 * 1024;
/// Octets that are read of a file with certificates: all authorities of a system take less.
const AUTHORITY_OCTETS: u64 = 1024 * 1024;

/// Which engines keep the index and the bodies, and how they are reached.
pub(crate) enum Place {
    /// Both in the data folder.
    Folder,
    /// The index in the data folder, the bodies in a bucket.
    FolderAndBucket(Box<Bucket>),
    /// Neither in the data folder: other nodes have them too.
    Shared(Box<Postgres>, Box<Bucket>),
}

/// What was chosen.
pub(crate) struct Chosen {
    pub(crate) place: Place,
    /// How what is in the data folder is cared for.
    pub(super) care: Care,
    concerns: Vec<String>,
}

impl Chosen {
    /// All in the data folder.
    pub(crate) fn embedded() -> Chosen {
        Chosen {
            place: Place::Folder,
            care: Care::default(),
            concerns: Vec::new(),
        }
    }

    /// What these settings say, relative paths beginning in the data folder. Nobody is
    /// asked whether it is there.
    pub(crate) fn of(storage: &Storage, data: &Path) -> anyhow::Result<Chosen> {
        let s3 = || Ok::<_, anyhow::Error>(Box::new(bucket(&storage.s3, data)?));
        let place = match (storage.engine, storage.bodies) {
            (Engine::Embedded, Bodies::Segments) => Place::Folder,
            (Engine::Embedded, Bodies::S3) => Place::FolderAndBucket(s3()?),
            (Engine::Postgres, _) => {
                Place::Shared(Box::new(database(&storage.postgres, data)?), s3()?)
            }
        };
        let mut concerns = storage.idle();
        concerns.extend(place.concerns());
        Ok(Chosen {
            place,
            care: Care::default(),
            concerns,
        })
    }

    /// The same with other settings of care.
    pub(crate) fn with_care(self, care: &Care) -> Chosen {
        let care = care.clone();
        Chosen { care, ..self }
    }

    /// What an operator should know of the choice, though it works.
    pub(crate) fn concerns(&self) -> &[String] {
        &self.concerns
    }
}

impl Place {
    /// The bucket that holds the bodies, if one does.
    pub(super) fn bucket(&self) -> Option<&Bucket> {
        match self {
            Self::Folder => None,
            Self::FolderAndBucket(bucket) | Self::Shared(_, bucket) => Some(bucket),
        }
    }

    fn concerns(&self) -> Vec<String> {
        let mut concerns = Vec::new();
        if let Self::Shared(database, _) = self
            && database.is_in_the_clear()
        {
            concerns.push(
                "storage.postgres.url: the database is on another machine and spoken to in the \
                 clear; name storage.postgres.authority, and take sslmode=disable away"
                    .to_owned(),
            );
        }
        if self.bucket().is_some_and(Bucket::is_in_the_clear) {
            concerns.push(
                "storage.s3.endpoint: the bucket is on another machine and spoken to in the \
                 clear; use https://"
                    .to_owned(),
            );
        }
        concerns
    }
}

fn database(settings: &Database, data: &Path) -> anyhow::Result<Postgres> {
    let url = settings.url.as_deref().unwrap_or_default();
    let authority =
        authority(settings.authority.as_deref(), data).context("storage.postgres.authority")?;
    let database = Postgres::new(url, authority.as_deref()).context("storage.postgres")?;
    let password = secret(
        settings.password.as_ref(),
        settings.password_file.as_deref(),
        data,
    )
    .context("storage.postgres.password_file")?;
    let database = match &password {
        Some(password) => database.password(password),
        None => database,
    };
    Ok(database.notices(match settings.notices {
        Notices::Told => postgres::Notices::Told,
        Notices::Asked => postgres::Notices::Asked,
    }))
}

fn bucket(settings: &S3, data: &Path) -> anyhow::Result<Bucket> {
    let file = settings.secret_key_file.as_deref();
    let secret = secret(settings.secret_key.as_ref(), file, data)
        .context("storage.s3.secret_key_file")?
        .context("storage.s3.secret_key_file: no secret is named")?;
    let mut bucket = Bucket::new(
        settings.endpoint.as_deref().unwrap_or_default(),
        settings.bucket.as_deref().unwrap_or_default(),
        settings.access_key.as_deref().unwrap_or_default(),
        secret,
    );
    bucket.region.clone_from(&settings.region);
    bucket.prefix.clone_from(&settings.prefix);
    bucket.in_the_clear = settings.in_the_clear;
    bucket.root = authority(settings.authority.as_deref(), data).context("storage.s3.authority")?;
    bucket.check().context("storage.s3")?;
    Ok(bucket)
}

/// A secret that is in the settings, or in the first line of a file.
pub(crate) fn secret(
    clear: Option<&Secret>,
    file: Option<&Path>,
    data: &Path,
) -> anyhow::Result<Option<Password>> {
    let Some(file) = file else {
        return Ok(clear.map(|secret| secret.0.clone()));
    };
    let path = data.join(file);
    let mut octets = Password::new(read(&path, SECRET_OCTETS)?);
    if let Some(end) = octets.expose().iter().position(|octet| *octet == b'\n') {
        let line = octets.expose().get(..end).unwrap_or_default();
        octets = Password::new(line.strip_suffix(b"\r").unwrap_or(line));
    }
    ensure!(
        !octets.expose().is_empty(),
        "the first line of {} is empty",
        path.display()
    );
    Ok(Some(octets))
}

fn authority(file: Option<&Path>, data: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    file.map(|file| read(&data.join(file), AUTHORITY_OCTETS))
        .transpose()
}

fn read(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let about = || format!("can't read {}", path.display());
    let mut octets = Vec::new();
    let file = File::open(path).with_context(about)?;
    file.take(most + 1)
        .read_to_end(&mut octets)
        .with_context(about)?;
    ensure!(
        octets.len() as u64 <= most,
        "{} is too long: at most {most} octets are read",
        path.display()
    );
    Ok(octets)
}

#[cfg(test)]
mod tests;
