//! What the tests of a bucket share.

#[path = "../common/mod.rs"]
mod bodies;

use std::time::Duration;

use address::Password;
use blob::s3::{Bucket, Settings};
use blob::{BlobError, Blobs, BodyRef};
use object_store::ObjectStore;
use object_store::aws::{AmazonS3, AmazonS3Builder};

/// The variable by which another server is chosen.
const SERVER: &str = "S3_SERVER";

/// What has the bucket.
pub(crate) enum Server {
    /// A small one, which takes any key.
    Moto(testbed::S3),
    /// Three nodes.
    Garage(testbed::Garage),
}

impl Server {
    /// The small one; garage where `S3_SERVER=garage`, as the proof `nodes` has it.
    pub(crate) fn start() -> Server {
        match std::env::var(SERVER).as_deref() {
            Err(_) => Server::Moto(testbed::S3::start()),
            Ok("garage") => Server::Garage(testbed::Garage::start(3)),
            Ok(other) => panic!("{SERVER}={other}: there is garage, or none"),
        }
    }

    fn endpoints(&self) -> String {
        match self {
            Server::Moto(moto) => moto.endpoint(),
            Server::Garage(garage) => garage.endpoints().join(","),
        }
    }

    fn key(&self) -> (&'static str, &'static str) {
        match self {
            Server::Moto(_) => ("facteur", "s3cret"),
            Server::Garage(garage) => (garage.access_key(), garage.secret_key()),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        let (key, secret) = self.key();
        settings_with(&self.endpoints(), key, secret)
    }

    pub(crate) async fn open(&self) -> (Bucket, Blobs) {
        let bucket = Bucket::open(&self.settings()).await.unwrap();
        (bucket.clone(), Blobs::in_bucket(bucket))
    }

    /// The bucket as somebody else sees it.
    pub(crate) fn raw(&self) -> AmazonS3 {
        let (key, secret) = self.key();
        raw_at(self.endpoints().split(',').next().unwrap(), key, secret)
    }
}

pub(crate) fn settings(endpoint: &str) -> Settings {
    settings_with(endpoint, "facteur", "s3cret")
}

fn settings_with(endpoint: &str, key: &str, secret: &str) -> Settings {
    let mut settings = Settings::new(endpoint, "mail", key, Password::new(secret));
    settings.prefix = "bodies".to_owned();
    settings.patience = Duration::from_secs(2);
    settings
}

pub(crate) async fn open(server: &testbed::S3) -> (Bucket, Blobs) {
    let bucket = Bucket::open(&settings(&server.endpoint())).await.unwrap();
    (bucket.clone(), Blobs::in_bucket(bucket))
}

/// The bucket of a small server as somebody else sees it.
pub(crate) fn raw(server: &testbed::S3) -> AmazonS3 {
    raw_at(&server.endpoint(), "other", "other")
}

fn raw_at(endpoint: &str, key: &str, secret: &str) -> AmazonS3 {
    AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_bucket_name("mail")
        .with_access_key_id(key)
        .with_secret_access_key(secret)
        .with_allow_http(true)
        .build()
        .unwrap()
}

/// Octets that differ from place to place and from seed to seed.
pub(crate) fn octets(seed: u64, length: usize) -> Vec<u8> {
    let mut reader = blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof();
    let mut octets = vec![0; length];
    reader.fill(&mut octets);
    octets
}

pub(crate) use self::bodies::{all, read};

pub(crate) async fn keep(blobs: &Blobs, body: &[u8]) -> BodyRef {
    bodies::keep(blobs, body, 10_000).await
}

pub(crate) async fn whole(blobs: &Blobs, body: &BodyRef) -> Result<Vec<u8>, BlobError> {
    read(blobs, body, 0..u64::MAX).await
}

/// Where all bodies are, without the format.
pub(crate) async fn objects(store: &AmazonS3) -> Vec<object_store::path::Path> {
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
