//! Several nodes on one database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kv::postgres::{Notices, Postgres};
use kv::{Condition, Kv, KvError, Outcome, Partition, Watch};

use crate::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost_between_nodes() {
    let server = testbed::Postgres::start();
    let nodes = [node(&server).await, node(&server).await];
    let partitions: Vec<Partition> = (0..5).map(account).collect();
    let enough = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..40)
        .map(|task: u64| {
            let kv = nodes[usize::from(task.is_multiple_of(2))].clone();
            let partition = partitions[(task / 2 % 5) as usize];
            tokio::spawn(keep_counting(kv, partition, task, enough.clone()))
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(4)).await;
    enough.store(true, Ordering::Relaxed);
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.unwrap());
    }
    compare(&nodes[0], &partitions, &told).await;
    let sum = |of: fn(&Told) -> u64| told.iter().map(of).sum::<u64>();
    assert!(sum(|told| told.committed) > 100, "{told:?}");
    assert!(sum(|told| told.conflicts) > 0, "they never met: {told:?}");
    assert_eq!(sum(|told| told.refused + told.unknown), 0, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_nodes_that_make_a_key_one_wins() {
    let server = testbed::Postgres::start();
    let nodes = [
        node(&server).await,
        node(&server).await,
        node(&server).await,
    ];
    for round in 0..30u8 {
        // A partition that nobody has used before: not even its head is there.
        let partition = account(u64::from(round) + 1000);
        let race = nodes.each_ref().map(|kv| {
            let absent = vec![Condition::Absent(b"k".to_vec())];
            kv.commit(partition, absent, vec![put(b"k", b"v")])
        });
        let outcomes = futures_util::future::join_all(race).await;
        let winners = outcomes
            .iter()
            .filter(|one| **one == Ok(Outcome::Committed))
            .count();
        assert_eq!(winners, 1, "{outcomes:?}");
    }
}

/// Two that take the same many partitions in another order neither wait in a circle nor
/// fail.
#[tokio::test(flavor = "multi_thread")]
async fn groups_that_meet_in_many_partitions_pass() {
    let server = testbed::Postgres::start();
    let nodes = [node(&server).await, node(&server).await];
    let mut tasks = Vec::new();
    for (turn, kv) in nodes.iter().enumerate() {
        for number in 0..400u64 {
            let number = if turn == 0 { number } else { 399 - number };
            let (kv, partition) = (kv.clone(), account(number % 50));
            tasks.push(tokio::spawn(async move {
                kv.commit(partition, vec![], vec![put(&number.to_be_bytes(), b"")])
                    .await
            }));
        }
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(Outcome::Committed));
    }
}

/// A partition that something else holds for long harms no other, and is told to be busy.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_held_for_long_harms_no_other() {
    let server = testbed::Postgres::start();
    let kv = node(&server).await;
    let write = |number| {
        let kv = kv.clone();
        tokio::spawn(async move {
            kv.commit(account(number), vec![], vec![put(b"k", b"v")])
                .await
        })
    };
    for number in 0..20 {
        assert_eq!(write(number).await.unwrap(), Ok(Outcome::Committed));
    }
    let other = sql(&server).await;
    let held = format!("\\x03{:016x}", 6);
    other.batch_execute("BEGIN").await.unwrap();
    let take = "SELECT * FROM kv_heads WHERE part = $1::TEXT::BYTEA FOR UPDATE";
    assert_eq!(other.query(take, &[&held]).await.unwrap().len(), 1);
    let tasks: Vec<_> = (0..20).map(write).collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        let expected = match number {
            6 => Err(KvError::Busy),
            _ => Ok(Outcome::Committed),
        };
        assert_eq!(outcome, expected, "partition {number}");
    }
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(write(6).await.unwrap(), Ok(Outcome::Committed));
}

async fn is_told_soon(watch: &mut Watch, by: &Postgres) -> Duration {
    // Made for nothing when a node begins to listen.
    while tokio::time::timeout(Duration::from_millis(1500), watch.changed())
        .await
        .is_ok()
    {}
    let begun = Instant::now();
    let outcome = by.commit(account(7), vec![], vec![put(b"k", b"v")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
    tokio::time::timeout(Duration::from_secs(20), watch.changed())
        .await
        .unwrap();
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_another_node_is_told_within_a_second() {
    let mut server = testbed::Postgres::start();
    let (here, there) = (node(&server).await, node(&server).await);
    let mut watch = here.watch(account(7));
    let mut other = here.watch(account(8));
    let took = is_told_soon(&mut watch, &there).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    // Also after the database was gone: who listened is woken once, then told as before.
    while tokio::time::timeout(Duration::from_millis(100), other.changed())
        .await
        .is_ok()
    {}
    server.crash();
    server.start_again();
    tokio::time::timeout(Duration::from_secs(20), other.changed())
        .await
        .unwrap();
    let took = is_told_soon(&mut watch, &there).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_another_node_is_found_by_asking() {
    let server = testbed::Postgres::start();
    let asking = settings(&server).notices(Notices::Asked);
    let here = Postgres::open(asking).await.unwrap();
    let there = node(&server).await;
    let mut watch = here.watch(account(7));
    // The first asking of a partition wakes for nothing.
    let took = is_told_soon(&mut watch, &there).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}

/// As a command does: it opens the store, changes something, and is gone.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_changes_just_before_its_end_is_told_if_it_waits() {
    let server = testbed::Postgres::start();
    let here = node(&server).await;
    let mut watch = here.watch(account(7));
    for round in 0..5u8 {
        while tokio::time::timeout(Duration::from_millis(500), watch.changed())
            .await
            .is_ok()
        {}
        let there = Postgres::open(settings(&server)).await.unwrap();
        let outcome = there
            .commit(account(7), vec![], vec![put(&[round], b"v")])
            .await;
        assert_eq!(outcome, Ok(Outcome::Committed));
        there.tell_all().await;
        drop(there);
        tokio::time::timeout(Duration::from_secs(2), watch.changed())
            .await
            .unwrap();
    }
    // Nothing to tell is told at once.
    let begun = Instant::now();
    node(&server).await.tell_all().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
}
