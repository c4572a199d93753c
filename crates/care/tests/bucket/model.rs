//! Everything that people do, done between any two looks of a pass into the index: random
//! deeds, beside a plain model of what must be there then.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use address::AccountId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kv::memory::Memory;
use kv::{Condition, Kv, KvError, Operation, Outcome, Partition, Snapshot, Watch};
use proptest::collection::vec;
use proptest::prelude::*;
use queue::QueueId;
use store::{MailboxId, Uid, UidSet};
use tokio::sync::Mutex;

use crate::world::{INBOX, Node, at, message, quietly};
use crate::{ALONE, CollectTerms};

/// Patient as where others are served, but with no grace: a deed here is a body together with
/// its record, which is all that the grace is for.
const PATIENT: CollectTerms = CollectTerms {
    patient: true,
    ..ALONE
};
const ACCOUNTS: u64 = 3;
/// Messages that come together, more than go to the bucket one by one.
const BURST: usize = 12;

/// One thing done by somebody.
#[derive(Clone, Debug)]
enum Deed {
    /// Mail comes for one.
    Arrive(u64),
    /// Much mail comes for one, all at the same time.
    Burst(u64),
    /// Mail comes for several.
    Enqueue(u64, u64),
    /// The oldest that waits is brought round.
    BringRound,
    /// The message of that number is copied to another mailbox, or moved.
    Copy(u64, usize),
    Move(u64, usize),
    /// And back.
    MoveBack(u64, usize),
    Remove(u64, usize),
    /// The other mailbox goes, with all in it.
    DeleteMailbox(u64),
    RemoveAccount(u64),
    /// A body comes, and its record never does.
    Die,
}

fn deed() -> impl Strategy<Value = Deed> {
    let account = || 1..=ACCOUNTS;
    let which = || 0..8usize;
    prop_oneof![
        4 => account().prop_map(Deed::Arrive),
        2 => account().prop_map(Deed::Burst),
        4 => (account(), account()).prop_map(|(one, other)| Deed::Enqueue(one, other)),
        4 => Just(Deed::BringRound),
        3 => (account(), which()).prop_map(|(account, which)| Deed::Copy(account, which)),
        3 => (account(), which()).prop_map(|(account, which)| Deed::Move(account, which)),
        3 => (account(), which()).prop_map(|(account, which)| Deed::MoveBack(account, which)),
        4 => (account(), which()).prop_map(|(account, which)| Deed::Remove(account, which)),
        1 => account().prop_map(Deed::DeleteMailbox),
        1 => account().prop_map(Deed::RemoveAccount),
        1 => Just(Deed::Die),
    ]
}

/// What there is, and what must be.
struct People {
    node: Node,
    /// Who has what, by mailbox.
    has: BTreeMap<(u64, MailboxId), BTreeMap<Uid, Vec<u8>>>,
    /// The mailbox beside the first, of those accounts that there are.
    other: BTreeMap<u64, MailboxId>,
    waits: VecDeque<(QueueId, Vec<u64>, Vec<u8>)>,
    number: u64,
}

impl People {
    async fn new(node: Node) -> People {
        let mut people = People {
            node,
            has: BTreeMap::new(),
            other: BTreeMap::new(),
            waits: VecDeque::new(),
            number: 0,
        };
        for account in 1..=ACCOUNTS {
            people.node.account(account).await;
            people.has.insert((account, INBOX), BTreeMap::new());
            people.make_other(account).await;
        }
        people
    }

    async fn make_other(&mut self, account: u64) {
        let store = &self.node.store;
        let made = store.create_mailbox(AccountId(account), "other", at(0));
        let id = made.await.unwrap().id;
        self.other.insert(account, id);
        self.has.insert((account, id), BTreeMap::new());
    }

    fn text(&mut self) -> String {
        self.number += 1;
        format!("number {}", self.number)
    }

    async fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Arrive(account) => {
                let text = self.text();
                if self.other.contains_key(account) {
                    let uid = self.node.arrive(*account, &text, 40).await;
                    self.put(*account, INBOX, uid, message(&text, 40));
                }
            }
            Deed::Burst(account) => self.burst(*account).await,
            Deed::Enqueue(one, other) => {
                let text = self.text();
                let to: BTreeSet<u64> = [*one, *other].into();
                let to: Vec<u64> = to.into_iter().collect();
                let incoming = self.node.incoming(&text, 40).await;
                let entry = self.node.enqueue(self.number, &incoming, &to).await;
                self.waits.push_back((entry.id, to, message(&text, 40)));
            }
            Deed::BringRound => self.bring_round().await,
            Deed::Copy(account, which) => self.transfer(*account, *which, true, true).await,
            Deed::Move(account, which) => self.transfer(*account, *which, false, true).await,
            Deed::MoveBack(account, which) => self.transfer(*account, *which, false, false).await,
            Deed::Remove(account, which) => {
                if let Some(uid) = self.pick(*account, INBOX, *which) {
                    self.node.remove(*account, &only(uid)).await;
                    self.take(*account, INBOX, uid);
                }
            }
            Deed::DeleteMailbox(account) => {
                if let Some(other) = self.other.get(account).copied() {
                    let store = &self.node.store;
                    let deleted = store.delete_mailbox(AccountId(*account), "other").await;
                    deleted.unwrap();
                    self.has.remove(&(*account, other));
                    self.make_other(*account).await;
                }
            }
            Deed::RemoveAccount(account) => {
                let removed = self.node.store.remove_account(AccountId(*account)).await;
                removed.unwrap();
                self.other.remove(account);
                self.has.retain(|(owner, _), _| owner != account);
            }
            Deed::Die => drop(self.node.incoming("never", 40).await),
        }
    }

    /// Some of what comes has no record ever.
    async fn burst(&mut self, account: u64) {
        let texts: Vec<String> = (0..BURST).map(|_| self.text()).collect();
        let came = self.node.burst(&texts, 40).await;
        for (text, incoming) in texts.iter().zip(&came).step_by(2) {
            if self.other.contains_key(&account) {
                let uid = self.node.deliver(account, incoming, None).await.unwrap();
                self.put(account, INBOX, uid, message(text, 40));
            }
        }
    }

    async fn bring_round(&mut self) {
        let Some((id, to, text)) = self.waits.pop_front() else {
            return;
        };
        let mut before = BTreeMap::new();
        for account in to.iter().filter(|one| self.other.contains_key(one)) {
            before.insert(*account, self.node.records(*account, INBOX).await.len());
        }
        self.node.bring_round(id).await;
        for (account, count) in before {
            let records = self.node.records(account, INBOX).await;
            assert_eq!(records.len(), count + 1);
            let (uid, _) = records.last().unwrap();
            self.put(account, INBOX, *uid, text.clone());
        }
    }

    async fn transfer(&mut self, account: u64, which: usize, keep: bool, there: bool) {
        let Some(other) = self.other.get(&account).copied() else {
            return;
        };
        let (from, to) = if there {
            (INBOX, other)
        } else {
            (other, INBOX)
        };
        let Some(uid) = self.pick(account, from, which) else {
            return;
        };
        let (store, id) = (&self.node.store, AccountId(account));
        let done = match keep {
            true => store.copy(id, from, &only(uid), to, None, at(0)).await,
            false => store.move_messages(id, from, &only(uid), to, at(0)).await,
        };
        let (_, new) = done.unwrap().pairs[0];
        let text = self.has[&(account, from)][&uid].clone();
        self.put(account, to, new, text);
        if !keep {
            self.take(account, from, uid);
        }
    }

    fn pick(&self, account: u64, mailbox: MailboxId, which: usize) -> Option<Uid> {
        let messages = self.has.get(&(account, mailbox))?;
        let which = which.checked_rem(messages.len())?;
        messages.keys().nth(which).copied()
    }

    fn put(&mut self, account: u64, mailbox: MailboxId, uid: Uid, text: Vec<u8>) {
        let mailbox = self.has.get_mut(&(account, mailbox)).unwrap();
        assert_eq!(mailbox.insert(uid, text), None);
    }

    fn take(&mut self, account: u64, mailbox: MailboxId, uid: Uid) {
        let mailbox = self.has.get_mut(&(account, mailbox)).unwrap();
        mailbox.remove(&uid).unwrap();
    }

    /// All is there, byte for byte, and what waits can be brought round.
    async fn check(&mut self) {
        while !self.waits.is_empty() {
            self.bring_round().await;
        }
        for ((account, mailbox), expected) in &self.has {
            assert_eq!(self.node.messages(*account, *mailbox).await, *expected);
        }
    }
}

fn only(uid: Uid) -> UidSet {
    [uid].into_iter().collect()
}

/// The index as the pass sees it: before each look, and after it, somebody does something.
struct Busy {
    index: Arc<dyn Kv>,
    people: Arc<Mutex<(People, VecDeque<Deed>)>>,
}

impl Busy {
    async fn next(&self) {
        let mut people = self.people.lock().await;
        let (people, deeds) = &mut *people;
        if let Some(deed) = deeds.pop_front() {
            people.act(&deed).await;
        }
    }
}

impl Kv for Busy {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.index.commit(partition, conditions, operations)
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        async move {
            self.next().await;
            let snapshot = self.index.snapshot(partition).await;
            self.next().await;
            snapshot
        }
        .boxed()
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.index.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        async move {
            let partitions = self.index.partitions().await;
            self.next().await;
            partitions
        }
        .boxed()
    }
}

/// Mail that is on its way from the queue to accounts is found, whenever one looks.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_brought_round_meanwhile_is_named_all_the_while() {
    let server = testbed::S3::start();
    let index: Arc<dyn Kv> = Arc::new(Memory::default());
    let node = Node::new(&index, &server.endpoint(), Duration::ZERO).await;
    let bucket = node.bucket.clone();
    let mut people = People::new(node).await;
    for _ in 0..4 {
        people.act(&Deed::Enqueue(1, 3)).await;
    }
    // Between all looks at the queue and the accounts, sooner or later.
    for quiet in 0..14 {
        people.act(&Deed::Enqueue(2, 3)).await;
        let mut deeds = vec![Deed::Remove(1, 0); quiet];
        deeds.push(Deed::BringRound);
        let shared = Arc::new(Mutex::new((people, deeds.into())));
        let busy: Arc<dyn Kv> = Arc::new(Busy {
            index: index.clone(),
            people: shared.clone(),
        });
        let looking = Node::on(&busy, bucket.clone(), Duration::ZERO);
        let contents = looking.collector.contents(&quietly).await.unwrap();
        drop((looking, busy));
        (people, _) = Arc::into_inner(shared).unwrap().into_inner();
        assert_eq!(contents.needless, 0, "{quiet}");
    }
    people.check().await;
}

/// Gives how many objects were removed, and bodies written again.
async fn play(server: &testbed::S3, before: Vec<Deed>, meanwhile: Vec<Deed>) -> (u64, u64) {
    let index: Arc<dyn Kv> = Arc::new(Memory::default());
    let node = Node::new(&index, &server.endpoint(), Duration::ZERO).await;
    // Every round is an index of its own, in the same bucket.
    for object in node.objects().await {
        node.bucket.delete_all(&[object]).await.unwrap();
    }
    let custody = node.directory.custody().await.unwrap();
    let (index_name, turn) = (custody.index, custody.turn);
    let mark = blob::s3::Mark {
        index: index_name,
        turn,
    };
    node.bucket.note(mark).await.unwrap();
    let bucket = node.bucket.clone();
    let mut people = People::new(node).await;
    for deed in &before {
        people.act(deed).await;
    }
    let people = Arc::new(Mutex::new((people, meanwhile.into())));
    let busy: Arc<dyn Kv> = Arc::new(Busy {
        index,
        people: people.clone(),
    });
    let collecting = Node::on(&busy, bucket, Duration::ZERO);
    let (mut removed, mut moved) = (0, 0);
    for _ in 0..4 {
        let pass = collecting.pass(&PATIENT).await.unwrap();
        removed += pass.removed;
        moved += pass.moved;
    }
    drop((collecting, busy));
    let (mut people, _) = Arc::into_inner(people).unwrap().into_inner();
    people.check().await;
    // When nobody does anything any more, nothing is left that nobody needs.
    let collected = people.node.collect().await;
    people.check().await;
    people.node.needs_all().await;
    (removed + collected.removed, moved + collected.moved)
}

#[test]
fn whatever_is_done_meanwhile_nothing_is_lost() {
    let server = testbed::S3::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let done = std::cell::Cell::new((0, 0));
    let cases = std::env::var("PROPTEST_CASES").ok();
    let config = ProptestConfig {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(16),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    };
    proptest!(config, |(before in vec(deed(), 5..15), meanwhile in vec(deed(), 30..60))| {
        let (removed, moved) = runtime.block_on(play(&server, before, meanwhile));
        let (all_removed, all_moved) = done.get();
        done.set((all_removed + removed, all_moved + moved));
    });
    let (removed, moved) = done.get();
    assert!(removed > 50 && moved > 50, "{removed} {moved}");
}
