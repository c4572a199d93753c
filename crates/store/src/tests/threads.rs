//! Threads: which message joins which, that nobody ever leaves one, and what stays of them.

use std::sync::Arc;

use address::AccountId;
use blob::Blobs;
use jiff::Timestamp;
use kv::memory::Memory;
use kv::{Kv, Operation, Outcome, Partition};

use super::{invariants, old};
use crate::keys::{NamedKey, ThreadKey};
use crate::packing::Packing;
use crate::threads::Line;
use crate::values::{AccountValue, account_of_version_1};
use crate::{
    Delivery, EmailId, Flags, MailboxId, Page, Record, Store, StoreError, ThreadId, Uid, UidSet,
    keys,
};

const ACCOUNT: AccountId = AccountId(3);
const INBOX: MailboxId = MailboxId::INBOX;
const HOURS: i64 = 2 * 60 * 60;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn only(uid: u32) -> UidSet {
    Uid::new(uid).into_iter().collect()
}

struct World {
    kv: Arc<Memory>,
    blobs: Blobs,
    store: Store,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let kv = Arc::new(Memory::default());
        let packing = Packing {
            block: 6,
            piece: 2,
            singles: 3,
            copied: 7,
        };
        let blobs = Blobs::open(dir.path()).unwrap();
        let store = Store::new(kv.clone(), blobs.clone()).with_packing(packing);
        store.create_account(ACCOUNT, at(0)).await.unwrap();
        World {
            kv,
            blobs,
            store,
            _dir: dir,
        }
    }

    /// Delivers a message with this name and these ancestors, the nearest last.
    async fn deliver(&self, name: &str, ancestors: &[&str], seconds: i64) {
        let mut text = "Subject: x\r\n".to_owned();
        if !name.is_empty() {
            text += &format!("Message-ID: <{name}@x>\r\n");
        }
        if !ancestors.is_empty() {
            let names = ancestors.iter().map(|name| format!("\r\n <{name}@x>"));
            text += &format!("References:{}\r\n", names.collect::<String>());
        }
        let mut intake = self.store.body();
        intake.write(text.as_bytes()).await.unwrap();
        intake.write(b"\r\n").await.unwrap();
        let message = intake.finish().await.unwrap();
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: at(seconds).into(),
            once: None,
            quota: None,
        };
        let placed = self
            .store
            .deliver(ACCOUNT, INBOX, &message, &delivery, at(seconds));
        placed.await.unwrap();
    }

    async fn records(&self, mailbox: MailboxId) -> Vec<Record> {
        let page = Page {
            uids: &UidSet::all(),
            after: None,
            limit: 1000,
            include_gone: false,
        };
        self.store.records(ACCOUNT, mailbox, page).await.unwrap()
    }

    /// The threads of the messages of a mailbox, in its order.
    async fn threads(&self, mailbox: MailboxId) -> Vec<u64> {
        let records = self.records(mailbox).await;
        let threads = self.store.threads(ACCOUNT, &records).await.unwrap();
        invariants::check(&self.store, ACCOUNT).await;
        threads.iter().map(|thread| thread.get()).collect()
    }

    /// How many names lead to threads, and how many messages did not begin theirs.
    async fn rows(&self) -> (usize, usize) {
        let reading = self.store.reading(ACCOUNT).await.unwrap();
        let names = reading.rows(NamedKey::all(), usize::MAX).await.unwrap();
        let joined = reading.rows(ThreadKey::all(), usize::MAX).await.unwrap();
        (names.len(), joined.len())
    }

    async fn commit(&self, operations: Vec<Operation>) {
        let partition = Partition::Account(ACCOUNT);
        let outcome = self.kv.commit(partition, vec![], operations).await;
        assert_eq!(outcome, Ok(Outcome::Committed));
    }
}

#[tokio::test]
async fn in_whatever_order_they_come_a_conversation_is_one_thread() {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    for order in 0..256_usize {
        let order: Vec<usize> = (0..4).map(|digit| order >> (2 * digit) & 3).collect();
        if (0..4).any(|number| !order.contains(&number)) {
            continue;
        }
        let world = World::new().await;
        world.deliver("other", &[], 0).await;
        for number in order {
            world.deliver(NAMES[number], &NAMES[..number], 0).await;
        }
        // It has the number of the one that came first.
        assert_eq!(world.threads(INBOX).await, [1, 2, 2, 2, 2]);
        assert_eq!(world.rows().await, (5, 3));
    }
}

#[tokio::test]
async fn the_nearest_name_that_is_known_counts() {
    let world = World::new().await;
    world.deliver("a", &[], 0).await;
    world.deliver("b", &[], 0).await;
    world.deliver("c", &["a", "b"], 0).await;
    world.deliver("d", &["b", "a"], 0).await;
    world.deliver("e", &["b", "unknown"], 0).await;
    // A parent joins its child, though its own parent is known elsewhere.
    world.deliver("g", &["f"], 0).await;
    world.deliver("f", &["a"], 0).await;
    // The same message again, and one that says nothing.
    world.deliver("c", &["a"], 0).await;
    world.deliver("", &[], 0).await;
    world.deliver("", &["e"], 0).await;
    let threads = world.threads(INBOX).await;
    assert_eq!(threads, [1, 2, 2, 1, 2, 6, 6, 2, 9, 2]);
    assert_eq!(world.rows().await, (8, 6));
}

#[tokio::test]
async fn a_message_that_is_no_reply_costs_one_row() {
    let world = World::new().await;
    world.deliver("a", &[], 0).await;
    assert_eq!(world.rows().await, (1, 0));
    world.deliver("b", &["a"], 0).await;
    assert_eq!(world.rows().await, (2, 1));
    world.deliver("", &[], 0).await;
    assert_eq!(world.rows().await, (2, 1));
}

#[tokio::test]
async fn a_thousand_references_cost_little() {
    let world = World::new().await;
    let names: Vec<String> = (0..1000).map(|number| format!("{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.deliver("a", &names, 0).await;
    let kept = message::limits::FIRST_REFERENCES + message::limits::LAST_REFERENCES;
    assert_eq!(world.rows().await, (kept + 1, 0));
    world.deliver("0", &[], 0).await;
    world.deliver("999", &[], 0).await;
    world.deliver("500", &[], 0).await;
    assert_eq!(world.threads(INBOX).await, [1, 1, 1, 4]);
}

#[tokio::test]
async fn a_thread_goes_along_to_other_mailboxes() {
    let world = World::new().await;
    for (name, ancestors) in [("a", &[][..]), ("b", &["a"]), ("c", &["a"]), ("d", &[])] {
        world.deliver(name, ancestors, 0).await;
    }
    let store = &world.store;
    let other = store.create_mailbox(ACCOUNT, "other", at(0)).await.unwrap();
    let few = UidSet::from_ranges([(Uid::new(2).unwrap(), Uid::new(4).unwrap())]);
    let copied = store.copy(ACCOUNT, INBOX, &few, other.id, None, at(0));
    copied.await.unwrap();
    let moved = store
        .move_messages(ACCOUNT, INBOX, &only(2), other.id, at(0))
        .await;
    moved.unwrap();
    assert_eq!(world.threads(INBOX).await, [1, 1, 4]);
    assert_eq!(world.threads(other.id).await, [1, 1, 4, 1]);
    let gone = store.threads(AccountId(4), &[]).await;
    assert_eq!(gone, Err(StoreError::Gone));
}

#[tokio::test]
async fn messages_far_apart_are_told_their_threads_too() {
    let world = World::new().await;
    for number in 0..500 {
        world
            .deliver(&format!("{number}"), &["a"][..number % 2], 0)
            .await;
    }
    let records = world.records(INBOX).await;
    let far: Vec<Record> = records.into_iter().rev().step_by(41).collect();
    assert_eq!(far.len(), 13);
    for count in 0..far.len() {
        let few = &far[..count];
        let threads = world.store.threads(ACCOUNT, few).await.unwrap();
        let threads: Vec<u64> = threads.iter().map(|thread| thread.get()).collect();
        // Those with an even number name the same message, and the second came first.
        let expected = few.iter().map(|record| match record.email_id.get() {
            even if even % 2 == 0 => 2,
            odd => odd,
        });
        assert_eq!(threads, expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_leads_to_a_thread_goes_with_its_last_message() {
    let world = World::new().await;
    world.deliver("a", &["unknown"], 0).await;
    world.deliver("b", &["a"], 0).await;
    world.deliver("c", &[], 0).await;
    let store = &world.store;
    store.remove(ACCOUNT, INBOX, &only(1), at(0)).await.unwrap();
    world.deliver("x", &[], HOURS).await;
    store.tend(ACCOUNT, at(HOURS)).await.unwrap();
    // The one that began it is gone; the thread is not, and can be joined.
    assert_eq!(store.sweep(ACCOUNT).await, Ok(0));
    assert_eq!(world.threads(INBOX).await, [1, 3, 4]);
    world.deliver("d", &["unknown"], HOURS).await;
    assert_eq!(world.threads(INBOX).await, [1, 3, 4, 1]);
    let rest = UidSet::from_ranges([(Uid::MIN, Uid::MAX)]);
    store
        .remove(ACCOUNT, INBOX, &rest, at(HOURS))
        .await
        .unwrap();
    // They may still be read.
    assert_eq!(store.sweep(ACCOUNT).await, Ok(0));
    store.tend(ACCOUNT, at(2 * HOURS)).await.unwrap();
    assert_eq!(store.sweep(ACCOUNT).await, Ok(6 + 2));
    assert_eq!(world.rows().await, (0, 0));
    world.deliver("e", &["a"], 2 * HOURS).await;
    assert_eq!(world.threads(INBOX).await, [6]);
}

#[tokio::test]
async fn a_thread_that_is_joined_meanwhile_stays() {
    let world = World::new().await;
    world.deliver("a", &[], 0).await;
    world.deliver("b", &[], 0).await;
    let store = &world.store;
    store
        .remove(ACCOUNT, INBOX, &UidSet::all(), at(0))
        .await
        .unwrap();
    store.tend(ACCOUNT, at(HOURS)).await.unwrap();
    // What somebody has seen who began to sweep now, and then was slow.
    let (used, next) = (&[][..], EmailId(3));
    world.deliver("c", &["a"], HOURS).await;
    assert_eq!(store.sweep_threads(ACCOUNT, used, next).await, Ok(1));
    world.deliver("d", &["a"], HOURS).await;
    world.deliver("e", &["b"], HOURS).await;
    assert_eq!(world.threads(INBOX).await, [1, 1, 5]);
}

#[tokio::test]
async fn what_another_machine_has_swept_is_not_joined() {
    let world = World::new().await;
    world.deliver("a", &[], 0).await;
    let store = &world.store;
    let all = UidSet::all();
    store.remove(ACCOUNT, INBOX, &all, at(0)).await.unwrap();
    store.tend(ACCOUNT, at(HOURS)).await.unwrap();
    let mut intake = store.body();
    let text = b"Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\n\r\n";
    intake.write(text).await.unwrap();
    let line = Line::of(&intake.finish().await.unwrap().scanned.lineage);
    let mut turn = store.turn(ACCOUNT).await;
    let mut change = turn.begin_with(line.keys().collect()).await.unwrap();
    change.join_thread(EmailId(2), &line).await.unwrap();
    let other = Store::new(world.kv.clone(), world.blobs.clone());
    assert_eq!(other.sweep(ACCOUNT).await, Ok(1));
    assert_eq!(turn.commit(change).await, Ok(false));
    assert_eq!(world.rows().await, (0, 0));
}

#[tokio::test]
async fn nothing_stays_of_an_account() {
    let world = World::new().await;
    world.deliver("b", &["a"], 0).await;
    world.deliver("c", &["a"], 0).await;
    world.store.remove_account(ACCOUNT).await.unwrap();
    let reading = world.store.reading(ACCOUNT).await.unwrap();
    let rows = reading.rows(keys::everything(), 10).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn messages_from_before_there_were_threads_are_put_into_theirs() {
    for by_version_1 in [false, true] {
        for tended in [false, true] {
            let world = World::new().await;
            world.deliver("a", &[], 0).await;
            for number in 0..120 {
                world.deliver(&format!("{number}"), &[], 0).await;
            }
            world.deliver("b", &["a"], 0).await;
            world.deliver("", &["b"], 0).await;
            if by_version_1 {
                old::make_old(&world.store, &*world.kv, ACCOUNT).await;
            }
            old::forget_threads(&world.store, &*world.kv, ACCOUNT).await;
            invariants::check(&world.store, ACCOUNT).await;
            // Before anybody has looked.
            world.deliver("c", &["a", "b"], 0).await;
            world.deliver("d", &[], 0).await;
            assert_eq!(world.store.sweep(ACCOUNT).await, Ok(0));
            if tended {
                world.store.tend(ACCOUNT, at(0)).await.unwrap();
            }
            let threads = world.threads(INBOX).await;
            let expected = |number: u64| match number {
                1 | 122..=124 => 124,
                number => number,
            };
            assert_eq!(threads, (1..=125).map(expected).collect::<Vec<_>>());
            assert_eq!(world.rows().await, (124, 3));
            // Once and for all.
            world.store.tend(ACCOUNT, at(0)).await.unwrap();
            world.deliver("e", &["0"], 0).await;
            let then = world.threads(INBOX).await;
            assert_eq!(then[..125], threads);
            assert_eq!(then[125], 2);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_machines_at_once_come_to_the_same() {
    let world = World::new().await;
    for number in 0..300 {
        let ancestor = format!("{}", number / 10);
        world
            .deliver(&format!("{number}"), &[ancestor.as_str()][..number % 2], 0)
            .await;
    }
    old::forget_threads(&world.store, &*world.kv, ACCOUNT).await;
    let records = world.records(INBOX).await;
    let machines = (0..3).map(|_| {
        let store = Store::new(world.kv.clone(), world.blobs.clone());
        let records = records.clone();
        tokio::spawn(async move { store.threads(ACCOUNT, &records).await.unwrap() })
    });
    let machines: Vec<_> = machines.collect();
    world.deliver("301", &["299"], 0).await;
    for machine in machines {
        let told = machine.await.unwrap().into_iter();
        let told: Vec<u64> = told.map(ThreadId::get).collect();
        assert_eq!(world.threads(INBOX).await[..300], told);
    }
    let last = world.threads(INBOX).await;
    assert_eq!(last[300], last[299]);
}

#[tokio::test]
async fn to_be_cut_short_changes_nothing() {
    let world = World::new().await;
    for (name, ancestors) in [
        ("a", &[][..]),
        ("b", &["a"]),
        ("", &["z", "b"]),
        ("y", &["z"]),
    ] {
        world.deliver(name, ancestors, 0).await;
    }
    old::forget_threads(&world.store, &*world.kv, ACCOUNT).await;
    let reading = world.store.reading(ACCOUNT).await.unwrap();
    let found = reading.get::<AccountValue>(&keys::account()).await.unwrap();
    drop(reading);
    let threads = world.threads(INBOX).await;
    assert_eq!(threads, [1, 1, 1, 1]);
    let rows = world.rows().await;
    // All of it was done but for the last commit, which says so.
    let account = account_of_version_1(&found.unwrap().0);
    world
        .commit(vec![Operation::Put(keys::account(), account)])
        .await;
    assert_eq!(world.threads(INBOX).await, threads);
    assert_eq!(world.rows().await, rows);
}
