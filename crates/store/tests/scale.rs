//! Many messages, many writers, long times, and a copy of the folder taken while it is
//! written to.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::large_futures,
    reason = "this file is tests only"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use address::AccountId;
use blob::Blobs;
use jiff::Timestamp;
use kv::memory::Memory;
use kv::sqlite::Sqlite;
use kv::{Direction, Kv, Partition};
use segments::Log;
use store::{
    Delivery, DeliveryId, FlagChange, Flags, How, Incoming, Keyword, Limit, MailboxId, Modseq,
    Page, Store, StoreError, SystemFlags, Uid, UidSet,
};

const ACCOUNT: AccountId = AccountId(1);
const INBOX: MailboxId = MailboxId::INBOX;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn now() -> Timestamp {
    at(0)
}

fn plainly() -> Delivery {
    Delivery {
        flags: Flags::default(),
        internal_date: now().into(),
        once: None,
        quota: None,
    }
}

fn once(number: u128) -> Delivery {
    Delivery {
        once: Some(DeliveryId::new(number)),
        ..plainly()
    }
}

async fn incoming(store: &Store, octets: &[u8]) -> Incoming {
    let mut intake = store.body();
    intake.write(octets).await.unwrap();
    intake.finish().await.unwrap()
}

/// A store that forgets, and its index.
async fn in_memory(dir: &Path) -> (Store, Arc<Memory>) {
    let kv = Arc::new(Memory::default());
    let store = Store::new(kv.clone(), Blobs::open(dir).unwrap());
    store.create_account(ACCOUNT, now()).await.unwrap();
    (store, kv)
}

async fn exists(store: &Store, mailbox: MailboxId) -> u32 {
    store.summary(ACCOUNT, mailbox).await.unwrap().exists
}

#[tokio::test]
async fn work_on_many_messages_is_done_in_steps() {
    let dir = tempfile::tempdir().unwrap();
    let (store, kv) = in_memory(dir.path()).await;
    let message = incoming(&store, b"Subject: one of many\r\n\r\n").await;
    for _ in 0..1300 {
        store
            .deliver(ACCOUNT, INBOX, &message, &plainly(), now())
            .await
            .unwrap();
    }
    let all = UidSet::all();
    // Onto itself: the copies are not copied again.
    let copied = store
        .copy(ACCOUNT, INBOX, &all, INBOX, None, now())
        .await
        .unwrap();
    let pairs: Vec<(u32, u32)> = copied
        .pairs
        .iter()
        .map(|(a, b)| (a.get(), b.get()))
        .collect();
    assert_eq!(
        pairs,
        (1..=1300).map(|uid| (uid, uid + 1300)).collect::<Vec<_>>()
    );

    let before = store.summary(ACCOUNT, INBOX).await.unwrap();
    let flags = Flags {
        system: SystemFlags::SEEN | SystemFlags::DELETED,
        keywords: vec![Keyword::new("work").unwrap()],
    };
    let odd: UidSet = (1..2600).step_by(2).filter_map(Uid::new).collect();
    let change = FlagChange {
        how: How::Add,
        flags: flags.clone(),
    };
    let marks = store
        .set_flags(ACCOUNT, INBOX, &odd, &change, now())
        .await
        .unwrap();
    assert_eq!(marks.len(), 1300);
    assert!(
        marks
            .iter()
            .all(|marked| marked.before < marked.marks.modseq)
    );
    let marks: Vec<_> = marks.into_iter().map(|marked| marked.marks).collect();
    let since = (before.highest_modseq, before.uid_next);
    let changes = store
        .changes(ACCOUNT, INBOX, since.0, since.1, false)
        .await
        .unwrap();
    assert_eq!(changes.changed, marks);
    assert!(marks.iter().all(|marks| marks.flags == flags));

    let removed = store.expunge(ACCOUNT, INBOX, None, now()).await.unwrap();
    assert_eq!(removed.into_iter().collect::<UidSet>(), odd);
    let changes = store
        .changes(ACCOUNT, INBOX, since.0, since.1, false)
        .await
        .unwrap();
    assert_eq!((changes.vanished, changes.changed.len()), (odd, 0));

    let other = store
        .create_mailbox(ACCOUNT, "other", now())
        .await
        .unwrap()
        .id;
    let moved = store
        .move_messages(ACCOUNT, INBOX, &all, other, now())
        .await
        .unwrap();
    assert_eq!(moved.pairs.len(), 1300);
    assert_eq!(
        (exists(&store, INBOX).await, exists(&store, other).await),
        (0, 1300)
    );
    store.delete_mailbox(ACCOUNT, "other").await.unwrap();
    assert_eq!(store.usage(ACCOUNT).await.unwrap().messages, 0);

    store.remove_account(ACCOUNT).await.unwrap();
    store.remove_account(ACCOUNT).await.unwrap();
    assert_eq!(store.mailboxes(ACCOUNT).await, Err(StoreError::Gone));
    let late = store
        .deliver(ACCOUNT, INBOX, &message, &plainly(), now())
        .await;
    assert_eq!(late, Err(StoreError::Gone));
    let left = kv.snapshot(Partition::Account(ACCOUNT)).await.unwrap();
    assert_eq!(
        left.scan(vec![]..vec![0xff], Direction::Forward, 9)
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn removed_messages_are_forgotten_after_the_grace() {
    let dir = tempfile::tempdir().unwrap();
    let (store, kv) = in_memory(dir.path()).await;
    let message = incoming(&store, b"Subject: short-lived\r\n\r\n").await;
    let start = store.summary(ACCOUNT, INBOX).await.unwrap();
    for _ in 0..300 {
        store
            .deliver(ACCOUNT, INBOX, &message, &plainly(), now())
            .await
            .unwrap();
    }
    let known = store.summary(ACCOUNT, INBOX).await.unwrap();
    store
        .remove(ACCOUNT, INBOX, &UidSet::all(), now())
        .await
        .unwrap();
    let keys = async || {
        let all = kv.snapshot(Partition::Account(ACCOUNT)).await.unwrap();
        all.scan(vec![]..vec![0xff], Direction::Forward, 10_000)
            .await
            .unwrap()
            .len()
    };
    let full = keys().await;
    for _ in 0..20 {
        store
            .deliver(ACCOUNT, INBOX, &message, &plainly(), at(3601))
            .await
            .unwrap();
    }
    // All had details, the last 44 stood alone and the 256 others in a block: what changes
    // of them, 16 pieces of what does not, when something did and when something went.
    assert_eq!(keys().await, full - 300 - 44 - (16 + 3) + 2 * 20);
    // Whoever slept through it is told of every UID that is not there.
    let since = (known.highest_modseq, known.uid_next);
    let changes = store
        .changes(ACCOUNT, INBOX, since.0, since.1, false)
        .await
        .unwrap();
    let gone = UidSet::from_ranges([(Uid::MIN, Uid::new(300).unwrap())]);
    assert_eq!((changes.vanished, changes.new.len()), (gone, 20));
    let changes = store.changes(ACCOUNT, INBOX, start.highest_modseq, start.uid_next, false);
    assert!(changes.await.unwrap().vanished.is_empty());
}

#[tokio::test]
async fn a_delivery_is_remembered_for_a_week() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = in_memory(dir.path()).await;
    let message = incoming(&store, b"\r\n").await;
    const DAY: i64 = 24 * 60 * 60;
    let mut uids = Vec::new();
    for (number, day) in [(1, 0), (1, 6), (2, 6), (3, 8), (1, 8), (2, 8)] {
        let placed = store
            .deliver(ACCOUNT, INBOX, &message, &once(number), at(day * DAY))
            .await;
        uids.push(placed.unwrap().uid.get());
    }
    assert_eq!(uids, [1, 1, 2, 3, 4, 2]);
}

#[tokio::test]
async fn a_mailbox_learns_so_many_keywords_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = in_memory(dir.path()).await;
    let message = incoming(&store, b"\r\n").await;
    let many = |prefix: &str| {
        let names = (0..100).map(|n| Keyword::new(&format!("{prefix}{n}")).unwrap());
        Flags {
            system: SystemFlags::NONE,
            keywords: names.collect(),
        }
    };
    let delivery = Delivery {
        flags: many("a"),
        ..plainly()
    };
    store
        .deliver(ACCOUNT, INBOX, &message, &delivery, now())
        .await
        .unwrap();
    let more = FlagChange {
        how: How::Add,
        flags: many("b"),
    };
    let refused = store
        .set_flags(ACCOUNT, INBOX, &UidSet::all(), &more, now())
        .await;
    assert_eq!(refused, Err(StoreError::TooMany(Limit::Keywords)));
    // A copy does not fail for them.
    let other = store
        .create_mailbox(ACCOUNT, "other", now())
        .await
        .unwrap()
        .id;
    let delivery = Delivery {
        flags: many("b"),
        ..plainly()
    };
    store
        .deliver(ACCOUNT, other, &message, &delivery, now())
        .await
        .unwrap();
    store
        .copy(ACCOUNT, INBOX, &UidSet::all(), other, None, now())
        .await
        .unwrap();
    let page = Page {
        uids: &UidSet::all(),
        after: None,
        limit: 9,
        include_gone: false,
    };
    let records = store.records(ACCOUNT, other, page).await.unwrap();
    let keywords: Vec<usize> = records
        .iter()
        .map(|record| record.flags.keywords.len())
        .collect();
    assert_eq!(keywords, [100, 0]);
}

#[tokio::test]
async fn a_message_of_a_thousand_details_is_kept_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = in_memory(dir.path()).await;
    let mut text = b"Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec();
    for part in 0..9000 {
        let part = format!("--b\r\nContent-Type: text/x; name=\"part {part:020}\"\r\n\r\nx\r\n");
        text.extend_from_slice(part.as_bytes());
    }
    text.extend_from_slice(b"--b--\r\n");
    let message = incoming(&store, &text).await;
    let octets = postcard::to_stdvec(&message.scanned.structure)
        .unwrap()
        .len();
    assert!(octets > 480 * 1024, "{octets} octets would have been kept");
    let placed = store
        .deliver(ACCOUNT, INBOX, &message, &plainly(), now())
        .await
        .unwrap();
    let uids = [placed.uid].into_iter().collect();
    let page = Page {
        uids: &uids,
        after: None,
        limit: 9,
        include_gone: false,
    };
    let mut record = store.records(ACCOUNT, INBOX, page).await.unwrap().remove(0);
    let details = store.details(ACCOUNT, INBOX, &record).await;
    let details = details.unwrap().unwrap();
    assert_eq!(details.structure, message.scanned.structure);
    assert_eq!(details.envelope, message.scanned.envelope);
    record.uid = placed.uid.next().unwrap();
    let none = store.details(ACCOUNT, INBOX, &record).await.unwrap();
    assert!(none.is_none());
}

/// Two stores over one index are two machines: their locks know nothing of each other,
/// and the conditions alone keep them apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_write_to_one_mailbox() {
    let dir = tempfile::tempdir().unwrap();
    let kv: Arc<dyn Kv> = Arc::new(Sqlite::open(&dir.path().join("index")).unwrap());
    let blobs = Blobs::open(&dir.path().join("bodies")).unwrap();
    let stores = [Store::new(kv.clone(), blobs.clone()), Store::new(kv, blobs)];
    let (a, b) = tokio::join!(
        stores[0].create_account(ACCOUNT, now()),
        stores[1].create_account(ACCOUNT, now())
    );
    assert_eq!((a, b), (Ok(()), Ok(())));
    let mut watch = stores[0].watch(ACCOUNT);
    let message = incoming(&stores[0], b"Subject: race\r\n\r\n").await;
    let mut tasks = Vec::new();
    for task in 0..6u128 {
        let (store, message) = (stores[task as usize % 2].clone(), message.clone());
        tasks.push(tokio::spawn(async move {
            let mut uids = Vec::new();
            for n in 0..15 {
                // Each pair of tasks tries the same deliveries.
                let delivery = once(((task / 2) << 32) | n);
                let placed = store
                    .deliver(ACCOUNT, INBOX, &message, &delivery, now())
                    .await;
                let uid = placed.unwrap().uid;
                let one = [uid].into_iter().collect();
                let flagged = SystemFlags::FLAGGED.into();
                let change = FlagChange {
                    how: How::Add,
                    flags: flagged,
                };
                store
                    .set_flags(ACCOUNT, INBOX, &one, &change, now())
                    .await
                    .unwrap();
                uids.push(uid);
            }
            uids
        }));
    }
    let mut uids = BTreeSet::new();
    for task in tasks {
        uids.extend(task.await.unwrap());
    }
    assert_eq!(uids.len(), 45);
    let summary = stores[1].summary(ACCOUNT, INBOX).await.unwrap();
    assert_eq!((summary.exists, summary.uid_next.get()), (45, 46));
    let changes = stores[0]
        .changes(ACCOUNT, INBOX, Modseq::NEVER, Uid::MIN, false)
        .await
        .unwrap();
    assert!(
        changes
            .new
            .iter()
            .all(|marks| marks.flags.system == SystemFlags::FLAGGED)
    );
    assert_eq!(changes.new.len(), 45);
    watch.changed().await;
}

/// Copies the folder while many deliver, and opens the copy: all that was acknowledged
/// before the copy began is in it, once and whole. (The index is copied before the
/// log, which has what the index lacks. Too little is written for a layer to be brought into
/// the database meanwhile.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_in_mid_flight_has_all_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let open = |dir: &Path| {
        let log = Log::open(&dir.join("bodies")).unwrap();
        let kv = Sqlite::on(&dir.join("index"), log.clone()).unwrap();
        Store::new(Arc::new(kv), Blobs::on(log).unwrap())
    };
    let store = open(dir.path());
    let (done, mut delivered) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..6 {
        let (store, done, account) = (store.clone(), done.clone(), AccountId(number));
        store.create_account(account, now()).await.unwrap();
        tokio::spawn(async move {
            for n in 0..40 {
                let length = if n % 10 == 9 { 300_000 } else { 2_000 };
                let text = [
                    format!("Subject: {number} {n}\r\n\r\n").into_bytes(),
                    vec![b'x'; length],
                ]
                .concat();
                let message = incoming(&store, &text).await;
                let placed = store
                    .deliver(account, INBOX, &message, &plainly(), now())
                    .await;
                let _ = done.send((account, placed.unwrap().uid, text));
            }
        });
    }
    drop(done);
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        while acknowledged.len() < 40 * (round + 1) {
            acknowledged.push(delivered.recv().await.unwrap());
        }
        let copy = tempfile::tempdir().unwrap();
        for folder in ["index", "bodies"] {
            copy_folder(&dir.path().join(folder), &copy.path().join(folder));
        }
        let copied = open(copy.path());
        for (account, uid, text) in &acknowledged {
            let uids = [*uid].into_iter().collect();
            let page = Page {
                uids: &uids,
                after: None,
                limit: 9,
                include_gone: false,
            };
            let record = copied
                .records(*account, INBOX, page)
                .await
                .unwrap()
                .remove(0);
            let mut body = Vec::new();
            let mut reader = copied.read(&record.body, 0..record.size);
            while let Some(piece) = reader.next().await {
                body.extend_from_slice(&piece.unwrap());
            }
            assert_eq!(body, *text);
        }
        let message = incoming(&copied, b"Subject: after\r\n\r\n").await;
        copied
            .deliver(AccountId(0), INBOX, &message, &plainly(), now())
            .await
            .unwrap();
    }
    tokio::time::timeout(Duration::from_secs(60), async {
        while delivered.recv().await.is_some() {}
    })
    .await
    .unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let mut paths: Vec<_> = std::fs::read_dir(from)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // The database before its log.
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap();
        if !name.to_str().unwrap().ends_with("-shm") {
            // A part that was finished meanwhile is no loss.
            let _ = std::fs::copy(&path, to.join(name));
        }
    }
}
