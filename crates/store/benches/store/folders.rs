//! Whole folders: made by one process, opened by another.

use std::path::Path;
use std::time::Instant;

use address::AccountId;
use jiff::Timestamp;
use store::{MailboxId, UidSet};

use crate::cost::{forget, memory};
use crate::places::embedded;
use crate::world::{ACCOUNTS, Random, Sizes, copy_up_to, deliver_one, make_accounts, message};

/// Accounts that share the mailboxes.
const OWNERS: u64 = 100;

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Makes so many mailboxes of so many messages, and stops well.
pub(crate) async fn make(folder: &Path, mailboxes: u64, messages: usize) {
    let store = embedded(folder);
    for owner in 0..OWNERS {
        let (account, now) = (AccountId(owner), Timestamp::now());
        store.create_account(account, now).await.unwrap();
        for seed in 0..10 {
            deliver_one(&store, owner, &message(2_000, owner * 10 + seed)).await;
        }
        copy_up_to(&store, account, MailboxId::INBOX, messages).await;
        let all = UidSet::all();
        for number in 1..mailboxes / OWNERS {
            let name = format!("box{number}");
            let made = store.create_mailbox(account, &name, now).await.unwrap();
            let copied = store.copy(account, MailboxId::INBOX, &all, made.id, None, now);
            copied.await.unwrap();
        }
    }
}

/// Opens a folder that is not in memory, lists every mailbox of every account with its
/// numbers, and prints what that took.
pub(crate) async fn look(folder: &Path) {
    forget(folder);
    let begun = Instant::now();
    let store = embedded(folder);
    let opened = milliseconds(begun);
    let begun = Instant::now();
    let (mut mailboxes, mut messages) = (0, 0);
    for owner in 0..OWNERS {
        let account = AccountId(owner);
        for mailbox in store.mailboxes(account).await.unwrap() {
            let summary = store.summary(account, mailbox.id).await.unwrap();
            mailboxes += 1;
            messages += summary.exists;
        }
    }
    let listed = milliseconds(begun);
    let memory = memory();
    println!("{mailboxes} | {messages} | {opened:.1} | {listed:.1} | {memory:.1}");
}

/// Delivers until so many octets are there, and ends as a crash does.
pub(crate) async fn fill(folder: &Path, octets: u64) {
    let store = embedded(folder);
    make_accounts(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for session in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut random = Random(session);
            let mut left = octets / 64;
            while left > 0 {
                let text = message(Sizes::Mix.octets(random.next()), random.next());
                left = left.saturating_sub(text.len() as u64);
                deliver_one(&store, random.next() % ACCOUNTS, &text).await;
            }
        });
    }
    tasks.join_all().await;
    std::process::abort();
}

/// Opens a folder after a crash, and prints how long that took until one can read.
pub(crate) async fn reopen(folder: &Path) {
    forget(folder);
    let begun = Instant::now();
    let store = embedded(folder);
    let usage = store.usage(AccountId(0)).await.unwrap();
    let opened = milliseconds(begun);
    assert!(usage.messages > 0);
    let octets = size(folder) as f64 / 1e9;
    println!("{octets:.1} | {opened:.0}");
}

fn size(folder: &Path) -> u64 {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap());
    let size = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => size(&path),
        path => path.metadata().unwrap().len(),
    };
    entries.map(size).sum()
}
