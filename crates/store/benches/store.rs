//! What the store costs, on the embedded engine: `cargo xtask bench store`.
//!
//! It prints a row of a table: deliveries a second, the median and the 99th percentile of the
//! wait for each, CPU for each, and octets written for each octet of a body. CPU and octets
//! are those that the system counts for this process, the last layer brought into the
//! database included. The syncs are counted from outside.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::large_futures,
    reason = "this file is a benchmark only"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use address::AccountId;
use blob::Blobs;
use jiff::Timestamp;
use kv::sqlite::Sqlite;
use segments::Log;
use store::{Delivery, Flags, Incoming, MailboxId, Store};

/// Accounts that mail is delivered to.
const ACCOUNTS: u64 = 1000;

fn main() {
    let part = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir_in(std::env::var("BENCH_FOLDER").unwrap_or(".".into())).unwrap();
    match part.as_str() {
        "deliver" => {
            let mut words = std::env::args().skip(2);
            let sizes = Sizes::named(&words.next().unwrap());
            let sessions = words.next().unwrap().parse().unwrap();
            let seconds = words.next().unwrap().parse().unwrap();
            runtime.block_on(deliver(folder.path(), sizes, sessions, seconds));
        }
        other => panic!("no part {other:?}"),
    }
}

fn open(folder: &Path) -> Store {
    let log = Log::open(&folder.join("bodies")).unwrap();
    let kv = Sqlite::on(&folder.join("index"), log.clone()).unwrap();
    Store::new(Arc::new(kv), Blobs::on(log).unwrap())
}

/// How large messages are.
#[derive(Clone, Copy, Debug)]
enum Sizes {
    /// 80, 15 and 5 of a hundred have 2, 20 and 200 KB.
    Mix,
    /// All have 200 KB.
    Large,
}

impl Sizes {
    fn named(name: &str) -> Sizes {
        match name {
            "mix" => Sizes::Mix,
            "large" => Sizes::Large,
            other => panic!("no sizes {other:?}"),
        }
    }

    fn octets(self, random: u64) -> usize {
        match (self, random % 100) {
            (Sizes::Mix, 0..80) => 2_000,
            (Sizes::Mix, 80..95) => 20_000,
            _ => 200_000,
        }
    }
}

/// Numbers that are spread well, the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// A message of so many octets that nothing compresses: a header and base64.
fn message(octets: usize, seed: u64) -> Vec<u8> {
    let mut text = format!(
        "From: Léa <lea{seed}@facteur.test>\r\nTo: Jean <jean@facteur.test>\r\n\
         Subject: Nouvelles {seed}\r\nDate: Sat, 28 Nov 2026 04:00:00 +0000\r\n\
         Message-ID: <{seed}@facteur.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    .into_bytes();
    let mut noise = blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof();
    let mut line = [0; 57];
    while text.len() < octets {
        noise.fill(&mut line);
        for octet in line {
            text.push(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                    [usize::from(octet & 63)],
            );
        }
        text.extend_from_slice(b"\r\n");
    }
    text
}

async fn deliver_one(store: &Store, account: u64, text: &[u8]) {
    let mut intake = store.body();
    intake.write(text).await.unwrap();
    let incoming: Incoming = intake.finish().await.unwrap();
    let now = Timestamp::now();
    let delivery = Delivery {
        flags: Flags::default(),
        internal_date: now.into(),
        once: None,
        quota: None,
    };
    store
        .deliver(
            AccountId(account),
            MailboxId::INBOX,
            &incoming,
            &delivery,
            now,
        )
        .await
        .unwrap();
}

async fn deliver(folder: &Path, sizes: Sizes, sessions: u64, seconds: u64) {
    let store = open(folder);
    for account in 0..ACCOUNTS {
        store
            .create_account(AccountId(account), Timestamp::now())
            .await
            .unwrap();
    }
    let texts: Vec<Vec<u8>> = (0..200)
        .map(|seed| message(sizes.octets(seed / 2), seed))
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

/// What this process has cost so far.
struct Cost {
    /// Seconds of CPU, of the system on its behalf included.
    cpu: f64,
    /// Octets that were to be written to disk.
    written: u64,
}

impl Cost {
    fn now() -> Cost {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        let io = std::fs::read_to_string("/proc/self/io").unwrap();
        let written = io
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes: "))
            .unwrap();
        Cost {
            cpu: (ticks(11) + ticks(12)) / 100.0,
            written: written.parse().unwrap(),
        }
    }
}
