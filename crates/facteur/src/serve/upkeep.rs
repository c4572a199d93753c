//! Keeping the data folder, or the bucket, small and sound while serving.

use std::time::{Duration, Instant};

use care::bucket::{CollectTerms, Collected, Collector};
use care::{Care, CareError, Terms};
use jiff::Timestamp;
use journal::Journal;
use tokio::task::JoinHandle;

use crate::config;
use crate::rooms::Rooms;

/// How long after the start the first pass comes: by then those who wait were served.
const FIRST: Duration = Duration::from_secs(60);
/// Most time between two passes. What is deleted has left the disk after three of them, and
/// the month that `care` gives to segments that are mostly needed.
const MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// So many times as long as a pass took is the time to the next: it takes a fiftieth of what
/// the machine can do.
const SHARE: u32 = 50;

/// Of several nodes one takes care of the bucket; so many of its pauses after its last pass
/// another does.
const LEASE: u32 = 2;

/// Begins what is done in the background for as long as the service runs.
pub(super) fn begin(rooms: &Rooms, settings: &config::Care) -> Vec<JoinHandle<()>> {
    let least = Duration::from_secs(settings.pause_seconds);
    let (care, collector) = (rooms.care.clone(), rooms.collector.clone());
    let mut begun = Vec::new();
    begun.extend(care.map(|care| tokio::spawn(keep(care, least))));
    begun.extend(collector.map(|collector| tokio::spawn(collect(collector, least))));
    let journal = rooms.journal.clone();
    begun.push(tokio::spawn(tidy(journal.clone())));
    begun.push(tokio::spawn(
        async move { journal.run(Timestamp::now).await },
    ));
    begun
}

/// Forgets what happened too long ago, once a day.
async fn tidy(journal: Journal) {
    let mut wait = FIRST;
    loop {
        tokio::time::sleep(wait).await;
        if let Err(error) = journal.tidy(Timestamp::now()).await {
            tracing::error!(%error, "what happened long ago can't be forgotten");
        }
        wait = MOST;
    }
}

/// The time to the next pass after one that took so long.
fn pause(took: Duration, least: Duration) -> Duration {
    (took * SHARE).min(MOST).max(least)
}

/// Passes over the data folder, one after another.
async fn keep(care: Care, least: Duration) {
    let mut wait = FIRST.min(least);
    loop {
        tokio::time::sleep(wait).await;
        let begun = Instant::now();
        match care.pass(&Terms::USUAL, Timestamp::now(), &|_| {}).await {
            Ok(pass) => {
                tell_untidy(&pass.untidy);
                tracing::info!(
                    removed = pass.removed,
                    freed = pass.freed,
                    waiting = pass.waiting,
                    moved = pass.moved,
                    copied = pass.copied,
                    "care of the store"
                );
            }
            Err(CareError::Full) => tracing::warn!("care of the store: the disk is full"),
            Err(error) => {
                tracing::error!(%error, "care of the store: nothing is taken away");
            }
        }
        wait = pause(begun.elapsed(), least);
    }
}

/// Passes over the bucket, one after another.
async fn collect(collector: Collector, least: Duration) {
    let mut wait = FIRST.min(least);
    let mut lease = least * LEASE;
    loop {
        tokio::time::sleep(wait).await;
        let begun = Instant::now();
        let terms = CollectTerms::usual(lease);
        match collector.pass(&terms, Timestamp::now(), &|_| {}).await {
            Ok(pass) => tell(&pass),
            Err(error) => tracing::error!(%error, "care of the bucket: it is left as it is"),
        }
        wait = pause(begun.elapsed(), least);
        lease = wait * LEASE;
    }
}

fn tell(pass: &Collected) {
    if pass.elsewhere {
        tracing::debug!("care of the bucket: another node does it");
        return;
    }
    tell_untidy(&pass.untidy);
    if pass.foreign.count > 0 {
        let (count, names) = (pass.foreign.count, &pass.foreign.names);
        tracing::warn!(
            count,
            ?names,
            "what is not ours in the bucket is left alone"
        );
    }
    tracing::info!(
        removed = pass.removed,
        freed = pass.freed,
        waiting = pass.waiting,
        moved = pass.moved,
        objects = pass.objects,
        octets = pass.octets,
        "care of the bucket"
    );
}

fn tell_untidy(untidy: &[String]) {
    for account in untidy {
        tracing::error!("care: {account}");
    }
}
