//! Where the bodies of messages are that the index refers to: noted beside it, so that
//! settings which lead elsewhere are found out before anybody misses mail.

use crate::edit::{Change, Edit, View};
use crate::keys::{AccountKey, BodiesKey, CustodyKey, Key};
use crate::records::BodiesRecord;
use crate::{Directory, DirectoryError};

impl Directory {
    /// Where the bodies are, as [`Directory::keep_bodies_in`] noted it.
    pub async fn bodies(&self) -> Result<Option<String>, DirectoryError> {
        let seen = self.view().await?.get(&BodiesKey).await?;
        Ok(seen.map(|seen| seen.record.0))
    }

    /// Notes where the bodies are, for good. Where it was noted before it stays, and is
    /// what this gives.
    pub async fn keep_bodies_in(&self, place: &str) -> Result<String, DirectoryError> {
        self.make(&KeepBodies(place.to_owned())).await
    }

    /// Whether there is any account.
    pub async fn has_accounts(&self) -> Result<bool, DirectoryError> {
        let view = self.view().await?;
        let first = view.some::<AccountKey>(AccountKey::all(), 1).await?;
        Ok(!first.is_empty())
    }
}

/// Whether a row of the directory's partition says where the bodies are, or who takes care of
/// them: what is true of one place and not of another that everything is moved to.
pub fn is_of_the_place(key: &[u8]) -> bool {
    BodiesKey::decode(key).is_some() || CustodyKey::decode(key).is_some()
}

struct KeepBodies(String);

impl Change for KeepBodies {
    type Done = String;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<String, DirectoryError> {
        let Some(seen) = view.get(&BodiesKey).await? else {
            edit.create(&BodiesKey, &BodiesRecord(self.0.clone()))?;
            return Ok(self.0.clone());
        };
        edit.replace(&BodiesKey, &seen, &seen.record)?;
        Ok(seen.record.0.clone())
    }
}
