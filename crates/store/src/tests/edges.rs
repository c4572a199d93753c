//! Edges that only the stored bytes lead to: the last UID, damage, work cut short.

use std::sync::Arc;

use address::AccountId;
use blob::Blobs;
use jiff::Timestamp;
use kv::memory::Memory;
use kv::{Kv, Operation, Outcome, Partition};

use crate::keys::{DetailsKey, DoomedKey};
use crate::values::{MarkValue, Stored, SummaryValue};
use crate::{
    Delivery, Flags, Incoming, Limit, MailboxId, Page, Placed, Result, Store, StoreError, Uid, keys,
};

const ACCOUNT: AccountId = AccountId(3);
const INBOX: MailboxId = MailboxId::INBOX;

struct World {
    kv: Arc<Memory>,
    store: Store,
    message: Incoming,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let kv = Arc::new(Memory::default());
        let store = Store::new(kv.clone(), Blobs::open(dir.path()).unwrap());
        store
            .create_account(ACCOUNT, Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        let mut intake = store.body();
        intake.write(b"Subject: Bonjour\r\n\r\n").await.unwrap();
        let message = intake.finish().await.unwrap();
        World {
            kv,
            store,
            message,
            _dir: dir,
        }
    }

    async fn put(&self, key: Vec<u8>, value: Vec<u8>) {
        let put = vec![Operation::Put(key, value)];
        let outcome = self
            .kv
            .commit(Partition::Account(ACCOUNT), vec![], put)
            .await;
        assert_eq!(outcome, Ok(Outcome::Committed));
    }

    async fn deliver(&self) -> Result<Placed> {
        let now = Timestamp::UNIX_EPOCH;
        let flags = Flags::default();
        let delivery = Delivery {
            flags,
            internal_date: now.into(),
            once: None,
            quota: None,
        };
        self.store
            .deliver(ACCOUNT, INBOX, &self.message, &delivery, now)
            .await
    }
}

#[tokio::test]
async fn the_last_uid_is_never_given() {
    let world = World::new().await;
    let placed = world.deliver().await.unwrap();
    let last = Uid::new(Uid::MAX.get() - 1).unwrap();
    let full = SummaryValue {
        uid_next: last,
        ..SummaryValue::new(placed.uid_validity)
    };
    world.put(keys::summary(INBOX), full.write().unwrap()).await;
    assert_eq!(world.deliver().await.unwrap().uid, last);
    assert_eq!(world.deliver().await, Err(StoreError::TooMany(Limit::Uids)));
    assert_eq!(
        world.store.summary(ACCOUNT, INBOX).await.unwrap().uid_next,
        Uid::MAX
    );
}

#[tokio::test]
async fn damaged_details_are_read_from_the_message() {
    let world = World::new().await;
    let uid = world.deliver().await.unwrap().uid;
    let only = [uid].into_iter().collect();
    let page = Page {
        uids: &only,
        after: None,
        limit: 1,
        include_gone: false,
    };
    let records = world.store.records(ACCOUNT, INBOX, page).await.unwrap();
    let record = records.first().unwrap();
    let key = DetailsKey(record.email_id, 0).encode();
    // The second was written by a newer program: not understood is not lost.
    for odd in [vec![1, 2, 3], vec![200]] {
        world.put(key.clone(), odd).await;
        let details = world.store.details(ACCOUNT, INBOX, record).await.unwrap();
        assert_eq!(details.unwrap().envelope, world.message.scanned.envelope);
    }
}

#[tokio::test]
async fn clearing_away_that_was_cut_short_is_taken_up_again() {
    let world = World::new().await;
    let doomed = MailboxId(99);
    for uid in 1..500 {
        world
            .put(
                keys::old_details(doomed, Uid::new(uid).unwrap(), 0),
                vec![0],
            )
            .await;
    }
    world
        .put(DoomedKey(doomed).encode(), MarkValue.write().unwrap())
        .await;
    let now = Timestamp::UNIX_EPOCH;
    world
        .store
        .create_mailbox(ACCOUNT, "next", now)
        .await
        .unwrap();
    let reading = world.store.reading(ACCOUNT).await.unwrap();
    assert_eq!(
        reading.rows(keys::all_of_mailbox(doomed), 1).await.unwrap(),
        []
    );
    assert_eq!(reading.rows(DoomedKey::all(), 1).await.unwrap(), []);
}
