//! What the store costs, on the embedded engine: `cargo xtask bench store`.
//!
//! Each part prints a row of a table.
//!
//! * `deliver SIZES SESSIONS SECONDS`: deliveries a second, the median and the 99th percentile
//!   of the wait for each, CPU for each, and octets written for each octet of a body. CPU and
//!   octets are those that the system counts for this process, the last layer brought into the
//!   database included. The syncs are counted from outside.
//! * `mailbox MESSAGES`: milliseconds of what is done with one mailbox of so many messages.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
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
use store::{
    Delivery, FlagChange, Flags, How, Incoming, MailboxId, Page, Store, SystemFlags, Uid, UidSet,
};

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
        "mailbox" => {
            let messages = std::env::args().nth(2).unwrap().parse().unwrap();
            runtime.block_on(mailbox(folder.path(), messages));
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

/// How often a small thing is done for its median.
const TIMES: usize = 201;

async fn mailbox(folder: &Path, messages: usize) {
    const ACCOUNT: AccountId = AccountId(1);
    const INBOX: MailboxId = MailboxId::INBOX;
    let store = open(folder);
    let now = Timestamp::now();
    store.create_account(ACCOUNT, now).await.unwrap();
    for seed in 0..100 {
        deliver_one(&store, ACCOUNT.0, &message(2_000, seed)).await;
    }
    // Copies are messages like others, and many are made at once.
    let mut held = 100;
    while held < messages {
        let more = UidSet::from_ranges([(Uid::MIN, uid(held.min(messages - held)))]);
        let copied = store.copy(ACCOUNT, INBOX, &more, INBOX, None, now).await;
        held += copied.unwrap().pairs.len();
    }
    drop(store);
    let store = open(folder);
    let cold = timed(async || drop(store.select(ACCOUNT, INBOX, false).await.unwrap())).await;
    let all = UidSet::all();
    let mut row = vec![format!("{cold:.1}")];
    let summary = median(async || {
        let summary = store.summary(ACCOUNT, INBOX).await.unwrap();
        assert_eq!(usize::try_from(summary.exists), Ok(held));
    })
    .await;
    let select = median(async || drop(store.select(ACCOUNT, INBOX, false).await.unwrap())).await;
    let flags = median(async || {
        let page = Page {
            uids: &all,
            after: None,
            limit: usize::MAX,
            include_gone: false,
        };
        let listed = store.flags(ACCOUNT, INBOX, page).await.unwrap();
        assert_eq!(listed.messages.len(), held);
    })
    .await;
    let mut times = 0;
    let mut mark = async |uids: &UidSet| {
        times += 1;
        let how = if times % 2 == 0 {
            How::Add
        } else {
            How::Remove
        };
        let flags = SystemFlags::FLAGGED.into();
        let what = FlagChange { how, flags };
        let marked = store.set_flags(ACCOUNT, INBOX, uids, &what, now).await;
        assert!(!marked.unwrap().is_empty());
    };
    let many = UidSet::from_ranges([(uid(held / 3), uid(held / 3 + 9_999))]);
    let marking = median(async || mark(&many).await).await;
    let mut random = Random(7);
    let marking_one = median(async || {
        let some = usize::try_from(random.next()).unwrap() % held;
        mark(&UidSet::from_iter([uid(some + 1)])).await;
    })
    .await;
    let text = message(2_000, 1);
    let delivery = median(async || deliver_one(&store, ACCOUNT.0, &text).await).await;
    for cost in [summary, select, flags, marking, marking_one, delivery] {
        row.push(format!("{cost:.3}"));
    }
    println!("{}", row.join(" | "));
}

fn uid(number: usize) -> Uid {
    Uid::new(u32::try_from(number).unwrap()).unwrap()
}

/// Milliseconds of one time.
async fn timed(mut act: impl AsyncFnMut()) -> f64 {
    let begun = Instant::now();
    act().await;
    begun.elapsed().as_secs_f64() * 1e3
}

/// The median of many times, in milliseconds.
async fn median(mut act: impl AsyncFnMut()) -> f64 {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        times.push(timed(&mut act).await);
    }
    times.sort_unstable_by(f64::total_cmp);
    times[TIMES / 2]
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
