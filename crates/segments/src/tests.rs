//! The log from its door: order, syncs, crashes, full disks.

use std::fs::OpenOptions;
use std::path::PathBuf;

use super::*;
use crate::place::Sort;

fn body(content: &[u8]) -> Vec<u8> {
    let hash = *blake3::hash(content).as_bytes();
    let header = body_header(content.len() as u64, hash);
    [&header[..], content].concat()
}

fn append(log: &Log, content: &[u8]) -> Result<Place, LogError> {
    let frame = body(content);
    log.append(&mut [IoSlice::new(&frame)])
}

fn shared(count: u64) -> SegmentId {
    SegmentId::new(count, Sort::Shared)
}

fn at(count: u64, offset: u64) -> Place {
    Place {
        segment: shared(count),
        offset,
    }
}

fn all(log: &Log, from: Place) -> Vec<Vec<u8>> {
    let mut changes = log.changes(from).unwrap();
    let mut all = Vec::new();
    while let Some(content) = changes.next_frame().unwrap() {
        all.push(content);
    }
    all
}

struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        World { dir }
    }

    fn open(&self) -> Log {
        Log::open(self.dir.path()).unwrap()
    }

    fn file(&self, count: u64) -> PathBuf {
        self.dir.path().join(shared(count).to_string())
    }
}

#[test]
fn frames_stand_one_after_another_and_segments_are_bounded() {
    let world = World::new();
    let log = world.open();
    let large = vec![7; 1024 * 1024];
    let (first, second) = (body(&large), body(b"b"));
    let place = log.append(&mut [IoSlice::new(&first), IoSlice::new(&second)]);
    assert_eq!(place, Ok(at(1, 0)));
    let next = 2 * 64 + large.len() as u64 + 1;
    assert_eq!(append(&log, b"c"), Ok(at(1, next)));
    let mut last = at(1, 0);
    for _ in 0..70 {
        last = append(&log, &large).unwrap();
    }
    assert_eq!(last.segment, shared(2));
    assert!(std::fs::metadata(world.file(1)).unwrap().len() <= SEGMENT_OCTETS);
    assert!(log.end() > last);
}

#[test]
fn changes_come_back_in_order_from_any_place() {
    let world = World::new();
    let log = world.open();
    append(&log, b"a body").unwrap();
    let first = log.append_changes(b"one").unwrap();
    append(&log, &vec![1; 40 * 1024 * 1024]).unwrap();
    append(&log, &vec![2; 40 * 1024 * 1024]).unwrap();
    let second = log.append_changes(b"two").unwrap();
    assert_eq!((first.segment, second.segment), (shared(1), shared(2)));
    let look = |log: &Log| {
        assert_eq!(all(log, log.start()), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(all(log, first), [b"two".to_vec()]);
        assert!(all(log, second).is_empty());
        assert_eq!(log.end(), second);
    };
    look(&log);
    drop(log);
    look(&world.open());
}

#[test]
fn a_segment_that_ends_well_is_continued() {
    let world = World::new();
    append(&world.open(), b"a").unwrap();
    assert_eq!(append(&world.open(), b"b"), Ok(at(1, 65)));
    assert!(matches!(
        (world.open(), Log::open(world.dir.path())),
        (_, Err(LogError::InUse(_)))
    ));
}

#[test]
fn a_torn_end_is_passed_over_and_kept() {
    let world = World::new();
    world.open().append_changes(b"acknowledged").unwrap();
    let whole = std::fs::read(world.file(1)).unwrap();
    let torn = [&whole[..], &body(b"torn")[..66]].concat();
    std::fs::write(world.file(1), &torn).unwrap();
    let log = world.open();
    assert_eq!(log.end(), at(1, whole.len() as u64));
    assert_eq!(append(&log, b"next"), Ok(at(2, 0)));
    log.append_changes(b"more").unwrap();
    assert_eq!(std::fs::read(world.file(1)).unwrap(), torn);
    let expected = [b"acknowledged".to_vec(), b"more".to_vec()];
    assert_eq!(all(&log, log.start()), expected);
}

#[test]
fn damage_before_what_was_synced_is_told_and_passed() {
    let world = World::new();
    let log = world.open();
    for content in [b"one", b"two"] {
        log.append_changes(content).unwrap();
    }
    log.append_changes(b"three").unwrap();
    drop(log);
    let mut octets = std::fs::read(world.file(1)).unwrap();
    // The content of the second; its header fits.
    octets[67 + 64] ^= 1;
    std::fs::write(world.file(1), &octets).unwrap();
    let told = |log: &Log| {
        let mut changes = log.changes(log.start()).unwrap();
        let mut told = Vec::new();
        while let Some(frame) = changes.next_frame().transpose() {
            told.push(frame.ok());
        }
        told
    };
    let expected = [Some(b"one".to_vec()), None, Some(b"three".to_vec())];
    assert_eq!(told(&world.open()), expected);
    // The header.
    octets[67] ^= 1;
    std::fs::write(world.file(1), &octets).unwrap();
    let log = world.open();
    assert_eq!(told(&log).iter().filter(|frame| frame.is_none()).count(), 1);
    assert_eq!(append(&log, b"x"), Ok(at(1, octets.len() as u64)));
}

/// `/dev/full` stands for a disk without room: every write to it says so. It can neither be
/// cut to a length nor synced, so what it holds is lost, and nothing may follow it.
#[test]
fn what_can_be_neither_written_nor_cut_off_nor_synced_ends_the_log() {
    let world = World::new();
    let log = world.open();
    append(&log, b"a").unwrap();
    let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
    log.inner.tail.swap_file(full).unwrap();
    assert!(matches!(append(&log, b"b"), Err(LogError::Broken(_))));
    assert!(matches!(append(&log, b"c"), Err(LogError::Broken(_))));
    drop(log);
    assert_eq!(append(&world.open(), b"c"), Ok(at(1, 65)));
}

/// The same where all was synced: the next frame begins a new segment.
#[test]
fn a_full_disk_refuses_and_passes() {
    let world = World::new();
    let log = world.open();
    append(&log, b"a").unwrap();
    log.sync().unwrap();
    let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
    log.inner.tail.swap_file(full).unwrap();
    assert_eq!(append(&log, b"b"), Err(LogError::Full));
    assert_eq!(append(&log, b"c"), Ok(at(2, 0)));
}

#[test]
fn after_a_failed_sync_nothing_is_appended_until_it_is_opened_again() {
    let world = World::new();
    let log = world.open();
    append(&log, b"a").unwrap();
    // It takes what is written and has nothing to sync to.
    let null = OpenOptions::new().append(true).open("/dev/null").unwrap();
    log.inner.tail.swap_file(null).unwrap();
    assert!(matches!(log.append_changes(b"x"), Err(LogError::Broken(_))));
    assert!(matches!(log.append_changes(b"y"), Err(LogError::Broken(_))));
    assert!(matches!(append(&log, b"b"), Err(LogError::Broken(_))));
    assert!(matches!(log.sync(), Err(LogError::Broken(_))));
    drop(log);
    append(&world.open(), b"b").unwrap();
}

#[test]
fn an_older_folder_is_older_until_it_is_raised() {
    let world = World::new();
    append(&world.open(), b"a").unwrap();
    std::fs::write(world.dir.path().join("FORMAT"), "facteur-bodies 1\n").unwrap();
    let log = world.open();
    assert!(log.is_older());
    log.raise().unwrap();
    assert!(!log.is_older());
    drop(log);
    assert!(!world.open().is_older());
}
