//! What holds for this engine alone; what holds for every engine is in
//! `tests/conformance.rs`.

use super::*;
use crate::Version;

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

#[tokio::test]
async fn a_full_disk_refuses_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Sqlite::open_limited(dir.path(), Some(100)).unwrap();
    let mut kept = 0;
    let refusal = loop {
        match kv
            .commit(QUEUE, vec![], put(&format!("{kept:03}"), 50_000))
            .await
        {
            Ok(outcome) => assert_eq!(outcome, Outcome::Committed),
            Err(error) => break error,
        }
        kept += 1;
        assert!(kept < 100, "100 pages can't hold so much");
    };
    assert_eq!(refusal, KvError::Full);
    for number in 0..kept {
        assert!(get(&kv, &format!("{number:03}")).await.is_some());
    }
    let room = vec![Operation::ClearRange(b"000".to_vec()..b"003".to_vec())];
    assert_eq!(kv.commit(QUEUE, vec![], room).await, Ok(Outcome::Committed));
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
    assert!(octets("index.sqlite-wal") > 0);
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
    let other = rusqlite::Connection::open(dir.path().join("index.sqlite")).unwrap();
    other
        .execute("UPDATE kv SET v = CAST(x'00' || substr(v, 2) AS BLOB)", [])
        .unwrap();
    let snapshot = kv.snapshot(QUEUE).await.unwrap();
    let damaged = KvError::Damaged("the queue, key 61".into());
    assert_eq!(snapshot.get(b"a").await, Err(damaged.clone()));
    let all = Vec::new()..vec![0xff];
    assert_eq!(
        snapshot.scan(all, crate::Direction::Forward, 9).await,
        Err(damaged)
    );
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
