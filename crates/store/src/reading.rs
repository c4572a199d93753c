//! Reading an account at one moment.

use std::ops::Range;

use kv::damage::{PastDamage, Rest};
use kv::{Direction, Row, Snapshot, Version};

use crate::keys;
use crate::values::{KeywordsValue, Stored, SummaryValue};
use crate::{MailboxId, Result, StoreError};

/// Rows that a long scan takes at once. Between two pages other tasks have their turn.
pub(crate) const SCAN_ROWS: usize = 1000;

/// The partition of an account as it was at a moment.
pub(crate) struct Reading(Box<dyn Snapshot>);

impl Reading {
    pub(crate) fn new(snapshot: Box<dyn Snapshot>) -> Reading {
        Reading(snapshot)
    }

    /// What is under a key.
    pub(crate) async fn get<T: Stored>(&self, key: &[u8]) -> Result<Option<(T, Version)>> {
        match self.0.get(key).await? {
            Some(value) => Ok(Some((T::read(&value.bytes)?, value.version))),
            None => Ok(None),
        }
    }

    /// The last row of a range.
    pub(crate) async fn last_row(&self, range: Range<Vec<u8>>) -> Result<Option<Row>> {
        let mut rows = self.0.scan(range, Direction::Backward, 1).await?;
        Ok(rows.pop())
    }

    /// At most `limit` rows of a range, in order.
    pub(crate) async fn rows(&self, range: Range<Vec<u8>>, limit: usize) -> Result<Vec<Row>> {
        Ok(self.0.scan(range, Direction::Forward, limit).await?)
    }

    /// All rows of a range, one page a time.
    pub(crate) fn scan(&self, range: Range<Vec<u8>>) -> Scan<'_> {
        Scan {
            reading: self,
            rest: Some(range),
        }
    }

    /// All rows of a range, also those behind one that is damaged.
    pub(crate) fn past_damage(&self, range: Range<Vec<u8>>, limit: usize) -> PastDamage<'_> {
        self.resume(Rest::all(range), limit)
    }

    /// The same of what is left of a range.
    pub(crate) fn resume(&self, rest: Rest, limit: usize) -> PastDamage<'_> {
        PastDamage::resume(&*self.0, rest, limit)
    }

    /// A mailbox in numbers, or [`StoreError::Gone`].
    pub(crate) async fn summary(&self, mailbox: MailboxId) -> Result<SummaryValue> {
        let found = self.get(&keys::summary(mailbox)).await?;
        found.map(|(summary, _)| summary).ok_or(StoreError::Gone)
    }

    /// The keywords that messages of a mailbox have or had.
    pub(crate) async fn keywords(&self, mailbox: MailboxId) -> Result<KeywordsValue> {
        let found = self.get(&keys::keywords(mailbox)).await?;
        Ok(found.map(|(keywords, _)| keywords).unwrap_or_default())
    }
}

/// A long scan.
pub(crate) struct Scan<'a> {
    reading: &'a Reading,
    /// None once all was read.
    rest: Option<Range<Vec<u8>>>,
}

impl Scan<'_> {
    /// The next rows; none at the end.
    pub(crate) async fn page(&mut self) -> Result<Option<Vec<Row>>> {
        let Some(range) = self.rest.take() else {
            return Ok(None);
        };
        let end = range.end.clone();
        let rows = self.reading.rows(range, SCAN_ROWS).await?;
        if let Some((last, _)) = rows.last()
            && rows.len() == SCAN_ROWS
        {
            self.rest = Some(kv::tuple::after_key(last)..end);
            // The engine reads on this thread and never waits.
            tokio::task::yield_now().await;
        }
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }
}

/// The key of a row, decoded.
pub(crate) fn key<T>(row: &Row, decode: fn(&[u8]) -> Option<T>) -> Result<T> {
    decode(&row.0).ok_or_else(|| StoreError::Damaged(format!("a key: {:02x?}", row.0)))
}
