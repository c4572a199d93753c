//! The queue from outside, on both engines of this machine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

use std::path::Path;
use std::sync::Arc;

use address::{AccountId, ReversePath};
use blob::{Blobs, BodyRef};
use jiff::Timestamp;
use kv::memory::Memory;
use kv::sqlite::Sqlite;
use queue::{
    Destination, Entry, Queue, QueueError, QueueId, RECIPIENTS, Recipient, TROUBLE_OCTETS,
};

async fn body(dir: &Path) -> BodyRef {
    let mut writer = Blobs::open(dir).unwrap().writer();
    let message = "Return-Path: <lea@exemple.fr>\r\nSubject: Bonjour\r\n\r\n";
    writer.write(message.as_bytes()).await.unwrap();
    writer.finish().await.unwrap()
}

fn id(number: i64) -> QueueId {
    QueueId::new(Timestamp::from_millisecond(number).unwrap(), 7)
}

fn recipient(number: u64) -> Recipient {
    Recipient {
        address: format!("jean{number}@exemple.fr").parse().unwrap(),
        to: if number.is_multiple_of(2) {
            Destination::Local(AccountId(number))
        } else {
            Destination::Remote
        },
        trouble: None,
    }
}

fn entry(number: i64, body: &BodyRef, recipients: u64) -> Entry {
    Entry {
        id: id(number),
        from: ReversePath::Address("lea@exemple.fr".parse().unwrap()),
        recipients: (0..recipients).map(recipient).collect(),
        body: body.clone(),
        received: Timestamp::from_second(1_800_000_000).unwrap(),
        submitted_by: Some(AccountId(4)),
        smtputf8: true,
        eight_bit: false,
    }
}

#[tokio::test]
async fn entries_stay_until_all_are_settled_also_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(&dir.path().join("bodies")).await;
    let open = || Queue::new(Arc::new(Sqlite::open(&dir.path().join("index")).unwrap()));
    let queue = open();
    let put = entry(1, &body, 3);
    queue.put(&put).await.unwrap();
    assert_eq!(queue.put(&put).await, Err(QueueError::Exists));
    drop(queue);
    let queue = open();
    assert_eq!(queue.get(put.id).await, Ok(Some(put.clone())));
    // Our Return-Path does not leave.
    assert_eq!((put.outgoing(), put.size()), (31..51, 20));
    queue.settle(put.id, &recipient(1)).await.unwrap();
    queue.settle(put.id, &recipient(1)).await.unwrap();
    let left = queue.get(put.id).await.unwrap().unwrap();
    assert_eq!(left.recipients, [recipient(0), recipient(2)]);
    queue.settle(put.id, &recipient(0)).await.unwrap();
    queue.settle(put.id, &recipient(2)).await.unwrap();
    assert_eq!(queue.get(put.id).await, Ok(None));
    assert_eq!(queue.list(None, 9).await, Ok(vec![]));
    queue.settle(put.id, &recipient(2)).await.unwrap();
    queue.put(&put).await.unwrap();
}

#[tokio::test]
async fn the_oldest_come_first_in_pages() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    for number in [5, 3, 4, 1, 2] {
        queue.put(&entry(number, &body, 1)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = queue.list(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|entry| entry.id));
    }
    assert_eq!(seen, (1..=5).map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn trouble_is_kept_and_does_not_settle() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    let put = entry(1, &body, 2);
    queue.put(&put).await.unwrap();
    let mut watch = queue.watch();
    queue
        .defer(put.id, &recipient(0), "over quota")
        .await
        .unwrap();
    watch.changed().await;
    queue
        .defer(put.id, &recipient(1), &"é".repeat(TROUBLE_OCTETS))
        .await
        .unwrap();
    let left = queue.get(put.id).await.unwrap().unwrap();
    assert_eq!(left.recipients[0].trouble.as_deref(), Some("over quota"));
    assert_eq!(
        left.recipients[1].trouble.as_ref().unwrap().len(),
        TROUBLE_OCTETS
    );
    // As listed, with its trouble, it can be settled too.
    queue.settle(put.id, &left.recipients[0]).await.unwrap();
    queue
        .defer(put.id, &recipient(0), "too late")
        .await
        .unwrap();
    assert_eq!(
        queue.get(put.id).await.unwrap().unwrap().recipients.len(),
        1
    );
}

#[tokio::test]
async fn recipients_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    let many = RECIPIENTS as u64;
    assert_eq!(
        queue.put(&entry(1, &body, 0)).await,
        Err(QueueError::Recipients(0))
    );
    let refused = queue.put(&entry(1, &body, many + 1)).await;
    assert_eq!(refused, Err(QueueError::Recipients(RECIPIENTS + 1)));
    queue.put(&entry(1, &body, many)).await.unwrap();
    assert_eq!(
        queue.get(id(1)).await.unwrap().unwrap().recipients.len(),
        RECIPIENTS
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_settle_one_entry_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(&dir.path().join("bodies")).await;
    let queue = Queue::new(Arc::new(Sqlite::open(&dir.path().join("index")).unwrap()));
    queue.put(&entry(1, &body, 20)).await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..20 {
        let queue = queue.clone();
        tasks.push(tokio::spawn(async move {
            queue.settle(id(1), &recipient(number)).await
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(queue.get(id(1)).await, Ok(None));
}
