//! Scanning past what is damaged, for whoever looks at all there is.
//!
//! A scan that meets a damaged row fails as a whole, since nobody should take the rest for
//! all there is. Here the row is named and passed over: a few dozen smaller scans find out
//! which it is, whatever the engine.

use std::fmt;
use std::ops::Range;

use crate::tuple::{after_key, after_prefix};
use crate::{Direction, KEY_OCTETS, KvError, Row, Snapshot};

/// A scan of a range from its lowest key on, page by page, that goes on behind damage.
pub struct PastDamage<'a> {
    snapshot: &'a dyn Snapshot,
    rest: Range<Vec<u8>>,
    limit: usize,
    /// Where it went on behind a damaged row.
    resumed: Option<Vec<u8>>,
}

/// What a scan did not look at yet, for going on in another snapshot.
#[derive(Clone, Debug)]
pub struct Rest {
    range: Range<Vec<u8>>,
    resumed: Option<Vec<u8>>,
}

impl Rest {
    /// All of a range.
    pub fn all(range: Range<Vec<u8>>) -> Rest {
        let resumed = None;
        Rest { range, resumed }
    }

    /// True when nothing is left.
    pub fn is_empty(&self) -> bool {
        self.range.start >= self.range.end
    }

    /// Goes on at this key instead, before or behind where it would.
    pub fn begin_at(&mut self, key: Vec<u8>) {
        self.range.start = key;
    }
}

/// Some rows of a range.
#[derive(Debug)]
pub struct Page {
    /// In order; none may be damaged.
    pub rows: Vec<Row>,
    /// What follows them and can't be read.
    pub damage: Option<Damage>,
}

/// What can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The key of the row.
    pub key: Vec<u8>,
    /// What the engine says of it.
    pub why: String,
    /// True when no row could be told from the others: then it is all from this key on,
    /// to the end of the range.
    pub rest: bool,
}

/// A key as a person can name it to another.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl<'a> PastDamage<'a> {
    /// Over this range, with at most so many rows at once.
    pub fn new(snapshot: &'a dyn Snapshot, range: Range<Vec<u8>>, limit: usize) -> PastDamage<'a> {
        PastDamage::resume(snapshot, Rest::all(range), limit)
    }

    /// Over what another scan has left.
    pub fn resume(snapshot: &'a dyn Snapshot, rest: Rest, limit: usize) -> PastDamage<'a> {
        PastDamage {
            snapshot,
            rest: rest.range,
            limit: limit.max(1),
            resumed: rest.resumed,
        }
    }

    /// What was not looked at yet.
    pub fn rest(self) -> Rest {
        Rest {
            range: self.rest,
            resumed: self.resumed,
        }
    }

    /// The next page; none at the end.
    ///
    /// # Errors
    /// What the engine says, but for [`KvError::Damaged`].
    pub async fn page(&mut self) -> Result<Option<Page>, KvError> {
        if self.rest.start >= self.rest.end {
            return Ok(None);
        }
        let rows = match self.rows(self.rest.clone(), self.limit).await {
            Err(KvError::Damaged(why)) => return self.pass(why).await.map(Some),
            rows => rows?,
        };
        self.rest.start = match rows.last() {
            Some((last, _)) if rows.len() >= self.limit => after_key(last),
            _ => self.rest.end.clone(),
        };
        let page = Page { rows, damage: None };
        Ok(Some(page).filter(|page| !page.rows.is_empty()))
    }

    /// The rows before the damaged one, and which that is.
    async fn pass(&mut self, why: String) -> Result<Page, KvError> {
        let rows = self.sound().await?;
        if let Some((last, _)) = rows.last() {
            self.rest.start = after_key(last);
        }
        let found = self.first_damaged().await?;
        // Two keys of which one is the other and 00 are nobody's: it is not the row that is
        // damaged, but all that is read here.
        let found = found.filter(|key| self.resumed.as_ref() != Some(key));
        let (key, rest) = match found {
            Some(key) => (key, false),
            None => (self.rest.start.clone(), true),
        };
        self.rest.start = if rest {
            self.rest.end.clone()
        } else {
            after_key(&key)
        };
        self.resumed = Some(self.rest.start.clone());
        let damage = Some(Damage { key, why, rest });
        Ok(Page { rows, damage })
    }

    /// As many rows as can be read at once before a damaged one.
    async fn sound(&self) -> Result<Vec<Row>, KvError> {
        let (mut sound, mut damaged) = (Vec::new(), self.limit);
        while sound.len() + 1 < damaged {
            let middle = sound.len().midpoint(damaged);
            match self.rows(self.rest.clone(), middle).await {
                Err(KvError::Damaged(_)) => damaged = middle,
                rows => {
                    let rows = rows?;
                    // Fewer than were asked for are all that there are.
                    if rows.len() < middle {
                        return Ok(rows);
                    }
                    sound = rows;
                }
            }
        }
        Ok(sound)
    }

    /// The key of the damaged row that is the first of the rest: octet by octet, each the
    /// lowest with which there is damage. None if there is no telling.
    async fn first_damaged(&self) -> Result<Option<Vec<u8>>, KvError> {
        let mut key = Vec::new();
        while key.len() < KEY_OCTETS {
            let (mut low, mut high) = (0, u8::MAX);
            while low < high {
                let middle = low.midpoint(high);
                key.push(middle);
                let range = self.rest.start.clone()..after_prefix(&key).min(self.rest.end.clone());
                key.pop();
                if self.is_damaged(range).await? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            key.push(low);
            if key >= self.rest.start && self.is_damaged(key.clone()..after_key(&key)).await? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// True if the first row of a range is damaged.
    async fn is_damaged(&self, range: Range<Vec<u8>>) -> Result<bool, KvError> {
        match self.rows(range, 1).await {
            Err(KvError::Damaged(_)) => Ok(true),
            rows => rows.map(|_| false),
        }
    }

    async fn rows(&self, range: Range<Vec<u8>>, limit: usize) -> Result<Vec<Row>, KvError> {
        self.snapshot.scan(range, Direction::Forward, limit).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures_util::FutureExt;
    use futures_util::future::{BoxFuture, ready};

    use super::*;
    use crate::memory::Memory;
    use crate::{Kv, Operation, Partition, Value};

    /// A snapshot in which some rows are damaged.
    struct Flawed(Box<dyn Snapshot>, BTreeSet<Vec<u8>>);

    impl Snapshot for Flawed {
        fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
            self.0.get(key)
        }

        fn scan<'a>(
            &'a self,
            range: Range<Vec<u8>>,
            direction: Direction,
            limit: usize,
        ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
            let rows = self.0.scan(range, direction, limit).now_or_never().unwrap();
            let rows = rows.unwrap();
            let damaged = rows.iter().any(|(key, _)| self.1.contains(key));
            let damaged = damaged.then(|| Err(KvError::Damaged("flawed".into())));
            ready(damaged.unwrap_or(Ok(rows))).boxed()
        }
    }

    async fn flawed(keys: &[Vec<u8>], damaged: impl Fn(usize) -> bool) -> Flawed {
        let kv = Memory::default();
        for keys in keys.chunks(1000) {
            let put = |key: &Vec<u8>| Operation::Put(key.clone(), b"x".to_vec());
            let operations = keys.iter().map(put).collect();
            let outcome = kv.commit(Partition::Queue, vec![], operations).await;
            assert_eq!(outcome, Ok(crate::Outcome::Committed));
        }
        let damaged = keys.iter().enumerate().filter(|(at, _)| damaged(*at));
        let damaged = damaged.map(|(_, key)| key.clone()).collect();
        let snapshot = kv.snapshot(Partition::Queue).await.unwrap();
        Flawed(snapshot, damaged)
    }

    fn keys(count: u32) -> Vec<Vec<u8>> {
        let key = |n: u32| [&[1, 0xff][..], &(n * 7).to_be_bytes()[2..]].concat();
        (0..count).map(key).collect()
    }

    /// The keys of sound rows, and of those that are not.
    async fn walk(flawed: &Flawed) -> (Vec<Vec<u8>>, Vec<Damage>) {
        let mut scan = PastDamage::new(flawed, Vec::new()..vec![0xff], 10);
        let (mut sound, mut damaged) = (Vec::new(), Vec::new());
        while let Some(page) = scan.page().await.unwrap() {
            sound.extend(page.rows.into_iter().map(|(key, _)| key));
            damaged.extend(page.damage);
        }
        (sound, damaged)
    }

    #[tokio::test]
    async fn each_damaged_row_is_named_and_the_others_are_read() {
        let keys = keys(100);
        for which in [1, 2, 3, 7, 10, 99, 1000] {
            for first in [0, 1, 5] {
                let is_damaged = |at: usize| at.is_multiple_of(which) && at >= first;
                let flawed = flawed(&keys, is_damaged).await;
                let (sound, damaged) = walk(&flawed).await;
                let named: Vec<_> = damaged.iter().map(|one| one.key.clone()).collect();
                let expected = |damaged: bool| -> Vec<Vec<u8>> {
                    let all = keys.iter().enumerate();
                    let those = all.filter(|(at, _)| is_damaged(*at) == damaged);
                    those.map(|(_, key)| key.clone()).collect()
                };
                assert_eq!((sound, named), (expected(false), expected(true)));
                assert!(damaged.iter().all(|one| !one.rest));
            }
        }
    }

    /// What a database says when it is broken itself.
    struct Broken;

    impl Snapshot for Broken {
        fn get<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Option<Value>, KvError>> {
            ready(Err(KvError::Damaged("broken".into()))).boxed()
        }

        fn scan<'a>(
            &'a self,
            range: Range<Vec<u8>>,
            _: Direction,
            _: usize,
        ) -> BoxFuture<'a, Result<Vec<Row>, KvError>> {
            let damaged = Err(KvError::Damaged("broken".into()));
            ready(if range.start < range.end {
                damaged
            } else {
                Ok(Vec::new())
            })
            .boxed()
        }
    }

    #[tokio::test]
    async fn where_no_row_can_be_told_from_another_the_scan_ends() {
        let mut rest = Rest::all(vec![7, 3]..vec![8]);
        let mut damaged = Vec::new();
        while !rest.is_empty() {
            let mut scan = PastDamage::resume(&Broken, rest, 10);
            let page = scan.page().await.unwrap();
            damaged.extend(page.unwrap().damage);
            rest = scan.rest();
        }
        assert!(damaged.len() <= 2);
        assert!(damaged.last().unwrap().rest);
    }
}
