//! Deliveries to many accounts by many sessions.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cost::Cost;
use crate::places::Place;
use crate::world::{ACCOUNTS, Random, Sizes, deliver_one, make_accounts};

pub(crate) async fn deliver(place: &str, folder: &Path, sizes: Sizes, sessions: u64, seconds: u64) {
    let Place { store, servers } = Place::named(place, folder).await;
    make_accounts(&store).await;
    let texts: Vec<Vec<u8>> = (0..200)
        .map(|seed| sizes.message(sizes.octets(seed / 2), seed))
        .collect();
    let texts = Arc::new(texts);
    let end = Instant::now() + Duration::from_secs(seconds);
    let before = Cost::now();
    let tasks: Vec<_> = (0..sessions)
        .map(|session| {
            let (store, texts) = (store.clone(), texts.clone());
            tokio::spawn(async move {
                let mut random = Random(session);
                let mut waits = Vec::new();
                let mut octets = 0;
                while Instant::now() < end {
                    let at = usize::try_from(random.next()).unwrap() % texts.len();
                    let begun = Instant::now();
                    deliver_one(&store, random.next() % ACCOUNTS, &texts[at]).await;
                    waits.push(begun.elapsed());
                    octets += texts[at].len() as u64;
                }
                (waits, octets)
            })
        })
        .collect();
    let mut waits = Vec::new();
    let mut octets = 0;
    for task in tasks {
        let (more, carried) = task.await.unwrap();
        waits.extend(more);
        octets += carried;
    }
    // The last layer comes to the database.
    drop(store);
    let after = Cost::now();
    // What they have cost is counted for this process once they have ended.
    drop(servers);
    waits.sort_unstable();
    let count = waits.len() as f64;
    let at = |share: usize| match waits.get(waits.len() * share / 100) {
        Some(wait) => wait.as_secs_f64() * 1e3,
        None => 0.0,
    };
    println!(
        "{:.1} | {:.2} | {:.2} | {:.3} | {:.3}",
        count / (seconds as f64).max(1.0),
        at(50),
        at(99),
        (after.cpu - before.cpu) / count * 1e3,
        (after.written - before.written) as f64 / octets as f64,
    );
}
