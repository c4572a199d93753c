//! Whatever is broken in an account is found, and named.

mod bodies;
mod cases;
mod mending;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use address::AccountId;
use blob::Blobs;
use jiff::Timestamp;
use kv::memory::Memory;
use kv::{Kv, Operation, Outcome, Partition};

use super::engine::Flawed;
use super::invariants::faults;
use crate::keys::NamedKey;
use crate::packing::Packing;
use crate::threads::named;
use crate::values::Stored;
use crate::{
    Bodies, Delivery, DeliveryId, FAULTS, FlagChange, Flags, How, Incoming, Keyword, MailboxId,
    Page, Store, SystemFlags, Uid, UidSet,
};
use cases::{Case, cases};

const ACCOUNT: AccountId = AccountId(3);
const INBOX: MailboxId = MailboxId::INBOX;
const NOW: Timestamp = Timestamp::UNIX_EPOCH;
/// The first that an account makes after those that everyone has.
const OTHER: MailboxId = MailboxId(6);

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn uids(numbers: &[u32]) -> UidSet {
    numbers.iter().map(|number| uid(*number)).collect()
}

struct World {
    kv: Arc<Memory>,
    /// Keys that the engine finds damaged.
    damaged: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    store: Store,
    dir: tempfile::TempDir,
}

impl World {
    /// An account with 13 messages in INBOX: 1 to 6 and 7 to 12 in blocks, 13 alone; 5 is
    /// removed; 8 and 9 were copied to another mailbox, where they stand alone. 11 has a name,
    /// and 12 is an answer to it.
    async fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let (kv, damaged) = (Arc::new(Memory::default()), Arc::default());
        let flawed = Flawed {
            kv: kv.clone(),
            keys: Arc::clone(&damaged),
        };
        let packing = Packing {
            block: 6,
            piece: 2,
            singles: 3,
            copied: 7,
        };
        let store = Store::new(Arc::new(flawed), Blobs::open(dir.path()).unwrap());
        let store = store.with_packing(packing);
        let world = World {
            kv,
            damaged,
            store,
            dir,
        };
        world.fill().await;
        assert_eq!(world.faults().await, Vec::<String>::new());
        world
    }

    async fn fill(&self) {
        let store = &self.store;
        store.create_account(ACCOUNT, NOW).await.unwrap();
        let other = store.create_mailbox(ACCOUNT, "other", NOW).await.unwrap();
        assert_eq!(other.id, OTHER);
        for number in 1..=13 {
            let named = match number {
                11 => "Message-ID: <a@b>\r\n",
                12 => "Message-ID: <c@b>\r\nReferences: <a@b>\r\n",
                _ => "",
            };
            let text = format!("Subject: {number}\r\n{named}\r\n");
            let message = self.incoming(&text).await;
            self.deliver(&message, number).await;
        }
        let seen = FlagChange {
            how: How::Add,
            flags: SystemFlags::SEEN.into(),
        };
        let some = uids(&[2, 13]);
        let marked = store.set_flags(ACCOUNT, INBOX, &some, &seen, NOW);
        marked.await.unwrap();
        store
            .remove(ACCOUNT, INBOX, &uids(&[5]), NOW)
            .await
            .unwrap();
        let some = uids(&[8, 9]);
        let copied = store.copy(ACCOUNT, INBOX, &some, OTHER, None, NOW);
        copied.await.unwrap();
    }

    async fn incoming(&self, text: &str) -> Incoming {
        let mut intake = self.store.body();
        intake.write(text.as_bytes()).await.unwrap();
        intake.finish().await.unwrap()
    }

    async fn deliver(&self, message: &Incoming, number: u32) {
        let keywords = (number == 3).then(|| Keyword::new("work").unwrap());
        let flags = Flags {
            system: SystemFlags::NONE,
            keywords: keywords.into_iter().collect(),
        };
        let delivery = Delivery {
            flags,
            internal_date: NOW.into(),
            once: (number == 1).then(|| DeliveryId::new(7)),
            quota: None,
        };
        let placed = self.store.deliver(ACCOUNT, INBOX, message, &delivery, NOW);
        assert_eq!(placed.await.unwrap().uid, uid(number));
    }

    async fn faults(&self) -> Vec<String> {
        faults(&self.store, ACCOUNT, Bodies::Read).await
    }

    async fn commit(&self, operations: Vec<Operation>) {
        let partition = Partition::Account(ACCOUNT);
        let outcome = self.kv.commit(partition, vec![], operations).await;
        assert_eq!(outcome, Ok(Outcome::Committed));
    }

    /// The own name of a message with this header.
    async fn name(&self, header: &str) -> NamedKey {
        let lineage = self.incoming(header).await.scanned.lineage;
        named(&lineage.own.unwrap())
    }

    async fn value<T: Stored>(&self, key: &[u8]) -> T {
        let reading = self.store.reading(ACCOUNT).await.unwrap();
        reading.get(key).await.unwrap().unwrap().0
    }

    /// Every message that can be read, by mailbox and UID: its subject and its flags.
    async fn shown(&self) -> BTreeMap<(MailboxId, Uid), (String, Flags)> {
        let mut shown = BTreeMap::new();
        for mailbox in self.store.mailboxes(ACCOUNT).await.unwrap() {
            let page = Page {
                uids: &UidSet::all(),
                after: None,
                limit: 1000,
                include_gone: false,
            };
            let records = self.store.records(ACCOUNT, mailbox.id, page).await.unwrap();
            for record in records {
                let mut reader = self.store.read(&record.body, 0..record.size);
                let mut text = Vec::new();
                while let Some(piece) = reader.next().await {
                    text.extend_from_slice(&piece.unwrap());
                }
                let text = String::from_utf8(text).unwrap();
                shown.insert((mailbox.id, record.uid), (text, record.flags));
            }
        }
        shown
    }

    async fn octets(&self, key: &[u8]) -> Vec<u8> {
        let snapshot = self.kv.snapshot(Partition::Account(ACCOUNT)).await.unwrap();
        snapshot.get(key).await.unwrap().unwrap().bytes
    }
}

#[tokio::test]
async fn whatever_is_broken_is_found_and_named() {
    let count = cases(&World::new().await).await.len();
    for number in 0..count {
        let world = World::new().await;
        let Case { operations, said } = cases(&world).await.swap_remove(number);
        let what = format!("{operations:02x?}");
        world.commit(operations).await;
        let found = world.faults().await;
        assert_eq!(found, said, "{number} {what}");
    }
}

#[tokio::test]
async fn a_damaged_record_is_named_and_the_others_are_checked() {
    let world = World::new().await;
    let mut all = Vec::new();
    let snapshot = world
        .kv
        .snapshot(Partition::Account(ACCOUNT))
        .await
        .unwrap();
    let everything = Vec::new()..vec![0xff];
    let rows = snapshot
        .scan(everything, kv::Direction::Forward, 10_000)
        .await;
    for (key, _) in rows.unwrap() {
        *world.damaged.lock().unwrap() = BTreeSet::from([key.clone()]);
        let found = world.faults().await;
        let hex: String = key.iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(
            found.iter().all(|fault| fault.contains(&hex)),
            "{hex}: {found:#?}"
        );
        assert_eq!(found.len(), 1, "{hex}: {found:#?}");
        all.push(key);
    }
    *world.damaged.lock().unwrap() = all.iter().skip(1).cloned().collect();
    assert!(world.faults().await.len() >= all.len() / 2);
}

#[tokio::test]
async fn a_database_that_is_broken_itself_ends_the_check_soon() {
    let world = World::new().await;
    world.damaged.lock().unwrap().insert(Vec::new());
    let found = world.faults().await;
    assert!((10..100).contains(&found.len()), "{found:#?}");
}

#[tokio::test]
async fn an_account_that_is_broken_all_over_takes_bounded_memory() {
    let world = World::new().await;
    for chunk in 0..3u32 {
        let stray = |number: u32| {
            let key = [&[9][..], &(1000 * chunk + number).to_be_bytes()].concat();
            Operation::Put(key, vec![])
        };
        world.commit((0..1000).map(stray).collect()).await;
    }
    let checked = world
        .store
        .check(ACCOUNT, Bodies::Pass, drop)
        .await
        .unwrap();
    assert_eq!((checked.faults.len(), checked.more), (FAULTS, 2000));
}

#[tokio::test]
async fn how_far_it_came_is_shown() {
    let world = World::new().await;
    let mut shown = Vec::new();
    let show = |progress| shown.push(progress);
    let checked = world
        .store
        .check(ACCOUNT, Bodies::Read, show)
        .await
        .unwrap();
    assert_eq!(shown.last(), Some(&checked.progress));
    // Of the 13 bodies those of two are shared.
    let octets = 9 * 14 + 4 * 15 + 19 + 38;
    assert_eq!(
        (checked.progress.messages, checked.progress.octets),
        (15, octets)
    );
    let gone = world.store.check(AccountId(4), Bodies::Pass, drop).await;
    assert_eq!(gone, Err(crate::StoreError::Gone));
}
