//! Looking at every record: whatever is done, nothing is wrong; whatever is spoilt is named.

use std::sync::Arc;

use kv::memory::Memory;
use kv::{Direction, Kv, Operation, Outcome, Partition};

use crate::world::{World, at, domain};

/// Kinds of keys, by their first octet.
const DOMAIN: u8 = 2;
const NAME: u8 = 3;
const ACCOUNT: u8 = 4;
const CREDENTIALS: u8 = 5;
const TARGET: u8 = 6;
const SENDING: u8 = 12;

/// A directory that has been used.
async fn used() -> (World, Arc<dyn Kv>) {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let world = World::on(kv.clone()).await;
    let y = domain("y.fr");
    world.directory.add_domain(&y, at(0)).await.unwrap();
    for name in ["jean@x.fr", "léa@x.fr"] {
        let id = world.add(name).await;
        world.directory.lock_sending(id, "x", at(5)).await.unwrap();
    }
    let gone = world.add("gone@y.fr").await;
    world
        .alias("all@x.fr", &["jean@x.fr", "else@where.test"])
        .await;
    world
        .alias("away@y.fr", &["gone@y.fr", "else@where.test"])
        .await;
    world.directory.remove_account(gone).await.unwrap();
    (world, kv)
}

async fn rows(kv: &dyn Kv, kind: u8) -> Vec<(Vec<u8>, Vec<u8>)> {
    let snapshot = kv.snapshot(Partition::Directory).await.unwrap();
    let range = vec![kind]..vec![kind + 1];
    let rows = snapshot.scan(range, Direction::Forward, 100).await.unwrap();
    rows.into_iter()
        .map(|(key, value)| (key, value.bytes))
        .collect()
}

async fn spoil(kv: &dyn Kv, operation: Operation) {
    let done = kv.commit(Partition::Directory, vec![], vec![operation]);
    assert_eq!(done.await, Ok(Outcome::Committed));
}

/// What is found of a directory of which one record of this kind is gone.
async fn without(kind: u8, which: usize) -> Vec<String> {
    let (world, kv) = used().await;
    let key = rows(&*kv, kind).await.remove(which).0;
    spoil(&*kv, Operation::Delete(key)).await;
    faults(&world).await
}

async fn faults(world: &World) -> Vec<String> {
    let found = world.directory.check().await.unwrap();
    assert_eq!(found.more, 0);
    let texts = found.faults.iter().map(ToString::to_string);
    texts
        .map(|text| text.replace("the directory: ", ""))
        .collect()
}

#[tokio::test]
async fn what_is_used_is_in_order() {
    let (world, _) = used().await;
    let found = world.directory.check().await.unwrap();
    assert_eq!(found.faults, []);
    let accounts = found
        .accounts
        .iter()
        .map(|(_, address)| address.to_string());
    assert_eq!(accounts.collect::<Vec<_>>(), ["jean@x.fr", "léa@x.fr"]);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    assert_eq!(
        without(ACCOUNT, 0).await,
        [
            "jean@x.fr is the address of account 1, which is not there",
            "there are passwords of account 1, which is not there",
            "it is noted how much account 1 may send, which is not there",
        ]
    );
    assert_eq!(
        without(CREDENTIALS, 1).await,
        ["léa@x.fr has nothing to sign in with; set its password anew"]
    );
    assert_eq!(
        without(DOMAIN, 1).await,
        ["away@y.fr is there, and its domain is not served"]
    );
    let names = rows(&*used().await.1, NAME).await.len();
    assert_eq!(names, 4);
    assert_eq!(
        without(NAME, 1).await,
        [
            "x.fr has 3 addresses by its record, 2 are there",
            "account 1 has the address jean@x.fr, which leads elsewhere or nowhere",
        ]
    );
    assert_eq!(
        without(NAME, 0).await,
        [
            "x.fr has 3 addresses by its record, 2 are there",
            "it is noted of all@x.fr that it leads somewhere it does not",
            "it is noted of all@x.fr that it leads somewhere it does not",
        ]
    );
    let targets = rows(&*used().await.1, TARGET).await.len();
    for which in 0..targets {
        let found = without(TARGET, which).await;
        assert!(found[0].ends_with("is not noted there"), "{found:?}");
        assert_eq!(found.len(), 1);
    }
    let next = without(1, 0).await;
    assert_eq!(
        next[0],
        "the next account would get the number of account 1"
    );
}

#[tokio::test]
async fn what_can_not_be_read_is_named_and_the_rest_is_looked_at() {
    for kind in [DOMAIN, NAME, ACCOUNT, CREDENTIALS, TARGET, SENDING] {
        let (world, kv) = used().await;
        for (key, _) in rows(&*kv, kind).await {
            spoil(&*kv, Operation::Put(key, vec![200, 1])).await;
        }
        let unreadable = rows(&*kv, kind).await.len();
        let found = faults(&world).await;
        let named = found
            .iter()
            .filter(|text| text.contains("can't be read: it should be"));
        assert!(named.count() >= unreadable, "{kind}: {found:?}");
    }
    let (world, kv) = used().await;
    spoil(&*kv, Operation::Put(vec![99, 7], vec![1])).await;
    assert_eq!(
        faults(&world).await,
        ["the record 6307 is of no known kind"]
    );
}
