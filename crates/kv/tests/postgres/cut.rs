//! Connections cut in the middle of a commit: what is answered is what happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kv::Partition;
use kv::postgres::{Postgres, Settings};

use crate::common::*;
use crate::wire::Wire;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_cut_in_the_middle_is_answered_truly() {
    let server = testbed::Postgres::start();
    let wire = Wire::to(&server);
    let address = server.address();
    let folder = server.socket().parent().unwrap().display().to_string();
    let address = address.replace(&folder, &wire.folder().display().to_string());
    let behind = Settings::new(&address, None).unwrap();
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
