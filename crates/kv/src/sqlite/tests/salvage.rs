//! Copies of the index in the log, and the index made again from there.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use segments::{Frame, IndexKind, Kind, Log};

use super::*;
use crate::sqlite::{Copied, newest_copy, salvage};

struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        World { dir }
    }

    fn index(&self) -> PathBuf {
        self.dir.path().join("index")
    }

    fn log(&self) -> Log {
        Log::open(&self.dir.path().join("log")).unwrap()
    }

    fn try_open(&self) -> Result<Sqlite, KvError> {
        Sqlite::on(&self.index(), self.log())
    }

    fn open(&self) -> Sqlite {
        self.try_open().unwrap()
    }

    /// What the log has before a copy, and before the changes that it may lack, is no more there.
    fn forget_before(&self, copied: &Copied) {
        let start = copied.first.min(copied.start);
        let segment = self.dir.path().join("log").join(start.segment.to_string());
        let file = OpenOptions::new().write(true).open(segment).unwrap();
        let zeros = vec![0; usize::try_from(start.offset).unwrap()];
        file.write_all_at(&zeros, 0).unwrap();
    }
}

const PEOPLE: [Partition; 3] = [
    Partition::Directory,
    Partition::Account(address::AccountId(1)),
    Partition::Account(address::AccountId(2)),
];

/// Commits of one round.
const COMMITS: u32 = 60;

/// Some commits of every kind.
async fn work(kv: &Sqlite, round: u8) {
    let key = |number: u32| (number * 7 % 331).to_be_bytes().to_vec();
    for number in 0..COMMITS {
        let operation = |number: u32| match number % 9 {
            0 => Operation::Delete(key(number)),
            1 => Operation::ClearRange(key(number)..key(number + 5)),
            _ => Operation::Put(key(number), vec![round; (number % 50) as usize]),
        };
        let partition = PEOPLE[number as usize % 3];
        let operations = (number * 10..number * 10 + 10).map(operation).collect();
        let outcome = kv.commit(partition, vec![], operations).await;
        assert_eq!(outcome, Ok(Outcome::Committed));
    }
}

async fn everything(kv: &Sqlite) -> Vec<(Partition, Vec<Row>)> {
    let mut everything = Vec::new();
    for partition in kv.partitions().await.unwrap() {
        let snapshot = kv.snapshot(partition).await.unwrap();
        let all = Vec::new()..vec![0xff];
        let rows = snapshot.scan(all, Direction::Forward, usize::MAX).await;
        everything.push((partition, rows.unwrap()));
    }
    everything
}

fn garbage(file: &Path) {
    let octets = file.metadata().unwrap().len().max(4096);
    let noise = (0..octets).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 7) as u8);
    std::fs::write(file, noise.collect::<Vec<u8>>()).unwrap();
}

#[tokio::test]
async fn whatever_becomes_of_a_file_of_the_index_all_comes_back() {
    let files = [
        "FORMAT",
        "index.sqlite",
        "index.sqlite-wal",
        "index.sqlite-shm",
    ];
    for file in files {
        for harm in [garbage, |file: &Path| std::fs::remove_file(file).unwrap()] {
            let world = World::new();
            let kv = world.open();
            work(&kv, 1).await;
            let copied = kv.copy(|_| {}).await.unwrap();
            work(&kv, 2).await;
            let before = everything(&kv).await;
            drop(kv);
            world.forget_before(&copied);
            harm(&world.index().join(file));
            // It may open, with all there is, or be refused; it never opens with less.
            if let Ok(kv) = world.try_open() {
                assert_eq!(everything(&kv).await, before, "{file}");
            }
            let salvaged = salvage(&world.index(), &world.log()).unwrap();
            assert_eq!(salvaged.lost, [] as [&str; 0], "{file}");
            assert_eq!(salvaged.changes, 2 * u64::from(COMMITS));
            assert!(
                salvaged.aside.unwrap().join("index.sqlite").exists() || file == "index.sqlite"
            );
            let kv = world.open();
            assert_eq!(everything(&kv).await, before, "{file}");
            work(&kv, 3).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_all_whatever_is_committed_meanwhile() {
    let world = World::new();
    let kv = Arc::new(world.open());
    work(&kv, 1).await;
    for round in 2..6 {
        let busy = tokio::spawn({
            let kv = kv.clone();
            async move { work(&kv, round).await }
        });
        let copied = kv.copy(|_| {}).await.unwrap();
        assert_eq!(newest_copy(&world_log(&kv)).unwrap(), Some(copied));
        busy.await.unwrap();
        let copy = copied_folder(world.dir.path());
        let again = World { dir: copy };
        again.forget_before(&copied);
        std::fs::remove_dir_all(again.index()).unwrap();
        assert!(matches!(again.try_open(), Err(KvError::Damaged(_))));
        let salvaged = salvage(&again.index(), &again.log()).unwrap();
        assert_eq!(salvaged.lost, [] as [&str; 0]);
        assert_eq!(everything(&again.open()).await, everything(&kv).await);
    }
}

fn world_log(kv: &Sqlite) -> Log {
    kv.log.clone()
}

fn copied_folder(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for folder in ["index", "log"] {
        std::fs::create_dir(to.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(from.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            std::fs::copy(&path, to.path().join(folder).join(name)).unwrap();
        }
    }
    to
}

/// Damage in the log is named, and the rest comes back.
#[tokio::test]
async fn what_is_damaged_in_the_log_is_named() {
    let world = World::new();
    let kv = world.open();
    work(&kv, 1).await;
    let first = kv.copy(|_| {}).await.unwrap();
    work(&kv, 2).await;
    let second = kv.copy(|_| {}).await.unwrap();
    let before = everything(&kv).await;
    let frames = kv.log.survey(first.first.segment).unwrap().frames;
    let changes = |frame: &&Frame| frame.kind == Kind::Index(IndexKind::Changes);
    let mut later = frames.iter().filter(changes);
    let change = later.find(|frame| frame.place > first.first).unwrap().place;
    drop(kv);
    world.forget_before(&first);
    // A page of the newest copy: the one before it, and what came after, give the same.
    let segment = world
        .dir
        .path()
        .join("log")
        .join(second.first.segment.to_string());
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(segment)
        .unwrap();
    flip(&file, second.first.offset + 100);
    let salvaged = salvage(&world.index(), &world.log()).unwrap();
    assert_eq!(salvaged.lost.len(), 1, "{salvaged:?}");
    assert!(salvaged.lost[0].starts_with("of a copy of the index, a page is damaged"));
    assert_eq!(everything(&world.open()).await, before);
    // And a change that only the log has.
    flip(&file, change.offset + 70);
    let salvaged = salvage(&world.index(), &world.log()).unwrap();
    let lost = salvaged.lost.join("\n");
    assert!(lost.contains("changes in "), "{lost}");
    let missing = "changes 61 to 61 of the index are not in the log";
    assert!(lost.contains(missing), "{lost}");
    assert!(world.dir.path().join("index.broken-2").exists());
}

fn flip(file: &std::fs::File, at: u64) {
    let mut octet = [0];
    file.read_exact_at(&mut octet, at).unwrap();
    octet[0] ^= 1;
    file.write_all_at(&octet, at).unwrap();
}

#[tokio::test]
async fn what_is_settled_is_not_read_again() {
    let world = World::new();
    let kv = Arc::new(world.open());
    for round in 0..5 {
        work(&kv, round).await;
        let busy = tokio::spawn({
            let kv = kv.clone();
            async move { work(&kv, 9).await }
        });
        let before = kv.layers.mark();
        let settling = kv.clone();
        let settled = tokio::task::spawn_blocking(move || settling.settle());
        assert!(settled.await.unwrap().unwrap() >= before.place);
        assert!(kv.database.mark().unwrap().version >= before.version);
        busy.await.unwrap();
    }
    // Of a store at rest all is.
    assert_eq!(kv.settle().unwrap(), kv.layers.mark().place);
    assert_eq!(kv.settle().unwrap(), kv.layers.mark().place);
}
