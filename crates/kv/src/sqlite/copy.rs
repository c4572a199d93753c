//! Copies of the index in the log.
//!
//! A copy is written while commits go on, page by page, each as of its own moment, and ended
//! by a frame that says where in the log the changes begin that it may lack. Its pages, then
//! those changes once more in their order, give the index as it was at the end of the log:
//! what a page already had of them is the same twice. So all changes before that place are
//! needed no more, and the log need not grow for ever; and an index that is lost is made
//! again (`salvage.rs`).
//!
//! ```text
//! a page:  01  partition  how many rows, 4 octets; then for each: key, version, value
//! an end:  01  first and start, each a segment and an offset  version  pages  octets
//! ```
//!
//! The pieces are those of `octets.rs`; all numbers but the rows' have 8 octets.

use segments::{Log, Place, SegmentId};

use super::Sqlite;
use super::octets::{Reader, Writer};
use crate::tuple::after_key;
use crate::{Direction, KEY_OCTETS, Kv, KvError, Partition, Row, Value, Version};

const ENCODING: u8 = 1;
/// Most rows of a page.
const PAGE_ROWS: usize = 256;

/// A copy of the index that is complete in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where its first page begins.
    pub first: Place,
    /// Where the changes begin that it may lack.
    pub start: Place,
    /// The version of the last change that it has for certain.
    pub(super) version: i64,
    /// Pages of it.
    pub pages: u64,
    /// Octets of them.
    pub octets: u64,
}

impl Copied {
    fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new(ENCODING);
        for place in [self.first, self.start] {
            writer.wide(place.segment.number()).wide(place.offset);
        }
        writer.wide(self.version.cast_unsigned());
        writer.wide(self.pages).wide(self.octets);
        writer.finish()
    }

    /// The copy that an end is of; none for what no end says.
    pub fn read(octets: &[u8]) -> Option<Copied> {
        let mut reader = Reader::new(octets, ENCODING)?;
        let mut place = || {
            Some(Place {
                segment: SegmentId::from_number(reader.wide()?),
                offset: reader.wide()?,
            })
        };
        let (first, start) = (place()?, place()?);
        let copied = Copied {
            first,
            start,
            version: reader.wide()?.cast_signed(),
            pages: reader.wide()?,
            octets: reader.wide()?,
        };
        reader.end().map(|()| copied)
    }
}

fn write_page(partition: Partition, rows: &[Row]) -> Vec<u8> {
    let mut writer = Writer::new(ENCODING);
    writer.partition(&partition.to_bytes()).number(rows.len());
    for (key, value) in rows {
        writer.bytes(key).wide(value.version.0.cast_unsigned());
        writer.bytes(&value.bytes);
    }
    writer.finish()
}

/// The rows of a page; none for what no page says.
pub(super) fn read_page(octets: &[u8]) -> Option<(Partition, Vec<Row>)> {
    let mut reader = Reader::new(octets, ENCODING)?;
    let partition = reader.partition()?;
    let mut rows = Vec::new();
    for _ in 0..reader.number()? {
        let key = reader.bytes()?;
        let version = Version(reader.wide()?.cast_signed());
        let bytes = reader.bytes()?;
        rows.push((key, Value { bytes, version }));
    }
    reader.end().map(|()| (partition, rows))
}

/// A copy in the making.
struct Copying<'a> {
    log: &'a Log,
    first: Option<Place>,
    pages: u64,
    octets: u64,
}

impl Copying<'_> {
    fn page(&mut self, partition: Partition, rows: &[Row]) -> Result<(), KvError> {
        let page = write_page(partition, rows);
        let place = self.log.append_page(&page)?;
        self.first.get_or_insert(place);
        self.pages += 1;
        self.octets += page.len() as u64;
        Ok(())
    }
}

impl Sqlite {
    /// Writes a copy of all there is to the log; when it returns, the copy is on stable
    /// storage. `progress` is told the octets so far. It is for the care of the store, one
    /// copy at a time. To be called in a runtime.
    ///
    /// # Errors
    /// [`KvError::Full`], [`KvError::Damaged`] when the index is, else what the disk says. A
    /// copy that was begun is then none.
    pub async fn copy(&self, mut progress: impl FnMut(u64) + Send) -> Result<Copied, KvError> {
        // A copy makes the changes before it needless: never one of a database that has lost
        // something.
        let database = self.database.clone();
        blocking(move || database.check()).await?;
        // What is committed from now on is read again.
        let mark = self.layers.mark();
        let mut copying = Copying {
            log: &self.log,
            first: None,
            pages: 0,
            octets: 0,
        };
        for partition in self.all_partitions().await? {
            self.copy_partition(partition, &mut copying, &mut progress)
                .await?;
        }
        let copied = Copied {
            first: copying.first.unwrap_or(mark.place),
            start: mark.place,
            version: mark.version,
            pages: copying.pages,
            octets: copying.octets,
        };
        let log = self.log.clone();
        blocking(move || Ok(log.append_end(&copied.write())?)).await?;
        Ok(copied)
    }

    async fn copy_partition(
        &self,
        partition: Partition,
        copying: &mut Copying<'_>,
        progress: &mut impl FnMut(u64),
    ) -> Result<(), KvError> {
        let mut rest = Vec::new()..vec![u8::MAX; KEY_OCTETS + 1];
        loop {
            let snapshot = self.snapshot(partition).await?;
            let scan = snapshot.scan(rest.clone(), Direction::Forward, PAGE_ROWS);
            let rows = scan.await?;
            drop(snapshot);
            let Some((last, _)) = rows.last() else {
                return Ok(());
            };
            rest.start = after_key(last);
            copying.page(partition, &rows)?;
            progress(copying.octets);
            if rows.len() < PAGE_ROWS {
                return Ok(());
            }
        }
    }

    /// As [`crate::Kv::partitions`].
    pub(super) async fn all_partitions(&self) -> Result<Vec<Partition>, KvError> {
        // First the layers: what leaves them meanwhile is in the database when that is read.
        let mut partitions = self.layers.partitions();
        let database = self.database.clone();
        partitions.extend(blocking(move || database.partitions()).await?);
        partitions.sort_unstable();
        partitions.dedup();
        Ok(partitions)
    }
}

/// Runs what waits for the disk where it holds up no session.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KvError> + Send + 'static,
) -> Result<T, KvError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(KvError::Broken(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_octets_are_read_without_harm(octets in any::<Vec<u8>>()) {
            let _ = read_page(&octets);
            let _ = Copied::read(&octets);
        }

        #[test]
        fn pages_come_back(rows in proptest::collection::vec((any::<Vec<u8>>(), any::<Vec<u8>>(), any::<i64>()), 0..9)) {
            let row = |(key, bytes, version)| (key, Value { bytes, version: Version(version) });
            let rows: Vec<Row> = rows.into_iter().map(row).collect();
            let octets = write_page(Partition::Queue, &rows);
            prop_assert_eq!(read_page(&octets), Some((Partition::Queue, rows)));
            prop_assert_eq!(read_page(&octets[..octets.len() - 1]), None);
        }
    }
}
