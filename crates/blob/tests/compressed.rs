//! Bodies that are compressed, or not, from outside: what comes back of them, what they take on
//! the disk, and what damage does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use blob::{BlobError, Blobs, BodyRef, READ_OCTETS, SMALL_BODY_OCTETS};
use common::{keep, read};
use proptest::prelude::*;
use segments::{HEADER_OCTETS, Kind, Log};
use tokio::runtime::Runtime;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

/// What a body is made of.
#[derive(Clone, Copy, Debug)]
enum Sort {
    /// What people write: little is left of it.
    Text,
    /// Lines of base64: three quarters are left.
    Attachment,
    /// What nothing makes smaller.
    Noise,
}

fn octets(sort: Sort, seed: u64, length: usize) -> Vec<u8> {
    let mut noise = blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof();
    let mut octets = vec![0; length];
    noise.fill(&mut octets);
    let text = b"the quick brown fox jumps over the lazy dog and so on. ";
    match sort {
        Sort::Noise => {}
        Sort::Attachment => {
            for octet in &mut octets {
                *octet = b'@' + (*octet & 63);
            }
        }
        Sort::Text => {
            for (at, octet) in octets.iter_mut().enumerate() {
                let known = text[(at + at / 100) % text.len()];
                *octet = if *octet < 20 { *octet + b'A' } else { known };
            }
        }
    }
    octets
}

/// The files that bodies are in.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some());
    files
}

/// Octets of the only body in a folder, as they are kept.
fn kept(folder: &Path) -> u64 {
    let [file] = &files(folder)[..] else {
        panic!("not one file")
    };
    file.metadata().unwrap().len() - HEADER_OCTETS as u64
}

fn sorts() -> impl Strategy<Value = Sort> {
    prop_oneof![Just(Sort::Text), Just(Sort::Attachment), Just(Sort::Noise)]
}

/// Lengths near the borders of blocks and of what is small, and others.
fn lengths() -> impl Strategy<Value = usize> {
    let borders = prop::sample::select(vec![
        0,
        4096,
        READ_OCTETS,
        2 * READ_OCTETS,
        SMALL_BODY_OCTETS,
        SMALL_BODY_OCTETS + READ_OCTETS,
        2 * SMALL_BODY_OCTETS,
    ]);
    let near = (borders, 0..3_usize).prop_map(|(border, more)| (border + more).saturating_sub(1));
    prop_oneof![near, 0..5_000_usize, 0..700_000_usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any range of any body is what was written there, now and after opening again.
    #[test]
    fn what_is_read_is_what_was_written(
        bodies in prop::collection::vec(
            (prop::collection::vec((sorts(), lengths()), 1..3), 1..400_000_usize), 1..4),
        ranges in prop::collection::vec((0..800_000_u64, 0..300_000_u64), 4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let mut written = Vec::new();
            let blobs = Blobs::open(folder.path()).unwrap();
            for (seed, (parts, piece)) in (0..).zip(&bodies) {
                let parts = parts.iter().map(|(sort, length)| octets(*sort, seed, *length));
                let body = parts.collect::<Vec<_>>().concat();
                let place = keep(&blobs, &body, *piece).await;
                assert_eq!(place.length(), body.len() as u64);
                assert_eq!(place.hash(), blake3::hash(&body).as_bytes());
                written.push((place, body));
            }
            drop(blobs);
            let blobs = Blobs::open(folder.path()).unwrap();
            for (place, body) in &written {
                let whole = read(&blobs, place, 0..u64::MAX).await.unwrap();
                assert!(whole == *body, "another body");
                for (from, octets) in &ranges {
                    let start = (*from).min(body.len() as u64);
                    let end = (from + octets).min(body.len() as u64);
                    let [from, to] = [start, end].map(|at| usize::try_from(at).unwrap());
                    let part = read(&blobs, place, start..end).await.unwrap();
                    assert!(part == body[from..to], "another part: {from} to {to}");
                }
            }
        });
    }

    /// A changed octet anywhere makes no other body of it: read whole, it is the body or
    /// damaged; in parts, an error is damage, too.
    #[test]
    fn a_changed_octet_is_damage_or_nothing(
        sort in sorts(),
        length in prop_oneof![4_000..9_000_usize, 65_000..140_000_usize, 262_000..400_000_usize],
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let body = octets(sort, 1, length);
            let blobs = Blobs::open(folder.path()).unwrap();
            let place = keep(&blobs, &body, 100_000).await;
            let file = files(folder.path()).remove(0);
            let sound = fs::read(&file).unwrap();
            for (at, bit) in &changes {
                let mut damaged = sound.clone();
                damaged[at.index(sound.len())] ^= 1 << bit;
                fs::write(&file, damaged).unwrap();
                match read(&blobs, &place, 0..u64::MAX).await {
                    Ok(whole) => assert!(whole == body, "another body"),
                    Err(error) => assert!(matches!(error, BlobError::Damaged(_)), "{error}"),
                }
                let half = length as u64 / 2;
                for part in [0..half, half..half + 9, half..u64::MAX] {
                    let part = read(&blobs, &place, part).await;
                    assert!(matches!(part, Ok(_) | Err(BlobError::Damaged(_))), "{part:?}");
                }
            }
        });
    }
}

#[test]
fn what_can_be_made_smaller_takes_less_and_the_rest_stays_as_it_is() {
    runtime().block_on(async {
        for length in [5_000, 20_000, 200_000, 1_000_000] {
            for (sort, most) in [(Sort::Text, 50), (Sort::Attachment, 85), (Sort::Noise, 100)] {
                let folder = tempfile::tempdir().unwrap();
                let blobs = Blobs::open(folder.path()).unwrap();
                keep(&blobs, &octets(sort, 7, length), 10_000).await;
                let kept = kept(folder.path());
                let most = length as u64 * most / 100;
                assert!(kept <= most, "{sort:?}: {kept} of {length}");
                assert!(matches!(sort, Sort::Noise) == (kept == length as u64));
            }
        }
        // Of so little not enough would be saved.
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        keep(&blobs, &octets(Sort::Text, 7, 4_095), 10_000).await;
        assert_eq!(kept(folder.path()), 4_095);
    });
}

/// Kept before bodies were compressed: it is raised before anything new comes to it, and both are
/// read.
#[test]
fn an_older_folder_is_raised_before_a_compressed_body_comes_to_it() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(folder.path()).unwrap();
        let old = octets(Sort::Text, 1, 9_000);
        let header = segments::body_header(9_000, *blake3::hash(&old).as_bytes());
        let frame = [&header[..], &old].concat();
        log.append(&mut [std::io::IoSlice::new(&frame)]).unwrap();
        let survey = log.survey(log.end().segment).unwrap();
        let before = BodyRef::of(&survey.frames[0]).unwrap();
        drop(log);
        let format = folder.path().join("FORMAT");
        fs::write(&format, "facteur-bodies 3\n").unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&format).unwrap(), "facteur-bodies 4\n");
        let new = octets(Sort::Text, 2, 9_000);
        let after = keep(&blobs, &new, 9_000).await;
        assert_eq!(read(&blobs, &before, 0..u64::MAX).await.unwrap(), old);
        assert_eq!(read(&blobs, &after, 0..u64::MAX).await.unwrap(), new);
        drop(blobs);
        let log = Log::open(folder.path()).unwrap();
        let frames = log.survey(log.end().segment).unwrap().frames;
        let compressed = Kind::Compressed {
            uncompressed: 9_000,
        };
        assert_eq!([frames[0].kind, frames[1].kind], [Kind::Body, compressed]);
        assert_eq!(BodyRef::of(&frames[1]), Some(after));
        assert!(frames[1].octets < frames[0].octets / 2);
    });
}

/// What a crash left of one is passed over, and the next body begins a new segment.
#[test]
fn a_compressed_body_that_was_half_written_never_was() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let first = octets(Sort::Text, 1, 50_000);
        let place = keep(&blobs, &first, 50_000).await;
        let file = files(folder.path()).remove(0);
        let one = fs::read(&file).unwrap().len();
        keep(&blobs, &octets(Sort::Text, 2, 150_000), 50_000).await;
        drop(blobs);
        let both = fs::read(&file).unwrap();
        // Cut off, or a hole in it where the disk had come no further.
        let hole = one + HEADER_OCTETS + 700;
        let mut holed = both.clone();
        holed[hole..hole + 512].fill(0);
        for torn in [&both[..both.len() - 1], &both[..hole], &holed] {
            let copy = tempfile::tempdir().unwrap();
            for name in ["FORMAT", "0000000000000002.shared"] {
                fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
            }
            let file = files(copy.path()).remove(0);
            fs::write(file, torn).unwrap();
            let blobs = Blobs::open(copy.path()).unwrap();
            let next = keep(&blobs, &first, 50_000).await;
            assert_eq!(read(&blobs, &place, 0..u64::MAX).await.unwrap(), first);
            assert_eq!(read(&blobs, &next, 0..u64::MAX).await.unwrap(), first);
            assert_eq!(files(copy.path()).len(), 2);
        }
    });
}

/// A record that names another place than its body's: what is there is not taken for it.
#[test]
fn another_body_at_the_place_is_damage_also_in_part() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let one = keep(&blobs, &octets(Sort::Text, 1, 5_000), 5_000).await;
        let other = keep(&blobs, &octets(Sort::Text, 2, 5_000), 5_000).await;
        let wrong = one.moved_to(other.place().unwrap());
        let found = read(&blobs, &wrong, 100..200).await;
        assert!(matches!(found, Err(BlobError::Damaged(_))), "{found:?}");
    });
}
