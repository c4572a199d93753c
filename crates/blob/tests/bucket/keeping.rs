//! What any server must do.

use std::time::{Duration, SystemTime};

use blob::s3::{Bucket, Found, Mark, Object, PART_OCTETS, WINDOW_OCTETS};
use blob::{AHEAD_OCTETS, BlobError, Blobs, BodyRef, READ_OCTETS};
use object_store::ObjectStoreExt;

use crate::common::{Server, all, keep, objects, octets, read, whole};

#[tokio::test]
async fn bodies_of_every_size_come_back_also_after_opening_again() {
    let server = Server::start();
    let (_, blobs) = server.open().await;
    let window = usize::try_from(WINDOW_OCTETS).unwrap();
    let sizes = [
        0,
        1,
        READ_OCTETS,
        READ_OCTETS + 1,
        window,
        window + 1,
        PART_OCTETS,
        PART_OCTETS + 1,
        2 * PART_OCTETS,
        2 * PART_OCTETS + 7,
    ];
    let mut kept = Vec::new();
    for size in sizes {
        let body = octets(size as u64, size);
        let kept_as = keep(&blobs, &body).await;
        assert_eq!(kept_as.length(), size as u64);
        kept.push((kept_as, body));
    }
    let (_, blobs) = server.open().await;
    for (kept_as, body) in &kept {
        assert_eq!(whole(&blobs, kept_as).await.unwrap(), *body);
    }
    assert_eq!(objects(&server.raw()).await.len(), sizes.len());
}

#[tokio::test]
async fn ranges_are_cut_to_the_body() {
    let server = Server::start();
    let (_, blobs) = server.open().await;
    let body = octets(1, 1_500_000);
    let kept = keep(&blobs, &body).await;
    for (from, to) in [
        (0, 10),
        (5, 5),
        (65_530, 140_000),
        (1_000_000, 1_100_000),
        (1_499_999, 3_000_000),
        (1, u64::MAX),
    ] {
        let cut = body.len().min(usize::try_from(to).unwrap());
        let expected = &body[usize::try_from(from).unwrap()..cut];
        assert_eq!(read(&blobs, &kept, from..to).await.unwrap(), expected);
    }
    assert!(
        read(&blobs, &kept, 1_500_000..2_000_000)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        read(&blobs, &kept, 2_000_000..3_000_000)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_removed_body_is_gone_and_its_neighbours_are_not() {
    let server = Server::start();
    let (bucket, blobs) = server.open().await;
    // The same octets twice are two bodies.
    let (one, two) = (keep(&blobs, b"same").await, keep(&blobs, b"same").await);
    assert_ne!(one, two);
    for _ in 0..2 {
        bucket.delete_all(&[one.object().unwrap()]).await.unwrap();
    }
    let gone = whole(&blobs, &one).await;
    assert!(matches!(gone, Err(BlobError::Damaged(_))), "{gone:?}");
    assert_eq!(whole(&blobs, &two).await.unwrap(), b"same");
}

#[tokio::test]
async fn a_damaged_body_is_found() {
    let server = Server::start();
    let (_, blobs) = server.open().await;
    let body = octets(1, 100_000);
    let kept = keep(&blobs, &body).await;
    let store = server.raw();
    let path = objects(&store).await.remove(0);
    let mut other = body.clone();
    other[99_000] ^= 1;
    store.put(&path, other.into()).await.unwrap();
    // What comes before the damage is given, the last piece is not.
    let mut reader = blobs.read(&kept, 0..u64::MAX);
    assert!(reader.next().await.unwrap().is_ok());
    let damaged = reader.next().await.unwrap();
    assert!(matches!(damaged, Err(BlobError::Damaged(_))), "{damaged:?}");
    assert!(reader.next().await.is_none());
    store
        .put(&path, body[..70_000].to_vec().into())
        .await
        .unwrap();
    let short = whole(&blobs, &kept).await;
    assert!(matches!(short, Err(BlobError::Damaged(_))), "{short:?}");
    store.delete(&path).await.unwrap();
    let gone = whole(&blobs, &kept).await;
    assert!(matches!(gone, Err(BlobError::Damaged(_))), "{gone:?}");
}

#[tokio::test]
async fn a_body_of_a_folder_is_told_from_one_of_a_bucket() {
    let server = Server::start();
    let (_, in_bucket) = server.open().await;
    let dir = tempfile::tempdir().unwrap();
    let in_folder = Blobs::open(dir.path()).unwrap();
    let (here, there) = (
        keep(&in_folder, b"here").await,
        keep(&in_bucket, b"there").await,
    );
    for (blobs, body) in [(&in_folder, &there), (&in_bucket, &here)] {
        let missing = whole(blobs, body).await;
        assert!(matches!(missing, Err(BlobError::Damaged(_))), "{missing:?}");
    }
    assert_eq!(here.object(), None);
    assert_eq!(whole(&in_folder, &here).await.unwrap(), b"here");
}

/// All bodies, and what is not ours.
async fn listed(bucket: &Bucket) -> (Vec<Object>, Vec<String>) {
    let folders = bucket.folders().await.unwrap();
    let (mut bodies, mut foreign) = (Vec::new(), folders.foreign);
    for folder in folders.bodies {
        let mut objects = bucket.objects(folder);
        while let Some(found) = objects.next().await.unwrap() {
            match found {
                Found::Body(object) => bodies.push(object),
                Found::Foreign(name) => foreign.push(name),
            }
        }
    }
    (bodies, foreign)
}

#[tokio::test]
async fn what_there_is_is_listed_and_only_ours_is_removed() {
    let server = Server::start();
    let (bucket, blobs) = server.open().await;
    bucket.claim(7).await.unwrap();
    let mut kept = Vec::new();
    for number in 0..40 {
        kept.push(keep(&blobs, &octets(number, 100)).await);
    }
    kept.push(keep(&blobs, &octets(40, PART_OCTETS + 1)).await);
    let first = kept[0].object().unwrap().to_string();
    let other = match &first[..2] {
        "ff" => "fe",
        _ => "ff",
    };
    let mut foreign = [
        "README".to_owned(),
        "07/".to_owned(),
        "FF/".to_owned(),
        // In our folders, but not as we name things.
        format!("{}/note", &first[..2]),
        format!("{}/{}", &first[..2], first.to_uppercase()),
        format!("{other}/{first}"),
        format!("{}/deeper/{first}", &first[..2]),
    ];
    let store = server.raw();
    for name in &foreign {
        let name = match name.ends_with('/') {
            true => format!("bodies/{name}one"),
            false => format!("bodies/{name}"),
        };
        store.put(&name.into(), "theirs".into()).await.unwrap();
    }
    foreign.sort_unstable();
    // What others have beside all this is not even seen.
    store
        .put(&"elsewhere/ff/x".into(), "theirs".into())
        .await
        .unwrap();
    let (bodies, mut named) = listed(&bucket).await;
    named.sort_unstable();
    assert_eq!(named, foreign);
    let mut found: Vec<_> = bodies.iter().map(|body| (body.name, body.octets)).collect();
    let name = |body: &BodyRef| (body.object().unwrap(), body.length());
    let mut expected: Vec<_> = kept.iter().map(name).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    for body in &bodies {
        let age = SystemTime::now().duration_since(body.modified);
        assert!(age.unwrap_or_default() < Duration::from_secs(60));
    }
    let mut names: Vec<_> = kept[1..].iter().filter_map(BodyRef::object).collect();
    bucket.delete_all(&names).await.unwrap();
    // One that is gone already is no trouble.
    names.truncate(3);
    bucket.delete_all(&names).await.unwrap();
    bucket.delete_all(&[]).await.unwrap();
    let (bodies, named) = listed(&bucket).await;
    assert_eq!(bodies.len(), 1);
    assert_eq!(named.len(), foreign.len());
    assert_eq!(whole(&blobs, &kept[0]).await.unwrap(), octets(0, 100));
    server.open().await;
}

/// More than one answer of the server, and one request to remove, can hold.
#[tokio::test]
async fn many_bodies_are_listed_and_removed() {
    let server = Server::start();
    let (bucket, blobs) = server.open().await;
    let first = keep(&blobs, b"one").await.object().unwrap().to_string();
    let store = server.raw();
    let names = (0..2_345u32).map(|number| format!("{}{number:030x}", &first[..2]));
    let puts = names.map(|name| {
        let (store, path) = (store.clone(), format!("bodies/{}/{name}", &first[..2]));
        async move { store.put(&path.into(), "x".into()).await.map(drop) }
    });
    use futures_util::stream::{StreamExt, TryStreamExt, iter};
    let all = iter(puts.collect::<Vec<_>>()).buffer_unordered(16);
    all.try_collect::<Vec<()>>().await.unwrap();
    let (bodies, _) = listed(&bucket).await;
    assert_eq!(bodies.len(), 2_346);
    let names: Vec<_> = bodies.iter().map(|body| body.name).collect();
    bucket.delete_all(&names).await.unwrap();
    assert_eq!(listed(&bucket).await, (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_bucket_is_one_index_s_and_remembers_its_turns() {
    let server = Server::start();
    let (bucket, _) = server.open().await;
    assert_eq!(bucket.mark().await, Ok(None));
    let mark = |index, turn| Mark { index, turn };
    assert_eq!(bucket.claim(7).await, Ok(mark(7, 0)));
    assert_eq!(bucket.claim(9).await, Ok(mark(7, 0)));
    let now = bucket.note(mark(7, 3)).await.unwrap();
    let off = SystemTime::now().duration_since(now).unwrap_or_default();
    assert!(off < Duration::from_secs(60), "{off:?}");
    assert_eq!(bucket.mark().await, Ok(Some(mark(7, 3))));
    let path = object_store::path::Path::from("bodies/INDEX");
    server.raw().put(&path, "\0".into()).await.unwrap();
    let odd = bucket.mark().await;
    assert!(matches!(odd, Err(BlobError::Broken(_))), "{odd:?}");
}

/// Bodies that were asked for before are what they would be else: whole, in part, damaged,
/// given up, or never expected.
#[tokio::test]
async fn what_is_read_ahead_is_the_same() {
    let server = Server::start();
    let (bucket, blobs) = server.open().await;
    let sizes = [
        10,
        0,
        1,
        100_000,
        AHEAD_OCTETS,
        AHEAD_OCTETS + 1,
        2_000,
        3_000,
        9,
        8,
        7,
    ];
    let mut kept = Vec::new();
    for (seed, size) in (0..).zip(sizes) {
        let body = octets(seed, usize::try_from(size).unwrap());
        kept.push((keep(&blobs, &body).await, body));
    }
    let gone = kept[6].0.object().unwrap();
    bucket.delete_all(&[gone]).await.unwrap();
    let mut ahead = blobs.ahead();
    for at in 0..kept.len() {
        ahead.expect(kept[at..].iter().map(|(body, _)| body));
        // Some are passed over.
        if at == 3 {
            continue;
        }
        let (body, octets) = &kept[at];
        let found = all(ahead.read(body, 0..u64::MAX)).await;
        if at == 6 {
            assert!(matches!(found, Err(BlobError::Damaged(_))), "{found:?}");
        } else {
            assert_eq!(found.unwrap(), *octets);
            // A second section of the same message.
            let cut = octets.len().min(5)..octets.len().min(9);
            assert_eq!(all(ahead.read(body, 5..9)).await.unwrap(), octets[cut]);
        }
    }
    // Parts of what is on its way.
    ahead.expect([&kept[3].0]);
    assert_eq!(
        all(ahead.read(&kept[3].0, 5..99_000)).await.unwrap(),
        kept[3].1[5..99_000]
    );
    ahead.expect([&kept[3].0]);
    assert!(
        all(ahead.read(&kept[3].0, 200_000..300_000))
            .await
            .unwrap()
            .is_empty()
    );
}
