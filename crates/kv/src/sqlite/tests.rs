//! What holds for this engine alone; what holds for every engine is in
//! `tests/conformance/`.

use std::path::PathBuf;

use super::*;
use crate::{Direction, Row, Version};

mod salvage;

/// The same source again, for an engine whose layers come to the database all the time.
#[path = "../../tests/conformance/suite.rs"]
mod suite;

const QUEUE: Partition = Partition::Queue;

fn put(key: &str, octets: usize) -> Vec<Operation> {
    vec![Operation::Put(key.into(), vec![7; octets])]
}

async fn get(kv: &Sqlite, key: &str) -> Option<crate::Value> {
    kv.snapshot(QUEUE)
        .await
        .unwrap()
        .get(key.as_bytes())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Sqlite::open(dir.path()).unwrap();
    assert_eq!(
        kv.commit(QUEUE, vec![], put("a", 10)).await,
        Ok(Outcome::Committed)
    );
    let before = get(&kv, "a").await.unwrap();
    assert!(matches!(Sqlite::open(dir.path()), Err(KvError::InUse(_))));
    drop(kv);
    let kv = Sqlite::open(dir.path()).unwrap();
    assert_eq!(get(&kv, "a").await.unwrap(), before);
}

#[tokio::test]
async fn versions_are_not_given_twice_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen: Vec<Version> = Vec::new();
    for _ in 0..3 {
        let kv = Sqlite::open(dir.path()).unwrap();
        for _ in 0..3 {
            let clear = vec![Operation::Delete(b"a".to_vec())];
            assert_eq!(
                kv.commit(QUEUE, vec![], clear).await,
                Ok(Outcome::Committed)
            );
            assert_eq!(
                kv.commit(QUEUE, vec![], put("a", 1)).await,
                Ok(Outcome::Committed)
            );
            let version = get(&kv, "a").await.unwrap().version;
            assert!(!seen.contains(&version));
            seen.push(version);
        }
    }
}

fn tuned(path: &Path, layer_octets: usize) -> Sqlite {
    let pages = None;
    Sqlite::tuned(
        path,
        Tuning {
            layer_octets,
            pages,
        },
    )
    .unwrap()
}

/// Waits until no layer is on its way to the database.
fn settled(kv: &Sqlite) {
    kv.layers.wait().unwrap();
}

fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    std::fs::create_dir(to.path().join("log")).unwrap();
    for folder in ["", "log"] {
        for entry in std::fs::read_dir(from.join(folder)).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap();
                std::fs::copy(&path, to.path().join(folder).join(name)).unwrap();
            }
        }
    }
    to
}

async fn rows(kv: &Sqlite) -> Vec<Row> {
    let all = Vec::new()..vec![0xff];
    let snapshot = kv.snapshot(QUEUE).await.unwrap();
    snapshot
        .scan(all, Direction::Forward, usize::MAX)
        .await
        .unwrap()
}

#[test]
fn an_engine_that_always_writes_its_layers_conforms() {
    for layer_octets in [1, 3000] {
        let dir = tempfile::tempdir().unwrap();
        let kv: Arc<dyn Kv> = Arc::new(tuned(dir.path(), layer_octets));
        suite::hold_to_it(&kv);
    }
}

/// A copy of the folder is what a process that is killed leaves behind.
#[tokio::test]
async fn whatever_was_written_of_the_layers_a_copy_holds_all() {
    for layer_octets in [1, 3000, LAYER_OCTETS] {
        let dir = tempfile::tempdir().unwrap();
        let kv = tuned(dir.path(), layer_octets);
        for round in 0..12u32 {
            for number in 0..40u32 {
                let key = (number * 7 % 31).to_be_bytes().to_vec();
                let operation = match number % 9 {
                    0 => Operation::Delete(key),
                    1 => Operation::ClearRange(key..(number % 31 + 2).to_be_bytes().to_vec()),
                    _ => Operation::Put(key, (round * number).to_be_bytes().to_vec()),
                };
                let outcome = kv.commit(QUEUE, vec![], vec![operation]).await;
                assert_eq!(outcome, Ok(Outcome::Committed));
            }
            settled(&kv);
            let copy = copied(dir.path());
            let again = tuned(copy.path(), 3000);
            assert_eq!(rows(&again).await, rows(&kv).await);
            let before = again.layers.visible();
            assert_eq!(before, kv.layers.visible());
        }
    }
}

#[tokio::test]
async fn a_range_with_many_keys_beneath_is_cleared_too() {
    let dir = tempfile::tempdir().unwrap();
    let kv = tuned(dir.path(), LAYER_OCTETS);
    let puts = |from: u32| {
        let put = |number: u32| Operation::Put(number.to_be_bytes().to_vec(), vec![1; 10]);
        (from..from + 1500).map(put).collect::<Vec<_>>()
    };
    for from in [0, 1500] {
        let kept = kv.commit(QUEUE, vec![], puts(from)).await;
        assert_eq!(kept, Ok(Outcome::Committed));
    }
    drop(kv);
    let kv = tuned(dir.path(), LAYER_OCTETS);
    let before = kv.snapshot(QUEUE).await.unwrap();
    let cut = 10u32.to_be_bytes().to_vec()..2990u32.to_be_bytes().to_vec();
    let kept = kv
        .commit(
            QUEUE,
            vec![],
            vec![
                Operation::ClearRange(cut),
                Operation::Put(20u32.to_be_bytes().to_vec(), vec![2]),
            ],
        )
        .await;
    assert_eq!(kept, Ok(Outcome::Committed));
    let left = |rows: &[Row]| -> Vec<u32> {
        let number = |row: &Row| u32::from_be_bytes(row.0.clone().try_into().unwrap());
        rows.iter().map(number).collect()
    };
    let expected: Vec<u32> = (0..10).chain([20]).chain(2990..3000).collect();
    assert_eq!(left(&rows(&kv).await), expected);
    let all = Vec::new()..vec![0xff];
    let seen_before = before.scan(all, Direction::Forward, 9999).await.unwrap();
    assert_eq!(seen_before.len(), 3000);
    drop((before, kv));
    assert_eq!(left(&rows(&tuned(dir.path(), 1)).await), expected);
}

#[tokio::test]
async fn an_index_that_is_lost_is_made_again_while_the_log_has_all() {
    let dir = tempfile::tempdir().unwrap();
    let kv = tuned(dir.path(), 1);
    for name in ["a", "b"] {
        let kept = kv.commit(QUEUE, vec![], put(name, 10)).await;
        assert_eq!(kept, Ok(Outcome::Committed));
    }
    let known = rows(&kv).await;
    drop(kv);
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    assert_eq!(rows(&tuned(dir.path(), 1)).await, known);
}

#[tokio::test]
async fn what_is_missing_in_the_log_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let kv = tuned(dir.path(), LAYER_OCTETS);
    for name in ["a", "b", "c"] {
        let kept = kv.commit(QUEUE, vec![], put(name, 10)).await;
        assert_eq!(kept, Ok(Outcome::Committed));
    }
    let crashed = copied(dir.path());
    let segment = crashed.path().join("log/0000000000000002.shared");
    let mut octets = std::fs::read(&segment).unwrap();
    let second = octets.len() / 2;
    octets[second] ^= 1;
    std::fs::write(&segment, octets).unwrap();
    let refusal = Sqlite::open(crashed.path()).err().unwrap();
    assert!(matches!(refusal, KvError::Damaged(_)), "{refusal}");
    // A log that is older than the index.
    drop(kv);
    std::fs::remove_file(dir.path().join("log/0000000000000002.shared")).unwrap();
    let refusal = Sqlite::open(dir.path()).err().unwrap();
    assert!(matches!(refusal, KvError::Damaged(_)), "{refusal}");
}

/// Nothing that was acknowledged needs the database: it is in the log.
#[tokio::test]
async fn a_database_that_is_full_refuses_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let tuning = Tuning {
        layer_octets: 200_000,
        pages: Some(50),
    };
    let kv = Sqlite::tuned(dir.path(), tuning).unwrap();
    let mut kept = 0;
    let refusal = loop {
        let put = put(&format!("{kept:03}"), 50_000);
        match kv.commit(QUEUE, vec![], put).await {
            Ok(outcome) => assert_eq!(outcome, Outcome::Committed),
            Err(error) => break error,
        }
        kept += 1;
        assert!(kept < 100, "50 pages and some layers can't hold so much");
    };
    assert_eq!(refusal, KvError::Full);
    assert_eq!(rows(&kv).await.len(), kept);
    drop(kv);
    let kv = tuned(dir.path(), LAYER_OCTETS);
    assert_eq!(rows(&kv).await.len(), kept);
    assert_eq!(
        kv.commit(QUEUE, vec![], put("new", 50_000)).await,
        Ok(Outcome::Committed)
    );
}

/// A log and its map that are there need no room on a disk that is full at the next opening.
#[tokio::test]
async fn a_stopped_store_is_one_file_and_keeps_the_places_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Sqlite::open(dir.path()).unwrap();
    let kept = kv.commit(QUEUE, vec![], put("a", 10)).await;
    assert_eq!(kept, Ok(Outcome::Committed));
    let octets = |name: &str| dir.path().join(name).metadata().unwrap().len();
    assert!(get(&kv, "a").await.is_some());
    drop(kv);
    assert_eq!(octets("index.sqlite-wal"), 0);
    assert!(octets("index.sqlite-shm") > 0);
    std::fs::remove_file(dir.path().join("index.sqlite-wal")).unwrap();
    let kv = Sqlite::open(dir.path()).unwrap();
    assert!(get(&kv, "a").await.is_some());
}

#[tokio::test]
async fn a_damaged_record_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Sqlite::open(dir.path()).unwrap();
    assert_eq!(
        kv.commit(QUEUE, vec![], put("a", 3)).await,
        Ok(Outcome::Committed)
    );
    drop(kv);
    let kv = Sqlite::open(dir.path()).unwrap();
    let other = rusqlite::Connection::open(dir.path().join("index.sqlite")).unwrap();
    other
        .execute("UPDATE kv SET v = CAST(x'00' || substr(v, 2) AS BLOB)", [])
        .unwrap();
    let snapshot = kv.snapshot(QUEUE).await.unwrap();
    let damaged = KvError::Damaged("the queue, key 61".into());
    assert_eq!(snapshot.get(b"a").await, Err(damaged.clone()));
    let all = Vec::new()..vec![0xff];
    assert_eq!(
        snapshot
            .scan(all.clone(), crate::Direction::Forward, 9)
            .await,
        Err(damaged)
    );
    let put = [put("aa", 3), put("b", 3)].concat();
    assert_eq!(kv.commit(QUEUE, vec![], put).await, Ok(Outcome::Committed));
    let snapshot = kv.snapshot(QUEUE).await.unwrap();
    let mut scan = crate::damage::PastDamage::new(&*snapshot, all, 9);
    let damage = scan.page().await.unwrap().unwrap().damage.unwrap();
    assert_eq!((damage.key, damage.rest), (b"a".to_vec(), false));
    assert_eq!(scan.page().await.unwrap().unwrap().rows.len(), 2);
}

#[tokio::test]
async fn a_dropped_commit_leaves_the_writer_whole() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Sqlite::open(dir.path()).unwrap();
    for _ in 0..100 {
        let commit = kv.commit(QUEUE, vec![], put("a", 1));
        // Polled once, so that it is handed in, then dropped.
        let _ = commit.now_or_never();
    }
    assert_eq!(
        kv.commit(QUEUE, vec![], put("b", 1)).await,
        Ok(Outcome::Committed)
    );
    assert!(get(&kv, "a").await.is_some());
}

#[tokio::test]
async fn more_snapshots_than_readers_wait_for_one() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Arc::new(Sqlite::open(dir.path()).unwrap());
    let mut held = Vec::new();
    while let Some(snapshot) = kv.snapshot(QUEUE).now_or_never() {
        held.push(snapshot.unwrap());
    }
    let waiting = tokio::spawn({
        let kv = kv.clone();
        async move { kv.snapshot(QUEUE).await.is_ok() }
    });
    tokio::task::yield_now().await;
    drop(held);
    assert!(waiting.await.unwrap());
}
