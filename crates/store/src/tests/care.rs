//! Care of a whole account: bodies shown and moved, leftovers swept.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use address::AccountId;
use blob::{Blobs, BodyRef, Moved};
use jiff::Timestamp;
use kv::memory::Memory;

use super::{invariants, old};
use crate::keys::DetailsKey;
use crate::packing::Packing;
use crate::{
    Delivery, EmailId, Flags, Incoming, MailboxId, Page, Record, Store, StoreError, Uid, UidSet,
};

const ACCOUNT: AccountId = AccountId(3);
const INBOX: MailboxId = MailboxId::INBOX;
const HOURS: i64 = 2 * 60 * 60;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

struct World {
    kv: Arc<Memory>,
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
        let store = Store::new(kv.clone(), Blobs::open(dir.path()).unwrap());
        let store = store.with_packing(packing);
        store.create_account(ACCOUNT, at(0)).await.unwrap();
        World {
            kv,
            store,
            _dir: dir,
        }
    }

    async fn incoming(&self, text: &str) -> Incoming {
        let mut intake = self.store.body();
        intake.write(text.as_bytes()).await.unwrap();
        intake.finish().await.unwrap()
    }

    async fn deliver(&self, message: &Incoming, seconds: i64) -> Uid {
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: at(seconds).into(),
            once: None,
            quota: None,
        };
        let placed = self
            .store
            .deliver(ACCOUNT, INBOX, message, &delivery, at(seconds));
        placed.await.unwrap().uid
    }

    async fn mailbox(&self, name: &str) -> MailboxId {
        let made = self.store.create_mailbox(ACCOUNT, name, at(0)).await;
        made.unwrap().id
    }

    async fn records(&self, mailbox: MailboxId) -> Vec<Record> {
        let page = Page {
            uids: &UidSet::all(),
            after: None,
            limit: 1000,
            include_gone: true,
        };
        self.store.records(ACCOUNT, mailbox, page).await.unwrap()
    }

    /// Whose details are kept by email id.
    async fn details(&self) -> BTreeSet<u64> {
        invariants::check(&self.store, ACCOUNT).await;
        let reading = self.store.reading(ACCOUNT).await.unwrap();
        let all = DetailsKey::range(&(EmailId(0)..=EmailId(u64::MAX)));
        let rows = reading.rows(all, usize::MAX).await.unwrap();
        let keys = rows.iter().map(|(key, _)| DetailsKey::decode(key).unwrap());
        keys.map(|DetailsKey(email, _)| email.get()).collect()
    }
}

#[tokio::test]
async fn what_copies_had_in_common_is_swept_when_the_last_is_gone() {
    let world = World::new().await;
    let message = world.incoming("Subject: shared\r\n\r\n").await;
    for _ in 0..20 {
        world.deliver(&message, 0).await;
    }
    let other = world.mailbox("other").await;
    let few: UidSet = (3..=12).filter_map(Uid::new).collect();
    let store = &world.store;
    store
        .copy(ACCOUNT, INBOX, &few, other, None, at(0))
        .await
        .unwrap();
    assert_eq!(store.sweep(ACCOUNT).await, Ok(0));
    let all = UidSet::all();
    store.remove(ACCOUNT, INBOX, &all, at(0)).await.unwrap();
    for _ in 0..10 {
        world.deliver(&message, HOURS).await;
    }
    // Those that were never copied took their details along.
    let later = 21..=30;
    let known: BTreeSet<u64> = (3..=12).chain(later.clone()).collect();
    assert_eq!(world.details().await, known);
    assert_eq!(store.sweep(ACCOUNT).await, Ok(0));
    store.remove(ACCOUNT, other, &all, at(HOURS)).await.unwrap();
    assert_eq!(store.sweep(ACCOUNT).await, Ok(0));
    store
        .move_messages(ACCOUNT, INBOX, &all, other, at(3 * HOURS))
        .await
        .unwrap();
    for _ in 0..4 {
        let one = [world.deliver(&message, 3 * HOURS).await]
            .into_iter()
            .collect();
        let moved = store.move_messages(ACCOUNT, INBOX, &one, other, at(3 * HOURS));
        moved.await.unwrap();
    }
    assert_eq!(store.sweep(ACCOUNT).await, Ok(10));
    assert_eq!(world.details().await, later.chain(31..=34).collect());
    store.delete_mailbox(ACCOUNT, "other").await.unwrap();
    assert_eq!(world.details().await, BTreeSet::new());
}

#[tokio::test]
async fn bodies_are_shown_and_found_where_they_went() {
    let world = World::new().await;
    let store = &world.store;
    let from = world.incoming("Subject: here\r\n\r\n").await;
    let to = world.incoming("Subject: here\r\n\r\n").await;
    let still = world.incoming("Subject: not moved\r\n\r\n").await;
    for n in 0..21 {
        world
            .deliver(if n % 3 == 0 { &still } else { &from }, 0)
            .await;
    }
    let some: UidSet = (4..=6).filter_map(Uid::new).collect();
    store.remove(ACCOUNT, INBOX, &some, at(0)).await.unwrap();
    old::make_old(store, &*world.kv, ACCOUNT).await;
    let other = world.mailbox("other").await;
    let all = UidSet::all();
    store
        .copy(ACCOUNT, INBOX, &all, other, None, at(0))
        .await
        .unwrap();
    world.deliver(&from, 0).await;
    let shown = async || {
        let mut shown = HashMap::<BodyRef, usize>::new();
        let count = |body| *shown.entry(body).or_default() += 1;
        store.bodies(ACCOUNT, count).await.unwrap();
        shown
    };
    let counted = |body: &BodyRef, moved: usize| {
        HashMap::from([(body.clone(), moved), (still.body.clone(), 7 + 6)])
    };
    assert_eq!(shown().await, counted(&from.body, 14 + 1 + 12));
    let table = Moved::from_iter([(from.body.clone(), to.body.clone())]);
    assert_eq!(store.relocate(ACCOUNT, &table).await, Ok(27));
    assert_eq!(store.relocate(ACCOUNT, &table).await, Ok(0));
    assert_eq!(shown().await, counted(&to.body, 14 + 1 + 12));
    let records = world.records(INBOX).await;
    assert_eq!(records.len(), 22);
    assert_eq!(records.iter().filter(|record| record.gone).count(), 3);
    for record in records {
        let details = store.details(ACCOUNT, INBOX, &record).await.unwrap();
        assert!(details.unwrap().envelope.subject.is_some());
    }
    world.details().await;
    let nobody = AccountId(4);
    assert_eq!(store.bodies(nobody, drop).await, Err(StoreError::Gone));
    assert_eq!(store.sweep(nobody).await, Err(StoreError::Gone));
}

#[tokio::test]
async fn what_nothing_changes_is_tended_to_the_end() {
    let world = World::new().await;
    let message = world.incoming("Subject: quiet\r\n\r\n").await;
    for _ in 0..40 {
        world.deliver(&message, 0).await;
    }
    let store = &world.store;
    let most: UidSet = (1..=38).filter_map(Uid::new).collect();
    store.remove(ACCOUNT, INBOX, &most, at(0)).await.unwrap();
    old::make_old(store, &*world.kv, ACCOUNT).await;
    let rows = async |range| {
        let reading = store.reading(ACCOUNT).await.unwrap();
        reading.rows(range, usize::MAX).await.unwrap().len()
    };
    store.tend(ACCOUNT, at(0)).await.unwrap();
    assert!(
        !store
            .reading(ACCOUNT)
            .await
            .unwrap()
            .summary(INBOX)
            .await
            .unwrap()
            .old
    );
    assert_eq!(world.records(INBOX).await.len(), 40);
    world.details().await;
    store.tend(ACCOUNT, at(HOURS)).await.unwrap();
    assert_eq!(world.records(INBOX).await.len(), 2);
    world.details().await;
    // Its numbers, and one block: what changes, what does not, its last change, and the
    // details of two.
    assert_eq!(rows(crate::keys::all_of_mailbox(INBOX)).await, 1 + 3 + 2);
    assert_eq!(store.tend(AccountId(4), at(0)).await, Err(StoreError::Gone));
}
