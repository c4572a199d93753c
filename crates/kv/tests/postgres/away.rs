//! A database that goes away and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kv::postgres::Postgres;
use kv::{Kv, KvError, Outcome, Partition};

use crate::common::*;

/// Killed again and again under load, by `kill -9` and by a fault of its own.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_a_killed_server() {
    let mut server = testbed::Postgres::start();
    let nodes = [node(&server).await, node(&server).await];
    let partitions: Vec<Partition> = (0..8).map(account).collect();
    let enough = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..32)
        .map(|task: u64| {
            let kv = nodes[usize::from(task.is_multiple_of(2))].clone();
            let partition = partitions[(task / 2 % 8) as usize];
            tokio::spawn(keep_counting(kv, partition, task, enough.clone()))
        })
        .collect();
    for round in 0..6u64 {
        tokio::time::sleep(Duration::from_millis(300 + round * 37)).await;
        server = tokio::task::spawn_blocking(move || {
            if round % 2 == 0 {
                server.kill();
            } else {
                server.crash();
            }
            server.start_again();
            server
        })
        .await
        .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    enough.store(true, Ordering::Relaxed);
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.unwrap());
    }
    compare(&nodes[1], &partitions, &told).await;
    let unknown: u64 = told.iter().map(|one| one.unknown).sum();
    assert_eq!(unknown, 0, "the database was never away for long: {told:?}");
    let committed: u64 = told.iter().map(|one| one.committed).sum();
    assert!(committed > 100, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_waits_for_a_database_that_comes_back() {
    let mut server = testbed::Postgres::start();
    let kv = node(&server).await;
    assert_eq!(
        count_one(&kv, account(1), b"n").await,
        Ok((Outcome::Committed, 1))
    );
    server.stop();
    let tasks: Vec<_> = (0..50u64)
        .map(|number| {
            let kv = kv.clone();
            tokio::spawn(async move { count_one(&kv, account(number), b"n").await })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(tasks.iter().all(|task| !task.is_finished()));
    server.start_again();
    for (number, task) in tasks.into_iter().enumerate() {
        let count = if number == 1 { 2 } else { 1 };
        assert_eq!(task.await.unwrap(), Ok((Outcome::Committed, count)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_patience_everything_is_refused_and_passes_by_itself() {
    let mut server = testbed::Postgres::start();
    let patience = Duration::from_secs(1);
    let impatient = settings(&server).patience(patience);
    let kv = Arc::new(Postgres::open(impatient.clone()).await.unwrap());
    server.stop();
    let begun = Instant::now();
    // More than there is room for, whatever they wait for.
    let tasks: Vec<_> = (0..200u64)
        .map(|number| {
            let kv = kv.clone();
            tokio::spawn(async move {
                let one = account(number);
                match number % 2 {
                    0 => kv.snapshot(one).await.err().unwrap(),
                    _ => kv
                        .commit(one, vec![], vec![put(b"k", b"v")])
                        .await
                        .unwrap_err(),
                }
            })
        })
        .collect();
    for task in tasks {
        let refusal = task.await.unwrap();
        assert!(matches!(refusal, KvError::Away(_)), "{refusal}");
    }
    let took = begun.elapsed();
    assert!(took >= patience && took < patience * 5, "{took:?}");
    let refusal = Postgres::open(impatient).await.err().unwrap();
    assert!(matches!(refusal, KvError::Away(_)), "{refusal}");
    server.start_again();
    until(async || kv.snapshot(account(1)).await.is_ok()).await;
    for number in 0..200 {
        // None that was refused happened after all.
        assert_eq!(get(&kv, account(number), b"k").await, None);
    }
    let outcome = kv.commit(account(1), vec![], vec![put(b"k", b"v")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
}

/// A snapshot that was held when the database went fails and does no other harm.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_does_not_outlive_its_database() {
    let mut server = testbed::Postgres::start();
    let kv = node(&server).await;
    let outcome = kv.commit(account(1), vec![], vec![put(b"k", b"v")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
    let held = kv.snapshot(account(1)).await.unwrap();
    server.crash();
    server.start_again();
    let refusal = held.get(b"k").await.unwrap_err();
    assert!(matches!(refusal, KvError::Away(_)), "{refusal}");
    drop(held);
    assert!(get(&kv, account(1), b"k").await.is_some());
}
