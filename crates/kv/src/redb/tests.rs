//! What holds for this engine alone; what holds for every engine is in
//! `tests/conformance/`.

use super::*;
use crate::Value;

const QUEUE: Partition = Partition::Queue;

async fn put(kv: &Redb, key: &str, octets: usize) {
    let put = Operation::Put(key.into(), vec![7; octets]);
    let outcome = kv.commit(QUEUE, vec![], vec![put]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
}

async fn get(kv: &Redb, key: &str) -> Option<Value> {
    let snapshot = kv.snapshot(QUEUE).await.unwrap();
    snapshot.get(key.as_bytes()).await.unwrap()
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again_and_versions_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for round in 0..3 {
        let kv = Redb::open(dir.path()).unwrap();
        assert_eq!(get(&kv, "a").await.is_some(), round > 0);
        put(&kv, "a", 10).await;
        let version = get(&kv, "a").await.unwrap().version;
        assert!(!seen.contains(&version));
        seen.push(version);
        assert!(matches!(Redb::open(dir.path()), Err(KvError::InUse(_))));
    }
}

/// A copy of the file is what a process that is killed between two commits leaves behind.
#[tokio::test]
async fn what_was_not_closed_opens_with_all_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Redb::open(dir.path()).unwrap();
    for round in 0..10 {
        for number in 0..20 {
            put(&kv, &format!("{round}-{number}"), 100 * number).await;
        }
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(dir.path().join(FILE), copy.path().join(FILE)).unwrap();
        let again = Redb::open(copy.path()).unwrap();
        for number in 0..20 {
            let value = get(&again, &format!("{round}-{number}")).await.unwrap();
            assert_eq!(value.bytes.len(), 100 * number);
        }
    }
}

/// A power cut in the midst of making the file leaves anything of it.
#[tokio::test]
async fn a_making_that_was_cut_short_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(UNFINISHED), [0; 5000]).unwrap();
    let kv = Redb::open(dir.path()).unwrap();
    put(&kv, "a", 10).await;
    assert!(!dir.path().join(UNFINISHED).exists());
    drop(kv);
    assert!(get(&Redb::open(dir.path()).unwrap(), "a").await.is_some());
}
