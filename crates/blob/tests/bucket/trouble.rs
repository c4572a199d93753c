//! A server that is away, refuses, or is reached with trouble.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blob::s3::{Bucket, PART_OCTETS};
use blob::{BlobError, Blobs};
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::common::{keep, objects, octets, open, raw, settings, whole};

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
        .put(&path, "facteur-bodies-s3 3\n".into())
        .await
        .unwrap();
    let refusal = Bucket::open(&settings(&server.endpoint()))
        .await
        .unwrap_err();
    let words = refusal.to_string();
    assert!(
        words.contains("s3://mail/bodies has format 3; this program knows up to 2"),
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

/// Where the server heeds a condition; garage, which does not, tells one of them at its first
/// pass over the bucket.
#[tokio::test]
async fn of_two_indexes_at_once_one_has_the_bucket() {
    let server = testbed::S3::start();
    let (bucket, _) = open(&server).await;
    for _ in 0..5 {
        let (one, other) = tokio::join!(bucket.claim(7), bucket.claim(8));
        assert_eq!(one, other);
        assert_eq!(bucket.claim(9).await, one);
        let path = object_store::path::Path::from("bodies/INDEX");
        raw(&server).delete(&path).await.unwrap();
    }
}
