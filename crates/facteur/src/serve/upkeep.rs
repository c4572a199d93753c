//! Keeping the data folder small and sound while serving.

use std::time::{Duration, Instant};

use care::{Care, CareError, Terms};
use jiff::Timestamp;

use crate::config;

/// How long after the start the first pass comes: by then those who wait were served.
const FIRST: Duration = Duration::from_secs(60);
/// Most time between two passes. What is deleted has left the disk after three of them, and
/// the month that `care` gives to segments that are mostly needed.
const MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// So many times as long as a pass took is the time to the next: it takes a fiftieth of what
/// the machine can do.
const SHARE: u32 = 50;

/// Passes, one after another, for as long as the service runs.
pub(super) async fn keep(care: Care, settings: config::Care) {
    let least = Duration::from_secs(settings.pause_seconds);
    let mut pause = FIRST.min(least);
    loop {
        tokio::time::sleep(pause).await;
        let begun = Instant::now();
        match care.pass(&Terms::USUAL, Timestamp::now(), &|_| {}).await {
            Ok(pass) => {
                for account in &pass.untidy {
                    tracing::error!("care: {account}");
                }
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
        pause = (begun.elapsed() * SHARE).min(MOST).max(least);
    }
}
