//! What a change reads when it is known beforehand what that is, as of a delivery.
//!
//! Some keys, of one moment, are read without a snapshot ([`Kv::values`]). Should the change
//! need more all the same, that is of a later moment. No harm comes of it: what was read first
//! and may change, a commit has as its condition. So if it happens, that was still the same
//! when the rest was read.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kv::{Direction, Kv, KvError, Partition, Row, Snapshot, Value};
use tokio::sync::OnceCell;

/// Some keys of a partition, and the others as they are later.
pub(crate) struct Glimpse {
    known: HashMap<Vec<u8>, Option<Value>>,
    kv: Arc<dyn Kv>,
    partition: Partition,
    later: OnceCell<Box<dyn Snapshot>>,
}

impl Glimpse {
    /// Reads these keys.
    pub(crate) async fn of(
        kv: Arc<dyn Kv>,
        partition: Partition,
        keys: Vec<Vec<u8>>,
    ) -> Result<Glimpse, KvError> {
        let values = kv.values(partition, keys.clone()).await?;
        Ok(Glimpse {
            known: keys.into_iter().zip(values).collect(),
            kv,
            partition,
            later: OnceCell::new(),
        })
    }

    async fn later(&self) -> Result<&dyn Snapshot, KvError> {
        let snapshot = || self.kv.snapshot(self.partition);
        let later = self.later.get_or_try_init(snapshot).await?;
        Ok(&**later)
    }
}

impl Snapshot for Glimpse {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
        async move {
            match self.known.get(key) {
                Some(known) => Ok(known.clone()),
                None => self.later().await?.get(key).await,
            }
        }
        .boxed()
    }

    fn scan<'a>(
        &'a self,
        range: Range<Vec<u8>>,
        direction: Direction,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
        async move { self.later().await?.scan(range, direction, limit).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use address::AccountId;
    use kv::memory::Memory;
    use kv::{Condition, Operation, Outcome};

    use super::*;

    const PARTITION: Partition = Partition::Account(AccountId(1));

    /// What is read later may be of a later moment; a commit on what was read first is then a
    /// conflict.
    #[tokio::test]
    async fn what_changes_in_between_is_a_conflict() {
        let kv: Arc<dyn Kv> = Arc::new(Memory::default());
        let put = |key: &[u8], value: &[u8]| Operation::Put(key.to_vec(), value.to_vec());
        let write = |operations| kv.commit(PARTITION, Vec::new(), operations);
        let first = vec![put(b"guard", b"1"), put(b"more", b"1")];
        assert_eq!(write(first).await, Ok(Outcome::Committed));
        let keys = vec![b"guard".to_vec(), b"none".to_vec()];
        let glimpse = Glimpse::of(kv.clone(), PARTITION, keys).await.unwrap();
        let then = vec![put(b"guard", b"2"), put(b"none", b"2"), put(b"more", b"2")];
        assert_eq!(write(then).await, Ok(Outcome::Committed));
        let guard = glimpse.get(b"guard").await.unwrap().unwrap();
        assert_eq!(guard.bytes, b"1");
        assert_eq!(glimpse.get(b"none").await, Ok(None));
        let more = glimpse.get(b"more").await.unwrap().unwrap();
        assert_eq!(more.bytes, b"2");
        let all = Vec::new()..vec![0xff];
        let rows = glimpse.scan(all, Direction::Forward, 9).await.unwrap();
        assert_eq!(rows.len(), 3);
        let condition = Condition::Version(b"guard".to_vec(), guard.version);
        let late = kv.commit(PARTITION, vec![condition], vec![put(b"more", b"3")]);
        assert_eq!(late.await, Ok(Outcome::Conflict));
    }
}
