//! What there is in a bucket, and taking away many bodies at once: for whoever knows which
//! of them are needed.

use std::fmt;
use std::time::SystemTime;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::{ObjectMeta, ObjectStore};

use super::bucket::{Bucket, FORMAT_NAME, meaning};
use super::mark::MARK_NAME;
use super::name::ObjectName;
use crate::BlobError;

/// Names of packs begin with this octet or a later one, those of other bodies further on.
const FIRST_FOLDER: u8 = 0x40;

/// A folder of bodies: those whose names begin with this octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Folder(u8);

/// What there is right under the prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    /// The folders in which bodies may be, ascending.
    pub bodies: Vec<Folder>,
    /// What is not ours: names of objects, and of folders with a slash at their end. It is
    /// never touched, nor looked into.
    pub foreign: Vec<String>,
}

/// Something in a folder of bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A body, or a pack of them.
    Body(Object),
    /// An object that is not ours, by its name. It is never touched.
    Foreign(String),
}

/// An object that is a body, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub name: ObjectName,
    /// Its octets.
    pub octets: u64,
    /// When it was made, by the bucket's own clock. Some say of what came in parts when the
    /// first one was begun.
    pub modified: SystemTime,
}

/// The objects of a folder, as they are asked for: about a thousand of them are in memory.
pub struct Listing {
    bucket: Bucket,
    objects: BoxStream<'static, object_store::Result<ObjectMeta>>,
}

impl Bucket {
    /// What there is right under the prefix. What is not ours is held in memory all at once:
    /// a bucket that others use too is one with a prefix.
    ///
    /// # Errors
    /// [`BlobError::Away`] when the bucket can't be reached.
    pub async fn folders(&self) -> Result<Folders, BlobError> {
        let prefix = self.prefix();
        let listed = self
            .places()
            .ask(|store| store.list_with_delimiter(Some(prefix)));
        let listed = listed.await;
        let listed = listed.map_err(|error| meaning(&error))?;
        let mut folders = Folders::default();
        for path in &listed.common_prefixes {
            let name = path.filename().unwrap_or_default();
            match Folder::of(name) {
                Some(folder) => folders.bodies.push(folder),
                None => folders.foreign.push(format!("{name}/")),
            }
        }
        for object in &listed.objects {
            let name = object.location.filename().unwrap_or_default();
            if ![FORMAT_NAME, MARK_NAME].contains(&name) {
                folders.foreign.push(name.to_owned());
            }
        }
        folders.bodies.sort_unstable();
        Ok(folders)
    }

    /// The objects of a folder.
    pub fn objects(&self, folder: Folder) -> Listing {
        let path = self.prefix().clone().join(folder.to_string());
        Listing {
            objects: self.places().current().list(Some(&path)),
            bucket: self.clone(),
        }
    }

    /// Removes objects, many with each request. One that is not there is removed already.
    ///
    /// # Errors
    /// The first trouble. Some of them may be gone then, and some not.
    pub async fn delete_all(&self, names: &[ObjectName]) -> Result<(), BlobError> {
        let paths: Vec<_> = names.iter().map(|name| self.path(*name)).collect();
        let delete = |store: &AmazonS3| {
            let deleted = store.delete_stream(stream::iter(paths.clone()).map(Ok).boxed());
            deleted.try_for_each(|_| std::future::ready(Ok(())))
        };
        let deleted = self.places().ask(delete).await;
        deleted.map_err(|error| meaning(&error))
    }
}

impl Listing {
    /// The next object; none after the last.
    ///
    /// # Errors
    /// [`BlobError::Away`] when the bucket can't be reached: there may be more.
    pub async fn next(&mut self) -> Result<Option<Found>, BlobError> {
        let Some(object) = self.objects.next().await else {
            return Ok(None);
        };
        let object = object.map_err(|error| meaning(&error))?;
        Ok(Some(self.bucket.found(&object)))
    }
}

impl Bucket {
    fn found(&self, object: &ObjectMeta) -> Found {
        let place = &object.location;
        let name = place.filename().and_then(ObjectName::parse);
        // A name in another folder, or further down, is nothing that we made.
        match name.filter(|name| self.path(*name) == *place) {
            Some(name) => Found::Body(Object {
                name,
                octets: object.size,
                modified: object.last_modified.into(),
            }),
            None => Found::Foreign(self.within(place)),
        }
    }
}

impl Folder {
    /// The folder of this name, if it is one of ours.
    fn of(name: &str) -> Option<Folder> {
        let octet = u8::from_str_radix(name, 16).ok()?;
        let folder = Folder(octet);
        (octet >= FIRST_FOLDER && folder.to_string() == name).then_some(folder)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing")
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_bodies_are_ours() {
        for octet in 0..=u8::MAX {
            let ours = Folder::of(&format!("{octet:02x}"));
            assert_eq!(ours, (octet >= 0x40).then_some(Folder(octet)));
        }
        for odd in ["", "8", "8F", "+8f", "08f", "8fa", "zz", "INDEX"] {
            assert_eq!(Folder::of(odd), None, "{odd:?}");
        }
    }
}
