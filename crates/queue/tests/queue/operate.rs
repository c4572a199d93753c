//! What an operator has done to mail that waits.

use std::sync::Arc;

use address::AccountId;
use kv::memory::Memory;
use queue::{Concluded, Fate, NodeId, Queue, Standing, Wish};

use crate::world::{at, body, entry, faults, id, lane, later, letter, trouble};

const US: NodeId = NodeId(1);

#[tokio::test]
async fn what_is_held_waits_until_it_is_retried() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    queue.upgrade().await.unwrap();
    queue.put(&entry(1, &body, 4)).await.unwrap();
    let lane = lane("exemple0.fr", 4);
    assert_eq!(queue.wish(id(2), Wish::Hold).await, Ok(false));
    assert_eq!(queue.wish(id(1), Wish::Hold).await, Ok(true));
    assert_eq!(queue.take(&lane, US, at(9), 9).await, Ok(vec![]));
    assert_eq!(queue.here(at(9), None, 9).await, Ok((vec![], None)));
    assert!(queue.get(id(1)).await.unwrap().unwrap().held);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
    assert_eq!(queue.wish(id(1), Wish::Retry(at(20))).await, Ok(true));
    assert_eq!(queue.take(&lane, US, at(19), 9).await, Ok(vec![]));
    let taken = queue.take(&lane, US, at(20), 9).await.unwrap();
    assert_eq!(taken[0].recipients.len(), 1);
    let (here, _) = queue.here(at(20), None, 9).await.unwrap();
    assert_eq!(here[0].recipients.len(), 2);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_tried_meanwhile_comes_to_its_end_first() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    queue.upgrade().await.unwrap();
    let lane = lane("b.fr", 1);
    for number in 1..=3 {
        queue
            .put(&letter(number, &body, "ali@b.fr", 1))
            .await
            .unwrap();
    }
    assert_eq!(queue.take(&lane, US, at(0), 9).await.unwrap().len(), 3);
    assert_eq!(queue.wish(id(1), Wish::Hold).await, Ok(true));
    assert_eq!(queue.wish(id(2), Wish::Drop).await, Ok(true));
    assert_eq!(queue.wish(id(3), Wish::Retry(at(5))).await, Ok(true));
    for number in 1..=3 {
        let fates = [(0, later(600, "busy"))];
        let concluded = queue.conclude(id(number), Some(US), &fates, None).await;
        assert_eq!(concluded, Ok(Concluded::Durably));
    }
    // Held, gone, and due when it was to be tried again.
    let left: Vec<_> = queue.list(None, 9).await.unwrap();
    assert_eq!(
        left.iter().map(|one| one.id).collect::<Vec<_>>(),
        [id(1), id(3)]
    );
    let taken = queue.take(&lane, US, at(600), 9).await.unwrap();
    assert_eq!(taken.iter().map(|one| one.id).collect::<Vec<_>>(), [id(3)]);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_released_while_it_is_tried_is_not_given_to_two() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    let lane = lane("b.fr", 1);
    queue.put(&letter(1, &body, "ali@b.fr", 1)).await.unwrap();
    assert_eq!(queue.take(&lane, US, at(0), 9).await.unwrap().len(), 1);
    assert_eq!(queue.wish(id(1), Wish::Hold).await, Ok(true));
    assert_eq!(queue.wish(id(1), Wish::Retry(at(5))).await, Ok(true));
    assert_eq!(queue.take(&lane, US, at(9), 9).await, Ok(vec![]));
    let fates = [(0, later(600, "busy"))];
    let _ = queue.conclude(id(1), Some(US), &fates, None).await.unwrap();
    assert_eq!(queue.take(&lane, US, at(600), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn all_for_a_domain_or_all_at_all_is_tried_now() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    queue.upgrade().await.unwrap();
    let domain = |name: &str| name.parse().unwrap();
    for (number, to) in [(1, "ali@b.fr"), (2, "eve@c.fr"), (3, "eve@b.fr")] {
        queue.put(&letter(number, &body, to, 1)).await.unwrap();
        let lane = lane(to.split_once('@').unwrap().1, 1);
        assert_eq!(queue.take(&lane, US, at(0), 9).await.unwrap().len(), 1);
        let fates = [(0, later(9000, "busy"))];
        let _ = queue
            .conclude(id(number), Some(US), &fates, None)
            .await
            .unwrap();
    }
    let standing = Standing {
        failures: 3,
        until: at(9000),
        trouble: trouble("busy"),
    };
    let set = queue.set_standing(&domain("b.fr"), Some(&standing)).await;
    set.unwrap();
    let mut seen = 0;
    let b = domain("b.fr");
    let flushed = queue.flush(Some(&b), at(60), |count| seen = count).await;
    assert_eq!(flushed, Ok(2));
    assert_eq!(seen, 2);
    assert_eq!(queue.standing(&domain("b.fr")).await, Ok(None));
    let tried = async |name, seconds| {
        let taken = queue
            .take(&lane(name, 1), US, at(seconds), 9)
            .await
            .unwrap();
        for entry in &taken {
            let untried = [(0, Fate::Untried)];
            let _ = queue
                .conclude(entry.id, Some(US), &untried, None)
                .await
                .unwrap();
        }
        taken.len()
    };
    assert_eq!((tried("b.fr", 60).await, tried("c.fr", 60).await), (2, 0));
    assert_eq!(queue.flush(None, at(70), drop).await, Ok(3));
    assert_eq!((tried("b.fr", 70).await, tried("c.fr", 70).await), (2, 1));
    assert_eq!(queue.next_turn().await, Ok(Some(at(0))));
    assert_eq!(faults(&queue).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_its_sender_has_held_is_released_by_time_or_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    let mut held = entry(1, &body, 2);
    let recipients = held.recipients.into_iter();
    held.recipients = recipients.map(|one| one.held_until(at(60))).collect();
    assert_eq!(
        (held.released(), entry(2, &body, 1).released()),
        (at(60), at(0))
    );
    queue.put(&held).await.unwrap();
    assert_eq!(queue.get(held.id).await, Ok(Some(held.clone())));
    assert_eq!(queue.next_here(at(0)).await, Ok(Some(at(60))));
    assert_eq!(queue.next_here(at(60)).await, Ok(None));
    // All that waits, but for what waits for its time.
    let flushed = queue.flush(None, at(30), |_| {}).await;
    assert_eq!(flushed, Ok(0));
    let here = async |second| queue.here(at(second), None, 9).await.unwrap().0.len();
    assert_eq!((here(59).await, here(60).await), (0, 1));
    queue.wish(held.id, Wish::Retry(at(30))).await.unwrap();
    assert_eq!(here(30).await, 1);
    let released = queue.get(held.id).await.unwrap().unwrap();
    assert_eq!(released.released(), at(0));
}

#[tokio::test]
async fn what_one_account_has_waiting_is_held_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    queue.upgrade().await.unwrap();
    let letters = [
        (1, "ali@a.fr", 1),
        (2, "ali@a.fr", 2),
        (3, "ali@b.fr", 1),
        (4, "eve@b.fr", 1),
        (5, "ali@c.fr", 3),
    ];
    for (number, to, account) in letters {
        queue
            .put(&letter(number, &body, to, account))
            .await
            .unwrap();
    }
    // Of several recipients in several lanes, of whom some are here.
    queue.put(&entry(6, &body, 4)).await.unwrap();
    let taken = queue.take(&lane("b.fr", 1), US, at(0), 1).await.unwrap();
    assert_eq!(taken[0].id, id(3));
    assert_eq!(queue.hold_all_of(AccountId(1)).await, Ok(3));
    assert_eq!(queue.hold_all_of(AccountId(4)).await, Ok(1));
    assert_eq!(queue.hold_all_of(AccountId(9)).await, Ok(0));
    let held = async || {
        let all = queue.list(None, 9).await.unwrap();
        let held = all.iter().filter(|one| one.held);
        held.map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(held().await, [id(1), id(3), id(4), id(6)]);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
    // What was being tried comes back and stays; what comes later is held by its lane.
    let fates = [(0, later(600, "busy"))];
    let concluded = queue.conclude(id(3), Some(US), &fates, None).await;
    assert_eq!(concluded, Ok(Concluded::Durably));
    queue.put(&letter(7, &body, "ali@b.fr", 1)).await.unwrap();
    queue.hold_lane(&lane("b.fr", 1)).await.unwrap();
    assert_eq!(held().await, [id(1), id(3), id(4), id(6), id(7)]);
    assert_eq!(
        queue.take(&lane("b.fr", 1), US, at(600), 9).await,
        Ok(vec![])
    );
    assert_eq!(queue.wish(id(3), Wish::Retry(at(20))).await, Ok(true));
    let taken = queue.take(&lane("b.fr", 1), US, at(20), 9).await.unwrap();
    assert_eq!(taken[0].id, id(3));
    assert_eq!(faults(&queue).await, Vec::<String>::new());
}
