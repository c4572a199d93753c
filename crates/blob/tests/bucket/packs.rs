//! Small bodies that come at the same time, and share an object.

use std::collections::BTreeSet;
use std::time::Duration;

use blob::s3::{Bucket, PACK_OCTETS, PACKED_OCTETS};
use blob::{BlobError, Blobs, BodyRef};
use futures_util::future::join_all;
use object_store::ObjectStoreExt;
use tokio::task::JoinHandle;

use crate::common::{Server, keep, objects, octets, open, raw, read, settings, whole};

/// Keeps all of them in the same moment.
async fn burst(blobs: &Blobs, bodies: &[Vec<u8>]) -> Vec<BodyRef> {
    join_all(bodies.iter().map(|body| keep(blobs, body))).await
}

fn bodies(count: u64, length: impl Fn(u64) -> usize) -> Vec<Vec<u8>> {
    (0..count).map(|seed| octets(seed, length(seed))).collect()
}

#[tokio::test]
async fn small_ones_that_come_together_share_an_object_and_come_back() {
    let server = Server::start();
    let (_, blobs) = server.open().await;
    let most = usize::try_from(PACKED_OCTETS).unwrap();
    let length = |seed| match seed % 10 {
        0 => 0,
        1 => 1,
        2 => most,
        3 => most + 1,
        _ => 2_000,
    };
    let bodies = bodies(60, length);
    let kept = burst(&blobs, &bodies).await;
    let places: BTreeSet<_> = kept.iter().map(BodyRef::object).collect();
    assert!(places.len() < 30, "{}", places.len());
    assert_eq!(objects(&server.raw()).await.len(), places.len());
    let (_, blobs) = server.open().await;
    for (body, kept) in bodies.iter().zip(&kept) {
        assert_eq!(kept.length(), body.len() as u64);
        assert!(kept.frame().is_none() || body.len() <= most);
        assert_eq!(whole(&blobs, kept).await.unwrap(), *body);
        let cut = body.len().min(5)..body.len().min(1_500);
        assert_eq!(read(&blobs, kept, 5..1_500).await.unwrap(), body[cut]);
    }
    let together = kept.iter().filter(|kept| kept.frame().is_some());
    assert!(together.count() > 30);
    // Those of one pack lie one after the other, and none is in another's octets.
    let mut sorted: Vec<_> = kept.iter().filter(|kept| kept.frame().is_some()).collect();
    sorted.sort();
    for pair in sorted.windows(2) {
        if pair[0].object() == pair[1].object() {
            assert_eq!(pair[0].frame().unwrap().end, pair[1].frame().unwrap().start);
        }
    }
    // What is read ahead is the same.
    let mut ahead = blobs.ahead();
    ahead.expect(&kept);
    for (body, kept) in bodies.iter().zip(&kept).take(4) {
        let found = crate::common::all(ahead.read(kept, 0..u64::MAX)).await;
        assert_eq!(found.unwrap(), *body);
    }
}

#[tokio::test]
async fn a_damaged_body_in_a_pack_is_found_and_its_neighbours_are_well() {
    let server = Server::start();
    let (_, blobs) = server.open().await;
    let bodies = bodies(40, |_| 1_000);
    let kept = burst(&blobs, &bodies).await;
    let at = kept.iter().position(|kept| kept.frame().is_some()).unwrap();
    let pack = kept[at].object().unwrap();
    let store = server.raw();
    let path = format!("bodies/{}/{pack}", &pack.to_string()[..2]);
    let path = object_store::path::Path::from(path);
    let whole_pack = store.get(&path).await.unwrap().bytes().await.unwrap();
    let mut harmed = whole_pack.to_vec();
    let last = kept[at].frame().unwrap().end - 1;
    harmed[usize::try_from(last).unwrap()] ^= 1;
    store.put(&path, harmed.into()).await.unwrap();
    for (number, kept) in kept.iter().enumerate() {
        let found = whole(&blobs, kept).await;
        if number == at {
            assert!(matches!(found, Err(BlobError::Damaged(_))), "{found:?}");
        } else {
            assert_eq!(found.unwrap(), bodies[number]);
        }
    }
    // And a pack that ends before it should.
    let short = whole_pack.slice(..usize::try_from(last).unwrap());
    store.put(&path, short.into()).await.unwrap();
    let found = whole(&blobs, &kept[at]).await;
    assert!(matches!(found, Err(BlobError::Damaged(_))), "{found:?}");
}

#[tokio::test]
async fn bodies_that_are_written_again_are_the_same_elsewhere() {
    let server = Server::start();
    let (bucket, blobs) = server.open().await;
    let bodies = bodies(50, |seed| usize::try_from(1 + seed * 997).unwrap());
    let kept = burst(&blobs, &bodies).await;
    let chosen: Vec<BodyRef> = kept.iter().step_by(3).cloned().collect();
    let moved = bucket.write_again(&chosen).await.unwrap();
    assert_eq!(moved.len(), chosen.len());
    let pack = moved[0].1.object().unwrap();
    assert!(pack.is_pack());
    for ((was, is), body) in moved.iter().zip(bodies.iter().step_by(3)) {
        assert_ne!(was.object(), is.object());
        assert_eq!(is.object(), Some(pack));
        assert_eq!((is.length(), is.hash()), (was.length(), was.hash()));
        assert_eq!(whole(&blobs, is).await.unwrap(), *body);
    }
    assert_eq!(bucket.write_again(&[]).await, Ok(Vec::new()));
    // One that is no more is left out.
    let gone: Vec<_> = chosen.iter().filter_map(BodyRef::object).collect();
    bucket.delete_all(&gone).await.unwrap();
    assert_eq!(bucket.write_again(&chosen).await, Ok(Vec::new()));
}

/// All that wait for the same object learn of its trouble, and what comes later fares better.
#[tokio::test]
async fn a_pack_that_can_not_be_put_fails_for_all_in_it() {
    let mut server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
    server.stop();
    let bodies = bodies(30, |_| 1_000);
    let failed = bodies.iter().map(|body| async {
        let mut writer = blobs.writer();
        writer.write(body).await.unwrap();
        writer.finish().await
    });
    for failed in join_all(failed).await {
        assert!(matches!(failed, Err(BlobError::Away(_))), "{failed:?}");
    }
    server.start_again();
    let kept = burst(&blobs, &bodies).await;
    for (body, kept) in bodies.iter().zip(&kept) {
        assert_eq!(whole(&blobs, kept).await.unwrap(), *body);
    }
}

/// Whoever brought a body may be gone before it is there; the others get theirs.
#[tokio::test]
async fn who_goes_away_takes_nobody_along() {
    let server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
    let bodies = bodies(40, |_| 1_000);
    let mut tasks = Vec::new();
    for body in bodies.clone() {
        let blobs = blobs.clone();
        tasks.push(tokio::spawn(async move { keep(&blobs, &body).await }));
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    tasks.iter().step_by(2).for_each(JoinHandle::abort);
    for (task, body) in tasks.into_iter().zip(&bodies).skip(1).step_by(2) {
        assert_eq!(whole(&blobs, &task.await.unwrap()).await.unwrap(), *body);
    }
}

#[tokio::test]
async fn full_packs_do_not_wait_for_each_other() {
    let server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
    let most = usize::try_from(PACKED_OCTETS).unwrap();
    let bodies = bodies(80, |_| most);
    let kept = burst(&blobs, &bodies).await;
    for (body, kept) in bodies.iter().zip(&kept) {
        assert_eq!(whole(&blobs, kept).await.unwrap(), *body);
        let end = kept.frame().map_or(0, |frame| frame.end);
        assert!(end <= PACK_OCTETS + PACKED_OCTETS + 64, "{end}");
    }
}

/// A bucket of before there were packs.
#[tokio::test]
async fn an_older_bucket_is_raised() {
    let server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
    let kept = keep(&blobs, b"alone").await;
    let path = object_store::path::Path::from("bodies/FORMAT");
    let store = raw(&server);
    store
        .put(&path, "facteur-bodies-s3 1\n".into())
        .await
        .unwrap();
    let bucket = Bucket::open(&settings(&server.endpoint())).await.unwrap();
    let text = store.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(text, "facteur-bodies-s3 2\n");
    let blobs = Blobs::in_bucket(bucket);
    assert_eq!(whole(&blobs, &kept).await.unwrap(), b"alone");
}
