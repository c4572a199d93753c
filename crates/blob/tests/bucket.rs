//! Bodies in a bucket of a real server: what `bodies.rs` asks of segments, and a server
//! that is away.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use address::Password;
use blob::s3::{Bucket, Found, Mark, Object, PART_OCTETS, Settings, WINDOW_OCTETS};
use blob::{AHEAD_OCTETS, BlobError, Blobs, BodyReader, BodyRef, READ_OCTETS};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

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
    let mut writer = blobs.writer();
    for piece in body.chunks(10_000) {
        writer.write(piece).await.unwrap();
    }
    assert_eq!(writer.length(), body.len() as u64);
    writer.finish().await.unwrap()
}

async fn read(
    blobs: &Blobs,
    body: &BodyRef,
    range: std::ops::Range<u64>,
) -> Result<Vec<u8>, BlobError> {
    all(blobs.read(body, range)).await
}

async fn all(mut reader: BodyReader) -> Result<Vec<u8>, BlobError> {
    let mut all = Vec::new();
    while let Some(piece) = reader.next().await {
        let piece = piece?;
        assert!(!piece.is_empty() && piece.len() <= READ_OCTETS);
        all.extend_from_slice(&piece);
    }
    assert_eq!(reader.left(), 0);
    Ok(all)
}

async fn whole(blobs: &Blobs, body: &BodyRef) -> Result<Vec<u8>, BlobError> {
    read(blobs, body, 0..u64::MAX).await
}

fn settings(endpoint: &str) -> Settings {
    let mut settings = Settings::new(endpoint, "mail", "facteur", Password::new("s3cret"));
    settings.prefix = "bodies".to_owned();
    settings.patience = Duration::from_secs(2);
    settings
}

async fn open(server: &testbed::S3) -> (Bucket, Blobs) {
    let bucket = Bucket::open(&settings(&server.endpoint())).await.unwrap();
    (bucket.clone(), Blobs::in_bucket(bucket))
}

/// The bucket as somebody else sees it.
fn raw(server: &testbed::S3) -> AmazonS3 {
    AmazonS3Builder::new()
        .with_endpoint(server.endpoint())
        .with_bucket_name("mail")
        .with_access_key_id("other")
        .with_secret_access_key("other")
        .with_allow_http(true)
        .build()
        .unwrap()
}

/// Where all bodies are, without the format.
async fn objects(store: &AmazonS3) -> Vec<object_store::path::Path> {
    let found = store.list_with_delimiter(None).await.unwrap();
    assert_eq!(found.common_prefixes.len(), 1);
    let mut all = Vec::new();
    for folder in found.common_prefixes {
        let inner = store.list_with_delimiter(Some(&folder)).await.unwrap();
        for folder in inner.common_prefixes {
            let bodies = store.list_with_delimiter(Some(&folder)).await.unwrap();
            all.extend(bodies.objects.into_iter().map(|object| object.location));
        }
    }
    all
}

#[tokio::test]
async fn bodies_of_every_size_come_back_also_after_opening_again() {
    let server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
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
    let (_, blobs) = open(&server).await;
    for (kept_as, body) in &kept {
        assert_eq!(whole(&blobs, kept_as).await.unwrap(), *body);
    }
    assert_eq!(objects(&raw(&server)).await.len(), sizes.len());
}

#[tokio::test]
async fn ranges_are_cut_to_the_body() {
    let server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
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
async fn a_dropped_writer_never_was() {
    let server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
    for length in [3_000, 3 * PART_OCTETS] {
        let mut writer = blobs.writer();
        writer.write(&octets(1, length)).await.unwrap();
    }
    // What was there in parts is removed meanwhile; the other one was never sent.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let kept = keep(&blobs, b"one").await;
    let store = raw(&server);
    let all = objects(&store).await;
    assert_eq!(all.len(), 1);
    assert_eq!(whole(&blobs, &kept).await.unwrap(), b"one");
    let uploads = ask(&server, "GET /mail?uploads HTTP/1.1").await;
    assert!(uploads.contains("ListMultipartUploadsResult"), "{uploads}");
    assert!(!uploads.contains("<UploadId>"), "{uploads}");
}

/// What the server answers to a request of one line.
async fn ask(server: &testbed::S3, line: &str) -> String {
    let address = server.endpoint().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_removed_body_is_gone_and_its_neighbours_are_not() {
    let server = testbed::S3::start();
    let (bucket, blobs) = open(&server).await;
    // The same octets twice are two bodies.
    let (one, two) = (keep(&blobs, b"same").await, keep(&blobs, b"same").await);
    assert_ne!(one, two);
    bucket.delete(&one).await.unwrap();
    bucket.delete(&one).await.unwrap();
    let gone = whole(&blobs, &one).await;
    assert!(matches!(gone, Err(BlobError::Damaged(_))), "{gone:?}");
    assert_eq!(whole(&blobs, &two).await.unwrap(), b"same");
}

#[tokio::test]
async fn a_damaged_body_is_found() {
    let server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
    let body = octets(1, 100_000);
    let kept = keep(&blobs, &body).await;
    let store = raw(&server);
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
    let server = testbed::S3::start();
    let (bucket, in_bucket) = open(&server).await;
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
    assert!(matches!(
        bucket.delete(&here).await,
        Err(BlobError::Damaged(_))
    ));
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
    let server = testbed::S3::start();
    let (bucket, blobs) = open(&server).await;
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
    let store = raw(&server);
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
    open(&server).await;
}

/// More than one answer of the server, and one request to remove, can hold.
#[tokio::test]
async fn many_bodies_are_listed_and_removed() {
    let server = testbed::S3::start();
    let (bucket, blobs) = open(&server).await;
    let first = keep(&blobs, b"one").await.object().unwrap().to_string();
    let store = raw(&server);
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
    let server = testbed::S3::start();
    let (bucket, _) = open(&server).await;
    assert_eq!(bucket.mark().await, Ok(None));
    let mark = |index, turn| Mark { index, turn };
    let (one, other) = tokio::join!(bucket.claim(7), bucket.claim(8));
    assert_eq!(one, other);
    let winner = one.unwrap().index;
    assert_eq!(bucket.claim(9).await, Ok(mark(winner, 0)));
    let now = bucket.note(mark(winner, 3)).await.unwrap();
    let off = SystemTime::now().duration_since(now).unwrap_or_default();
    assert!(off < Duration::from_secs(60), "{off:?}");
    assert_eq!(bucket.mark().await, Ok(Some(mark(winner, 3))));
    let path = object_store::path::Path::from("bodies/INDEX");
    raw(&server).put(&path, "\0".into()).await.unwrap();
    let odd = bucket.mark().await;
    assert!(matches!(odd, Err(BlobError::Broken(_))), "{odd:?}");
}

/// Answers every request with this status line.
async fn stubborn(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    endpoint
}

#[tokio::test]
async fn why_a_bucket_can_not_be_opened_is_told_apart() {
    let server = testbed::S3::start();
    let mut missing = settings(&server.endpoint());
    missing.bucket = "elsewhere".to_owned();
    let refusal = Bucket::open(&missing).await.unwrap_err();
    assert_eq!(
        refusal,
        BlobError::NoBucket("s3://elsewhere/bodies".to_owned())
    );
    for status in ["403 Forbidden", "401 Unauthorized"] {
        let denied = settings(&stubborn(status).await);
        let refusal = Bucket::open(&denied).await.unwrap_err();
        assert!(matches!(refusal, BlobError::Refused(_)), "{refusal}");
        assert!(!refusal.to_string().contains("s3cret"));
    }
    let odd = Bucket::open(&settings("http://s3.example"))
        .await
        .unwrap_err();
    assert!(matches!(odd, BlobError::Unusable(_)), "{odd}");
}

#[tokio::test]
async fn a_newer_format_is_refused_in_words() {
    let server = testbed::S3::start();
    open(&server).await;
    let store = raw(&server);
    let path = object_store::path::Path::from("bodies/FORMAT");
    store
        .put(&path, "facteur-bodies-s3 2\n".into())
        .await
        .unwrap();
    let refusal = Bucket::open(&settings(&server.endpoint()))
        .await
        .unwrap_err();
    let words = refusal.to_string();
    assert!(
        words.contains("s3://mail/bodies has format 2; this program knows up to 1"),
        "{words}"
    );
    for odd in ["facteur-bodies 1", "facteur-bodies-s3 0", "", "\0"] {
        store.put(&path, odd.into()).await.unwrap();
        let refusal = Bucket::open(&settings(&server.endpoint())).await;
        assert!(
            matches!(refusal, Err(BlobError::Broken(_))),
            "{odd}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for_and_then_told() {
    let mut server = testbed::S3::start();
    let (_, blobs) = open(&server).await;
    let kept = keep(&blobs, b"one").await;
    server.stop();
    let begun = Instant::now();
    let mut writer = blobs.writer();
    writer.write(b"two").await.unwrap();
    let (written, read) = tokio::join!(writer.finish(), whole(&blobs, &kept));
    assert!(matches!(written, Err(BlobError::Away(_))), "{written:?}");
    assert!(matches!(read, Err(BlobError::Away(_))), "{read:?}");
    let opened = Bucket::open(&settings(&server.endpoint())).await;
    assert!(matches!(opened, Err(BlobError::Away(_))), "{opened:?}");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(40), "{took:?}");
}

#[tokio::test]
async fn a_body_waits_for_a_server_that_comes_back() {
    // Not the server itself goes, which would forget its bucket, but the way to it.
    let server = testbed::S3::start();
    let there = server.endpoint().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let none_is_lost = Arc::new(AtomicBool::new(true));
    let way = tokio::spawn(carry_all(listener, there.clone(), none_is_lost.clone()));
    let mut patient = settings(&format!("http://{place}"));
    patient.patience = Duration::from_secs(60);
    let blobs = Blobs::in_bucket(Bucket::open(&patient).await.unwrap());
    way.abort();
    assert!(way.await.unwrap_err().is_cancelled());
    let waiting = tokio::spawn({
        let blobs = blobs.clone();
        async move { keep(&blobs, b"late").await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    let listener = TcpListener::bind(place).await.unwrap();
    let way = tokio::spawn(carry_all(listener, there, none_is_lost));
    let kept = waiting.await.unwrap();
    assert_eq!(whole(&blobs, &kept).await.unwrap(), b"late");
    way.abort();
}

/// Two ways to the service, as to two nodes of it. One after the other goes and comes back,
/// in the middle of bodies large and small.
#[tokio::test]
async fn whichever_place_answers_is_asked() {
    let server = testbed::S3::start();
    let there = server.endpoint().trim_start_matches("http://").to_owned();
    let mut ways = Vec::new();
    for _ in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        ways.push((place, Some(carrying(listener, &there))));
    }
    let endpoints = format!("http://{}, http://{}", ways[0].0, ways[1].0);
    let blobs = Blobs::in_bucket(Bucket::open(&settings(&endpoints)).await.unwrap());
    let large = octets(1, 3 * PART_OCTETS);
    for round in 0..4 {
        let (small, mut writer) = (keep(&blobs, b"small").await, blobs.writer());
        let (first, rest) = large.split_at(PART_OCTETS + 10);
        writer.write(first).await.unwrap();
        let (place, way) = &mut ways[round % 2];
        let gone = way.take().unwrap();
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        writer.write(rest).await.unwrap();
        let kept = writer.finish().await.unwrap();
        assert_eq!(whole(&blobs, &small).await.unwrap(), b"small");
        assert_eq!(whole(&blobs, &kept).await.unwrap(), large);
        assert_eq!(
            whole(&blobs, &keep(&blobs, b"more").await).await.unwrap(),
            b"more"
        );
        *way = Some(carrying(TcpListener::bind(*place).await.unwrap(), &there));
    }
}

fn carrying(listener: TcpListener, there: &str) -> tokio::task::JoinHandle<()> {
    let none_is_lost = Arc::new(AtomicBool::new(true));
    tokio::spawn(carry_all(listener, there.to_owned(), none_is_lost))
}

/// Bodies that were asked for before are what they would be else: whole, in part, damaged,
/// given up, or never expected.
#[tokio::test]
async fn what_is_read_ahead_is_the_same() {
    let server = testbed::S3::start();
    let (bucket, blobs) = open(&server).await;
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
    bucket.delete(&kept[6].0).await.unwrap();
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

/// The answer to a put is lost: the body is there all the same, once.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let server = testbed::S3::start();
    open(&server).await;
    let there = server.endpoint().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let lost = Arc::new(AtomicBool::new(false));
    let carrying = tokio::spawn(carry_all(listener, there, lost.clone()));
    let bucket = Bucket::open(&settings(&endpoint)).await.unwrap();
    let blobs = Blobs::in_bucket(bucket);
    let kept = keep(&blobs, b"one").await;
    assert!(lost.load(Ordering::Relaxed));
    assert_eq!(whole(&blobs, &kept).await.unwrap(), b"one");
    let store = raw(&server);
    let all = objects(&store).await;
    assert_eq!(all.len(), 1);
    // It was asked for as one that is not there, and that is heeded.
    let again = store.put_opts(&all[0], "two".into(), PutMode::Create.into());
    let again = again.await.unwrap_err();
    assert!(
        matches!(again, object_store::Error::AlreadyExists { .. }),
        "{again}"
    );
    carrying.abort();
}

/// Carries connections, which end when this does.
async fn carry_all(listener: TcpListener, there: String, lost: Arc<AtomicBool>) {
    let mut carried = tokio::task::JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        carried.spawn(carry(near, there.clone(), lost.clone()));
    }
}

/// Carries a connection, but for the answer to the first put.
async fn carry(mut near: TcpStream, there: String, lost: Arc<AtomicBool>) {
    let Ok(mut far) = TcpStream::connect(there).await else {
        return;
    };
    let (mut ask, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut is_put = false;
    loop {
        tokio::select! {
            asked = near.read(&mut ask) => {
                let Ok(count @ 1..) = asked else { return };
                is_put |= ask[..count].starts_with(b"PUT ");
                far.write_all(&ask[..count]).await.unwrap();
            }
            answered = far.read(&mut answer) => {
                let Ok(count @ 1..) = answered else { return };
                if is_put && !lost.swap(true, Ordering::Relaxed) {
                    return;
                }
                near.write_all(&answer[..count]).await.unwrap();
            }
        }
    }
}
