//! What there is in the bucket, in numbers.

use blob::s3::{Bucket, Folders, Found, Object};
use serde::{Deserialize, Serialize};

use super::Collector;
use crate::{CareError, Progress, Step};

/// Of what is not ours in the bucket, so many are named.
const FOREIGN_NAMED: usize = 20;

/// What there is in the bucket, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Contents {
    /// Accounts that something is kept of.
    pub accounts: u64,
    /// Objects: bodies, and packs of them.
    pub objects: u64,
    /// Octets of them.
    pub octets: u64,
    /// Objects of which no record names anything, or not yet.
    pub needless: u64,
    /// Octets of them.
    pub needless_octets: u64,
    /// Octets of other bodies that no record names, or not yet: those in packs of which others
    /// are named. Where there are very many it is an estimate.
    pub needless_in_packs: u64,
    /// What is not ours.
    pub foreign: Foreign,
}

/// What is in the bucket, under our prefix, and is not ours. It is never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Foreign {
    /// How much there is; a folder counts as one.
    pub count: u64,
    /// The names of the first.
    pub names: Vec<String>,
}

impl Foreign {
    fn add(&mut self, name: String) {
        self.count += 1;
        if self.names.len() < FOREIGN_NAMED {
            self.names.push(name);
        }
    }
}

impl Collector {
    /// What there is in the bucket, in numbers.
    ///
    /// # Errors
    /// As [`Collector::pass`].
    pub async fn contents(&self, progress: Progress<'_>) -> Result<Contents, CareError> {
        self.belong_together().await?;
        let named = self.named(0, progress).await?;
        let mut contents = Contents {
            accounts: named.accounts,
            ..Contents::default()
        };
        let mut walk = Walk::begin(&self.kept.bucket).await?;
        while let Some(object) = walk.next(progress).await? {
            contents.objects += 1;
            contents.octets += object.octets;
            if !named.objects.may_have(object.name) {
                contents.needless += 1;
                contents.needless_octets += object.octets;
            } else if let Some(needed) = named.packed.needed(object.name) {
                let needless = object.octets.saturating_sub(needed.octets);
                contents.needless_in_packs += needless * named.packed.passes();
            }
        }
        contents.foreign = walk.foreign;
        Ok(contents)
    }
}

/// All bodies of a bucket, one after another.
pub(super) struct Walk<'a> {
    bucket: &'a Bucket,
    folders: std::vec::IntoIter<blob::s3::Folder>,
    listing: Option<blob::s3::Listing>,
    all: u64,
    bodies: u64,
    pub(super) foreign: Foreign,
}

impl Walk<'_> {
    pub(super) async fn begin(bucket: &Bucket) -> Result<Walk<'_>, CareError> {
        let Folders { bodies, foreign } = bucket.folders().await?;
        let mut walk = Walk {
            bucket,
            all: bodies.len() as u64,
            folders: bodies.into_iter(),
            listing: None,
            bodies: 0,
            foreign: Foreign::default(),
        };
        foreign.into_iter().for_each(|name| walk.foreign.add(name));
        Ok(walk)
    }

    pub(super) async fn next(
        &mut self,
        progress: Progress<'_>,
    ) -> Result<Option<Object>, CareError> {
        loop {
            let Some(listing) = &mut self.listing else {
                let Some(folder) = self.folders.next() else {
                    return Ok(None);
                };
                let (all, bodies) = (self.all, self.bodies);
                let done = all - self.folders.len() as u64 - 1;
                progress(Step::Listing { done, all, bodies });
                self.listing = Some(self.bucket.objects(folder));
                continue;
            };
            match listing.next().await? {
                Some(Found::Body(object)) => {
                    self.bodies += 1;
                    return Ok(Some(object));
                }
                Some(Found::Foreign(name)) => self.foreign.add(name),
                None => self.listing = None,
            }
        }
    }
}
