//! Lanes have their turns, and recipients are taken out of them.

use std::sync::Arc;

use blob::BodyRef;
use jiff::Timestamp;
use kv::memory::Memory;
use kv::{Kv, Operation, Outcome, Partition};
use queue::{Concluded, Entry, Fate, Lane, NodeId, Queue, QueueId, Standing};

use crate::world::{at, body, entry, faults, id, lane, later, letter, trouble};

const US: NodeId = NodeId(1);
const THEM: NodeId = NodeId(2);

/// All that waits, taken by us, as far as it is due.
async fn taken(queue: &Queue, lane: &Lane, until: Timestamp, limit: usize) -> Vec<QueueId> {
    let entries = queue.take(lane, US, until, limit).await.unwrap();
    entries.iter().map(|entry| entry.id).collect()
}

async fn lanes_with_turns(queue: &Queue, until: Timestamp) -> Vec<Lane> {
    let turns = queue.turns(until, None, 100).await.unwrap();
    turns.into_iter().map(|turn| turn.lane).collect()
}

async fn with_letters(body: &BodyRef, to: &[(i64, &str, u64)]) -> Queue {
    let queue = Queue::new(Arc::new(Memory::default()));
    queue.upgrade().await.unwrap();
    for (number, to, account) in to {
        queue
            .put(&letter(*number, body, to, *account))
            .await
            .unwrap();
    }
    queue
}

#[tokio::test]
async fn a_lane_is_of_one_destination_and_one_sender() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let letters = [
        (1, "ali@b.fr", 1),
        (2, "lea@a.fr", 2),
        (3, "eve@b.fr", 1),
        (4, "ali@b.fr", 2),
    ];
    let queue = with_letters(&body, &letters).await;
    let lanes = lanes_with_turns(&queue, at(0)).await;
    assert_eq!(lanes, [lane("a.fr", 2), lane("b.fr", 1), lane("b.fr", 2)]);
    assert_eq!(queue.next_turn().await, Ok(Some(at(0))));
    assert_eq!(taken(&queue, &lane("b.fr", 1), at(-1), 9).await, []);
    assert_eq!(taken(&queue, &lane("b.fr", 1), at(0), 1).await, [id(1)]);
    assert_eq!(taken(&queue, &lane("b.fr", 1), at(0), 9).await, [id(3)]);
    // What is taken is given to nobody else.
    let them = queue.take(&lane("b.fr", 1), THEM, at(0), 9).await.unwrap();
    assert_eq!(them, []);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
}

#[tokio::test]
async fn those_of_one_message_for_one_domain_come_together() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = Queue::new(Arc::new(Memory::default()));
    queue.put(&entry(1, &body, 12)).await.unwrap();
    let lane = lane("exemple0.fr", 4);
    let entries = queue.take(&lane, US, at(0), 100).await.unwrap();
    let [Entry { recipients, .. }] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    let places: Vec<_> = recipients.iter().map(|one| one.place).collect();
    assert_eq!(places, [1, 7]);
    let fates = [(1, Fate::Done), (7, later(300, "busy"))];
    let concluded = queue.conclude(id(1), Some(US), &fates, None).await;
    assert_eq!(concluded, Ok(Concluded::Durably));
    assert_eq!(queue.take(&lane, US, at(299), 100).await, Ok(vec![]));
    let again = queue.take(&lane, US, at(300), 100).await.unwrap();
    assert_eq!(again[0].recipients.len(), 1);
    assert_eq!(again[0].recipients[0].attempts, 1);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_next_turn_comes_when_somebody_is_due() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = with_letters(&body, &[(1, "ali@b.fr", 1), (2, "eve@b.fr", 1)]).await;
    let turns = async |until| queue.turns(at(until), None, 9).await.unwrap();
    let turn = turns(0).await.remove(0);
    // Somebody waits still: it goes to the end of those that are due.
    queue.pass(&turn, at(5)).await.unwrap();
    assert_eq!(turns(4).await, []);
    let turn = turns(5).await.remove(0);
    assert_eq!(taken(&queue, &turn.lane, at(5), 9).await, [id(1), id(2)]);
    // Nobody waits: there is none.
    queue.pass(&turn, at(5)).await.unwrap();
    assert_eq!(queue.next_turn().await, Ok(None));
    let fates = [(0, later(600, "busy"))];
    let _ = queue.conclude(id(1), Some(US), &fates, None).await.unwrap();
    assert_eq!(queue.next_turn().await, Ok(Some(at(600))));
    // Mail that comes meanwhile has its turn at once; the one that was seen is over.
    let turn = turns(600).await.remove(0);
    queue.put(&letter(3, &body, "ali@b.fr", 1)).await.unwrap();
    queue.pass(&turn, at(700)).await.unwrap();
    assert_eq!(queue.next_turn().await, Ok(Some(at(0))));
}

#[tokio::test]
async fn a_turn_that_was_put_anew_meanwhile_stays() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = with_letters(&body, &[(1, "ali@b.fr", 1)]).await;
    let turn = queue.turns(at(0), None, 9).await.unwrap().remove(0);
    assert_eq!(taken(&queue, &turn.lane, at(0), 9).await, [id(1)]);
    // In the same second, to the same lane.
    queue.put(&letter(2, &body, "eve@b.fr", 1)).await.unwrap();
    queue.pass(&turn, at(50)).await.unwrap();
    assert_eq!(queue.next_turn().await, Ok(Some(at(0))));
}

#[tokio::test]
async fn the_dead_give_back_what_they_had() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let queue = with_letters(&body, &[(1, "ali@b.fr", 1), (2, "eve@b.fr", 1)]).await;
    let lane = lane("b.fr", 1);
    queue.alive(US, at(30)).await.unwrap();
    assert_eq!(taken(&queue, &lane, at(0), 1).await, [id(1)]);
    // One that never said that it lives.
    let them = queue.take(&lane, THEM, at(0), 1).await.unwrap();
    assert_eq!(them[0].id, id(2));
    queue.recover(at(20)).await.unwrap();
    assert_eq!(taken(&queue, &lane, at(20), 9).await, [id(2)]);
    queue.recover(at(30)).await.unwrap();
    assert_eq!(taken(&queue, &lane, at(30), 9).await, []);
    queue.recover(at(31)).await.unwrap();
    let them = queue.take(&lane, THEM, at(31), 9).await.unwrap();
    let of_them: Vec<_> = them.iter().map(|entry| entry.id).collect();
    assert_eq!(of_them, [id(1), id(2)]);
    // We were only slow. What we did not hand over is theirs now; what we did is done.
    let concluded = async |number, node, fate| {
        let fates = [(0, fate)];
        let concluded = queue.conclude(id(number), Some(node), &fates, None).await;
        assert_eq!(concluded, Ok(Concluded::Durably));
    };
    concluded(1, US, later(900, "busy")).await;
    concluded(2, US, Fate::Done).await;
    assert_eq!(queue.get(id(2)).await, Ok(None));
    assert_eq!(
        queue.get(id(1)).await.unwrap().unwrap().recipients[0].attempts,
        0
    );
    concluded(2, THEM, later(900, "busy")).await;
    concluded(1, THEM, Fate::Untried).await;
    assert_eq!(taken(&queue, &lane, at(31), 9).await, [id(1)]);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
    queue.leave(US).await.unwrap();
    assert_eq!(taken(&queue, &lane, at(31), 9).await, [id(1)]);
}

#[tokio::test]
async fn destinations_are_left_in_peace() {
    let queue = Queue::new(Arc::new(Memory::default()));
    let domain = |name: &str| name.parse().unwrap();
    assert_eq!(queue.standing(&domain("b.fr")).await, Ok(None));
    let standing = Standing {
        failures: 3,
        until: at(60),
        trouble: trouble("no route"),
    };
    let set = queue.set_standing(&domain("b.fr"), Some(&standing)).await;
    set.unwrap();
    let found = queue.standing(&domain("b.fr")).await;
    assert_eq!(found, Ok(Some(standing.clone())));
    let all = queue.standings(9).await;
    assert_eq!(all, Ok(vec![(domain("b.fr"), standing)]));
    queue.set_standing(&domain("b.fr"), None).await.unwrap();
    assert_eq!(queue.standings(9).await, Ok(vec![]));
}

#[tokio::test]
async fn lost_turns_are_given_anew() {
    let dir = tempfile::tempdir().unwrap();
    let body = body(dir.path()).await;
    let kv = Arc::new(Memory::default());
    let queue = Queue::new(kv.clone());
    for number in 1..=3 {
        queue.put(&entry(number, &body, 6)).await.unwrap();
    }
    let turns = lanes_with_turns(&queue, at(0)).await;
    assert_eq!(turns.len(), 3);
    let cleared = Operation::ClearRange(vec![4]..vec![5]);
    let outcome = kv.commit(Partition::Queue, vec![], vec![cleared]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
    assert_eq!(queue.next_turn().await, Ok(None));
    queue.give_turns().await.unwrap();
    assert_eq!(lanes_with_turns(&queue, at(0)).await, turns);
}
