//! What the tests share: nodes, and counters that tell whether a commit was lost or
//! happened twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use address::AccountId;
use kv::postgres::{Postgres, Settings};
use kv::{Condition, Direction, Kv, KvError, Operation, Outcome, Partition, Value};

pub(crate) fn account(number: u64) -> Partition {
    Partition::Account(AccountId(number))
}

pub(crate) fn settings(server: &testbed::Postgres) -> Settings {
    Settings::new(&server.address(), None).unwrap()
}

pub(crate) async fn node(server: &testbed::Postgres) -> Arc<Postgres> {
    Arc::new(Postgres::open(settings(server)).await.unwrap())
}

pub(crate) fn put(key: &[u8], value: &[u8]) -> Operation {
    Operation::Put(key.to_vec(), value.to_vec())
}

pub(crate) async fn get(kv: &Postgres, partition: Partition, key: &[u8]) -> Option<Value> {
    let snapshot = kv.snapshot(partition).await.unwrap();
    snapshot.get(key).await.unwrap()
}

/// One more under this key, if nobody came before. With the count that it makes.
pub(crate) async fn count_one(
    kv: &Postgres,
    partition: Partition,
    key: &[u8],
) -> Result<(Outcome, u64), KvError> {
    let now = kv.snapshot(partition).await?.get(key).await?;
    let (condition, count) = match now {
        Some(now) => {
            let count = u64::from_be_bytes(now.bytes.try_into().unwrap());
            (Condition::Version(key.to_vec(), now.version), count)
        }
        None => (Condition::Absent(key.to_vec()), 0),
    };
    let more = vec![put(key, &(count + 1).to_be_bytes())];
    let outcome = kv.commit(partition, vec![condition], more).await?;
    Ok((outcome, count + 1))
}

/// What is counted under this key.
pub(crate) async fn counted(kv: &Postgres, partition: Partition, key: &[u8]) -> u64 {
    match get(kv, partition, key).await {
        Some(value) => u64::from_be_bytes(value.bytes.try_into().unwrap()),
        None => 0,
    }
}

/// What tasks that counted and kept a list were told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) committed: u64,
    pub(crate) conflicts: u64,
    /// Of commits that failed and changed nothing.
    pub(crate) refused: u64,
    pub(crate) unknown: u64,
}

/// Counts in one partition until `enough`, each time with a row of its own beside the
/// counter, which says who counted.
pub(crate) async fn keep_counting(
    kv: Arc<Postgres>,
    partition: Partition,
    task: u64,
    enough: Arc<AtomicBool>,
) -> Told {
    let mut told = Told::default();
    let mut number: u64 = 0;
    while !enough.load(Ordering::Relaxed) {
        number += 1;
        match count_with_row(&kv, partition, task, number).await {
            Ok(Outcome::Committed) => told.committed += 1,
            Ok(Outcome::Conflict) => told.conflicts += 1,
            Err(KvError::Unknown(_)) => told.unknown += 1,
            Err(KvError::Away(_) | KvError::Busy) => told.refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    told
}

async fn count_with_row(
    kv: &Postgres,
    partition: Partition,
    task: u64,
    number: u64,
) -> Result<Outcome, KvError> {
    let now = kv.snapshot(partition).await?.get(b"count").await?;
    let (condition, count) = match now {
        Some(now) => {
            let count = u64::from_be_bytes(now.bytes.try_into().unwrap());
            (Condition::Version(b"count".to_vec(), now.version), count)
        }
        None => (Condition::Absent(b"count".to_vec()), 0),
    };
    let mut row = b"row ".to_vec();
    row.extend([task.to_be_bytes(), number.to_be_bytes()].concat());
    let operations = vec![put(b"count", &(count + 1).to_be_bytes()), put(&row, b"")];
    kv.commit(partition, vec![condition], operations).await
}

/// Rows that [`keep_counting`] left in a partition.
pub(crate) async fn rows(kv: &Postgres, partition: Partition) -> u64 {
    let snapshot = kv.snapshot(partition).await.unwrap();
    let all = b"row ".to_vec()..b"row!".to_vec();
    let rows = snapshot
        .scan(all, Direction::Forward, usize::MAX)
        .await
        .unwrap();
    rows.len() as u64
}

/// That what was told is what is there: every acknowledged commit once, none beside.
pub(crate) async fn compare(kv: &Postgres, partitions: &[Partition], told: &[Told]) {
    let (mut counts, mut all_rows) = (0, 0);
    for partition in partitions {
        counts += counted(kv, *partition, b"count").await;
        all_rows += rows(kv, *partition).await;
    }
    assert_eq!(counts, all_rows);
    let committed: u64 = told.iter().map(|one| one.committed).sum();
    let unknown: u64 = told.iter().map(|one| one.unknown).sum();
    assert!(
        (committed..=committed + unknown).contains(&counts),
        "{counts} are there, {told:?}"
    );
}

/// Waits until this holds, for a minute at most.
pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let patience = Duration::from_secs(60);
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(patience, wait).await.unwrap();
}

/// A connection of somebody else.
pub(crate) async fn sql(server: &testbed::Postgres) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&server.address(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}
