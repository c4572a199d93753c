//! A check while the account is served: whatever happens meanwhile is no fault.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use address::AccountId;
use blob::{Blobs, Moved};
use jiff::Timestamp;
use kv::sqlite::Sqlite;
use segments::Log;

use super::engine::Slow;
use crate::packing::Packing;
use crate::{
    Bodies, Delivery, DeliveryId, Fault, FlagChange, Flags, How, Incoming, Keyword, MailboxId,
    Store, StoreError, SystemFlags, Uid, UidSet,
};

const ACCOUNT: AccountId = AccountId(3);
const INBOX: MailboxId = MailboxId::INBOX;
const TRASH: MailboxId = MailboxId(4);
/// How long all that can happen happens.
const WHILE: Duration = Duration::from_secs(4);
/// Of the clock, at each delivery: in the end removed messages and deliveries are forgotten.
const STEP: i64 = 3000;
/// Between what a check sees and what it sees next: so much happens that some of what
/// it saw is gone for good.
const WAIT: Duration = Duration::from_millis(8);

struct World {
    store: Store,
    /// The same for who checks, and takes some time for it.
    slow: Store,
    clock: AtomicI64,
    ended: AtomicBool,
}

impl World {
    async fn new(folder: &Path) -> World {
        let log = Log::open(&folder.join("bodies")).unwrap();
        let kv = Sqlite::on(&folder.join("index"), log.clone()).unwrap();
        let packing = Packing {
            block: 12,
            piece: 3,
            singles: 5,
            copied: 7,
        };
        let (kv, blobs) = (Arc::new(kv), Blobs::on(log).unwrap());
        let slow = Slow {
            kv: kv.clone(),
            wait: WAIT,
        };
        let slow = Store::new(Arc::new(slow), blobs.clone()).with_packing(packing);
        let store = Store::new(kv, blobs).with_packing(packing);
        let clock = AtomicI64::new(1_800_000_000);
        let ended = AtomicBool::new(false);
        let world = World {
            store,
            slow,
            clock,
            ended,
        };
        let made = world.store.create_account(ACCOUNT, world.now()).await;
        made.unwrap();
        world
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::SeqCst)
    }

    async fn incoming(&self, text: &str) -> Incoming {
        let mut intake = self.store.body();
        intake.write(text.as_bytes()).await.unwrap();
        intake.finish().await.unwrap()
    }

    /// Deliveries, each of them happening once.
    async fn deliver(&self) {
        let mut number = 0u32;
        while self.goes_on() {
            number += 1;
            self.clock.fetch_add(STEP, Ordering::SeqCst);
            let text = format!("Subject: {number}\r\n\r\nBonjour\r\n");
            let message = self.incoming(&text).await;
            let keyword = Keyword::new(&format!("k{}", number % 40)).unwrap();
            let delivery = Delivery {
                flags: Flags {
                    system: SystemFlags::NONE,
                    keywords: vec![keyword],
                },
                internal_date: self.now().into(),
                once: Some(DeliveryId::new(number.into())),
                quota: None,
            };
            let delivered = self
                .store
                .deliver(ACCOUNT, INBOX, &message, &delivery, self.now());
            delivered.await.unwrap();
        }
    }

    /// What sessions do.
    async fn use_it(&self) {
        let mut round = 0u32;
        while self.goes_on() {
            round += 1;
            let from = 1 + round % 50;
            let some = UidSet::from_ranges([(uid(from), uid(from + round % 7 * 5))]);
            let flags = SystemFlags::from_bits(u8::try_from(round % 32).unwrap()).into();
            let how = [How::Add, How::Remove, How::Replace][round as usize % 3];
            let what = FlagChange { how, flags };
            let (store, now) = (&self.store, self.now());
            let all = UidSet::all();
            let marked = store.set_flags(ACCOUNT, INBOX, &all, &what, now).await;
            marked.unwrap();
            store
                .copy(ACCOUNT, INBOX, &some, TRASH, None, now)
                .await
                .unwrap();
            let moved = store.move_messages(ACCOUNT, INBOX, &some, TRASH, now).await;
            moved.unwrap();
            if round.is_multiple_of(3) {
                let back = store.move_messages(ACCOUNT, TRASH, &all, INBOX, now).await;
                back.unwrap();
            }
            store.expunge(ACCOUNT, INBOX, None, now).await.unwrap();
            if round.is_multiple_of(5) {
                store.remove(ACCOUNT, TRASH, &all, now).await.unwrap();
            }
            store.tend(ACCOUNT, now).await.unwrap();
            store.select(ACCOUNT, INBOX, true).await.unwrap();
        }
    }

    /// Mailboxes that come and go, with what is in them.
    async fn list(&self) {
        while self.goes_on() {
            let (store, now) = (&self.store, self.now());
            let made = store.create_mailbox(ACCOUNT, "a", now).await.unwrap();
            let all = UidSet::all();
            let copied = store.copy(ACCOUNT, INBOX, &all, made.id, None, now).await;
            copied.unwrap();
            store.rename_mailbox(ACCOUNT, "a", "b", now).await.unwrap();
            store.delete_mailbox(ACCOUNT, "b").await.unwrap();
            store.sweep(ACCOUNT).await.unwrap();
        }
    }

    /// Bodies that go elsewhere.
    async fn relocate(&self) {
        while self.goes_on() {
            let mut bodies = Vec::new();
            let shown = self.store.bodies(ACCOUNT, |body| bodies.push(body)).await;
            shown.unwrap();
            let mut moved = Moved::default();
            for body in bodies.into_iter().step_by(9) {
                let mut reader = self.store.read(&body, 0..body.length());
                let mut intake = self.store.body();
                while let Some(piece) = reader.next().await {
                    intake.write(&piece.unwrap()).await.unwrap();
                }
                moved.insert(body, intake.finish().await.unwrap().body);
            }
            self.store.relocate(ACCOUNT, &moved).await.unwrap();
        }
    }

    /// Checks for as long as that is; gives how many.
    async fn check(&self) -> usize {
        let (begun, mut checks) = (Instant::now(), 0);
        while begun.elapsed() < WHILE {
            let bodies = [Bodies::Read, Bodies::Pass][checks % 2];
            let store = [&self.store, &self.slow][checks / 2 % 2];
            let checked = store.check(ACCOUNT, bodies, drop).await.unwrap();
            let faults: Vec<String> = checked.faults.iter().map(Fault::to_string).collect();
            assert!(faults.is_empty(), "{faults:#?}");
            checks += 1;
        }
        checks
    }
}

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_happens_meanwhile_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::new(folder.path()).await);
    let mut tasks = tokio::task::JoinSet::new();
    let with = || world.clone();
    let (a, b, c, d) = (with(), with(), with(), with());
    tasks.spawn(async move { a.deliver().await });
    tasks.spawn(async move { b.use_it().await });
    tasks.spawn(async move { c.list().await });
    tasks.spawn(async move { d.relocate().await });
    let checks = world.check().await;
    world.ended.store(true, Ordering::SeqCst);
    tasks.join_all().await;
    assert!(checks > 3, "{checks}");
    // An account that is removed is gone, and never broken.
    let store = world.store.clone();
    let removal = tokio::spawn(async move { store.remove_account(ACCOUNT).await });
    loop {
        match world.store.check(ACCOUNT, Bodies::Pass, drop).await {
            Ok(checked) => assert_eq!(checked.faults, []),
            Err(error) => {
                assert_eq!(error, StoreError::Gone);
                break;
            }
        }
    }
    removal.await.unwrap().unwrap();
}
