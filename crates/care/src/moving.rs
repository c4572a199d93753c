//! Moving all that is kept from one place to another: from a data folder to a database and a
//! bucket, say, and back.
//!
//! Everything is copied row by row, with its bodies, and held against what it was copied
//! from. UIDs, UIDVALIDITY, unique ids and passwords stay as they are, since they are in the
//! rows. Accounts come first and the directory last: until then the new place serves nobody.
//! What was cut short is taken up again: an account that is there already as it should be is
//! passed by.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use blob::{Blobs, BodyRef};
use directory::{Directory, is_of_the_place};
use futures_util::{StreamExt, TryStreamExt, stream};
use kv::tuple::after_key;
use kv::{Direction, Kv, Operation, Outcome, Partition, Row};
use serde::{Deserialize, Serialize};

use crate::{CareError, Progress, Step};

/// Rows that are read at once.
const ROWS: usize = 100;
/// Octets of rows after which a commit takes no more: the largest value may still come.
const COMMIT_OCTETS: usize = kv::COMMIT_OCTETS - kv::VALUE_OCTETS - kv::KEY_OCTETS;
/// Bodies that are copied at a time.
const BODIES: usize = 16;

/// A place where mail is kept.
#[derive(Clone)]
pub struct Place {
    /// The index.
    pub index: Arc<dyn Kv>,
    /// The bodies.
    pub bodies: Blobs,
}

/// What was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Moved {
    /// Accounts, in all.
    pub accounts: u64,
    /// Of them those that were there already.
    pub there: u64,
    /// Bodies that were copied.
    pub bodies: u64,
    /// Octets of them.
    pub octets: u64,
}

/// Copies all that one place keeps to another that is new, or that an earlier call left half
/// done. Nobody may use either meanwhile. The old place stays as it is.
///
/// # Errors
/// [`CareError::Occupied`] when the new place has something else; [`CareError::Damaged`] when
/// something can't be read in the old one, or is not the same in the new one.
pub async fn move_all(
    from: &Place,
    to: &Place,
    progress: Progress<'_>,
) -> Result<Moved, CareError> {
    let mut moving = Moving {
        from,
        to,
        elsewhere: HashMap::new(),
        moved: Moved::default(),
    };
    moving.see_that_it_is_new().await?;
    let directory = Directory::new(from.index.clone(), &directory::Settings::default());
    let accounts = directory.accounts().await?;
    let all = accounts.len() as u64;
    for account in accounts {
        let Moved {
            accounts: done,
            octets,
            ..
        } = moving.moved;
        progress(Step::Moving { done, all, octets });
        let there = moving.partition(Partition::Account(account.id)).await?;
        moving.moved.there += u64::from(there);
        moving.moved.accounts += 1;
    }
    moving.partition(Partition::Queue).await?;
    moving.partition(Partition::Journal).await?;
    moving.partition(Partition::Directory).await?;
    Ok(moving.moved)
}

/// A move under way.
struct Moving<'a> {
    from: &'a Place,
    to: &'a Place,
    /// Where the bodies of the partition now are that were copied.
    elsewhere: HashMap<BodyRef, BodyRef>,
    moved: Moved,
}

impl Moving<'_> {
    /// The directory of the new place has nothing, or some of what the old one has.
    async fn see_that_it_is_new(&self) -> Result<(), CareError> {
        let mut rest = everything();
        while let Some(rows) = page(&*self.to.index, Partition::Directory, &mut rest).await? {
            let snapshot = self.from.index.snapshot(Partition::Directory).await?;
            for (key, value) in rows {
                let known = snapshot.get(&key).await?;
                let same = known.is_some_and(|known| known.bytes == value.bytes);
                if !same && !is_of_the_place(&key) {
                    return Err(CareError::Occupied);
                }
            }
        }
        Ok(())
    }

    /// Copies a partition. True when it was there already.
    async fn partition(&mut self, partition: Partition) -> Result<bool, CareError> {
        if self.is_same(partition).await? {
            return Ok(true);
        }
        self.elsewhere.clear();
        self.clear(partition).await?;
        let mut rest = everything();
        while let Some(rows) = page(&*self.from.index, partition, &mut rest).await? {
            self.copy_bodies(partition, &rows).await?;
            self.copy_rows(partition, rows).await?;
        }
        if self.is_same(partition).await? {
            return Ok(false);
        }
        Err(CareError::Damaged(format!(
            "{partition} is not the same in the new place: does somebody use the old one?"
        )))
    }

    /// Takes away what an earlier call left.
    async fn clear(&self, partition: Partition) -> Result<(), CareError> {
        // What says where its bodies are stays.
        if partition == Partition::Directory {
            return Ok(());
        }
        let clear = vec![Operation::ClearRange(everything())];
        commit(&*self.to.index, partition, clear).await
    }

    async fn copy_bodies(&mut self, partition: Partition, rows: &[Row]) -> Result<(), CareError> {
        let mut wanted = BTreeSet::new();
        for (key, value) in rows {
            for body in bodies(partition, key, &value.bytes)? {
                if !self.elsewhere.contains_key(&body) {
                    wanted.insert(body);
                }
            }
        }
        let (from, to) = (&self.from.bodies, &self.to.bodies);
        let copies = wanted.into_iter().map(|body| copy_body(from, to, body));
        let copies: Vec<(BodyRef, BodyRef)> = stream::iter(copies)
            .buffer_unordered(BODIES)
            .try_collect()
            .await?;
        for (old, new) in copies {
            self.moved.bodies += 1;
            self.moved.octets += old.length();
            self.elsewhere.insert(old, new);
        }
        Ok(())
    }

    async fn copy_rows(&self, partition: Partition, rows: Vec<Row>) -> Result<(), CareError> {
        let (mut operations, mut octets) = (Vec::new(), 0);
        for (key, value) in rows {
            if partition == Partition::Directory && is_of_the_place(&key) {
                continue;
            }
            let moved = |body: &BodyRef| self.elsewhere.get(body).unwrap_or(body).clone();
            let value = with_bodies(partition, &key, &value.bytes, moved)?;
            octets += key.len() + value.len();
            operations.push(Operation::Put(key, value));
            if octets >= COMMIT_OCTETS {
                commit(&*self.to.index, partition, std::mem::take(&mut operations)).await?;
                octets = 0;
            }
        }
        if operations.is_empty() {
            return Ok(());
        }
        commit(&*self.to.index, partition, operations).await
    }

    /// Whether a partition is the same in both places, but for where its bodies are.
    async fn is_same(&self, partition: Partition) -> Result<bool, CareError> {
        let (mut old, mut new) = (everything(), everything());
        loop {
            let one = comparable(&*self.from.index, partition, &mut old).await?;
            let other = comparable(&*self.to.index, partition, &mut new).await?;
            if one != other {
                return Ok(false);
            }
            if one.is_none() {
                return Ok(true);
            }
        }
    }
}

/// Copies a body, and gives where it was and where it is.
async fn copy_body(
    from: &Blobs,
    to: &Blobs,
    body: BodyRef,
) -> Result<(BodyRef, BodyRef), CareError> {
    let mut reader = from.read(&body, 0..body.length());
    let mut writer = to.writer();
    while let Some(piece) = reader.next().await {
        writer.write(&piece?).await?;
    }
    let copied = writer.finish().await?;
    if copied.hash() != body.hash() {
        return Err(CareError::Damaged(format!(
            "{body:?} was not copied as it is"
        )));
    }
    Ok((body, copied))
}

fn everything() -> Range<Vec<u8>> {
    Vec::new()..vec![u8::MAX; kv::KEY_OCTETS]
}

/// The next rows of what is left of a range; none at its end.
async fn page(
    index: &dyn Kv,
    partition: Partition,
    rest: &mut Range<Vec<u8>>,
) -> Result<Option<Vec<Row>>, CareError> {
    let snapshot = index.snapshot(partition).await?;
    let scan = snapshot.scan(rest.clone(), Direction::Forward, ROWS);
    let rows = scan.await?;
    if let Some((last, _)) = rows.last() {
        rest.start = after_key(last);
    }
    Ok(Some(rows).filter(|rows| !rows.is_empty()))
}

/// The next rows as they can be compared: without what says of a row, or of a body, where it
/// is.
async fn comparable(
    index: &dyn Kv,
    partition: Partition,
    rest: &mut Range<Vec<u8>>,
) -> Result<Option<Vec<(Vec<u8>, Vec<u8>)>>, CareError> {
    let mut comparable = Vec::new();
    // So many of both places that are the same, whatever is left out.
    while comparable.len() < ROWS {
        let snapshot = index.snapshot(partition).await?;
        let want = ROWS - comparable.len();
        let scan = snapshot.scan(rest.clone(), Direction::Forward, want);
        let rows = scan.await?;
        let Some((last, _)) = rows.last() else { break };
        rest.start = after_key(last);
        for (key, value) in rows {
            if partition != Partition::Directory || !is_of_the_place(&key) {
                let value = with_bodies(partition, &key, &value.bytes, BodyRef::nowhere)?;
                comparable.push((key, value));
            }
        }
    }
    Ok(Some(comparable).filter(|rows| !rows.is_empty()))
}

/// The bodies that a row refers to.
fn bodies(partition: Partition, key: &[u8], value: &[u8]) -> Result<Vec<BodyRef>, CareError> {
    Ok(match partition {
        Partition::Directory | Partition::Journal => Vec::new(),
        Partition::Queue => queue::body_of_row(key, value)?.into_iter().collect(),
        Partition::Account(_) => store::bodies_of_row(key, value)?,
    })
}

fn with_bodies(
    partition: Partition,
    key: &[u8],
    value: &[u8],
    elsewhere: impl FnMut(&BodyRef) -> BodyRef,
) -> Result<Vec<u8>, CareError> {
    Ok(match partition {
        Partition::Directory | Partition::Journal => value.to_vec(),
        Partition::Queue => queue::row_with_body(key, value, elsewhere)?,
        Partition::Account(_) => store::row_with_bodies(key, value, elsewhere)?,
    })
}

async fn commit(
    index: &dyn Kv,
    partition: Partition,
    operations: Vec<Operation>,
) -> Result<(), CareError> {
    match index.commit(partition, Vec::new(), operations).await? {
        Outcome::Committed => Ok(()),
        Outcome::Conflict => Err(CareError::Broken("a commit without conditions".into())),
    }
}
