//! Whatever is broken in the queue is found and named; bodies are shown and found where
//! they went.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blob::{BodyRef, Moved};
use kv::memory::Memory;
use kv::{Kv, Operation, Outcome, Partition};
use queue::{FAULTS, Queue};

use crate::world::{RECEIVED, bodies, entry, faults, id, later, settle};

fn entry_key(number: i64) -> Vec<u8> {
    [&[1][..], &id(number).get().to_be_bytes()].concat()
}

fn recipient_key(number: i64, place: u32) -> Vec<u8> {
    let id = id(number).get().to_be_bytes();
    [&[2][..], &id, &place.to_be_bytes()].concat()
}

/// Of one for an account here.
fn lane_key(number: i64, place: u32) -> Vec<u8> {
    let (due, id) = (RECEIVED.to_be_bytes(), id(number).get().to_be_bytes());
    [&[3, 0, 0][..], &[0; 8], &due, &id, &place.to_be_bytes()].concat()
}

async fn octets(kv: &Memory, key: &[u8]) -> Vec<u8> {
    let snapshot = kv.snapshot(Partition::Queue).await.unwrap();
    snapshot.get(key).await.unwrap().unwrap().bytes
}

async fn commit(kv: &Memory, operations: Vec<Operation>) {
    let outcome = kv.commit(Partition::Queue, vec![], operations).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
}

#[tokio::test]
async fn whatever_is_broken_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let [body] = bodies(dir.path()).await;
    let place = |number, place| recipient_key(number, place);
    let cases: [(Vec<Operation>, &[&str]); 12] = [
        (
            vec![Operation::Put(vec![0, 0], vec![])],
            &["the queue: the record 0000 is of no known kind"],
        ),
        (
            vec![Operation::Put(vec![1, 2], vec![])],
            &["the queue: the record 0102 is of no known kind"],
        ),
        (
            vec![Operation::Put(vec![2, 2], vec![])],
            &["the queue: the record 0202 is of no known kind"],
        ),
        (
            vec![Operation::Put(vec![8], vec![])],
            &["the queue: the record 08 is of no known kind"],
        ),
        (
            vec![Operation::Delete(place(2, 1))],
            &[
                "the queue, message 00000000020000000000000007: 3 recipients are written down, 2 wait",
                "the queue, message 00000000020000000000000007: its recipient 1 stands in a lane and does not wait there",
            ],
        ),
        (
            vec![Operation::Delete(lane_key(2, 2))],
            &["the queue, message 00000000020000000000000007: its recipient 2 waits in no lane"],
        ),
        (
            vec![Operation::Put(vec![3, 1], vec![])],
            &["the queue: the record 0301 is of no known kind"],
        ),
        (
            vec![
                Operation::Put(vec![4, 1], vec![]),
                Operation::Put(vec![5, 1], vec![]),
            ],
            &[
                "the queue: the record 0401 is of no known kind",
                "the queue: the record 0501 is of no known kind",
            ],
        ),
        (
            vec![
                Operation::Put(vec![6, 1], vec![]),
                Operation::Put(vec![7, 1], vec![]),
            ],
            &[
                "the queue: the record 0601 is of no known kind",
                "the queue: the record 0701 is of no known kind",
            ],
        ),
        (
            vec![Operation::Delete(entry_key(2))],
            &[
                "the queue, message 00000000020000000000000007: recipients wait, and the message is not there",
            ],
        ),
        (
            vec![Operation::Put(entry_key(2), vec![9])],
            &["the queue, message 00000000020000000000000007: the record"],
        ),
        (
            vec![Operation::Put(place(2, 1), vec![1])],
            &["the queue, message 00000000020000000000000007: the record"],
        ),
    ];
    for (operations, said) in cases {
        let kv = Arc::new(Memory::default());
        let queue = Queue::new(kv.clone());
        queue.upgrade().await.unwrap();
        for number in 1..=30 {
            queue.put(&entry(number, &body, 3)).await.unwrap();
        }
        assert_eq!(faults(&queue).await, Vec::<String>::new());
        assert_eq!(queue.check().await.unwrap().entries, 30);
        let what = format!("{operations:02x?}");
        commit(&kv, operations).await;
        let found = faults(&queue).await;
        assert_eq!(found.len(), said.len(), "{what}: {found:#?}");
        for (found, said) in found.iter().zip(said) {
            assert!(found.starts_with(said), "{what}: {found:?}, {said:?}");
        }
        // What is of no kind, or can't be read, nobody can put right.
        let hopeless =
            |fault: &String| fault.contains("known kind") || fault.contains("the record");
        if !found.iter().any(hopeless) {
            queue.mend().await.unwrap();
            assert_eq!(faults(&queue).await, Vec::<String>::new(), "{what}");
            let left = queue.list(None, 100).await.unwrap();
            assert!(left.len() >= 29, "{what}");
        }
    }
}

#[tokio::test]
async fn faults_are_bounded() {
    let kv = Arc::new(Memory::default());
    let stray = |number: u32| {
        let key = [&[9][..], &number.to_be_bytes()].concat();
        Operation::Put(key, vec![])
    };
    commit(&kv, (0..1500).map(stray).collect()).await;
    let checked = Queue::new(kv).check().await.unwrap();
    assert_eq!((checked.faults.len(), checked.more), (FAULTS, 500));
}

#[tokio::test]
async fn bodies_are_shown_and_found_where_they_went() {
    let dir = tempfile::tempdir().unwrap();
    let [from, to, still] = bodies(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    for number in 1..=500 {
        let body = if number % 5 == 0 { &from } else { &still };
        queue.put(&entry(number, body, 1)).await.unwrap();
    }
    let shown = async || {
        let mut shown = HashMap::<BodyRef, usize>::new();
        let count = |body| *shown.entry(body).or_default() += 1;
        queue.bodies(count).await.unwrap();
        shown
    };
    let counted = |body: &BodyRef| HashMap::from([(body.clone(), 100), (still.clone(), 400)]);
    assert_eq!(shown().await, counted(&from));
    let table = Moved::from_iter([(from.clone(), to.clone())]);
    assert_eq!(queue.relocate(&table).await, Ok(100));
    assert_eq!(queue.relocate(&table).await, Ok(0));
    assert_eq!(shown().await, counted(&to));
    let moved = queue.get(id(5)).await.unwrap().unwrap();
    assert_eq!(moved, entry(5, &to, 1));
    assert_eq!(faults(&queue).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_read_is_no_full_list_of_bodies() {
    let kv = Arc::new(Memory::default());
    commit(&kv, vec![Operation::Put(entry_key(1), vec![9])]).await;
    let queue = Queue::new(kv.clone());
    assert!(queue.bodies(drop).await.is_err());
    assert!(queue.relocate(&Moved::default()).await.is_err());
    assert_eq!(octets(&kv, &entry_key(1)).await, [9]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_happens_meanwhile_is_no_fault() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = bodies(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    let ended = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    for start in [0, 1] {
        let (queue, body, ended) = (queue.clone(), one.clone(), ended.clone());
        tasks.spawn(async move {
            for number in (start..).step_by(2) {
                queue.put(&entry(number, &body, 7)).await.unwrap();
                // Some entries stay for a while.
                let old = id(number - 40);
                for place in 0..7 {
                    let busy = [(place, later(60, "busy"))];
                    let _ = queue.conclude(old, None, &busy, None).await.unwrap();
                    settle(&queue, old, place).await;
                }
                if ended.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
    }
    for _ in 0..100 {
        assert_eq!(faults(&queue).await, Vec::<String>::new());
        let there = Moved::from_iter([(one.clone(), other.clone())]);
        queue.relocate(&there).await.unwrap();
    }
    ended.store(true, Ordering::SeqCst);
    tasks.join_all().await;
    let there = Moved::from_iter([(one, other)]);
    queue.relocate(&there).await.unwrap();
    assert_eq!(queue.relocate(&there).await, Ok(0));
}
