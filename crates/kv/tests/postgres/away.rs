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

/// What a full disk of the database does is played by a rule of its own there.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_passes() {
    let server = testbed::Postgres::start();
    let kv = node(&server).await;
    let outcome = kv.commit(account(1), vec![], vec![put(b"k", b"v")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
    let other = sql(&server).await;
    refuse_all(&other, "53100").await;
    for octets in [1, 1000] {
        let refused = kv
            .commit(account(1), vec![], vec![put(b"k", &vec![7; octets])])
            .await;
        assert_eq!(refused, Err(KvError::Full));
    }
    assert_eq!(get(&kv, account(1), b"k").await.unwrap().bytes, b"v");
    other
        .batch_execute("DROP TRIGGER refuse ON kv")
        .await
        .unwrap();
    let outcome = kv.commit(account(1), vec![], vec![put(b"k", b"w")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
}

/// Such as CockroachDB's, that asks for a transaction to be tried again.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_never_serialised_is_refused_and_harms_no_other() {
    let server = testbed::Postgres::start();
    let kv = node(&server).await;
    let other = sql(&server).await;
    refuse_all(&other, "40001").await;
    let only = "ALTER TABLE kv DISABLE TRIGGER refuse;
        CREATE TRIGGER refuse_one BEFORE INSERT ON kv FOR EACH ROW
        WHEN (NEW.k = 'unlucky') EXECUTE FUNCTION refuse()";
    other.batch_execute(only).await.unwrap();
    let write = async |number: u64, key: &'static [u8]| {
        kv.commit(account(number), vec![], vec![put(key, b"v")])
            .await
    };
    let lucky = futures_util::future::join_all((0..40).map(|number| write(number, b"k")));
    let (unlucky, lucky) = tokio::join!(write(3, b"unlucky"), lucky);
    assert_eq!(unlucky, Err(KvError::Busy));
    for outcome in lucky {
        assert_eq!(outcome, Ok(Outcome::Committed));
    }
    assert_eq!(get(&kv, account(3), b"unlucky").await, None);
    assert!(get(&kv, account(3), b"k").await.is_some());
}

/// Has the database refuse each new or changed row with this code.
async fn refuse_all(other: &tokio_postgres::Client, code: &str) {
    let rule = format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON kv
            FOR EACH ROW EXECUTE FUNCTION refuse()"
    );
    other.batch_execute(&rule).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_snapshots_than_readers_wait_for_one() {
    let server = testbed::Postgres::start();
    let patient = settings(&server).patience(Duration::from_secs(2));
    let kv = Arc::new(Postgres::open(patient).await.unwrap());
    let mut held = Vec::new();
    let refusal = loop {
        match kv.snapshot(account(1)).await {
            Ok(snapshot) => held.push(snapshot),
            Err(refusal) => break refusal,
        }
        assert!(held.len() < 100, "there is no bound");
    };
    assert_eq!(refusal, KvError::Busy);
    let waiting = tokio::spawn({
        let kv = kv.clone();
        async move { kv.snapshot(account(1)).await.is_ok() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    held.pop();
    assert!(waiting.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_commit_leaves_the_writer_whole() {
    let server = testbed::Postgres::start();
    let kv = node(&server).await;
    for number in 0..100u64 {
        let commit = kv.commit(account(1), vec![], vec![put(b"a", b"v"), put(b"b", b"v")]);
        let patience = Duration::from_micros(number * 50);
        let _ = tokio::time::timeout(patience, commit).await;
        let read = async {
            let snapshot = kv.snapshot(account(1)).await.unwrap();
            (snapshot.get(b"a").await, snapshot.get(b"b").await)
        };
        if let Ok((a, b)) = tokio::time::timeout(patience, read).await {
            assert_eq!(a.unwrap(), b.unwrap());
        }
    }
    assert_eq!(
        count_one(&kv, account(1), b"n").await,
        Ok((Outcome::Committed, 1))
    );
    assert!(get(&kv, account(1), b"b").await.is_some());
}
