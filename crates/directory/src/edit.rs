//! Reading records at one moment, and changing them only if they are still as read.

use std::collections::BTreeMap;
use std::ops::Range;

use address::Domain;
use kv::{Condition, Direction, Operation, Outcome, Partition, Snapshot, Version};

use crate::keys::{DomainKey, Key};
use crate::records::{DomainRecord, Record};
use crate::{Directory, DirectoryError};

/// How often a change is planned anew after others changed the same records. In one
/// process changes take turns, so this counts other processes only.
const ATTEMPTS: usize = 16;
/// How many rows of a listing are read at a time.
const PAGE: usize = 500;

/// The directory as it is at one moment. To be dropped soon ([`kv::Kv::snapshot`]).
pub(crate) struct View(Box<dyn Snapshot>);

/// A record as it was read.
pub(crate) struct Seen<R> {
    pub(crate) record: R,
    version: Version,
}

impl<R> Seen<R> {
    /// Which commit wrote it.
    pub(crate) fn version(&self) -> Version {
        self.version
    }
}

impl View {
    /// All rows.
    pub(crate) fn snapshot(&self) -> &dyn Snapshot {
        &*self.0
    }

    /// What is under a key.
    pub(crate) async fn get<K: Key>(
        &self,
        key: &K,
    ) -> Result<Option<Seen<K::Record>>, DirectoryError> {
        let Some(value) = self.0.get(&key.encode()).await? else {
            return Ok(None);
        };
        Ok(Some(Seen {
            record: K::Record::decode(&value.bytes)?,
            version: value.version,
        }))
    }

    /// The keys and records of a range, in order, at most `limit` of them.
    pub(crate) async fn some<K: Key>(
        &self,
        range: Range<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(K, K::Record)>, DirectoryError> {
        let rows = self.0.scan(range, Direction::Forward, limit).await?;
        rows.into_iter()
            .map(|(key, value)| {
                let key = K::decode(&key).ok_or_else(K::Record::unreadable)?;
                Ok((key, K::Record::decode(&value.bytes)?))
            })
            .collect()
    }

    /// All keys and records of a range, in order.
    pub(crate) async fn all<K: Key>(
        &self,
        mut range: Range<Vec<u8>>,
    ) -> Result<Vec<(K, K::Record)>, DirectoryError> {
        let mut found = Vec::new();
        loop {
            let page = self.some::<K>(range.clone(), PAGE).await?;
            let last = match page.last() {
                Some((key, _)) if page.len() == PAGE => Some(key.encode()),
                _ => None,
            };
            found.extend(page);
            match last {
                Some(last) => range.start = kv::tuple::after_key(&last),
                None => return Ok(found),
            }
        }
    }
}

/// What a change wants committed. Whatever it writes over must be as it was read.
#[derive(Default)]
pub(crate) struct Edit {
    conditions: Vec<Condition>,
    operations: Vec<Operation>,
    /// Addresses that a domain gains or loses.
    counts: BTreeMap<Domain, i64>,
}

impl Edit {
    /// Puts a record where nothing is.
    pub(crate) fn create<K: Key>(
        &mut self,
        key: &K,
        record: &K::Record,
    ) -> Result<(), DirectoryError> {
        self.conditions.push(Condition::Absent(key.encode()));
        self.operations
            .push(Operation::Put(key.encode(), record.encode()?));
        Ok(())
    }

    /// Puts a record in place of the one that was read.
    pub(crate) fn replace<K: Key>(
        &mut self,
        key: &K,
        seen: &Seen<K::Record>,
        record: &K::Record,
    ) -> Result<(), DirectoryError> {
        self.unchanged(key, seen);
        self.operations
            .push(Operation::Put(key.encode(), record.encode()?));
        Ok(())
    }

    /// Removes the record that was read.
    pub(crate) fn remove<K: Key>(&mut self, key: &K, seen: &Seen<K::Record>) {
        self.unchanged(key, seen);
        self.operations.push(Operation::Delete(key.encode()));
    }

    /// Puts a record that another one of the same edit speaks for.
    pub(crate) fn index<K: Key>(
        &mut self,
        key: &K,
        record: &K::Record,
    ) -> Result<(), DirectoryError> {
        self.operations
            .push(Operation::Put(key.encode(), record.encode()?));
        Ok(())
    }

    /// Removes a record that another one of the same edit speaks for.
    pub(crate) fn unindex<K: Key>(&mut self, key: &K) {
        self.operations.push(Operation::Delete(key.encode()));
    }

    /// Says that a domain has one address more (`1`) or less (`-1`).
    pub(crate) fn count(&mut self, domain: &Domain, by: i64) {
        *self.counts.entry(domain.clone()).or_default() += by;
    }

    fn unchanged<K: Key>(&mut self, key: &K, seen: &Seen<K::Record>) {
        self.conditions
            .push(Condition::Version(key.encode(), seen.version));
    }

    /// Writes the numbers of addresses into the domains.
    async fn settle_counts(&mut self, view: &View) -> Result<(), DirectoryError> {
        for (domain, by) in std::mem::take(&mut self.counts) {
            let key = DomainKey(domain);
            let Some(seen) = view.get(&key).await? else {
                return Err(DirectoryError::NoSuchDomain { domain: key.0 });
            };
            let record = DomainRecord {
                added: seen.record.added,
                addresses: seen.record.addresses.saturating_add_signed(by),
                alias_of: seen.record.alias_of.clone(),
            };
            self.replace(&key, &seen, &record)?;
        }
        Ok(())
    }
}

/// A change of the directory, planned from what is there.
pub(crate) trait Change: Send + Sync {
    /// What is told of it once it is durable.
    type Done: Send;

    /// Looks at what is there and says what is to be written, or refuses. It may be
    /// asked again with a later view.
    fn plan(
        &self,
        view: &View,
        edit: &mut Edit,
    ) -> impl Future<Output = Result<Self::Done, DirectoryError>> + Send;
}

impl Directory {
    /// The directory as it is now.
    pub(crate) async fn view(&self) -> Result<View, DirectoryError> {
        Ok(View(self.inner.kv.snapshot(Partition::Directory).await?))
    }

    /// Makes a change. It is durable when this returns.
    pub(crate) async fn make<C: Change>(&self, change: &C) -> Result<C::Done, DirectoryError> {
        let _turn = self.inner.changing.lock().await;
        for _ in 0..ATTEMPTS {
            let mut edit = Edit::default();
            let view = self.view().await?;
            let done = change.plan(&view, &mut edit).await?;
            edit.settle_counts(&view).await?;
            drop(view);
            let commit =
                self.inner
                    .kv
                    .commit(Partition::Directory, edit.conditions, edit.operations);
            if commit.await? == Outcome::Committed {
                return Ok(done);
            }
        }
        Err(DirectoryError::Contended)
    }
}
