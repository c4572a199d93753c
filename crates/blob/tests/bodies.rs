//! Bodies from outside: written, read, cut short, damaged, and copied in mid-flight.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

mod common;

use std::path::Path;
use std::time::Duration;

use blob::{BlobError, Blobs, BodyRef, READ_OCTETS, SMALL_BODY_OCTETS};
use common::read;

/// Octets that differ from place to place and from seed to seed.
fn octets(seed: u64, length: usize) -> Vec<u8> {
    let mut reader = blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof();
    let mut octets = vec![0; length];
    reader.fill(&mut octets);
    octets
}

async fn keep(blobs: &Blobs, body: &[u8]) -> BodyRef {
    common::keep(blobs, body, 10_000).await
}

async fn whole(blobs: &Blobs, body: &BodyRef) -> Result<Vec<u8>, BlobError> {
    read(blobs, body, 0..u64::MAX).await
}

fn files(dir: &Path, suffix: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|e| e == suffix))
        .collect()
}

#[tokio::test]
async fn bodies_of_every_size_come_back_also_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = [
        0,
        1,
        READ_OCTETS,
        READ_OCTETS + 1,
        SMALL_BODY_OCTETS - 1,
        SMALL_BODY_OCTETS,
        SMALL_BODY_OCTETS + 1,
        5 * SMALL_BODY_OCTETS,
        3_000_000,
    ];
    let mut kept = Vec::new();
    let blobs = Blobs::open(dir.path()).unwrap();
    for size in sizes {
        let body = octets(size as u64, size);
        let kept_as = keep(&blobs, &body).await;
        assert_eq!(kept_as.length(), size as u64);
        assert_eq!(whole(&blobs, &kept_as).await.unwrap(), body);
        kept.push((kept_as, body));
    }
    assert!(matches!(Blobs::open(dir.path()), Err(BlobError::InUse(_))));
    drop(blobs);
    let blobs = Blobs::open(dir.path()).unwrap();
    for (kept_as, body) in &kept {
        assert_eq!(whole(&blobs, kept_as).await.unwrap(), *body);
    }
    assert_eq!(files(dir.path(), "shared").len(), 1);
    assert_eq!(files(dir.path(), "single").len(), 3);
}

#[tokio::test]
async fn ranges_are_cut_to_the_body() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let body = octets(1, 200_000);
    let kept = keep(&blobs, &body).await;
    for (from, to) in [
        (0, 10),
        (5, 5),
        (65_530, 140_000),
        (199_999, 300_000),
        (1, u64::MAX),
    ] {
        let cut = body.len().min(usize::try_from(to).unwrap());
        let expected = &body[usize::try_from(from).unwrap()..cut];
        assert_eq!(read(&blobs, &kept, from..to).await.unwrap(), expected);
    }
    assert!(
        read(&blobs, &kept, 200_000..300_000)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        read(&blobs, &kept, 300_000..400_000)
            .await
            .unwrap()
            .is_empty()
    );
    #[allow(clippy::reversed_empty_ranges, reason = "a caller may err")]
    let backwards = read(&blobs, &kept, 10..5).await.unwrap();
    assert!(backwards.is_empty());
}

#[tokio::test]
async fn a_dropped_writer_never_was() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let mut writer = blobs.writer();
    writer.write(&octets(1, 2_000_000)).await.unwrap();
    assert_eq!(files(dir.path(), "part").len(), 1);
    drop(writer);
    assert_eq!(files(dir.path(), "part").len(), 0);
    let mut small = blobs.writer();
    small.write(b"small").await.unwrap();
    drop(small);
    drop(blobs);
    assert_eq!(
        files(dir.path(), "shared").len() + files(dir.path(), "single").len(),
        0
    );
}

#[tokio::test]
async fn a_damaged_body_is_found_and_its_neighbours_are_not_harmed() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let bodies: Vec<Vec<u8>> = (0..3).map(|seed| octets(seed, 100_000)).collect();
    let mut kept = Vec::new();
    for body in &bodies {
        kept.push(keep(&blobs, body).await);
    }
    let path = files(dir.path(), "shared").remove(0);
    let mut content = std::fs::read(&path).unwrap();
    content[150_000] ^= 1;
    std::fs::write(&path, content).unwrap();
    assert_eq!(whole(&blobs, &kept[0]).await.unwrap(), bodies[0]);
    assert!(matches!(
        whole(&blobs, &kept[1]).await,
        Err(BlobError::Damaged(_))
    ));
    assert_eq!(whole(&blobs, &kept[2]).await.unwrap(), bodies[2]);
    // What comes before the damage is given, the last piece is not.
    let mut reader = blobs.read(&kept[1], 0..100_000);
    assert!(reader.next().await.unwrap().is_ok());
    assert!(reader.next().await.unwrap().is_err());
    assert!(reader.next().await.is_none());
}

#[tokio::test]
async fn a_missing_or_short_file_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let kept = keep(&blobs, &octets(1, 1_000_000)).await;
    let path = files(dir.path(), "single").remove(0);
    let content = std::fs::read(&path).unwrap();
    std::fs::write(&path, &content[..500_000]).unwrap();
    assert!(matches!(
        whole(&blobs, &kept).await,
        Err(BlobError::Damaged(_))
    ));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        whole(&blobs, &kept).await,
        Err(BlobError::Damaged(_))
    ));
}

/// The folder is taken away: of all that can fail in making a file, the nearest thing
/// that needs no rights. (A full disk is played in `appender/tests.rs`.)
#[tokio::test]
async fn a_large_body_that_can_not_be_kept_says_so_at_every_call() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let mut writer = blobs.writer();
    std::fs::remove_dir_all(dir.path()).unwrap();
    let first = writer.write(&octets(1, 600_000)).await.unwrap_err();
    assert_eq!(writer.write(b"more").await.unwrap_err(), first);
    assert_eq!(writer.finish().await.unwrap_err(), first);
}

/// Copies the folder while many write, and opens the copy: every body that was
/// acknowledged before the copy began is in it, whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_in_mid_flight_has_all_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let (done, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = Vec::new();
    for writer in 0..8u64 {
        let (blobs, done) = (blobs.clone(), done.clone());
        tasks.push(tokio::spawn(async move {
            for n in 0.. {
                let length = if n % 10 == 9 { 400_000 } else { 3_000 };
                let body = octets(writer << 32 | n, length);
                let kept_as = keep(&blobs, &body).await;
                if done.send((kept_as, body)).is_err() {
                    return;
                }
            }
        }));
    }
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        while let Ok(body) = kept.try_recv() {
            acknowledged.push(body);
        }
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let path = entry.unwrap().path();
            // A part that was finished or dropped meanwhile is no loss.
            let _ = std::fs::copy(&path, copy.path().join(path.file_name().unwrap()));
        }
        let opened = Blobs::open(copy.path()).unwrap();
        for (kept_as, body) in &acknowledged {
            assert_eq!(whole(&opened, kept_as).await.unwrap(), *body);
        }
        let new = keep(&opened, b"new").await;
        assert_eq!(whole(&opened, &new).await.unwrap(), b"new");
        for (kept_as, body) in &acknowledged {
            assert_eq!(whole(&opened, kept_as).await.unwrap(), *body);
        }
        assert_eq!(files(copy.path(), "part").len(), 0);
    }
    assert!(acknowledged.len() > 50, "{} bodies", acknowledged.len());
    drop(kept);
    for task in tasks {
        task.await.unwrap();
    }
}
