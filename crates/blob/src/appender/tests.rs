//! Groups, full disks and failing syncs, on the thread's own functions.

use super::*;
use crate::frame::Header;

fn frame(body: &[u8]) -> Waiting {
    let hash = *blake3::hash(body).as_bytes();
    let length = body.len() as u64;
    let header = Header {
        notes: 0,
        length,
        hash,
    };
    let (reply, _) = oneshot::channel();
    Waiting {
        octets: [&header.encode()[..], body].concat(),
        length,
        hash,
        reply,
    }
}

fn log(dir: &tempfile::TempDir) -> Log {
    let folder = Arc::new(Folder::open(dir.path()).unwrap());
    let segment = continued(&folder).unwrap();
    Log {
        folder,
        segment,
        full: false,
    }
}

#[test]
fn frames_stand_one_after_another_and_segments_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log(&dir);
    let body = vec![7; 1024 * 1024];
    let first = log.append(&[frame(&body), frame(b"b")]).unwrap();
    assert_eq!(first, (SegmentId::new(1, Sort::Shared), 0));
    let second = log.append(&[frame(b"c")]).unwrap();
    assert_eq!(second, (first.0, 2 * 64 + body.len() as u64 + 1));
    let mut last = second;
    for _ in 0..70 {
        last = log.append(&[frame(&body)]).unwrap();
    }
    assert_eq!(last.0, SegmentId::new(2, Sort::Shared));
    let octets = std::fs::metadata(log.folder.segment(first.0))
        .unwrap()
        .len();
    assert!(octets <= SEGMENT_OCTETS);
}

#[test]
fn a_segment_that_ends_well_is_continued() {
    let dir = tempfile::tempdir().unwrap();
    let first = log(&dir).append(&[frame(b"a")]).unwrap();
    assert_eq!(log(&dir).append(&[frame(b"b")]).unwrap(), (first.0, 65));
}

#[test]
fn a_torn_end_is_passed_over_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (id, _) = log(&dir).append(&[frame(b"acknowledged")]).unwrap();
    let path = dir.path().join(id.to_string());
    let torn = [
        std::fs::read(&path).unwrap(),
        frame(b"torn").octets[..66].to_vec(),
    ]
    .concat();
    std::fs::write(&path, &torn).unwrap();
    let mut log = log(&dir);
    let (next, offset) = log.append(&[frame(b"next")]).unwrap();
    assert_eq!((next, offset), (SegmentId::new(2, Sort::Shared), 0));
    assert_eq!(std::fs::read(&path).unwrap(), torn);
}

/// `/dev/full` stands for a disk without room: every write to it says so.
#[test]
fn a_full_disk_refuses_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log(&dir);
    let (id, _) = log.append(&[frame(b"a")]).unwrap();
    let length = log.segment.as_ref().unwrap().length;
    let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
    let good = std::mem::replace(&mut log.segment.as_mut().unwrap().file, full);
    let error = log.append(&[frame(b"b")]).unwrap_err();
    assert_eq!(error, BlobError::Full);
    // A device can't be cut to a length; so this segment is left alone.
    assert!(log.segment.is_none());
    log.segment = Some(Segment {
        id,
        file: good,
        length,
    });
    assert_eq!(log.append(&[frame(b"c")]).unwrap(), (id, length));
}
