//! The store beside a plain model in memory: random operations on both, then everything
//! that can be read must be the same. A failure is shrunk to the fewest steps.
//!
//! Some steps open the store anew, some move the clock, some have the engine die in the
//! middle of a copy, and some write all mailboxes as version 1 did. For every mailbox one
//! session watches from afar: it asks for the changes now and then, and what it shows
//! must be what is there. Blocks are small, so that few messages make many of them.

#![allow(clippy::large_futures, reason = "this file is tests only")]

mod lost;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use address::AccountId;
use blob::Blobs;
use jiff::Timestamp;
use kv::Kv;
use kv::memory::Memory;
use kv::sqlite::Sqlite;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::engine::Mortal;
use super::{invariants, old};
use crate::packing::Packing;
use crate::{
    Copied, Delivery, DeliveryId, FlagChange, Flags, How, Incoming, Keyword, MailboxId, Marked,
    Marks, Modseq, Page, Store, StoreError, SystemFlags, Uid, UidSet,
};

const ACCOUNT: AccountId = AccountId(7);
/// Names that meet each other: parents, children, INBOX in disguise.
const NAMES: [&str; 8] = [
    "a", "a/b", "a/b/c", "b", "InBox", "inbox/x", "Sent", "b/a/b",
];
/// Messages of blocks that are soon full.
const SMALL: Packing = Packing {
    block: 6,
    piece: 2,
    singles: 3,
    copied: 7,
};
const KEYWORDS: [&str; 3] = ["$Forwarded", "work", "WORK"];

#[derive(Clone, Debug)]
enum Do {
    Deliver {
        mailbox: usize,
        length: usize,
        flags: u8,
        once: Option<u8>,
        room: Option<u64>,
        names: Names,
    },
    SetFlags {
        mailbox: usize,
        uids: (u32, u32),
        how: How,
        flags: u8,
    },
    Copy {
        from: usize,
        uids: (u32, u32),
        to: usize,
        room: Option<u64>,
    },
    Move {
        from: usize,
        uids: (u32, u32),
        to: usize,
    },
    /// The same, or a copy, and the engine dies after so many commits.
    Die {
        from: usize,
        uids: (u32, u32),
        to: usize,
        keep: bool,
        commits: usize,
    },
    /// Many deliveries.
    Fill {
        mailbox: usize,
        messages: usize,
    },
    /// What is there becomes what version 1 would have written.
    Age,
    /// What care does of an account.
    Tidy,
    Expunge {
        mailbox: usize,
        only: Option<(u32, u32)>,
    },
    Remove {
        mailbox: usize,
        uids: (u32, u32),
    },
    Create(usize),
    Rename(usize, usize),
    Delete(usize),
    Subscribe(usize, bool),
    Sync {
        mailbox: usize,
        claim: bool,
    },
    Select {
        mailbox: usize,
        claim: bool,
    },
    Wait(i64),
    Reopen,
    Compare,
}

/// What a message says of its thread: its own name, and those of its ancestors, the nearest
/// last.
#[derive(Clone, Debug, Default)]
struct Names {
    own: Option<u8>,
    ancestors: Vec<u8>,
}

impl Names {
    fn header(&self) -> String {
        let mut header = String::new();
        if let Some(own) = self.own {
            header += &format!("Message-ID: <{own}@x>\r\n");
        }
        if !self.ancestors.is_empty() {
            let ancestors = self.ancestors.iter().map(|name| format!(" <{name}@x>"));
            header += &format!("References:{}\r\n", ancestors.collect::<String>());
        }
        header
    }

    /// All of them, nearest first.
    fn line(&self) -> impl Iterator<Item = u8> {
        self.own
            .into_iter()
            .chain(self.ancestors.iter().rev().copied())
    }
}

fn names() -> impl Strategy<Value = Names> {
    let own = proptest::option::weighted(0.8, 0..12u8);
    let ancestors = proptest::collection::vec(0..12u8, 0..3);
    (own, ancestors).prop_map(|(own, ancestors)| Names { own, ancestors })
}

fn acts(many: usize) -> impl Strategy<Value = Vec<Do>> {
    let mailbox = || 0..6usize;
    let last = u32::try_from(3 * many).unwrap();
    let uids = move || prop_oneof![2 => (1..12u32, 1..12u32), 1 => (1..last, 1..last)];
    let name = || 0..NAMES.len();
    let room = || proptest::option::weighted(0.3, 0..3000u64);
    let how = prop_oneof![Just(How::Add), Just(How::Remove), Just(How::Replace)];
    let act = prop_oneof![
        8 => (mailbox(), 0..2000usize, any::<u8>(), proptest::option::weighted(0.3, 0..4u8), room(), names())
            .prop_map(|(mailbox, length, flags, once, room, names)| Do::Deliver { mailbox, length, flags, once, room, names }),
        6 => (mailbox(), uids(), how, any::<u8>())
            .prop_map(|(mailbox, uids, how, flags)| Do::SetFlags { mailbox, uids, how, flags }),
        3 => (mailbox(), uids(), mailbox(), room())
            .prop_map(|(from, uids, to, room)| Do::Copy { from, uids, to, room }),
        3 => (mailbox(), uids(), mailbox()).prop_map(|(from, uids, to)| Do::Move { from, uids, to }),
        2 => (mailbox(), uids(), mailbox(), any::<bool>(), 0..6usize)
            .prop_map(|(from, uids, to, keep, commits)| Do::Die { from, uids, to, keep, commits }),
        2 => (mailbox(), 1..many).prop_map(|(mailbox, messages)| Do::Fill { mailbox, messages }),
        1 => Just(Do::Age),
        2 => Just(Do::Tidy),
        2 => (mailbox(), proptest::option::of(uids())).prop_map(|(mailbox, only)| Do::Expunge { mailbox, only }),
        2 => (mailbox(), uids()).prop_map(|(mailbox, uids)| Do::Remove { mailbox, uids }),
        2 => name().prop_map(Do::Create),
        2 => (name(), name()).prop_map(|(from, to)| Do::Rename(from, to)),
        1 => name().prop_map(Do::Delete),
        1 => (name(), any::<bool>()).prop_map(|(name, on)| Do::Subscribe(name, on)),
        6 => (mailbox(), any::<bool>()).prop_map(|(mailbox, claim)| Do::Sync { mailbox, claim }),
        2 => (mailbox(), any::<bool>()).prop_map(|(mailbox, claim)| Do::Select { mailbox, claim }),
        2 => (0..4000i64).prop_map(Do::Wait),
        1 => Just(Do::Reopen),
        2 => Just(Do::Compare),
    ];
    proptest::collection::vec(act, 1..80)
}

/// Bits of an act to flags.
fn flags(bits: u8) -> Flags {
    let mut flags = Flags::default();
    for (at, (flag, _)) in SystemFlags::NAMES.into_iter().enumerate() {
        if bits >> at & 1 == 1 {
            flags.system |= flag;
        }
    }
    for (at, text) in KEYWORDS.into_iter().enumerate() {
        if bits >> (5 + at) & 1 == 1 {
            flags.keywords.push(Keyword::new(text).unwrap());
        }
    }
    flags
}

/// Flags as they compare: without order, and keywords without case.
type Plain = BTreeSet<String>;

fn plain(flags: &Flags) -> Plain {
    let keywords = flags
        .keywords
        .iter()
        .map(|keyword| keyword.as_str().to_lowercase());
    flags
        .system
        .names()
        .map(str::to_owned)
        .chain(keywords)
        .collect()
}

#[derive(Clone, Debug, PartialEq)]
struct Message {
    flags: Plain,
    body: Vec<u8>,
    date: i64,
    email: u64,
}

impl Message {
    fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }
}

#[derive(Default)]
struct Mailbox {
    id: Option<MailboxId>,
    uid_next: u32,
    first_recent: u32,
    messages: BTreeMap<u32, Message>,
    /// Removed messages with the time of their removal.
    gone: BTreeMap<u32, (Message, i64)>,
    highest_modseq: u64,
    session: Option<Session>,
}

/// A session that watches from afar.
struct Session {
    since: Modseq,
    uid_next: Uid,
    shows: BTreeMap<u32, Plain>,
}

struct World {
    mailboxes: BTreeMap<String, Mailbox>,
    subscriptions: BTreeSet<String>,
    validities: BTreeSet<u32>,
    once: BTreeMap<u8, (u32, u32)>,
    next_email: u64,
    threads: Threads,
    now: i64,
    packing: Packing,
    /// One that forgets, if that is the engine.
    memory: Option<Arc<dyn Kv>>,
    open: Option<Open>,
}

/// What is known of threads.
#[derive(Default)]
struct Threads {
    /// The names of each message that came, and its thread once that was seen.
    messages: BTreeMap<u64, (Names, Option<u64>)>,
    /// Where names lead; those of a thread without messages may be swept.
    led: BTreeMap<u8, u64>,
    /// Where names lead may not be known: what was there was as if from before there were
    /// threads.
    unknown: bool,
}

impl Threads {
    /// Takes note that a message is seen in a thread.
    fn seen(&mut self, email: u64, thread: u64, alive: &BTreeSet<u64>) {
        let (names, known) = self.messages.get(&email).unwrap().clone();
        if let Some(known) = known {
            assert_eq!(thread, known, "message {email} has changed its thread");
            return;
        }
        self.messages.get_mut(&email).unwrap().1 = Some(thread);
        if self.unknown {
            return;
        }
        loop {
            let expected = names.line().find_map(|name| self.led.get(&name).copied());
            let expected = expected.unwrap_or(email);
            if expected == thread {
                break;
            }
            assert!(
                !self.is_alive(expected, alive),
                "message {email} is in {thread}, not {expected}"
            );
            self.led.retain(|_, led| *led != expected);
        }
        for name in names.line() {
            self.led.entry(name).or_insert(thread);
        }
    }

    fn is_alive(&self, thread: u64, alive: &BTreeSet<u64>) -> bool {
        let mut alive = alive.iter().filter_map(|email| self.messages.get(email));
        alive.any(|(_, known)| *known == Some(thread))
    }
}

/// The store while it is open.
struct Open {
    kv: Arc<dyn Kv>,
    blobs: Blobs,
    store: Store,
}

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn set((a, b): (u32, u32)) -> UidSet {
    UidSet::from_ranges([(uid(a), uid(b))])
}

fn canonical(name: &str) -> String {
    match name.split_once('/') {
        Some((first, rest)) if first.eq_ignore_ascii_case("inbox") => format!("INBOX/{rest}"),
        None if name.eq_ignore_ascii_case("inbox") => "INBOX".into(),
        _ => name.into(),
    }
}

fn is_within(name: &str, parent: &str) -> bool {
    name.strip_prefix(parent)
        .is_some_and(|rest| rest.starts_with('/'))
}

impl World {
    async fn new(dir: &Path, packing: Packing, memory: Option<Arc<dyn Kv>>) -> World {
        let mut world = World {
            mailboxes: BTreeMap::new(),
            subscriptions: BTreeSet::new(),
            validities: BTreeSet::new(),
            once: BTreeMap::new(),
            next_email: 1,
            threads: Threads::default(),
            now: 1_800_000_000,
            packing,
            memory,
            open: None,
        };
        world.reopen(dir);
        world
            .store()
            .create_account(ACCOUNT, world.now())
            .await
            .unwrap();
        world
            .store()
            .create_account(ACCOUNT, world.now())
            .await
            .unwrap();
        for name in ["INBOX", "Sent", "Drafts", "Trash", "Junk"] {
            world.subscriptions.insert(name.into());
            world.made(name).await;
        }
        world
    }

    fn reopen(&mut self, dir: &Path) {
        self.open = None;
        let kv: Arc<dyn Kv> = match &self.memory {
            Some(memory) => memory.clone(),
            None => Arc::new(Sqlite::open(&dir.join("index")).unwrap()),
        };
        let blobs = Blobs::open(&dir.join("bodies")).unwrap();
        let store = Store::new(kv.clone(), blobs.clone()).with_packing(self.packing);
        self.open = Some(Open { kv, blobs, store });
    }

    fn opened(&self) -> &Open {
        self.open.as_ref().unwrap()
    }

    fn store(&self) -> &Store {
        &self.opened().store
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap()
    }

    /// Takes note of a mailbox that should be there, new and empty.
    async fn made(&mut self, name: &str) {
        let found = self
            .store()
            .find_mailbox(ACCOUNT, name)
            .await
            .unwrap()
            .unwrap();
        let summary = self.store().summary(ACCOUNT, found.id).await.unwrap();
        assert!(
            self.validities.insert(summary.uid_validity.get()),
            "UIDVALIDITY again"
        );
        assert!(
            self.mailboxes
                .values()
                .all(|known| known.id != Some(found.id))
        );
        let new = Mailbox {
            id: Some(found.id),
            uid_next: 1,
            first_recent: 1,
            ..Mailbox::default()
        };
        self.mailboxes.insert(name.into(), new);
    }

    async fn made_parents(&mut self, name: &str) {
        for (at, _) in name.match_indices('/') {
            if !self.mailboxes.contains_key(&name[..at]) {
                self.made(&name[..at]).await;
            }
        }
    }

    /// The name and number of some mailbox.
    fn pick(&self, which: usize) -> (String, MailboxId) {
        let (name, mailbox) = self
            .mailboxes
            .iter()
            .nth(which % self.mailboxes.len())
            .unwrap();
        (name.clone(), mailbox.id.unwrap())
    }

    fn held(&self) -> u64 {
        let all = self
            .mailboxes
            .values()
            .flat_map(|mailbox| mailbox.messages.values());
        all.map(|message| message.body.len() as u64).sum()
    }

    fn take(&mut self, name: &str, uids: &[u32]) {
        let now = self.now;
        let mailbox = self.mailboxes.get_mut(name).unwrap();
        for uid in uids {
            let message = mailbox.messages.remove(uid).unwrap();
            mailbox.gone.insert(*uid, (message, now));
        }
    }

    fn there(&self, name: &str, uids: &UidSet) -> Vec<u32> {
        let all = self.mailboxes[name].messages.keys();
        all.copied()
            .filter(|number| uids.contains(uid(*number)))
            .collect()
    }

    fn add(&mut self, name: &str, message: Message) -> u32 {
        let mailbox = self.mailboxes.get_mut(name).unwrap();
        mailbox.messages.insert(mailbox.uid_next, message);
        mailbox.uid_next += 1;
        mailbox.uid_next - 1
    }

    async fn act(&mut self, act: Do, dir: &Path) {
        match act {
            Do::Deliver {
                mailbox,
                length,
                flags: bits,
                once,
                room,
                names,
            } => {
                self.deliver(mailbox, length, bits, once, room, names).await;
            }
            Do::SetFlags {
                mailbox,
                uids,
                how,
                flags: bits,
            } => {
                self.set_flags(mailbox, &set(uids), how, bits).await;
            }
            Do::Copy {
                from,
                uids,
                to,
                room,
            } => self.copy(from, &set(uids), to, room).await,
            Do::Move { from, uids, to } => {
                let ((from, source), (to, target)) = (self.pick(from), self.pick(to));
                let (store, uids) = (self.store().clone(), set(uids));
                let moved = store.move_messages(ACCOUNT, source, &uids, target, self.now());
                self.moved(&from, &uids, &to, &moved.await.unwrap());
            }
            Do::Die {
                from,
                uids,
                to,
                keep,
                commits,
            } => {
                self.die(from, &set(uids), to, keep, commits).await;
                self.reopen(dir);
            }
            Do::Fill { mailbox, messages } => self.fill(mailbox, messages).await,
            Do::Age => {
                let Open { kv, store, .. } = self.opened();
                old::make_old(store, &**kv, ACCOUNT).await;
                old::forget_threads(store, &**kv, ACCOUNT).await;
                self.threads.unknown = true;
                for (_, thread) in self.threads.messages.values_mut() {
                    *thread = None;
                }
            }
            Do::Tidy => {
                let store = self.store();
                store.tend(ACCOUNT, self.now()).await.unwrap();
                store.sweep(ACCOUNT).await.unwrap();
            }
            Do::Expunge { mailbox, only } => self.expunge(mailbox, only.map(set)).await,
            Do::Remove { mailbox, uids } => {
                let (name, id) = self.pick(mailbox);
                let expected = self.there(&name, &set(uids));
                let removed = self
                    .store()
                    .remove(ACCOUNT, id, &set(uids), self.now())
                    .await;
                assert_eq!(numbers(&removed.unwrap()), expected);
                self.take(&name, &expected);
            }
            Do::Create(name) => self.create(NAMES[name]).await,
            Do::Rename(from, to) => self.rename(NAMES[from], NAMES[to]).await,
            Do::Delete(name) => self.delete(NAMES[name]).await,
            Do::Subscribe(name, on) => {
                self.store()
                    .set_subscribed(ACCOUNT, NAMES[name], on)
                    .await
                    .unwrap();
                let name = canonical(NAMES[name]);
                if on {
                    self.subscriptions.insert(name)
                } else {
                    self.subscriptions.remove(&name)
                };
            }
            Do::Sync { mailbox, claim } => self.sync(mailbox, claim).await,
            Do::Select { mailbox, claim } => self.select(mailbox, claim).await,
            Do::Wait(seconds) => self.now += seconds,
            Do::Reopen => self.reopen(dir),
            Do::Compare => self.compare().await,
        }
    }

    async fn deliver(
        &mut self,
        mailbox: usize,
        length: usize,
        bits: u8,
        once: Option<u8>,
        room: Option<u64>,
        names: Names,
    ) {
        let (name, id) = self.pick(mailbox);
        let (body, incoming) = self.incoming(bits, length, &names).await;
        let delivery = Delivery {
            flags: flags(bits),
            internal_date: self.now().into(),
            once: once.map(|number| DeliveryId::new(number.into())),
            quota: room.map(|room| self.held() + room),
        };
        let placed = self
            .store()
            .deliver(ACCOUNT, id, &incoming, &delivery, self.now())
            .await;
        if let Some(first) = once.and_then(|once| self.once.get(&once)) {
            let placed = placed.unwrap();
            assert_eq!((placed.uid_validity.get(), placed.uid.get()), *first);
            return;
        }
        if room.is_some_and(|room| body.len() as u64 > room) {
            assert_eq!(placed, Err(StoreError::OverQuota));
            return;
        }
        let placed = placed.unwrap();
        let message = Message {
            flags: plain(&flags(bits)),
            body,
            date: self.now,
            email: self.next_email,
        };
        self.came(names, id, placed.uid).await;
        assert_eq!(self.add(&name, message), placed.uid.get());
        if let Some(once) = once {
            self.once
                .insert(once, (placed.uid_validity.get(), placed.uid.get()));
        }
    }

    /// Takes note of the message with the next number, which has just come.
    async fn came(&mut self, names: Names, mailbox: MailboxId, uid: Uid) {
        let email = self.next_email;
        self.next_email += 1;
        self.threads.messages.insert(email, (names, None));
        if self.threads.unknown {
            return;
        }
        let page = Page {
            uids: &[uid].into_iter().collect(),
            after: None,
            limit: 1,
            include_gone: false,
        };
        let store = self.store();
        let record = store.records(ACCOUNT, mailbox, page).await.unwrap();
        let threads = store.threads(ACCOUNT, &record).await.unwrap();
        let alive = self.alive();
        self.threads.seen(email, threads[0].get(), &alive);
    }

    /// The numbers of messages that are there.
    fn alive(&self) -> BTreeSet<u64> {
        let all = self.mailboxes.values();
        let all = all.flat_map(|mailbox| mailbox.messages.values());
        all.map(|message| message.email).collect()
    }

    /// A message with the number that it will have.
    async fn incoming(&self, bits: u8, length: usize, names: &Names) -> (Vec<u8>, Incoming) {
        let (number, names) = (self.next_email, names.header());
        let body = [
            format!("Subject: {number}\r\n{names}\r\n").into_bytes(),
            vec![bits; length],
        ]
        .concat();
        let mut intake = self.store().body();
        for piece in body.chunks(700) {
            intake.write(piece).await.unwrap();
        }
        (body, intake.finish().await.unwrap())
    }

    /// Delivers the same message many times.
    async fn fill(&mut self, mailbox: usize, messages: usize) {
        let (name, id) = self.pick(mailbox);
        let names = Names::default();
        let (body, incoming) = self.incoming(0, 10, &names).await;
        for n in 0..messages {
            let bits = u8::try_from(n % 3).unwrap();
            let delivery = Delivery {
                flags: flags(bits),
                internal_date: self.now().into(),
                once: None,
                quota: None,
            };
            let placed = self
                .store()
                .deliver(ACCOUNT, id, &incoming, &delivery, self.now());
            let placed = placed.await.unwrap();
            let message = Message {
                flags: plain(&flags(bits)),
                body: body.clone(),
                date: self.now,
                email: self.next_email,
            };
            self.came(names.clone(), id, placed.uid).await;
            assert_eq!(self.add(&name, message), placed.uid.get());
        }
    }

    /// Copies or moves while the engine dies.
    async fn die(&mut self, from: usize, uids: &UidSet, to: usize, keep: bool, commits: usize) {
        let ((from, source), (to, target)) = (self.pick(from), self.pick(to));
        let Open { kv, blobs, .. } = self.opened();
        let mortal = Arc::new(Mortal::new(kv.clone(), commits));
        let store = Store::new(mortal, blobs.clone()).with_packing(self.packing);
        let now = self.now();
        let done = if keep {
            store.copy(ACCOUNT, source, uids, target, None, now).await
        } else {
            store
                .move_messages(ACCOUNT, source, uids, target, now)
                .await
        };
        match done {
            Ok(copied) if keep => self.copied(&from, uids, &to, &copied),
            Ok(moved) => self.moved(&from, uids, &to, &moved),
            Err(error) => assert_eq!(
                error,
                StoreError::Broken("the store failed: it died".into())
            ),
        }
    }

    async fn set_flags(&mut self, mailbox: usize, uids: &UidSet, how: How, bits: u8) {
        let (name, id) = self.pick(mailbox);
        let what = FlagChange {
            how,
            flags: flags(bits),
        };
        let marks = self
            .store()
            .set_flags(ACCOUNT, id, uids, &what, self.now())
            .await
            .unwrap();
        let expected = self.there(&name, uids);
        assert_eq!(
            marks
                .iter()
                .map(|marked| marked.marks.uid.get())
                .collect::<Vec<_>>(),
            expected
        );
        let change = plain(&what.flags);
        let mailbox = self.mailboxes.get_mut(&name).unwrap();
        for Marked { marks, before } in marks {
            let Marks { uid, flags, modseq } = marks;
            let message = mailbox.messages.get_mut(&uid.get()).unwrap();
            let was = message.flags.clone();
            message.flags = match how {
                How::Add => &message.flags | &change,
                How::Remove => &message.flags - &change,
                How::Replace => change.clone(),
            };
            assert_eq!(plain(&flags), message.flags);
            assert_eq!(before == modseq, was == message.flags);
        }
    }

    async fn copy(&mut self, from: usize, uids: &UidSet, to: usize, room: Option<u64>) {
        let ((from, source), (to, target)) = (self.pick(from), self.pick(to));
        let those = self.there(&from, uids);
        let messages = &self.mailboxes[&from].messages;
        let more: u64 = those
            .iter()
            .map(|uid| messages[uid].body.len() as u64)
            .sum();
        let quota = room.map(|room| self.held() + room);
        let copied = self
            .store()
            .copy(ACCOUNT, source, uids, target, quota, self.now())
            .await;
        if room.is_some_and(|room| more > room) {
            assert_eq!(copied, Err(StoreError::OverQuota));
            return;
        }
        self.copied(&from, uids, &to, &copied.unwrap());
    }

    fn copied(&mut self, from: &str, uids: &UidSet, to: &str, copied: &Copied) {
        let mut pairs = Vec::new();
        for uid in self.there(from, uids) {
            let message = self.mailboxes[from].messages[&uid].clone();
            pairs.push((uid, self.add(to, message)));
        }
        assert_eq!(pair_numbers(&copied.pairs), pairs);
    }

    fn moved(&mut self, from: &str, uids: &UidSet, to: &str, moved: &Copied) {
        let mut pairs = Vec::new();
        for uid in self.there(from, uids) {
            let message = self.mailboxes[from].messages[&uid].clone();
            self.take(from, &[uid]);
            pairs.push((uid, self.add(to, message)));
        }
        assert_eq!(pair_numbers(&moved.pairs), pairs);
    }

    async fn expunge(&mut self, mailbox: usize, only: Option<UidSet>) {
        let (name, id) = self.pick(mailbox);
        let those = self.there(&name, &only.clone().unwrap_or_else(UidSet::all));
        let messages = &self.mailboxes[&name].messages;
        let marked: Vec<u32> = those
            .into_iter()
            .filter(|uid| messages[uid].has("\\Deleted"))
            .collect();
        let removed = self
            .store()
            .expunge(ACCOUNT, id, only.as_ref(), self.now())
            .await;
        assert_eq!(numbers(&removed.unwrap()), marked);
        self.take(&name, &marked);
    }

    async fn create(&mut self, name: &str) {
        let created = self.store().create_mailbox(ACCOUNT, name, self.now()).await;
        let name = canonical(name);
        if self.mailboxes.contains_key(&name) {
            assert_eq!(created, Err(StoreError::Exists));
            return;
        }
        let created = created.unwrap();
        assert_eq!(created.name, name);
        assert_eq!(created.subscribed, self.subscriptions.contains(&name));
        self.made_parents(&name).await;
        self.made(&name).await;
    }

    async fn rename(&mut self, from: &str, to: &str) {
        let renamed = self
            .store()
            .rename_mailbox(ACCOUNT, from, to, self.now())
            .await;
        let (from, to) = (canonical(from), canonical(to));
        if from == "INBOX" {
            self.renamed_inbox(&to, renamed).await;
            return;
        }
        let to_child = |name: &String| format!("{to}{}", &name[from.len()..]);
        let moved: BTreeSet<String> = self
            .mailboxes
            .keys()
            .filter(|name| **name == from || is_within(name, &from))
            .cloned()
            .collect();
        let taken = |name: &String| self.mailboxes.contains_key(name) && !moved.contains(name);
        let expected = if moved.is_empty() {
            Err(StoreError::NoSuchMailbox)
        } else if is_within(&to, &from) {
            Err(StoreError::BadName)
        } else if self.mailboxes.contains_key(&to)
            || moved.iter().map(to_child).any(|name| taken(&name))
        {
            Err(StoreError::Exists)
        } else {
            Ok(())
        };
        assert_eq!(renamed, expected);
        if expected.is_ok() {
            let vacated: Vec<(String, Mailbox)> = moved
                .iter()
                .map(|name| (to_child(name), self.mailboxes.remove(name).unwrap()))
                .collect();
            self.made_parents(&to).await;
            self.mailboxes.extend(vacated);
        }
    }

    async fn renamed_inbox(&mut self, to: &str, renamed: Result<(), StoreError>) {
        if self.mailboxes.contains_key(to) {
            assert_eq!(renamed, Err(StoreError::Exists));
            return;
        }
        renamed.unwrap();
        self.made_parents(to).await;
        let found = self
            .store()
            .find_mailbox(ACCOUNT, to)
            .await
            .unwrap()
            .unwrap();
        let summary = self.store().summary(ACCOUNT, found.id).await.unwrap();
        assert!(self.validities.insert(summary.uid_validity.get()));
        let new = Mailbox {
            id: Some(found.id),
            uid_next: 1,
            first_recent: 1,
            ..Mailbox::default()
        };
        self.mailboxes.insert(to.into(), new);
        for uid in self.there("INBOX", &UidSet::all()) {
            let message = self.mailboxes["INBOX"].messages[&uid].clone();
            self.take("INBOX", &[uid]);
            self.add(to, message);
        }
    }

    async fn delete(&mut self, name: &str) {
        let deleted = self.store().delete_mailbox(ACCOUNT, name).await;
        let name = canonical(name);
        if name == "INBOX" {
            assert_eq!(deleted, Err(StoreError::BadName));
            return;
        }
        let Some(mailbox) = self.mailboxes.remove(&name) else {
            assert_eq!(deleted, Err(StoreError::NoSuchMailbox));
            return;
        };
        deleted.unwrap();
        let id = mailbox.id.unwrap();
        assert_eq!(
            self.store().summary(ACCOUNT, id).await,
            Err(StoreError::Gone)
        );
        let page = Page {
            uids: &UidSet::all(),
            after: None,
            limit: 9,
            include_gone: true,
        };
        assert_eq!(
            self.store().records(ACCOUNT, id, page).await,
            Err(StoreError::Gone)
        );
    }

    async fn select(&mut self, mailbox: usize, claim: bool) {
        let (name, id) = self.pick(mailbox);
        let selected = self.store().select(ACCOUNT, id, claim).await.unwrap();
        let mailbox = self.mailboxes.get_mut(&name).unwrap();
        let uids: Vec<u32> = mailbox.messages.keys().copied().collect();
        assert_eq!(numbers(&selected.uids), uids);
        let unseen = mailbox
            .messages
            .iter()
            .find(|(_, message)| !message.has("\\Seen"));
        assert_eq!(
            selected.first_unseen.map(Uid::get),
            unseen.map(|(uid, _)| *uid)
        );
        assert_eq!(selected.recent_from.get(), mailbox.first_recent);
        if claim {
            mailbox.first_recent = mailbox.uid_next;
        }
        let shows = mailbox.messages.iter();
        mailbox.session = Some(Session {
            since: selected.summary.highest_modseq,
            uid_next: selected.summary.uid_next,
            shows: shows
                .map(|(uid, message)| (*uid, message.flags.clone()))
                .collect(),
        });
    }

    async fn sync(&mut self, mailbox: usize, claim: bool) {
        let (name, id) = self.pick(mailbox);
        let store = self.store().clone();
        let mailbox = self.mailboxes.get_mut(&name).unwrap();
        let Some(session) = &mut mailbox.session else {
            return;
        };
        let changes = store
            .changes(ACCOUNT, id, session.since, session.uid_next, claim)
            .await
            .unwrap();
        for Marks { uid, flags, .. } in changes.changed {
            let shown = session
                .shows
                .get_mut(&uid.get())
                .expect("a change of what is shown");
            *shown = plain(&flags);
        }
        session
            .shows
            .retain(|number, _| !changes.vanished.contains(uid(*number)));
        for Marks { uid, flags, .. } in changes.new {
            assert!(uid >= session.uid_next);
            assert!(session.shows.insert(uid.get(), plain(&flags)).is_none());
        }
        session.since = changes.summary.highest_modseq;
        session.uid_next = changes.summary.uid_next;
        let there = mailbox.messages.iter();
        let there: BTreeMap<u32, Plain> = there
            .map(|(uid, message)| (*uid, message.flags.clone()))
            .collect();
        assert_eq!(session.shows, there);
        assert_eq!(changes.recent_from.get(), mailbox.first_recent);
        if claim {
            mailbox.first_recent = mailbox.uid_next;
        }
    }

    async fn compare(&mut self) {
        let store = self.store().clone();
        let listed = store.mailboxes(ACCOUNT).await.unwrap();
        assert_eq!(listed[0].name, "INBOX");
        let names: BTreeSet<&String> = listed.iter().map(|mailbox| &mailbox.name).collect();
        assert_eq!(names, self.mailboxes.keys().collect());
        for mailbox in &listed {
            assert_eq!(mailbox.id, self.mailboxes[&mailbox.name].id.unwrap());
            assert_eq!(
                mailbox.subscribed,
                self.subscriptions.contains(&mailbox.name)
            );
        }
        let subscribed = store.subscriptions(ACCOUNT).await.unwrap();
        assert_eq!(
            subscribed,
            self.subscriptions.iter().cloned().collect::<Vec<_>>()
        );
        let usage = store.usage(ACCOUNT).await.unwrap();
        assert_eq!(usage.bytes, self.held());
        let messages: usize = self
            .mailboxes
            .values()
            .map(|mailbox| mailbox.messages.len())
            .sum();
        assert_eq!(usage.messages, messages as u64);
        let now = self.now;
        for mailbox in self.mailboxes.values_mut() {
            compare_mailbox(&store, mailbox, now).await;
        }
        self.compare_threads().await;
        invariants::check(&store, ACCOUNT).await;
    }
}

impl World {
    /// What is told of threads is what was told before, and messages of one name are in one.
    async fn compare_threads(&mut self) {
        let (store, alive) = (self.store().clone(), self.alive());
        let mut named = BTreeMap::new();
        for mailbox in self.mailboxes.values() {
            let page = Page {
                uids: &UidSet::all(),
                after: None,
                limit: usize::MAX,
                include_gone: false,
            };
            let records = store.records(ACCOUNT, mailbox.id.unwrap(), page).await;
            let records = records.unwrap();
            let threads = store.threads(ACCOUNT, &records).await.unwrap();
            for (record, thread) in records.iter().zip(threads) {
                let (email, thread) = (record.email_id.get(), thread.get());
                self.threads.seen(email, thread, &alive);
                let (names, _) = &self.threads.messages[&email];
                if let Some(own) = names.own {
                    assert_eq!(*named.entry(own).or_insert(thread), thread);
                }
            }
        }
    }
}

async fn compare_mailbox(store: &Store, mailbox: &mut Mailbox, now: i64) {
    let id = mailbox.id.unwrap();
    let summary = store.summary(ACCOUNT, id).await.unwrap();
    let count = |which: &dyn Fn(u32, &Message) -> bool| {
        mailbox
            .messages
            .iter()
            .filter(|(uid, message)| which(**uid, message))
            .count()
    };
    assert_eq!(summary.exists as usize, mailbox.messages.len());
    assert_eq!(
        summary.unseen as usize,
        count(&|_, message| !message.has("\\Seen"))
    );
    assert_eq!(
        summary.deleted as usize,
        count(&|_, message| message.has("\\Deleted"))
    );
    assert_eq!(
        summary.recent as usize,
        count(&|uid, _| uid >= mailbox.first_recent)
    );
    let bytes: usize = mailbox
        .messages
        .values()
        .map(|message| message.body.len())
        .sum();
    assert_eq!(summary.bytes, bytes as u64);
    assert_eq!(summary.uid_next.get(), mailbox.uid_next);
    assert_eq!(summary.first_recent.get(), mailbox.first_recent);
    assert!(
        summary.highest_modseq.get() >= mailbox.highest_modseq,
        "MODSEQ went back"
    );
    mailbox.highest_modseq = summary.highest_modseq.get();
    let mut found = BTreeMap::new();
    let mut gone = BTreeMap::new();
    let (all, mut after) = (UidSet::all(), None);
    loop {
        let page = Page {
            uids: &all,
            after,
            limit: 3,
            include_gone: true,
        };
        let records = store.records(ACCOUNT, id, page).await.unwrap();
        let Some(last) = records.last() else { break };
        assert!(after < Some(last.uid));
        after = Some(last.uid);
        for record in records {
            assert!(record.modseq <= summary.highest_modseq);
            let details = store.details(ACCOUNT, id, &record).await.unwrap().unwrap();
            let mut body = Vec::new();
            let mut reader = store.read(&record.body, 0..record.size);
            while let Some(piece) = reader.next().await {
                body.extend_from_slice(&piece.unwrap());
            }
            let subject = format!(
                "Subject: {}\r\n",
                String::from_utf8_lossy(&details.envelope.subject.unwrap())
            );
            assert!(body.starts_with(subject.as_bytes()));
            let message = Message {
                flags: plain(&record.flags),
                body,
                date: record.internal_date.at.as_second(),
                email: record.email_id.get(),
            };
            if record.gone { &mut gone } else { &mut found }.insert(record.uid.get(), message);
        }
    }
    assert_eq!(found, mailbox.messages);
    compare_flags(store, id, &found, &gone).await;
    let (mut live, mut after) = (Vec::new(), None);
    loop {
        let page = Page {
            uids: &all,
            after,
            limit: 4,
            include_gone: false,
        };
        let records = store.records(ACCOUNT, id, page).await.unwrap();
        let Some(last) = records.last() else { break };
        after = Some(last.uid);
        live.extend(records.iter().map(|record| record.uid.get()));
    }
    assert_eq!(live, found.keys().copied().collect::<Vec<_>>());
    for (uid, (message, at)) in &mailbox.gone {
        match gone.remove(uid) {
            Some(kept) => assert_eq!(kept, *message),
            None => assert!(now - at >= 3600, "a removed message did not stay readable"),
        }
    }
    assert!(gone.is_empty());
}

/// What is listed of flags alone must be what the records say.
async fn compare_flags(
    store: &Store,
    id: MailboxId,
    found: &BTreeMap<u32, Message>,
    gone: &BTreeMap<u32, Message>,
) {
    let (all, mut after) = (UidSet::all(), None);
    let (mut listed, mut listed_gone) = (BTreeMap::new(), BTreeMap::new());
    loop {
        let page = Page {
            uids: &all,
            after,
            limit: 5,
            include_gone: true,
        };
        let flagged = store.flags(ACCOUNT, id, page).await.unwrap();
        let Some(last) = flagged.messages.last() else {
            break;
        };
        assert!(after < Some(last.uid));
        after = Some(last.uid);
        for message in &flagged.messages {
            let flags = flagged.flags(message);
            for keyword in &flags.keywords {
                assert!(flagged.has_keyword(message, keyword));
            }
            let listed = if message.gone {
                &mut listed_gone
            } else {
                &mut listed
            };
            listed.insert(message.uid.get(), plain(&flags));
        }
    }
    let flags = |messages: &BTreeMap<u32, Message>| -> BTreeMap<u32, Plain> {
        let messages = messages.iter();
        messages
            .map(|(uid, message)| (*uid, message.flags.clone()))
            .collect()
    };
    assert_eq!((listed, listed_gone), (flags(found), flags(gone)));
}

fn numbers(uids: &[Uid]) -> Vec<u32> {
    uids.iter().map(|uid| uid.get()).collect()
}

fn pair_numbers(pairs: &[(Uid, Uid)]) -> Vec<(u32, u32)> {
    pairs
        .iter()
        .map(|(from, to)| (from.get(), to.get()))
        .collect()
}

async fn play(acts: Vec<Do>, packing: Packing, memory: Option<Arc<dyn Kv>>) {
    let dir = tempfile::tempdir().unwrap();
    let mut world = World::new(dir.path(), packing, memory).await;
    for act in acts {
        world.act(act, dir.path()).await;
    }
    world.compare().await;
    world.act(Do::Reopen, dir.path()).await;
    world.compare().await;
}

/// Random runs of acts, some of which deliver `many` messages.
fn run(cases: u32, many: usize, packing: Packing, in_memory: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..Default::default()
    };
    // The steps assert; a panic is a failed case like any other.
    let played = TestRunner::new(config).run(&acts(many), |acts| {
        let memory = in_memory.then(|| Arc::new(Memory::default()) as Arc<dyn Kv>);
        runtime.block_on(play(acts, packing, memory));
        Ok(())
    });
    if let Err(failure) = played {
        panic!("{failure}");
    }
}

#[test]
fn the_store_does_what_the_model_does() {
    run(60, 8, SMALL, false);
}

#[test]
fn and_over_any_engine() {
    run(150, 20, SMALL, true);
}

#[test]
fn and_with_hundreds_of_messages() {
    run(20, 300, Packing::USUAL, true);
}
