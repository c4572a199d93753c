//! The door to a bucket.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use tokio::time::{Instant, sleep};

use super::name::ObjectName;
use super::packer::Packer;
use super::places::{PAUSE, Places};
use super::settings::Settings;
use crate::{BlobError, BodyRef};

/// The object that says what wrote the others.
pub(super) const FORMAT_NAME: &str = "FORMAT";
/// What stands in it before the number.
const FORMAT_WORD: &str = "facteur-bodies-s3";
/// The format that is written, and the newest that is read.
///
/// 1: one object for each body, as it is.
/// 2: or for many small ones, each in a frame.
const FORMAT: u32 = 2;

/// A bucket with bodies. A clone is another handle on the same.
#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    places: Places,
    packer: Packer,
    prefix: Path,
    /// For people.
    place: String,
}

impl Bucket {
    /// Opens the bodies in this bucket, and writes the format there if nothing is.
    ///
    /// # Errors
    /// [`BlobError::NewerFormat`] when a newer program wrote them, [`BlobError::Away`]
    /// when the bucket can't be reached, [`BlobError::Refused`] when it lets nobody in by
    /// these keys, [`BlobError::NoBucket`] when it is not there, [`BlobError::Unusable`]
    /// for settings that can't be used.
    pub async fn open(settings: &Settings) -> Result<Bucket, BlobError> {
        let unusable = |error: super::SettingsError| BlobError::Unusable(error.to_string());
        let bucket = Bucket(Arc::new(Inner {
            places: Places::of(settings).map_err(unusable)?,
            packer: Packer::default(),
            prefix: settings.prefix().map_err(unusable)?,
            place: settings.place(),
        }));
        bucket.ensure_format().await?;
        Ok(bucket)
    }

    /// The object that a body is, or is in.
    pub(super) fn name(&self, body: &BodyRef) -> Result<ObjectName, BlobError> {
        let missing = || BlobError::Damaged(format!("{body:?} is not in {}", self.0.place));
        body.object().ok_or_else(missing)
    }

    /// Where small bodies come together.
    pub(super) fn packer(&self) -> &Packer {
        &self.0.packer
    }

    /// Where to ask.
    pub(super) fn places(&self) -> &Places {
        &self.0.places
    }

    /// All octets of an object.
    pub(super) async fn get(&self, path: &Path) -> Result<Bytes, Error> {
        let get = |store: &AmazonS3| {
            let store = store.clone();
            async move { store.get(path).await?.bytes().await }
        };
        self.places().ask(get).await
    }

    /// The bucket, for people: `s3://BUCKET/PREFIX`.
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// What all names begin with.
    pub(super) fn prefix(&self) -> &Path {
        &self.0.prefix
    }

    /// The object of this name beside the folders of bodies.
    pub(super) fn beside(&self, name: &str) -> Path {
        self.0.prefix.clone().join(name)
    }

    /// The name of an object without what all names begin with.
    pub(super) fn within(&self, path: &Path) -> String {
        let parts = path.prefix_match(&self.0.prefix).into_iter().flatten();
        let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
        parts.join("/")
    }

    pub(super) fn path(&self, name: ObjectName) -> Path {
        let name = name.to_string();
        // So that the bucket can spread them, and a person list them bit by bit.
        let folder = name.get(..2).unwrap_or_default().to_owned();
        self.0.prefix.clone().join(folder).join(name)
    }

    /// Puts an object that is not there. A bucket that is not there was when this was
    /// opened: that is waited for too.
    pub(super) async fn create(&self, path: &Path, octets: PutPayload) -> Result<(), BlobError> {
        let begun = Instant::now();
        loop {
            match self.create_at_once(path, octets.clone()).await {
                Err(BlobError::NoBucket(_)) if begun.elapsed() < self.places().patience() => {
                    sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn create_at_once(&self, path: &Path, octets: PutPayload) -> Result<(), BlobError> {
        let length = octets.content_length() as u64;
        let put = |store: &AmazonS3| {
            let (store, octets) = (store.clone(), octets.clone());
            async move { store.put_opts(path, octets, PutMode::Create.into()).await }
        };
        match self.places().ask(put).await {
            Ok(_) => Ok(()),
            // Nobody else draws that name: an attempt whose answer was lost made it.
            Err(Error::AlreadyExists { .. }) => self.confirm(path, length).await,
            // What is put is not there only where nothing can be put.
            Err(Error::NotFound { .. }) => Err(BlobError::NoBucket(self.0.place.clone())),
            Err(error) => Err(meaning(&error)),
        }
    }

    /// Sees to it that an object is there and has that length.
    pub(super) async fn confirm(&self, path: &Path, length: u64) -> Result<(), BlobError> {
        let found = self.places().ask(|store| store.head(path)).await;
        let found = found.map_err(|error| meaning(&error))?;
        if found.size != length {
            return Err(BlobError::Broken(format!("{path} is there already")));
        }
        Ok(())
    }

    async fn ensure_format(&self) -> Result<(), BlobError> {
        let path = self.beside(FORMAT_NAME);
        match self.get(&path).await {
            Ok(found) => match self.format_in(&String::from_utf8_lossy(&found))? {
                FORMAT => Ok(()),
                _ => {
                    let raised = self.places().ask(|store| store.put(&path, format_text()));
                    let raised = raised.await;
                    raised.map(drop).map_err(|error| meaning(&error))
                }
            },
            Err(Error::NotFound { .. }) => self.create_at_once(&path, format_text()).await,
            Err(error) => Err(meaning(&error)),
        }
    }

    /// The format that this text names.
    fn format_in(&self, text: &str) -> Result<u32, BlobError> {
        let number = text
            .trim_end()
            .strip_prefix(FORMAT_WORD)
            .map(str::trim_start);
        match number.and_then(|number| number.parse::<u32>().ok()) {
            Some(found @ 1..=FORMAT) => Ok(found),
            Some(found) if found > FORMAT => Err(BlobError::NewerFormat {
                path: PathBuf::from(&self.0.place),
                found,
                known: FORMAT,
            }),
            _ => Err(BlobError::Broken(format!(
                "{} holds no bodies: its {FORMAT_NAME} says {text:?}",
                self.0.place
            ))),
        }
    }
}

/// What says the format.
fn format_text() -> PutPayload {
    format!("{FORMAT_WORD} {FORMAT}\n").into_bytes().into()
}

/// What an error of the bucket means to us.
pub(super) fn meaning(error: &Error) -> BlobError {
    match error {
        Error::NotFound { path, .. } => BlobError::Damaged(format!("{path} is not there")),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            BlobError::Refused(error.to_string())
        }
        Error::NotImplemented { .. } | Error::NotSupported { .. } | Error::InvalidPath { .. } => {
            BlobError::Broken(error.to_string())
        }
        _ => BlobError::Away(error.to_string()),
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({})", self.0.place)
    }
}
