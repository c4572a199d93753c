//! Copies and moves that no commit has room for, and other machines meanwhile.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use address::AccountId;
use blob::Blobs;
use futures_util::FutureExt;
use jiff::Timestamp;
use kv::Kv;
use kv::memory::Memory;

use super::engine::Shared;
use super::invariants;
use crate::packing::Packing;
use crate::{
    Copied, Delivery, FlagChange, Flags, How, Incoming, Keyword, MailboxId, Modseq, Store,
    SystemFlags, Uid, UidSet,
};

const ACCOUNT: AccountId = AccountId(3);
const INBOX: MailboxId = MailboxId::INBOX;
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

struct World {
    kv: Arc<Memory>,
    blobs: Blobs,
    store: Store,
    message: Incoming,
    other: MailboxId,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new(packing: Packing) -> World {
        let dir = tempfile::tempdir().unwrap();
        let kv = Arc::new(Memory::default());
        let blobs = Blobs::open(dir.path()).unwrap();
        let store = Store::new(kv.clone(), blobs.clone()).with_packing(packing);
        store.create_account(ACCOUNT, NOW).await.unwrap();
        let mut intake = store.body();
        intake.write(b"Subject: one of many\r\n\r\n").await.unwrap();
        let message = intake.finish().await.unwrap();
        let other = store.create_mailbox(ACCOUNT, "other", NOW).await.unwrap();
        World {
            kv,
            blobs,
            store,
            message,
            other: other.id,
            _dir: dir,
        }
    }

    async fn deliver(&self, mailbox: MailboxId, flags: Flags) {
        deliver(&self.store, &self.message, mailbox, flags).await;
    }

    async fn exists(&self, mailbox: MailboxId) -> u32 {
        self.store.summary(ACCOUNT, mailbox).await.unwrap().exists
    }
}

async fn deliver(store: &Store, message: &Incoming, mailbox: MailboxId, flags: Flags) {
    let delivery = Delivery {
        flags,
        internal_date: NOW.into(),
        once: None,
        quota: None,
    };
    let placed = store.deliver(ACCOUNT, mailbox, message, &delivery, NOW);
    placed.await.unwrap();
}

fn last_pair(copied: &Copied) -> (u32, u32) {
    let (from, to) = copied.pairs.last().unwrap();
    (from.get(), to.get())
}

#[tokio::test]
async fn tens_of_thousands_are_copied_and_moved_at_once() {
    let world = World::new(Packing::USUAL).await;
    // Flags of which no two neighbours have the same.
    for n in 0..100u8 {
        let keyword = Keyword::new(&format!("k{n}")).unwrap();
        let flags = Flags {
            system: SystemFlags::from_bits(n % 32),
            keywords: vec![keyword],
        };
        world.deliver(INBOX, flags).await;
    }
    let (store, all, other) = (&world.store, UidSet::all(), world.other);
    for _ in 0..9 {
        store
            .copy(ACCOUNT, INBOX, &all, INBOX, None, NOW)
            .await
            .unwrap();
    }
    assert_eq!(world.exists(INBOX).await, 51_200);
    let before = store.summary(ACCOUNT, INBOX).await.unwrap();
    let copied = store
        .copy(ACCOUNT, INBOX, &all, other, None, NOW)
        .await
        .unwrap();
    assert_eq!(
        (copied.pairs.len(), last_pair(&copied)),
        (51_200, (51_200, 51_200))
    );
    let moved = store
        .move_messages(ACCOUNT, INBOX, &all, other, NOW)
        .await
        .unwrap();
    assert_eq!(
        (moved.pairs.len(), last_pair(&moved)),
        (51_200, (51_200, 102_400))
    );
    let changes = store.changes(
        ACCOUNT,
        INBOX,
        before.highest_modseq,
        before.uid_next,
        false,
    );
    let changes = changes.await.unwrap();
    let vanished = UidSet::from_ranges([(Uid::MIN, Uid::new(51_200).unwrap())]);
    assert_eq!((changes.vanished, changes.summary.exists), (vanished, 0));
    let there = store
        .changes(ACCOUNT, other, Modseq::NEVER, Uid::MIN, false)
        .await
        .unwrap();
    assert_eq!(there.new.len(), 102_400);
    let [one, same] = [1, 51_201].map(|uid: usize| &there.new[uid - 1].flags);
    assert_eq!(
        (&one.keywords, one),
        (&vec![Keyword::new("k0").unwrap()], same)
    );
    invariants::check(store, ACCOUNT).await;
    let removed = store.remove(ACCOUNT, other, &all, NOW).await.unwrap();
    assert_eq!((removed.len(), world.exists(other).await), (102_400, 0));
    invariants::check(store, ACCOUNT).await;
}

/// Another machine does something in either mailbox at every moment of a copy or a move:
/// that happens, and the copy is whole.
#[tokio::test]
async fn another_machine_may_do_anything_meanwhile() {
    let small = Packing {
        block: 6,
        piece: 2,
        singles: 3,
        copied: 7,
    };
    // 25 messages take 4 commits of 7.
    for moment in 0..16 {
        let (keep, after, commits) = (moment % 2 == 0, moment / 2 % 2 == 0, moment / 4);
        let world = World::new(small).await;
        for _ in 0..25 {
            world.deliver(INBOX, Flags::default()).await;
        }
        world.deliver(world.other, Flags::default()).await;
        let machine = world.store.clone();
        let (message, other) = (world.message.clone(), world.other);
        let kv: Arc<dyn Kv> = world.kv.clone();
        let shared = Shared {
            kv,
            commits: AtomicUsize::new(commits),
            after,
            other: move || {
                let (machine, message) = (machine.clone(), message.clone());
                async move {
                    deliver(&machine, &message, other, Flags::default()).await;
                    let seen = FlagChange {
                        how: How::Add,
                        flags: SystemFlags::SEEN.into(),
                    };
                    let one = Uid::new(9).into_iter().collect();
                    let marked = machine.set_flags(ACCOUNT, INBOX, &one, &seen, NOW);
                    marked.await.unwrap();
                }
                .boxed()
            },
        };
        let store = Store::new(Arc::new(shared), world.blobs.clone()).with_packing(small);
        let all = UidSet::all();
        let copied = if keep {
            store.copy(ACCOUNT, INBOX, &all, other, None, NOW).await
        } else {
            store.move_messages(ACCOUNT, INBOX, &all, other, NOW).await
        };
        assert_eq!(copied.unwrap().pairs.len(), 25, "{moment}");
        let summary = store.summary(ACCOUNT, other).await.unwrap();
        let left = if keep { 25 } else { 0 };
        assert_eq!((world.exists(INBOX).await, summary.exists), (left, 27));
        // It was marked before it was copied, or did not wait for that.
        assert!(summary.unseen >= 26, "{moment}");
        let found = store.select(ACCOUNT, other, false).await.unwrap();
        assert_eq!(found.uids.len(), 27);
        invariants::check(&store, ACCOUNT).await;
    }
}
