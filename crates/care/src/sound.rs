//! Whether the files of a data folder are as they were written. What is in them, `store` and
//! `queue` check.

use kv::KvError;

use crate::needed::blocking;
use crate::{Care, CareError};

impl Care {
    /// What is wrong with the index as its engine sees it, and where the log has places that
    /// can't be read, in words for the operator. Bodies are not read.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn damages(&self) -> Result<Vec<String>, CareError> {
        let (index, log) = (self.rooms.index.clone(), self.rooms.log.clone());
        blocking(move || {
            let mut found = Vec::new();
            match index.check() {
                Ok(()) => {}
                Err(KvError::Damaged(what)) => found.push(format!(
                    "{what}; stop the service, and make the index again: facteur store salvage"
                )),
                Err(error) => return Err(error.into()),
            }
            for (segment, _) in log.segments()? {
                let damaged = log.survey(segment)?.damaged.into_iter();
                found.extend(damaged.map(|place| format!("the file {place} can't be read")));
            }
            Ok(found)
        })
        .await
    }
}
