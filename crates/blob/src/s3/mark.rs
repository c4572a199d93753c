//! What a bucket notes of the index that refers to its bodies.
//!
//! Whoever takes away what no record names reads the records of one index. If that were
//! another than the one whose bodies these are, all of them would seem needless; if it were
//! that one as it was some days ago, those that came since. So the bucket notes the name of
//! its index, and the last turn of taking care that it has seen (`directory::Custody`).

use std::time::SystemTime;

use object_store::{Error, ObjectStoreExt, PutPayload};

use super::bucket::{Bucket, meaning};
use crate::BlobError;

/// The object that says it.
pub(super) const MARK_NAME: &str = "INDEX";
/// What stands in its first line. A newer format has another number.
const FIRST_LINE: &str = "facteur-index 1";

/// What a bucket notes of its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name of the index.
    pub index: u128,
    /// The last turn of taking care that the bucket has seen.
    pub turn: u64,
}

impl Mark {
    fn parse(text: &str) -> Option<Mark> {
        let mut lines = text.lines();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let (index, turn) = lines.next()?.split_once(' ')?;
        Some(Mark {
            index: u128::from_str_radix(index, 16).ok()?,
            turn: turn.parse().ok()?,
        })
    }

    fn text(self) -> PutPayload {
        let Mark { index, turn } = self;
        let text = format!("{FIRST_LINE}\n{index:032x} {turn}\n");
        text.into_bytes().into()
    }
}

impl Bucket {
    /// What is noted of the index; none before [`Bucket::claim`].
    ///
    /// # Errors
    /// [`BlobError::Broken`] when it can't be read, [`BlobError::Away`].
    pub async fn mark(&self) -> Result<Option<Mark>, BlobError> {
        let octets = match self.get(&self.beside(MARK_NAME)).await {
            Ok(octets) => octets,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(meaning(&error)),
        };
        let text = String::from_utf8_lossy(&octets);
        let odd = || BlobError::Broken(format!("{}'s {MARK_NAME} says {text:?}", self.place()));
        Mark::parse(&text).map(Some).ok_or_else(odd)
    }

    /// Notes that the bodies are those of this index, unless they are known to be those of
    /// one already. Gives what is noted then. Of two that do this in the same moment, a service
    /// that heeds no conditions (garage) may tell each that it was the first; one of them is
    /// refused when it reads the mark again, before anything is taken away.
    ///
    /// # Errors
    /// As [`Bucket::mark`].
    pub async fn claim(&self, index: u128) -> Result<Mark, BlobError> {
        if let Some(mark) = self.mark().await? {
            return Ok(mark);
        }
        let mark = Mark { index, turn: 0 };
        self.create(&self.beside(MARK_NAME), mark.text()).await?;
        // Another index may have been sooner by a moment.
        Ok(self.mark().await?.unwrap_or(mark))
    }

    /// Notes a turn, and gives the time of the bucket's own clock.
    ///
    /// # Errors
    /// [`BlobError::Away`] when the bucket can't be reached.
    pub async fn note(&self, mark: Mark) -> Result<SystemTime, BlobError> {
        let path = self.beside(MARK_NAME);
        let put = self
            .places()
            .ask(|store| store.put(&path, mark.text()))
            .await;
        put.map_err(|error| meaning(&error))?;
        let found = self.places().ask(|store| store.head(&path)).await;
        Ok(found.map_err(|error| meaning(&error))?.last_modified.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_is_read_as_one() {
        for mark in [
            Mark { index: 0, turn: 0 },
            Mark {
                index: u128::MAX,
                turn: u64::MAX,
            },
        ] {
            let octets: Vec<u8> = mark.text().iter().flat_map(|part| part.to_vec()).collect();
            let text = String::from_utf8(octets).unwrap();
            assert_eq!(Mark::parse(&text), Some(mark));
        }
        for odd in [
            "",
            "facteur-index 2\n0 0\n",
            "facteur-index 1\n",
            "facteur-index 1\nx 0\n",
            "facteur-index 1\n0\n",
        ] {
            assert_eq!(Mark::parse(odd), None, "{odd:?}");
        }
    }
}
