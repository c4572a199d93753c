//! What the queue costs, however much waits in it: `cargo xtask bench queue`.
//!
//! * `fill FOLDER ENTRIES DESTINATIONS` puts so many messages and ends as a crash does.
//! * `work FOLDER` opens what is there, and prints a row: milliseconds until the first recipients
//!   are taken, then messages a second that are put, and recipients a second that are taken and
//!   settled, each for [`SECONDS`], and MiB of memory of the process in the end.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is a benchmark only"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use address::{AccountId, ReversePath};
use blob::{Blobs, BodyRef};
use jiff::Timestamp;
use kv::sqlite::Sqlite;
use queue::{Destination, Entry, Fate, NodeId, Queue, QueueId, Recipient};
use segments::Log;
use tokio::task::JoinSet;

/// Sessions that put at the same time.
const SESSIONS: u64 = 64;
/// Connections that take and settle at the same time, and recipients of each time.
const CONNECTIONS: usize = 20;
const BATCH: usize = 100;
/// How long each rate is measured.
const SECONDS: Duration = Duration::from_secs(5);
/// Accounts that send.
const ACCOUNTS: u64 = 100;
const US: NodeId = NodeId(1);

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["fill", folder, entries, destinations, ..] => {
            let world = World::open(Path::new(folder)).await;
            world
                .fill(entries.parse().unwrap(), destinations.parse().unwrap())
                .await;
            // As a crash does.
            std::process::abort();
        }
        ["work", folder, ..] => work(Path::new(folder)).await,
        _ => panic!("no part {words:?}"),
    }
}

#[derive(Clone)]
struct World {
    queue: Queue,
    body: BodyRef,
}

impl World {
    async fn open(folder: &Path) -> World {
        let log = Log::open(&folder.join("bodies")).unwrap();
        let kv = Sqlite::on(&folder.join("index"), log.clone()).unwrap();
        let mut writer = Blobs::on(log).unwrap().writer();
        writer.write(b"Return-Path: <>\r\n\r\n").await.unwrap();
        let body = writer.finish().await.unwrap();
        let queue = Queue::new(Arc::new(kv));
        queue.upgrade().await.unwrap();
        World { queue, body }
    }

    async fn put(&self, number: u64, destinations: u64) {
        let now = Timestamp::now();
        let to = format!("x{number}@d{}.test", number % destinations);
        let to = Recipient::new(to.parse().unwrap(), Destination::Remote, now);
        let id = QueueId::new(now, u128::from(number));
        let entry = Entry {
            submitted_by: Some(AccountId(number % ACCOUNTS)),
            ..Entry::new(id, ReversePath::Null, vec![to], self.body.clone(), now)
        };
        self.queue.put(&entry).await.unwrap();
    }

    async fn fill(&self, entries: u64, destinations: u64) {
        let mut sessions = JoinSet::new();
        for session in 0..SESSIONS {
            let world = self.clone();
            sessions.spawn(async move {
                let mut numbers = (session..entries).step_by(SESSIONS as usize);
                for number in &mut numbers {
                    world.put(number, destinations).await;
                }
            });
        }
        sessions.join_all().await;
    }
}

async fn work(folder: &Path) {
    let begun = Instant::now();
    let world = World::open(folder).await;
    world.queue.recover_all_but(&[]).await.unwrap();
    let now = Timestamp::now();
    let turns = world.queue.turns(now, None, 200).await.unwrap();
    let first = world
        .queue
        .take(&turns[0].lane, US, now, BATCH)
        .await
        .unwrap();
    assert!(!first.is_empty());
    let opened = begun.elapsed().as_millis();
    let put = rate(
        SESSIONS as usize,
        async |world, number| {
            world.put((1 << 40) + number, 100).await;
            1
        },
        &world,
    )
    .await;
    let taken = rate(
        CONNECTIONS,
        async |world, _| world.settle_some().await,
        &world,
    )
    .await;
    println!("{opened} | {put:.0} | {taken:.0} | {:.0}", memory());
}

impl World {
    /// Takes some of whoever has the turn, and settles them. Gives how many there were.
    async fn settle_some(&self) -> u64 {
        let now = Timestamp::now();
        let turns = self.queue.turns(now, None, CONNECTIONS).await.unwrap();
        let Some(turn) = turns.get(rand_index(turns.len())) else {
            return 0;
        };
        let entries = self.queue.take(&turn.lane, US, now, BATCH).await.unwrap();
        self.queue.pass(turn, now).await.unwrap();
        for entry in &entries {
            let done = [(entry.recipients[0].place, Fate::Done)];
            let _ = self
                .queue
                .conclude(entry.id, Some(US), &done, None)
                .await
                .unwrap();
        }
        entries.len() as u64
    }
}

/// One of so many, another each time.
fn rand_index(count: usize) -> usize {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(7, Ordering::Relaxed) as usize % count.max(1)
}

/// How many are done a second by so many at once.
async fn rate<F>(tasks: usize, one: F, world: &World) -> f64
where
    F: AsyncFn(World, u64) -> u64,
{
    let done = AtomicU64::new(0);
    let numbers = AtomicU64::new(0);
    let begun = Instant::now();
    let task = async || {
        while begun.elapsed() < SECONDS {
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            let count = one(world.clone(), number).await;
            done.fetch_add(count, Ordering::Relaxed);
        }
    };
    futures_util::future::join_all((0..tasks).map(|_| task())).await;
    done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
}

/// MiB of memory that this process has for itself and for files.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<f64>().unwrap() / 1024.0
}
