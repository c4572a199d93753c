//! What a domain signs its mail with.

use std::sync::Arc;

use directory::{Directory, DirectoryError, KeyState, RETIRED_FOR, SignatureKey};
use dkim::{Algorithm, Read, Reading};
use kv::memory::Memory;
use kv::{Direction, Kv, Operation, Outcome, Partition};

use crate::world::{World, at, domain, settings};

fn message() -> Read {
    let mut reading = Reading::new();
    reading.header(b"From: lea@x.fr\r\n\r\n");
    reading.body(b"Salut\r\n");
    reading.finish()
}

/// The selectors of the signatures that a message gets.
async fn signed_by(world: &World) -> Vec<String> {
    let signed = world
        .directory
        .sign(&domain("x.fr"), message(), at(0))
        .await;
    let signed = signed.unwrap().replace("\r\n\t", " ");
    let fields = signed.split("DKIM-Signature:").skip(1);
    let selector = |field: &str| {
        let (_, after) = field.split_once(" s=").unwrap();
        after.split_once(';').unwrap().0.to_owned()
    };
    fields.map(selector).collect()
}

async fn keys(world: &World, second: i64) -> Vec<SignatureKey> {
    let x = domain("x.fr");
    let keys = world.directory.signature_keys(&x, at(second)).await;
    keys.unwrap()
}

fn states(keys: &[SignatureKey]) -> Vec<(&str, KeyState)> {
    let state = |key: &SignatureKey| key.state;
    keys.iter()
        .map(|key| (key.selector.as_str(), state(key)))
        .collect()
}

#[tokio::test]
async fn a_domain_has_keys_as_soon_as_anybody_asks() {
    let world = World::new().await;
    // It was added long ago, by a version that knew no keys.
    let signers = signed_by(&world).await;
    assert_eq!(signers, ["20270115-rsa", "20270115-ed25519"]);
    let first = keys(&world, 100).await;
    assert!(
        first
            .iter()
            .all(|key| key.state == KeyState::Active && key.since == at(0))
    );
    let algorithms: Vec<_> = first.iter().map(|key| key.algorithm).collect();
    assert_eq!(algorithms, Algorithm::ALL);
    assert!(first[0].record.starts_with("v=DKIM1; k=rsa; p=MIIB"));
    assert_eq!(keys(&world, 200).await, first);
}

#[tokio::test]
async fn nobody_signs_for_a_domain_that_is_not_served() {
    let world = World::new().await;
    let elsewhere = domain("y.fr");
    let refused = Err(DirectoryError::NoSuchDomain {
        domain: elsewhere.clone(),
    });
    let signed = world.directory.sign(&elsewhere, message(), at(0)).await;
    assert_eq!(signed, refused);
    let rotated = world.directory.rotate_signature_keys(&elsewhere, at(0));
    assert_eq!(rotated.await, refused.map(drop));
}

#[tokio::test]
async fn several_processes_agree_on_the_first_keys() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let world = World::on(kv.clone()).await;
    let others: Vec<Directory> = (0..3)
        .map(|_| Directory::new(kv.clone(), &settings()))
        .collect();
    let x = domain("x.fr");
    let all = others.iter().map(|other| other.signature_keys(&x, at(0)));
    let all = futures_util::future::join_all(all).await;
    let own = keys(&world, 0).await;
    for keys in all {
        assert_eq!(keys.unwrap(), own);
    }
}

#[tokio::test]
async fn keys_are_changed_without_mail_that_can_t_be_verified() {
    use KeyState::{Active, Prepared, Retired};
    let world = World::new().await;
    let (directory, x) = (&world.directory, domain("x.fr"));
    let none = Err(DirectoryError::NoKeysPrepared { domain: x.clone() });
    assert_eq!(directory.rotate_signature_keys(&x, at(0)).await, none);
    // On the same day.
    directory.prepare_signature_keys(&x, at(10)).await.unwrap();
    let twice = Err(DirectoryError::KeysPrepared { domain: x.clone() });
    assert_eq!(directory.prepare_signature_keys(&x, at(11)).await, twice);
    let all = [
        "20270115-rsa",
        "20270115-ed25519",
        "20270115-rsa-2",
        "20270115-ed25519-2",
    ];
    let in_states = |wanted: [KeyState; 4]| all.into_iter().zip(wanted).collect::<Vec<_>>();
    let listed = keys(&world, 20).await;
    assert_eq!(
        states(&listed),
        in_states([Active, Active, Prepared, Prepared])
    );
    assert_eq!(signed_by(&world).await, all[..2]);
    directory.rotate_signature_keys(&x, at(30)).await.unwrap();
    let listed = keys(&world, 30).await;
    assert_eq!(
        states(&listed),
        in_states([Retired, Retired, Active, Active])
    );
    assert_eq!(signed_by(&world).await, all[2..]);
    // Mail that they signed is on its way.
    let days = i64::try_from(RETIRED_FOR.as_secs()).unwrap();
    directory
        .forget_signature_keys(&x, at(29 + days))
        .await
        .unwrap();
    assert_eq!(keys(&world, 0).await.len(), 4);
    directory
        .forget_signature_keys(&x, at(30 + days))
        .await
        .unwrap();
    assert_eq!(states(&keys(&world, 0).await), in_states([Active; 4])[2..]);
    assert_eq!(signed_by(&world).await, all[2..]);
}

#[tokio::test]
async fn there_are_no_more_keys_than_fit() {
    let world = World::new().await;
    let (directory, x) = (&world.directory, domain("x.fr"));
    for round in 1..8 {
        directory
            .prepare_signature_keys(&x, at(round))
            .await
            .unwrap();
        directory
            .rotate_signature_keys(&x, at(round))
            .await
            .unwrap();
    }
    let full = Err(DirectoryError::TooManyKeys { limit: 16 });
    assert_eq!(directory.prepare_signature_keys(&x, at(9)).await, full);
    assert_eq!(keys(&world, 0).await.len(), 16);
}

#[tokio::test]
async fn keys_go_with_their_domain() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let world = World::on(kv.clone()).await;
    let (directory, x) = (&world.directory, domain("x.fr"));
    let first = keys(&world, 0).await;
    directory.remove_domain(&x).await.unwrap();
    assert_eq!(directory.check().await.unwrap().faults, []);
    let gone = Err(DirectoryError::NoSuchDomain { domain: x.clone() });
    assert_eq!(directory.signature_keys(&x, at(0)).await, gone);
    directory.add_domain(&x, at(0)).await.unwrap();
    let second = keys(&world, 0).await;
    assert_ne!(second[0].record, first[0].record);
    let signed = directory.sign(&x, message(), at(0)).await.unwrap();
    assert_eq!(signed.matches("DKIM-Signature:").count(), 2);
}

#[tokio::test]
async fn of_a_header_without_end_nothing_is_signed() {
    let world = World::new().await;
    let mut reading = Reading::new();
    reading.header(&vec![b'a'; dkim::HEADER_OCTETS + 1]);
    let x = domain("x.fr");
    let signed = world.directory.sign(&x, reading.finish(), at(0)).await;
    assert_eq!(signed.unwrap(), "");
}

#[tokio::test]
async fn what_is_wrong_with_keys_is_told() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let world = World::on(kv.clone()).await;
    keys(&world, 0).await;
    let first = async |kind: u8| {
        let snapshot = kv.snapshot(Partition::Directory).await.unwrap();
        let rows = snapshot.scan(vec![kind]..vec![kind + 1], Direction::Forward, 1);
        let (key, value) = rows.await.unwrap().remove(0);
        (key, value.bytes)
    };
    let spoil = async |operation: Operation| {
        let done = kv.commit(Partition::Directory, vec![], vec![operation]);
        assert_eq!(done.await, Ok(Outcome::Committed));
        let faults = world.directory.check().await.unwrap().faults;
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (key, mut value) = first(11).await;
    let good = Operation::Put(key.clone(), value.clone());
    // Within the first private key.
    value[60] ^= 0xff;
    let told = spoil(Operation::Put(key, value)).await;
    assert!(
        told[0].ends_with("it should be the keys of a domain"),
        "{told:?}"
    );
    assert!(spoil(good).await.is_empty());
    let (domain, _) = first(2).await;
    let told = spoil(Operation::Delete(domain)).await;
    assert_eq!(
        told,
        ["the directory: there are keys of x.fr, which is not served"]
    );
}
