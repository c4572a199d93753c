//! Bodies in damaged segments, compressed or not, or at damaged places: a body is read as it was
//! once written, or an error says that it is not there; and new ones are taken after the damage.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use blob::{BlobError, Blobs, BodyReader, BodyRef};
use fuzz::{fuzz_target, within};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The last two are compressed, in one block and in two.
static BODIES: LazyLock<[Vec<u8>; 5]> = LazyLock::new(|| {
    [
        b"Subject: one\r\n\r\nfirst\r\n".to_vec(),
        Vec::new(),
        b"Subject: two\r\n\r\nsecond\r\n".to_vec(),
        b"Subject: three\r\n".repeat(300),
        b"Subject: four, long\r\n".repeat(4000),
    ]
});

/// Octets of the input that are damage to a record; the rest is for the segment.
const RECORD: usize = 33;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// In memory where that can be had, since each input opens the folder anew.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
    memory
        .map_or_else(tempfile::tempdir, tempfile::tempdir_in)
        .expect("a folder")
});

/// Records of the bodies, and the segment's name and octets, before any damage.
static SOUND: LazyLock<(Vec<Vec<u8>>, String, Vec<u8>)> = LazyLock::new(|| {
    let blobs = Blobs::open(FOLDER.path()).expect("a folder");
    let records = BODIES.iter().map(|body| {
        let record = RUNTIME.block_on(write(&blobs, body));
        postcard::to_allocvec(&record).expect("a record")
    });
    let records = records.collect();
    drop(blobs);
    let files = fs::read_dir(FOLDER.path()).expect("the folder").flatten();
    let names = files.map(|file| file.file_name().into_string().expect("a name"));
    let name = names
        .filter(|name| name.ends_with(".shared"))
        .last()
        .expect("a segment");
    let octets = fs::read(FOLDER.path().join(&name)).expect("a segment");
    (records, name, octets)
});

fuzz_target!(|input: &[u8]| {
    let (records, name, segment) = &*SOUND;
    let (to_record, to_segment) = input.split_at(input.len().min(RECORD));
    for file in fs::read_dir(FOLDER.path()).expect("the folder").flatten() {
        fs::remove_file(file.path()).expect("it can be removed");
    }
    fs::write(FOLDER.path().join(name), damaged(segment, to_segment)).expect("room");
    within(4 * 1024 * 1024 + 8 * input.len(), || {
        let blobs = Blobs::open(FOLDER.path()).expect("damage is no reason not to open");
        for (record, body) in records.iter().zip(&*BODIES) {
            if let Ok(at) = postcard::from_bytes(&damaged(record, to_record)) {
                let found = RUNTIME.block_on(read(&blobs, &at));
                // Another record is another body.
                assert!(!to_record.is_empty() || found.is_none_or(|found| found == *body));
                let part = blobs.read(&at, 70_000..70_100);
                RUNTIME.block_on(all(part));
            }
        }
        let at = RUNTIME.block_on(write(&blobs, b"a body"));
        let found = RUNTIME.block_on(read(&blobs, &at));
        assert_eq!(found.as_deref(), Some(&b"a body"[..]));
    });
});

/// Octets after some damage: a place and a new octet, again and again; two at the end cut
/// them off.
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

async fn write(blobs: &Blobs, body: &[u8]) -> BodyRef {
    let mut writer = blobs.writer();
    writer.write(body).await.expect("room");
    writer.finish().await.expect("room")
}

async fn read(blobs: &Blobs, at: &BodyRef) -> Option<Vec<u8>> {
    all(blobs.read(at, 0..u64::MAX)).await
}

async fn all(mut reader: BodyReader) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    while let Some(piece) = reader.next().await {
        match piece {
            Ok(piece) => octets.extend_from_slice(&piece),
            Err(BlobError::Damaged(_)) => return None,
            Err(other) => panic!("damage is not told as such: {other}"),
        }
    }
    Some(octets)
}
