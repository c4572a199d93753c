//! Opening: the tables, their format, and encryption on the way.

use kv::postgres::{Postgres, Settings};
use kv::{Direction, Kv, KvError, Outcome, Version};

use crate::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn many_nodes_may_open_a_new_database_at_once() {
    let server = testbed::Postgres::start();
    let other = sql(&server).await;
    // Which step of another's making a node meets is chance: often enough, each.
    for _ in 0..10 {
        let nodes = (0..8).map(|_| Postgres::open(settings(&server)));
        for node in futures_util::future::join_all(nodes).await {
            let node = node.unwrap();
            let outcome = node.commit(account(1), vec![], vec![put(b"k", b"v")]).await;
            assert_eq!(outcome, Ok(Outcome::Committed));
        }
        let drop_all = "DROP TABLE kv, kv_heads, kv_writers, kv_meta";
        other.batch_execute(drop_all).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_there_after_opening_again() {
    let mut server = testbed::Postgres::start();
    let mut seen: Vec<Version> = Vec::new();
    for round in 0..3u8 {
        let kv = node(&server).await;
        let outcome = kv
            .commit(account(1), vec![], vec![put(&[round], b"v")])
            .await;
        assert_eq!(outcome, Ok(Outcome::Committed));
        let all = Vec::new()..vec![0xff];
        let snapshot = kv.snapshot(account(1)).await.unwrap();
        let rows = snapshot.scan(all, Direction::Forward, 10).await.unwrap();
        let keys: Vec<u8> = rows.iter().map(|(key, _)| key[0]).collect();
        assert_eq!(keys, (0..=round).collect::<Vec<u8>>());
        let version = rows.last().unwrap().1.version;
        assert!(!seen.contains(&version));
        seen.push(version);
        drop(snapshot);
        drop(kv);
        server.stop();
        server.start_again();
    }
}

/// A database that falls back to what it was (a standby that had not seen all, a backup)
/// gives no version again that somebody may still know.
#[tokio::test(flavor = "multi_thread")]
async fn versions_do_not_come_back_with_an_older_state() {
    let server = testbed::Postgres::start();
    let kv = node(&server).await;
    let write = async || {
        let outcome = kv.commit(account(1), vec![], vec![put(b"k", b"v")]).await;
        assert_eq!(outcome, Ok(Outcome::Committed));
        get(&kv, account(1), b"k").await.unwrap().version
    };
    let other = sql(&server).await;
    write().await;
    other
        .batch_execute("CREATE TABLE was AS SELECT * FROM kv_heads")
        .await
        .unwrap();
    let lost = write().await;
    let back = "UPDATE kv_heads SET ver = was.ver FROM was WHERE was.part = kv_heads.part";
    other.batch_execute(back).await.unwrap();
    assert_ne!(write().await, lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_format_is_refused_in_words() {
    let server = testbed::Postgres::start();
    drop(node(&server).await);
    let other = sql(&server).await;
    let newer = "UPDATE kv_meta SET value = 2 WHERE name = 'format'";
    other.batch_execute(newer).await.unwrap();
    let refusal = Postgres::open(settings(&server)).await.err().unwrap();
    assert_eq!(refusal, KvError::NewerDatabase { found: 2, known: 1 });
    assert!(
        refusal
            .to_string()
            .contains("has format 2; this program knows up to 1")
    );
    other
        .batch_execute("UPDATE kv_meta SET value = 0")
        .await
        .unwrap();
    let refusal = Postgres::open(settings(&server)).await.err().unwrap();
    assert!(matches!(refusal, KvError::Broken(_)), "{refusal}");
}

/// An operator who spreads the tables makes them; the service then needs no right to.
#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_there_need_no_right_to_make_any() {
    let server = testbed::Postgres::start();
    drop(node(&server).await);
    let other = sql(&server).await;
    let rights = "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        CREATE ROLE postman LOGIN PASSWORD 'his-own';
        GRANT SELECT, INSERT, UPDATE, DELETE ON kv, kv_heads, kv_writers, kv_meta TO postman";
    other.batch_execute(rights).await.unwrap();
    let address = server.address().replace("user=facteur", "user=postman");
    let address = address.replace("password=only-for-tests", "password=his-own");
    let kv = Postgres::open(Settings::new(&address, None).unwrap())
        .await
        .unwrap();
    let outcome = kv.commit(account(1), vec![], vec![put(b"k", b"v")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
    assert!(get(&kv, account(1), b"k").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_found_and_named() {
    let server = testbed::Postgres::start();
    let kv = node(&server).await;
    let outcome = kv.commit(account(1), vec![], vec![put(b"a", b"abc")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
    let other = sql(&server).await;
    other
        .batch_execute("UPDATE kv SET v = set_byte(v, 0, 0)")
        .await
        .unwrap();
    let snapshot = kv.snapshot(account(1)).await.unwrap();
    let damaged = snapshot.get(b"a").await.unwrap_err();
    assert!(
        matches!(&damaged, KvError::Damaged(what) if what.ends_with("key 61")),
        "{damaged}"
    );
    let all = Vec::new()..vec![0xff];
    assert_eq!(
        snapshot.scan(all, Direction::Forward, 9).await,
        Err(damaged)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_at_once_and_not_shown() {
    let server = testbed::Postgres::start();
    let address = server.address().replace("only-for-tests", "s3cret");
    let wrong = Settings::new(&address, None).unwrap();
    let refusal = Postgres::open(wrong).await.err().unwrap();
    assert!(matches!(refusal, KvError::Refused(_)), "{refusal}");
    assert!(!refusal.to_string().contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_the_database_is_checked() {
    let names = vec!["127.0.0.1".to_owned()];
    let own = rcgen::generate_simple_self_signed(names.clone()).unwrap();
    let other = rcgen::generate_simple_self_signed(names).unwrap();
    let elsewhere = rcgen::generate_simple_self_signed(vec!["db.example".to_owned()]).unwrap();
    let identity = |one: &rcgen::CertifiedKey<rcgen::KeyPair>| {
        (one.cert.pem(), one.signing_key.serialize_pem())
    };
    let (certificate, key) = identity(&own);
    let server = testbed::Postgres::start_encrypted(&testbed::Identity {
        certificate: &certificate,
        key: &key,
    });
    let open = async |pem: &str| {
        Postgres::open(Settings::new(&server.tcp_address(), Some(pem.as_bytes())).unwrap()).await
    };
    let kv = open(&certificate).await.unwrap();
    let outcome = kv.commit(account(1), vec![], vec![put(b"k", b"v")]).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
    let encrypted = sql(&server).await;
    let count = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE ssl AND application_name = 'facteur'";
    let count: i64 = encrypted.query_one(count, &[]).await.unwrap().get(0);
    assert!(count > 0, "nothing is encrypted");
    for wrong in [&other, &elsewhere] {
        let refusal = open(&wrong.cert.pem()).await.err().unwrap();
        assert!(refusal.to_string().contains("certificate"), "{refusal}");
    }
    let (certificate, key) = identity(&elsewhere);
    let server = testbed::Postgres::start_encrypted(&testbed::Identity {
        certificate: &certificate,
        key: &key,
    });
    let named = Settings::new(&server.tcp_address(), Some(certificate.as_bytes())).unwrap();
    let refusal = Postgres::open(named).await.err().unwrap();
    assert!(
        refusal.to_string().contains("not valid for name"),
        "{refusal}"
    );
}
