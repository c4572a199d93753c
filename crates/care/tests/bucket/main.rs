//! Care for a bucket of a real server, with the real store and queue.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::large_futures,
    reason = "this file is tests only"
)]

mod model;
mod packs;
mod race;
mod way;
mod world;

use std::sync::Arc;
use std::time::Duration;

use address::AccountId;
use care::CareError;
use care::bucket::CollectTerms;
use kv::memory::Memory;
use kv::{Kv, Partition};
use store::{StoreError, UidSet};
use tokio::time::sleep;

use crate::way::Way;
use crate::world::{INBOX, Node, message, name, put};

/// Long enough for some requests, and more than the second to which a bucket tells the time.
const GRACE: Duration = Duration::from_secs(3);
/// Nothing is so old in a test.
const LONG: Duration = Duration::from_secs(600);
const USUAL: CollectTerms = CollectTerms::usual(Duration::from_secs(3600));
const EAGER: CollectTerms = CollectTerms::EAGER;
const ALONE: CollectTerms = CollectTerms::ALONE;

fn memory() -> Arc<dyn Kv> {
    Arc::new(Memory::default())
}

async fn node(server: &testbed::S3, grace: Duration) -> Node {
    let node = Node::new(&memory(), &server.endpoint(), grace).await;
    for account in [1, 2] {
        node.account(account).await;
    }
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_names_goes_and_all_else_stays() {
    let server = testbed::S3::start();
    let index = memory();
    let node = Node::new(&index, &server.endpoint(), GRACE).await;
    node.account(1).await;
    node.account(2).await;
    let mut uids = Vec::new();
    for number in 0..30 {
        uids.push(node.arrive(1, &format!("kept {number}"), 500).await);
    }
    let gone: UidSet = uids.iter().copied().step_by(3).collect();
    node.remove(1, &gone).await;
    // One that is copied stays while one of them is there.
    let copied: UidSet = [uids[1], uids[3]].into_iter().collect();
    let archive = node.store.mailboxes(AccountId(1)).await.unwrap()[1].id;
    let copies = node
        .store
        .copy(AccountId(1), INBOX, &copied, archive, None, world::at(0));
    assert_eq!(copies.await.unwrap().pairs.len(), 1);
    node.remove(1, &[uids[1]].into_iter().collect()).await;
    // One of an account that is removed, one that waits, and one whose record never came.
    node.arrive(2, "private", 6_000_000).await;
    let queued = node.incoming("queued", 300).await;
    let entry = node.enqueue(7, &queued, &[1]).await;
    let never = name(&node.incoming("never", 300).await);
    node.store.remove_account(AccountId(2)).await.unwrap();
    let foreign = format!("bodies/{}/note", &never.to_string()[..2]);
    for name in ["bodies/README", "bodies/aside/x", "elsewhere", &foreign] {
        put(&server, name, b"theirs");
    }
    let (inbox, copies) = (
        node.messages(1, INBOX).await,
        node.messages(1, archive).await,
    );
    assert_eq!((inbox.len(), copies.len()), (19, 1));
    // To one with more patience all of it is young, however often it looks.
    let patient = Node::on(&index, node.bucket.clone(), LONG);
    for _ in 0..2 {
        let pass = patient.pass(&EAGER).await.unwrap();
        assert_eq!((pass.removed, pass.waiting, pass.objects), (0, 0, 33));
    }
    sleep(GRACE).await;
    // Now it is old, and seen for the first time.
    let first = node.pass(&USUAL).await.unwrap();
    assert_eq!(first.removed, 0);
    assert!(first.waiting > 6_000_000, "{first:?}");
    sleep(GRACE).await;
    let young = name(&node.incoming("young", 300).await);
    let second = node.pass(&USUAL).await.unwrap();
    assert_eq!(second.removed, 12, "{second:?}");
    assert_eq!(second.foreign.count, 3, "{second:?}");
    let objects = node.objects().await;
    assert_eq!(objects.len(), 22);
    assert!(objects.contains(&name(&queued)) && objects.contains(&young));
    assert!(!objects.contains(&never));
    assert_eq!(node.messages(1, INBOX).await, inbox);
    assert_eq!(node.messages(1, archive).await, copies);
    node.bring_round(entry.id).await;
    let mut now = node.messages(1, INBOX).await;
    assert_eq!(now.pop_last().unwrap().1, message("queued", 300));
    let contents = node.collector.contents(&world::quietly).await.unwrap();
    assert_eq!((contents.objects, contents.needless), (22, 1));
    let mut names = contents.foreign.names;
    names.sort_unstable();
    let note = foreign.trim_start_matches("bodies/");
    assert_eq!(names.len(), 3);
    assert!(
        ["README", "aside/", note]
            .iter()
            .all(|name| names.iter().any(|one| one == name))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_else_is_nothing_waits() {
    let server = testbed::S3::start();
    let node = node(&server, LONG).await;
    let uid = node.arrive(1, "gone", 500).await;
    node.arrive(1, "kept", 500).await;
    node.incoming("never", 300).await;
    node.remove(1, &[uid].into_iter().collect()).await;
    let done = node
        .collector
        .collect(&EAGER, world::at(world::LATER), &world::quietly);
    assert_eq!(done.await.unwrap().removed, 0);
    let done = node
        .collector
        .collect(&ALONE, world::at(world::LATER), &world::quietly);
    assert_eq!(done.await.unwrap().removed, 2);
    assert_eq!(node.objects().await.len(), 1);
    assert_eq!(node.messages(1, INBOX).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_of_many_does_it_and_all_may() {
    let server = testbed::S3::start();
    let index = memory();
    let nodes = [
        Node::new(&index, &server.endpoint(), Duration::ZERO).await,
        Node::new(&index, &server.endpoint(), Duration::ZERO).await,
    ];
    nodes[0].account(1).await;
    nodes[0].arrive(1, "kept", 500).await;
    for number in 0..50 {
        nodes[1].incoming(&format!("never {number}"), 100).await;
    }
    // A bucket that tells the time to the second.
    sleep(Duration::from_secs(1)).await;
    assert!(!nodes[0].pass(&USUAL).await.unwrap().elsewhere);
    assert!(nodes[1].pass(&USUAL).await.unwrap().elsewhere);
    assert!(!nodes[0].pass(&USUAL).await.unwrap().elsewhere);
    assert_eq!(nodes[0].objects().await.len(), 1);
    for number in 0..50 {
        nodes[1].incoming(&format!("never {number}"), 100).await;
    }
    sleep(Duration::from_secs(1)).await;
    // Both at once, twice: what one removes the other need not find.
    for _ in 0..2 {
        let (one, other) = tokio::join!(nodes[0].pass(&EAGER), nodes[1].pass(&EAGER));
        assert!(one.unwrap().objects > 0 && other.unwrap().objects > 0);
    }
    assert_eq!(nodes[0].objects().await.len(), 1);
    // One that died leaves it to the others when its time is over.
    let short = CollectTerms::usual(Duration::ZERO);
    assert!(!nodes[0].pass(&short).await.unwrap().elsewhere);
    assert!(!nodes[1].pass(&USUAL).await.unwrap().elsewhere);
    assert!(nodes[0].pass(&USUAL).await.unwrap().elsewhere);
    assert_eq!(nodes[0].messages(1, INBOX).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_another_or_an_older_one_takes_nothing_away() {
    let server = testbed::S3::start();
    let ours = node(&server, Duration::ZERO).await;
    for number in 0..10 {
        ours.arrive(1, &format!("kept {number}"), 500).await;
    }
    ours.pass(&ALONE).await.unwrap();
    // A new database, and settings that lead to this bucket.
    let stranger = Node::on(&memory(), ours.bucket.clone(), Duration::ZERO);
    for terms in [USUAL, EAGER, ALONE] {
        let refused = stranger.pass(&terms).await.unwrap_err();
        let expected = CareError::OfAnother("s3://mail/bodies".to_owned());
        assert_eq!(refused, expected);
    }
    let refused = stranger.collector.contents(&world::quietly).await;
    assert!(
        matches!(refused, Err(CareError::OfAnother(_))),
        "{refused:?}"
    );
    assert!(stranger.collector.check().await.is_err());
    // The same index as it was before the last pass.
    let mark = ours.bucket.mark().await.unwrap().unwrap();
    let turn = mark.turn + 1;
    let ahead = blob::s3::Mark { turn, ..mark };
    ours.bucket.note(ahead).await.unwrap();
    let never = ours.incoming("since then", 300).await;
    drop(never);
    for _ in 0..2 {
        let refused = ours.pass(&ALONE).await;
        assert!(matches!(refused, Err(CareError::PutBack(_))), "{refused:?}");
    }
    assert_eq!(ours.objects().await.len(), 11);
    // Said to be right, it goes on.
    let anyway = CollectTerms {
        anyway: true,
        ..ALONE
    };
    ours.pass(&anyway).await.unwrap();
    let pass = ours.pass(&ALONE).await.unwrap();
    assert_eq!(pass.removed, 1);
    assert_eq!(ours.messages(1, INBOX).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_names_next_to_nothing_takes_nothing_away() {
    let server = testbed::S3::start();
    let node = node(&server, Duration::ZERO).await;
    for number in 0..120 {
        node.incoming(&format!("never {number}"), 100).await;
    }
    node.arrive(1, "kept", 500).await;
    for _ in 0..3 {
        let refused = node.pass(&ALONE).await.unwrap_err();
        let (needless, all) = (120, 121);
        assert_eq!(refused, CareError::TooMuch { needless, all });
    }
    assert_eq!(node.objects().await.len(), 121);
    // Said once to be right, it is so until it is done.
    let anyway = CollectTerms {
        anyway: true,
        ..ALONE
    };
    assert_eq!(node.pass(&anyway).await.unwrap().removed, 0);
    assert_eq!(node.pass(&ALONE).await.unwrap().removed, 120);
    assert_eq!(node.pass(&ALONE).await.unwrap().objects, 1);
    assert_eq!(node.messages(1, INBOX).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_keeps_everything() {
    let server = testbed::S3::start();
    let index = memory();
    let node = Node::new(&index, &server.endpoint(), Duration::ZERO).await;
    node.account(1).await;
    node.account(2).await;
    node.incoming("never", 300).await;
    node.pass(&ALONE).await.unwrap();
    // A record of an account that says nothing that can be read.
    let key = vec![0x10, 0, 0, 0, 1, 2, 0, 0, 0, 9];
    let put = kv::Operation::Put(key.clone(), vec![99]);
    let partition = Partition::Account(AccountId(2));
    let outcome = index.commit(partition, vec![], vec![put]).await;
    assert_eq!(outcome, Ok(kv::Outcome::Committed));
    for _ in 0..2 {
        let refused = node
            .collector
            .pass(&ALONE, world::at(world::LATER), &world::quietly);
        let refused = refused.await;
        assert!(matches!(refused, Err(CareError::Damaged(_))), "{refused:?}");
    }
    assert_eq!(node.objects().await.len(), 1);
    let delete = kv::Operation::Delete(key);
    let outcome = index.commit(partition, vec![], vec![delete]).await;
    assert_eq!(outcome, Ok(kv::Outcome::Committed));
    assert_eq!(node.pass(&ALONE).await.unwrap().removed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_goes_in_the_middle_is_named_and_the_next_pass_goes_on() {
    let server = testbed::S3::start();
    let way = Way::to(&server).await;
    let index = memory();
    let node = Node::new(&index, &way.endpoint(), Duration::ZERO).await;
    node.account(1).await;
    node.arrive(1, "kept", 500).await;
    for number in 0..40 {
        node.incoming(&format!("never {number}"), 100).await;
    }
    let before = node.messages(1, INBOX).await;
    node.pass(&ALONE).await.unwrap();
    // The note, the time, the folders, one of them, and the removal with its answer lost.
    for requests in [0, 1, 2, 3, 9, usize::MAX] {
        match requests {
            usize::MAX => way.cut_after_removal(),
            requests => way.cut_after(requests),
        }
        let passed = node.pass(&ALONE).await;
        way.mend();
        let Err(CareError::Broken(why)) = passed else {
            panic!("{requests}: {passed:?}")
        };
        assert!(why.contains("out of reach"), "{why}");
    }
    node.pass(&ALONE).await.unwrap();
    assert_eq!(node.objects().await.len(), 1);
    assert_eq!(node.messages(1, INBOX).await, before);
}

/// As nodes really are: a database between them, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_a_database_keep_the_bucket_small() {
    let (server, database) = (testbed::S3::start(), testbed::Postgres::start());
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let settings = kv::postgres::Settings::new(&database.address(), None).unwrap();
        let index = kv::postgres::Postgres::open(settings).await.unwrap();
        let index: Arc<dyn Kv> = Arc::new(index);
        nodes.push(Node::new(&index, &server.endpoint(), Duration::ZERO).await);
    }
    let [one, other] = &nodes[..] else {
        unreachable!()
    };
    for account in [1, 2, 3] {
        one.account(account).await;
    }
    let mut uids = Vec::new();
    for number in 0..20 {
        let node = &nodes[number % 2];
        uids.push(node.arrive(1, &format!("kept {number}"), 500).await);
        node.arrive(2, &format!("private {number}"), 500).await;
    }
    other
        .remove(1, &uids.iter().copied().step_by(4).collect())
        .await;
    let queued = other.incoming("queued", 300).await;
    let entry = other.enqueue(7, &queued, &[1, 3]).await;
    one.store.remove_account(AccountId(2)).await.unwrap();
    let before = one.messages(1, INBOX).await;
    assert_eq!(other.pass(&ALONE).await.unwrap().removed, 0);
    assert!(one.pass(&USUAL).await.unwrap().removed == 0);
    assert!(other.pass(&USUAL).await.unwrap().elsewhere);
    assert_eq!(other.pass(&ALONE).await.unwrap().removed, 25);
    assert_eq!(one.pass(&ALONE).await.unwrap().removed, 0);
    assert_eq!(one.messages(1, INBOX).await, before);
    one.bring_round(entry.id).await;
    assert_eq!(other.messages(3, INBOX).await.len(), 1);
    assert_eq!(one.pass(&ALONE).await.unwrap().objects, 16);
}

/// A record whose body is not in the bucket is named by a check.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_body_is_found_by_a_check() {
    let server = testbed::S3::start();
    let node = node(&server, LONG).await;
    let lost = node.incoming("lost", 300).await;
    let uid = node.deliver(1, &lost, None).await.unwrap();
    node.arrive(1, "kept", 300).await;
    node.bucket.delete_all(&[name(&lost)]).await.unwrap();
    let bodies = store::Bodies::Read;
    let found = node.store.check(AccountId(1), bodies, |_| {}).await;
    let faults: Vec<String> = found
        .unwrap()
        .faults
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("is not there"), "{faults:?}");
    assert!(
        faults[0].contains(&format!("UID {}", uid.get())),
        "{faults:?}"
    );
}

/// A machine that stood still between a put and its record must not name the body any more:
/// tried with a record that comes at once, which may.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_has_just_come_may_be_named() {
    let server = testbed::S3::start();
    let node = node(&server, LONG).await;
    let incoming = node.incoming("now", 300).await;
    assert_eq!(incoming.check(), Ok(()));
    let gone = node.deliver(9, &incoming, None).await;
    assert_eq!(gone, Err(StoreError::Gone));
}
