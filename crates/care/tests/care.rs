//! Care over the real store, queue and log, with small segments.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use address::{AccountId, Address, ReversePath};
use blob::Blobs;
use care::{Care, CareError, Pass, Terms};
use jiff::Timestamp;
use kv::sqlite::{Sqlite, salvage};
use kv::{Direction, Kv, Partition, Row};
use queue::{Destination, Entry, Queue, QueueId, Recipient};
use segments::Log;
use store::{Delivery, Flags, Incoming, MailboxId, Page, Store, StoreError, Uid, UidSet};

const SEGMENT: u64 = 256 * 1024;
const GRACE: Duration = Duration::from_secs(600);
const INBOX: MailboxId = MailboxId::INBOX;
const NOW: Terms = Terms {
    patient: false,
    all: false,
    copy: true,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// When what was removed at 0 is readable no more.
const LATER: i64 = 2 * 60 * 60;

fn quietly(_: care::Step) {}

struct World {
    data: std::path::PathBuf,
    log: Log,
    index: Arc<Sqlite>,
    store: Store,
    queue: Queue,
    care: Care,
}

impl World {
    fn open(data: &Path) -> World {
        let log = Log::open_sized(&data.join("bodies"), SEGMENT).unwrap();
        let index = Arc::new(Sqlite::on(&data.join("index"), log.clone()).unwrap());
        let blobs = Blobs::on(log.clone()).unwrap();
        let kv: Arc<dyn Kv> = index.clone();
        let store = Store::new(kv.clone(), blobs.clone());
        let queue = Queue::new(kv);
        World {
            data: data.to_owned(),
            care: Care::new(
                store.clone(),
                queue.clone(),
                index.clone(),
                blobs,
                log.clone(),
                GRACE,
            ),
            log,
            index,
            store,
            queue,
        }
    }

    async fn incoming(&self, text: &str, octets: usize) -> Incoming {
        let mut intake = self.store.body();
        intake.write(&body(text, octets)).await.unwrap();
        intake.finish().await.unwrap()
    }

    async fn deliver(&self, account: u64, incoming: &Incoming) -> Uid {
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: at(0).into(),
            once: None,
            quota: None,
        };
        let account = AccountId(account);
        let placed = self
            .store
            .deliver(account, INBOX, incoming, &delivery, at(0));
        placed.await.unwrap().uid
    }

    async fn fill(&self, account: u64, count: u32, octets: usize) -> Vec<Uid> {
        let mut uids = Vec::new();
        for number in 0..count {
            let incoming = self.incoming(&format!("{account}-{number} "), octets).await;
            uids.push(self.deliver(account, &incoming).await);
        }
        uids
    }

    async fn remove(&self, account: u64, uids: impl IntoIterator<Item = Uid>) {
        let uids: UidSet = uids.into_iter().collect();
        let removed = self.store.remove(AccountId(account), INBOX, &uids, at(0));
        removed.await.unwrap();
    }

    /// All messages of an account, whole.
    async fn messages(&self, account: u64) -> BTreeMap<Uid, Vec<u8>> {
        let all = UidSet::from_ranges([(Uid::MIN, Uid::MAX)]);
        let page = Page {
            uids: &all,
            after: None,
            limit: usize::MAX,
            include_gone: false,
        };
        let found = self.store.records(AccountId(account), INBOX, page).await;
        let mut messages = BTreeMap::new();
        for record in found.unwrap() {
            let mut reader = self.store.read(&record.body, 0..record.size);
            let mut octets = Vec::new();
            while let Some(piece) = reader.next().await {
                octets.extend_from_slice(&piece.unwrap());
            }
            messages.insert(record.uid, octets);
        }
        messages
    }

    async fn pass(&self, terms: &Terms) -> Pass {
        let pass = self.care.pass(terms, at(LATER), &quietly).await.unwrap();
        assert_eq!(pass.untidy, [] as [&str; 0]);
        pass
    }

    fn octets(&self) -> u64 {
        let segments = self.log.segments().unwrap();
        segments.iter().map(|(_, octets)| octets).sum()
    }

    async fn everything(&self) -> Vec<(Partition, Vec<Row>)> {
        let mut everything = Vec::new();
        for partition in self.index.partitions().await.unwrap() {
            let snapshot = self.index.snapshot(partition).await.unwrap();
            let all = Vec::new()..vec![0xff];
            let rows = snapshot.scan(all, Direction::Forward, usize::MAX).await;
            everything.push((partition, rows.unwrap()));
        }
        everything
    }
}

/// A body of so many octets after its subject: what nothing makes smaller, then text. Of half of
/// them so much is text that they are compressed.
fn body(text: &str, octets: usize) -> Vec<u8> {
    let share = if is_compressed(text) { 50 } else { 98 };
    let noise = octets * share / 100 / text.len();
    let mut content = vec![0; noise * text.len()];
    blake3::Hasher::new()
        .update(text.as_bytes())
        .finalize_xof()
        .fill(&mut content);
    for octet in &mut content {
        if b"\r\n".contains(octet) {
            *octet = b'.';
        }
    }
    let rest = text.repeat(octets / text.len() - noise);
    let subject = format!("Subject: {text}\r\n\r\n");
    [subject.as_bytes(), &content, rest.as_bytes(), b"\r\n"].concat()
}

fn is_compressed(text: &str) -> bool {
    blake3::hash(text.as_bytes()).as_bytes()[0] & 1 == 1
}

async fn new(data: &Path) -> World {
    let world = World::open(data);
    for account in [1, 2] {
        let account = AccountId(account);
        world.store.create_account(account, at(0)).await.unwrap();
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn space_comes_back_and_all_that_is_left_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    let uids = world.fill(1, 400, 5000).await;
    let large = world.fill(1, 3, 400_000).await;
    let kept: Vec<Uid> = uids.iter().copied().step_by(10).collect();
    let gone = uids.iter().copied().filter(|uid| !kept.contains(uid));
    world.remove(1, gone.chain([large[0]])).await;
    let before = world.messages(1).await;
    let octets = world.octets();
    let first = world.pass(&NOW).await;
    assert!(first.moved > 0 && first.copied.is_some(), "{first:?}");
    assert_eq!(world.messages(1).await, before);
    let second = world.pass(&NOW).await;
    assert!(second.removed > 5, "{second:?}");
    assert!(
        world.octets() < octets / 2,
        "{} of {octets}",
        world.octets()
    );
    assert_eq!(world.messages(1).await, before);
    // And after it was opened again.
    drop(world);
    let world = World::open(dir.path());
    assert_eq!(world.messages(1).await, before);
    // And from the log alone.
    let rows = world.everything().await;
    drop(world);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let log = Log::open_sized(&dir.path().join("bodies"), SEGMENT).unwrap();
    let salvaged = salvage(&dir.path().join("index"), &log).unwrap();
    assert_eq!(salvaged.lost, [] as [&str; 0]);
    drop(log);
    let world = World::open(dir.path());
    assert_eq!(world.everything().await, rows);
    assert_eq!(world.messages(1).await, before);
}

/// A third of what is compressed is needed: as people read it, that is more than half of what the
/// files have. What counts is what it takes there.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_half_empty_by_what_is_compressed_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    let texts = (0..).map(|number| format!("compressed-{number} "));
    let mut uids = Vec::new();
    for text in texts.filter(|text| is_compressed(text)).take(300) {
        let incoming = world.incoming(&text, 5000).await;
        uids.push(world.deliver(1, &incoming).await);
    }
    let (octets, read) = (world.octets(), 300 * 5000);
    assert!(octets < read * 2 / 3, "{octets} of {read}");
    let kept: Vec<Uid> = uids.iter().copied().step_by(3).collect();
    let gone = uids.iter().copied().filter(|uid| !kept.contains(uid));
    world.remove(1, gone).await;
    let before = world.messages(1).await;
    let pass = world.pass(&NOW).await;
    assert!(pass.moved > 40, "{pass:?}");
    let pass = world.pass(&NOW).await;
    assert!(pass.removed > 1, "{pass:?}");
    assert_eq!(world.messages(1).await, before);
    let stats = world.care.stats(&quietly).await.unwrap();
    assert_eq!(stats.bodies, 100);
    let octets: usize = before.values().map(Vec::len).sum();
    assert_eq!(stats.needed, octets as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_before_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    let uids = world.fill(1, 200, 5000).await;
    world.remove(1, uids).await;
    let patient = Terms {
        patient: true,
        ..NOW
    };
    for _ in 0..2 {
        let pass = world.pass(&patient).await;
        assert_eq!(pass.removed, 0);
        assert!(pass.waiting > 2 * SEGMENT, "{pass:?}");
    }
    let pass = world.pass(&NOW).await;
    assert!(pass.removed > 2, "{pass:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_whose_record_is_still_to_come_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    let early = world.incoming("early ", 3000).await;
    let large = world.incoming("large ", 600_000).await;
    let uids = world.fill(1, 200, 5000).await;
    world.remove(1, uids).await;
    for _ in 0..3 {
        world.pass(&Terms::ALONE).await;
    }
    let uids = [
        world.deliver(2, &early).await,
        world.deliver(2, &large).await,
    ];
    drop((early, large));
    let later = world.fill(1, 100, 5000).await;
    world.remove(1, later).await;
    for _ in 0..3 {
        world.pass(&Terms::ALONE).await;
    }
    let messages = world.messages(2).await;
    assert!(messages[&uids[0]].ends_with(b"early early \r\n"));
    assert_eq!(messages[&uids[1]].len(), 600_000 + 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_queue_is_kept_and_moved() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    let incoming = world.incoming("queued ", 3000).await;
    let address: Address = "mia@facteur.test".parse().unwrap();
    let mia = Recipient::new(address, Destination::Local(AccountId(2)), at(0));
    let (id, body) = (QueueId::new(at(0), 7), incoming.body.clone());
    let entry = Entry::new(id, ReversePath::Null, vec![mia], body, at(0));
    world.queue.put(&entry).await.unwrap();
    drop(incoming);
    let uids = world.fill(1, 200, 5000).await;
    world.remove(1, uids).await;
    let removed = world.pass(&NOW).await.removed + world.pass(&NOW).await.removed;
    assert!(removed > 2, "{removed}");
    let now = world.queue.get(entry.id).await.unwrap().unwrap();
    assert_ne!(now.body, entry.body);
    let hold = blob::Hold::from_now();
    let again = world.store.take_up(&now.body, hold).await.unwrap();
    world.deliver(2, &again).await;
    assert_eq!(world.messages(2).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_does_not_grow_with_what_changes() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    let uids: UidSet = world.fill(1, 50, 3000).await.into_iter().collect();
    let before = world.messages(1).await;
    for round in 0..3 {
        for number in 0..120 {
            let seen = (number + round) % 2 == 0;
            let change = store::FlagChange {
                how: if seen {
                    store::How::Add
                } else {
                    store::How::Remove
                },
                flags: Flags {
                    system: store::SystemFlags::SEEN,
                    ..Flags::default()
                },
            };
            let account = AccountId(1);
            let changed = world.store.set_flags(account, INBOX, &uids, &change, at(0));
            changed.await.unwrap();
        }
        world
            .care
            .compact(&Terms::ALONE, at(LATER), &quietly)
            .await
            .unwrap();
        assert!(world.octets() < 5 * SEGMENT, "{}", world.octets());
    }
    assert_eq!(world.messages(1).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_people_work_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let world = Arc::new(new(dir.path()).await);
    let people = [1, 2].map(|account| {
        let world = world.clone();
        tokio::spawn(async move {
            let mut kept = BTreeMap::new();
            for round in 0..12 {
                let mut uids = world.fill(account, 30, 4000).await;
                let stays = uids.remove(round % 30);
                world.remove(account, uids).await;
                kept.extend(world.messages(account).await.remove_entry(&stays));
            }
            kept
        })
    });
    let mut removed = 0;
    while !people.iter().all(tokio::task::JoinHandle::is_finished) {
        removed += world.pass(&NOW).await.removed;
    }
    for (account, person) in [1, 2].into_iter().zip(people) {
        assert_eq!(world.messages(account).await, person.await.unwrap());
    }
    for _ in 0..2 {
        removed += world.pass(&NOW).await.removed;
    }
    assert!(removed > 4, "{removed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    let uids = world.fill(1, 200, 5000).await;
    world.remove(1, uids).await;
    // A record of an account that says nothing that can be read.
    let key = vec![0x10, 0, 0, 0, 1, 2, 0, 0, 0, 9];
    let put = kv::Operation::Put(key, vec![99]);
    let outcome = world
        .index
        .commit(Partition::Account(AccountId(2)), vec![], vec![put]);
    assert_eq!(outcome.await, Ok(kv::Outcome::Committed));
    let octets = world.octets();
    for _ in 0..2 {
        let refused = world.care.pass(&NOW, at(LATER), &quietly).await;
        assert!(matches!(refused, Err(CareError::Damaged(_))), "{refused:?}");
    }
    assert!(world.octets() >= octets);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_removed_leaves_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let world = new(dir.path()).await;
    world.fill(1, 60, 5000).await;
    let mut private = Vec::new();
    for number in 0..20 {
        let incoming = world.incoming(&format!("private{number} "), 5000).await;
        private.push(*incoming.body.hash());
        world.deliver(2, &incoming).await;
        world.fill(1, 5, 5000).await;
    }
    world.store.remove_account(AccountId(2)).await.unwrap();
    world.fill(1, 60, 5000).await;
    let before = world.messages(1).await;
    world
        .care
        .compact(&Terms::ALONE, at(LATER), &quietly)
        .await
        .unwrap();
    let gone = world.store.tend(AccountId(2), at(0)).await;
    assert_eq!(gone, Err(StoreError::Gone));
    for (segment, _) in world.log.segments().unwrap() {
        let content = std::fs::read(world.log.path(segment)).unwrap();
        let found = content.windows(7).any(|octets| octets == b"private");
        assert!(!found, "{segment}");
        // Also where it is compressed.
        let frames = world.log.survey(segment).unwrap().frames;
        let found = frames.iter().any(|frame| private.contains(frame.hash()));
        assert!(!found, "{segment}");
    }
    assert_eq!(world.messages(1).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_the_data_folder_and_grows_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let to = dir.path().join("backup");
    let world = new(&data).await;
    std::fs::write(data.join("facteur.toml"), "# ours\n").unwrap();
    let mut written = Vec::new();
    for round in 0..4 {
        let uids = world.fill(1, 100, 5000).await;
        world.fill(1, 1, 300_000).await;
        if round == 1 {
            world.remove(1, uids).await;
            world.pass(&NOW).await;
            world.pass(&NOW).await;
        }
        let busy = {
            let incoming = world.incoming("meanwhile ", 4000).await;
            let store = world.store.clone();
            let delivery = Delivery {
                flags: Flags::default(),
                internal_date: at(0).into(),
                once: None,
                quota: None,
            };
            tokio::spawn(async move {
                for _ in 0..40 {
                    let placed = store.deliver(AccountId(2), INBOX, &incoming, &delivery, at(0));
                    placed.await.unwrap();
                }
            })
        };
        let one = world.messages(1).await;
        let backup = world.care.backup(&world.data, &to, &quietly).await.unwrap();
        written.push(backup.written);
        busy.await.unwrap();
        // It is copied, and the copy served.
        let copy = dir.path().join("copy");
        copy_folder(&to, &copy);
        let restored = World::open(&copy);
        assert_eq!(restored.messages(1).await, one);
        let there = restored.messages(2).await.len();
        assert!((40 * round..=40 * (round + 1)).contains(&there), "{there}");
        let toml = std::fs::read_to_string(copy.join("facteur.toml")).unwrap();
        assert_eq!(toml, "# ours\n");
        drop(restored);
        std::fs::remove_dir_all(&copy).unwrap();
    }
    // The log was not written again.
    assert!(written[3] < written[0] * 2, "{written:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_goes_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let to = dir.path().join("backup");
    let world = new(&one).await;
    world.fill(1, 3, 5000).await;
    let inside = world.care.backup(&one, &one.join("b"), &quietly).await;
    assert!(matches!(inside, Err(CareError::Inside(_))), "{inside:?}");
    std::fs::create_dir(&to).unwrap();
    std::fs::write(to.join("thesis.txt"), "dear").unwrap();
    let refused = world.care.backup(&one, &to, &quietly).await;
    assert!(
        matches!(refused, Err(CareError::NotABackup(_))),
        "{refused:?}"
    );
    std::fs::remove_file(to.join("thesis.txt")).unwrap();
    world.care.backup(&one, &to, &quietly).await.unwrap();
    let other = new(&two).await;
    other.fill(2, 4, 5000).await;
    let refused = other.care.backup(&two, &to, &quietly).await;
    assert!(
        matches!(refused, Err(CareError::Other { .. })),
        "{refused:?}"
    );
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
