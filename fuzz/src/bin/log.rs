//! A log whose segment is damaged: what is read of it was once written, in order, or an
//! error says that it is damaged; and new changes are taken after it. And groups of commits
//! that are none.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use fuzz::{fuzz_target, within};
use segments::{Log, LogError};
use tempfile::TempDir;

const CHANGES: [&[u8]; 4] = [b"the first change", b"", b"the second", b"and the third"];

/// In memory where that can be had, since each input opens the folder anew.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
    memory
        .map_or_else(tempfile::tempdir, tempfile::tempdir_in)
        .expect("a folder")
});

/// The segment's name and octets, before any damage.
static SOUND: LazyLock<(String, Vec<u8>)> = LazyLock::new(|| {
    let log = Log::open(FOLDER.path()).expect("a folder");
    for content in CHANGES {
        log.append_changes(content).expect("room");
    }
    drop(log);
    let files = fs::read_dir(FOLDER.path()).expect("the folder").flatten();
    let names = files.map(|file| file.file_name().into_string().expect("a name"));
    let name = names
        .filter(|name| name.ends_with(".shared"))
        .last()
        .expect("a segment");
    let octets = fs::read(FOLDER.path().join(&name)).expect("a segment");
    (name, octets)
});

fuzz_target!(|input: &[u8]| {
    kv::fuzzing::read_frame(input);
    let (name, segment) = &*SOUND;
    for file in fs::read_dir(FOLDER.path()).expect("the folder").flatten() {
        fs::remove_file(file.path()).expect("it can be removed");
    }
    fs::write(FOLDER.path().join(name), damaged(segment, input)).expect("room");
    within(4 * 1024 * 1024 + 8 * input.len(), || {
        let log = Log::open(FOLDER.path()).expect("damage is no reason not to open");
        let before = read(&log);
        let mut sound = CHANGES.iter();
        for content in &before {
            assert!(
                sound.any(|known| known == content),
                "{content:?} was never written"
            );
        }
        log.append_changes(b"a new one").expect("room");
        let after = read(&log);
        assert_eq!(after.last().map(Vec::as_slice), Some(&b"a new one"[..]));
        assert_eq!(after[..after.len() - 1], before);
    });
});

/// All changes that are not damaged.
fn read(log: &Log) -> Vec<Vec<u8>> {
    let mut changes = log.changes(log.start()).expect("the folder");
    let mut all = Vec::new();
    loop {
        match changes.next_frame() {
            Ok(Some(content)) => all.push(content),
            Ok(None) => return all,
            Err(LogError::Damaged(_)) => {}
            Err(other) => panic!("damage is not told as such: {other}"),
        }
    }
}

/// Octets after some damage: a place and a new octet, again and again; an odd one at the
/// end cuts them off.
fn damaged(octets: &[u8], damage: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    let (changes, cut) = damage.as_chunks::<3>();
    for [high, low, octet] in changes {
        let at = usize::from(u16::from_be_bytes([*high & 3, *low]));
        match octets.get_mut(at) {
            Some(there) => *there = *octet,
            None => octets.push(*octet),
        }
    }
    if let [high, low] = cut {
        octets.truncate(usize::from(u16::from_be_bytes([*high & 3, *low])));
    }
    octets
}
