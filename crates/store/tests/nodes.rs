//! The store on two nodes that share a database and a bucket.

#![allow(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "this file is tests only"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use address::{AccountId, Password};
use blob::Blobs;
use blob::s3::{self, Bucket};
use jiff::Timestamp;
use kv::postgres::{Postgres, Settings};
use store::{
    Delivery, FlagChange, Flags, How, MailboxId, Page, Record, Store, SystemFlags, UidSet,
};

const ACCOUNT: AccountId = AccountId(7);
/// Deliveries at once, of which each node has half.
const TASKS: u32 = 8;
/// Deliveries of each.
const EACH: u32 = 10;

async fn node(index: &testbed::Postgres, bodies: &testbed::S3) -> Store {
    let index = Settings::new(&index.address(), None).unwrap();
    let index = Postgres::open(index).await.unwrap();
    let secret = Password::new("secret");
    let bodies = s3::Settings::new(&bodies.endpoint(), "mail", "facteur", secret);
    let bodies = Bucket::open(&bodies).await.unwrap();
    Store::new(Arc::new(index), Blobs::in_bucket(bodies))
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// A message that says which it is, some longer than a piece that is read at once.
fn message(task: u32, number: u32) -> Vec<u8> {
    let filling = "x".repeat(usize::try_from(number * 20_000).unwrap());
    format!("Subject: {task} {number}\r\n\r\n{filling}\r\n").into_bytes()
}

async fn inbox(store: &Store) -> MailboxId {
    store.mailboxes(ACCOUNT).await.unwrap()[0].id
}

async fn deliver_some(store: Store, inbox: MailboxId, task: u32) {
    for number in 0..EACH {
        let mut intake = store.body();
        for piece in message(task, number).chunks(7_000) {
            intake.write(piece).await.unwrap();
        }
        let incoming = intake.finish().await.unwrap();
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: now().into(),
            once: None,
            quota: None,
        };
        let placed = store.deliver(ACCOUNT, inbox, &incoming, &delivery, now());
        let uid = placed.await.unwrap().uid;
        // Whoever delivers marks as well, so that two kinds of changes meet.
        let only = UidSet::from_ranges([(uid, uid)]);
        let mut flags = Flags::default();
        flags.system |= SystemFlags::FLAGGED;
        let change = FlagChange {
            how: How::Add,
            flags,
        };
        let marked = store.set_flags(ACCOUNT, inbox, &only, &change, now());
        assert_eq!(marked.await.unwrap().len(), 1);
    }
}

async fn records(store: &Store, inbox: MailboxId) -> Vec<Record> {
    let page = Page {
        uids: &UidSet::all(),
        after: None,
        limit: 1000,
        include_gone: false,
    };
    store.records(ACCOUNT, inbox, page).await.unwrap()
}

async fn body(store: &Store, record: &Record) -> Vec<u8> {
    let mut reader = store.read(&record.body, 0..record.size);
    let mut all = Vec::new();
    while let Some(piece) = reader.next().await {
        all.extend_from_slice(&piece.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_deliver_into_one_mailbox() {
    let (index, bodies) = (testbed::Postgres::start(), testbed::S3::start());
    let nodes = [node(&index, &bodies).await, node(&index, &bodies).await];
    nodes[0].create_account(ACCOUNT, now()).await.unwrap();
    let inbox = inbox(&nodes[1]).await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = nodes[usize::from(task.is_multiple_of(2))].clone();
            tokio::spawn(deliver_some(store, inbox, task))
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // Every message is there once, with a UID of its own, whole, from wherever one looks.
    let expected: BTreeSet<Vec<u8>> = (0..TASKS)
        .flat_map(|task| (0..EACH).map(move |number| message(task, number)))
        .collect();
    for store in &nodes {
        let records = records(store, inbox).await;
        let uids: Vec<u32> = records.iter().map(|record| record.uid.get()).collect();
        assert_eq!(uids, (1..=TASKS * EACH).collect::<Vec<u32>>());
        let mut found = BTreeSet::new();
        for record in &records {
            assert_eq!(record.flags.system, SystemFlags::FLAGGED);
            found.insert(body(store, record).await);
        }
        assert!(
            found == expected,
            "some messages are not what was delivered"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_on_one_node_wakes_who_watches_on_another() {
    let (index, bodies) = (testbed::Postgres::start(), testbed::S3::start());
    let (here, there) = (node(&index, &bodies).await, node(&index, &bodies).await);
    here.create_account(ACCOUNT, now()).await.unwrap();
    let inbox = inbox(&here).await;
    let mut watch = here.watch(ACCOUNT);
    // What a node that has just begun to listen is told for nothing.
    while tokio::time::timeout(Duration::from_secs(1), watch.changed())
        .await
        .is_ok()
    {}
    let delivered = tokio::spawn(deliver_some(there, inbox, 1));
    tokio::time::timeout(Duration::from_secs(10), watch.changed())
        .await
        .unwrap();
    assert!(!records(&here, inbox).await.is_empty());
    delivered.await.unwrap();
}
