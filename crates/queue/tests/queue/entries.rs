//! Entries come, are listed, and go.

use std::sync::Arc;

use kv::memory::Memory;
use kv::sqlite::Sqlite;
use queue::{Concluded, Queue, QueueError, RECIPIENTS, TROUBLE_OCTETS};

use crate::world::{at, body, entry, id, later, recipient, settle};

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
    settle(&queue, put.id, 1).await;
    settle(&queue, put.id, 1).await;
    let left = queue.get(put.id).await.unwrap().unwrap();
    assert_eq!(left.recipients, [recipient(0), recipient(2)]);
    settle(&queue, put.id, 0).await;
    settle(&queue, put.id, 2).await;
    assert_eq!(queue.get(put.id).await, Ok(None));
    assert_eq!(queue.list(None, 9).await, Ok(vec![]));
    settle(&queue, put.id, 2).await;
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
    let fates = [
        (0, later(60, "over quota")),
        (1, later(90, &"é".repeat(TROUBLE_OCTETS))),
    ];
    let concluded = queue.conclude(put.id, None, &fates, None).await;
    assert_eq!(concluded, Ok(Concluded::Durably));
    watch.changed().await;
    let left = queue.get(put.id).await.unwrap().unwrap();
    let [one, other] = left.recipients.as_slice() else {
        panic!("{left:?}");
    };
    let text = |of: &queue::Recipient| of.trouble.as_ref().unwrap().text.clone();
    assert_eq!(text(one), "over quota");
    assert_eq!((one.attempts, one.due, one.told), (1, at(60), false));
    assert_eq!(text(other).len(), TROUBLE_OCTETS);
    settle(&queue, put.id, 0).await;
    // What is settled has nothing to wait for.
    let late = [(0, later(60, "too late"))];
    let concluded = queue.conclude(put.id, None, &late, None).await;
    assert_eq!(concluded, Ok(Concluded::Durably));
    let left = queue.get(put.id).await.unwrap().unwrap();
    assert_eq!(left.recipients.len(), 1);
}

#[tokio::test]
async fn a_notice_is_put_with_what_it_is_about_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    queue.put(&entry(1, &body, 2)).await.unwrap();
    let (notice, second) = (entry(2, &body, 1), entry(3, &body, 1));
    let done = |place| [(place, queue::Fate::Done)];
    let concluded = queue.conclude(id(1), None, &done(0), Some(&notice)).await;
    assert_eq!(concluded, Ok(Concluded::Durably));
    assert_eq!(queue.get(id(2)).await, Ok(Some(notice)));
    // It is settled already: whoever did that has told of it.
    let concluded = queue.conclude(id(1), None, &done(0), Some(&second)).await;
    assert_eq!(concluded, Ok(Concluded::Stale));
    assert_eq!(queue.get(id(3)).await, Ok(None));
}

#[tokio::test]
async fn those_here_come_in_pages_when_they_are_due() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    for number in 1..=3 {
        queue.put(&entry(number, &body, 5)).await.unwrap();
    }
    let fates = [(2, later(60, "over quota"))];
    let _ = queue.conclude(id(2), None, &fates, None).await.unwrap();
    let here = async |seconds| {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let (entries, last) = queue.here(at(seconds), after.as_ref(), 2).await.unwrap();
            for entry in &entries {
                seen.extend(entry.recipients.iter().map(|one| (entry.id, one.place)));
            }
            after = match last {
                Some(last) => Some(last),
                None => return seen,
            };
        }
    };
    let mut all: Vec<_> = (1..=3)
        .flat_map(|one| [0, 2, 4].map(|place| (id(one), place)))
        .collect();
    assert_eq!(here(-1).await, []);
    all.retain(|one| *one != (id(2), 2));
    assert_eq!(here(59).await, all);
    all.push((id(2), 2));
    assert_eq!(here(60).await, all);
}

#[tokio::test]
async fn recipients_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    let many = RECIPIENTS as u32;
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
        tasks.push(tokio::spawn(
            async move { settle(&queue, id(1), number).await },
        ));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(queue.get(id(1)).await, Ok(None));
}
