//! Bodies that came together and lie in one object, of which some are needed no more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use blob::BodyRef;
use blob::s3::ObjectName;
use care::bucket::CollectTerms;
use kv::Kv;
use kv::memory::Memory;
use store::{Uid, UidSet};

use crate::world::{INBOX, Node, harm, message};
use crate::{ALONE, memory};

/// As a pass while serving, but that nothing has to wait.
const WORTH_IT: CollectTerms = CollectTerms {
    all: false,
    ..ALONE
};
const MANY: usize = 100;

/// A node, and what came to account 1 in one moment.
async fn filled(server: &testbed::S3) -> (Node, BTreeMap<Uid, Vec<u8>>) {
    let node = Node::new(&memory(), &server.endpoint(), Duration::ZERO).await;
    node.account(1).await;
    let texts: Vec<String> = (0..MANY).map(|number| format!("number {number}")).collect();
    let mut messages = BTreeMap::new();
    for (text, incoming) in texts.iter().zip(node.burst(&texts, 3000).await) {
        let uid = node.deliver(1, &incoming, None).await.unwrap();
        messages.insert(uid, message(text, 3000));
    }
    (node, messages)
}

fn packed(body: &BodyRef) -> bool {
    body.frame().is_some()
}

/// Of every so many one.
fn every(messages: &BTreeMap<Uid, Vec<u8>>, step: usize) -> UidSet {
    messages.keys().copied().step_by(step).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_together_lies_together_and_is_read_alone() {
    let server = testbed::S3::start();
    let (node, messages) = filled(&server).await;
    let objects = node.objects().await;
    assert!(objects.len() < 20, "{}", objects.len());
    assert!(objects.iter().any(|name| name.is_pack()));
    let records = node.records(1, INBOX).await;
    let together = records.iter().filter(|(_, body)| packed(body)).count();
    assert!(together > MANY / 2, "{together}");
    assert_eq!(node.messages(1, INBOX).await, messages);
    node.needs_all().await;
    let collected = node.collect().await;
    assert_eq!((collected.removed, collected.moved), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_goes_when_what_is_needed_of_it_was_written_again() {
    let server = testbed::S3::start();
    let (node, mut messages) = filled(&server).await;
    let objects = node.objects().await;
    let packs = objects.iter().filter(|name| name.is_pack()).count() as u64;
    // A quarter of it: that is not worth it, unless it is asked for.
    let gone = every(&messages, 4);
    node.remove(1, &gone).await;
    messages.retain(|uid, _| !gone.contains(*uid));
    assert_eq!(node.pass(&WORTH_IT).await.unwrap().moved, 0);
    let contents = node.collector.contents(&crate::world::quietly).await;
    let needless = contents.unwrap().needless_in_packs;
    assert!(needless > 20 * 3000, "{needless}");
    // Now most of it.
    let kept = every(&messages, 7);
    let gone: UidSet = messages
        .keys()
        .copied()
        .filter(|uid| !kept.contains(*uid))
        .collect();
    node.remove(1, &gone).await;
    messages.retain(|uid, _| kept.contains(*uid));
    let first = node.pass(&WORTH_IT).await.unwrap();
    assert!(first.moved > 5, "{first:?}");
    assert_eq!(node.messages(1, INBOX).await, messages);
    // Nobody names the old ones any more; the next passes find that, and remove them.
    let (mut removed, mut moved) = (first.removed, 0);
    for _ in 0..2 {
        let pass = node.pass(&WORTH_IT).await.unwrap();
        removed += pass.removed;
        moved += pass.moved;
    }
    assert_eq!(moved, 0);
    assert!(removed >= packs / 2, "{removed} of {packs}");
    assert_eq!(node.messages(1, INBOX).await, messages);
    // What is left holds no more that is needless than what is not.
    let contents = node
        .collector
        .contents(&crate::world::quietly)
        .await
        .unwrap();
    assert_eq!(contents.needless, 0);
    assert!(
        contents.needless_in_packs <= contents.octets / 2,
        "{contents:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_is_asked_for_nothing_that_is_needless_stays() {
    let server = testbed::S3::start();
    let (node, mut messages) = filled(&server).await;
    let gone = every(&messages, 5);
    node.remove(1, &gone).await;
    messages.retain(|uid, _| !gone.contains(*uid));
    let collected = node.collect().await;
    assert!(collected.moved > 50, "{collected:?}");
    assert_eq!(node.messages(1, INBOX).await, messages);
    node.needs_all().await;
}

/// A body that several messages have is moved once, and is the same to all of them; so is one
/// that waits in the queue.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_names_a_body_that_was_moved_names_the_new_place() {
    let server = testbed::S3::start();
    let index: Arc<dyn Kv> = Arc::new(Memory::default());
    let node = Node::new(&index, &server.endpoint(), Duration::ZERO).await;
    for account in [1, 2, 3] {
        node.account(account).await;
    }
    let texts: Vec<String> = (0..40).map(|number| format!("number {number}")).collect();
    let came = node.burst(&texts, 500).await;
    let shared: Vec<_> = came.iter().filter(|one| packed(&one.body)).collect();
    let (two, waits) = (shared[3], shared[9]);
    for account in [1, 2] {
        node.deliver(account, two, None).await.unwrap();
    }
    let entry = node.enqueue(7, waits, &[3]).await;
    assert!(node.collect().await.moved == 2);
    let bodies = [1, 2].map(|account| node.records(account, INBOX));
    let bodies = futures_util::future::join_all(bodies).await;
    assert_eq!(bodies[0][0].1, bodies[1][0].1);
    assert_ne!(bodies[0][0].1, two.body);
    let now = node.queue.get(entry.id).await.unwrap().unwrap();
    assert_ne!(now.body, waits.body);
    node.bring_round(entry.id).await;
    for (account, text) in [(1, two), (2, two), (3, waits)] {
        let at = came.iter().position(|one| one.body == text.body).unwrap();
        let found = node.messages(account, INBOX).await;
        assert_eq!(found.values().next(), Some(&message(&texts[at], 500)));
    }
}

/// What is damaged is named in the log, and stays where it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_body_stays_and_its_neighbours_go() {
    let server = testbed::S3::start();
    let (node, messages) = filled(&server).await;
    let records = node.records(1, INBOX).await;
    let mut packs: BTreeMap<ObjectName, Vec<(Uid, BodyRef)>> = BTreeMap::new();
    for (uid, body) in records.into_iter().filter(|(_, body)| packed(body)) {
        packs
            .entry(body.object().unwrap())
            .or_default()
            .push((uid, body));
    }
    let fullest = packs.into_iter().max_by_key(|(_, bodies)| bodies.len());
    let (pack, harmed) = fullest.unwrap();
    assert!(harmed.len() > 10);
    // Of all that is in it, one stays whole and one does not.
    let frame = harmed[0].1.frame().unwrap();
    let folder = &pack.to_string()[..2];
    harm(&server, &format!("bodies/{folder}/{pack}"), frame.end - 1);
    let keep = [harmed[0].0, harmed[1].0];
    let gone: UidSet = messages
        .keys()
        .copied()
        .filter(|uid| !keep.contains(uid))
        .collect();
    node.remove(1, &gone).await;
    for _ in 0..3 {
        assert!(node.pass(&WORTH_IT).await.unwrap().moved <= 1);
    }
    let left: BTreeMap<Uid, BodyRef> = node.records(1, INBOX).await.into_iter().collect();
    assert_eq!(left[&keep[0]], harmed[0].1);
    assert_ne!(left[&keep[1]], harmed[1].1);
    assert!(node.objects().await.contains(&pack));
}
