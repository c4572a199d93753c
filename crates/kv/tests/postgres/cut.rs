//! Connections cut in the middle of a commit: what is answered is what happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kv::postgres::{Postgres, Settings};
use kv::{Outcome, Partition};

use crate::common::*;
use crate::wire::{Cut, Wire};

const CUT: [Cut; 8] = [
    Cut::Not,
    Cut::Before,
    Cut::Not,
    Cut::After,
    Cut::Not,
    Cut::Late,
    Cut::Not,
    Cut::Not,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_cut_in_the_middle_is_answered_truly() {
    let server = testbed::Postgres::start();
    let wire = Wire::to(&server, &CUT);
    let behind = Settings::new(&wire.address(&server), None).unwrap();
    // One node whose connections are cut, and one beside it that does well.
    let cut = Arc::new(Postgres::open(behind).await.unwrap());
    let well = node(&server).await;
    let partitions: Vec<Partition> = (0..6).map(account).collect();
    let enough = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..24)
        .map(|task: u64| {
            let kv = if task.is_multiple_of(4) { &well } else { &cut };
            let partition = partitions[(task % 6) as usize];
            tokio::spawn(keep_counting(kv.clone(), partition, task, enough.clone()))
        })
        .collect();
    until(async || wire.ends() > 150).await;
    enough.store(true, Ordering::Relaxed);
    let mut told = Vec::new();
    for task in tasks {
        let one = tokio::time::timeout(Duration::from_secs(60), task).await;
        told.push(one.unwrap().unwrap());
    }
    compare(&well, &partitions, &told).await;
    let failed: u64 = told.iter().map(|one| one.refused + one.unknown).sum();
    assert_eq!(failed, 0, "the database was there all the time: {told:?}");
}

/// A connection that stands and says nothing is given up, and the commit is looked up.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_is_not_waited_for_for_ever() {
    let server = testbed::Postgres::start();
    let wire = Wire::to(&server, &[Cut::Not, Cut::Silence]);
    let behind = Settings::new(&wire.address(&server), None).unwrap();
    let kv = Postgres::open(behind).await.unwrap();
    for count in 1..=2 {
        let told = count_one(&kv, account(1), b"n").await;
        assert_eq!(told, Ok((Outcome::Committed, count)));
    }
    assert_eq!(counted(&kv, account(1), b"n").await, 2);
}
