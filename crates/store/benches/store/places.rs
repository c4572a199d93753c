//! Where the store that is measured keeps things: the engines of one machine and of many, in
//! every pairing.

use std::path::Path;
use std::sync::Arc;

use address::Password;
use blob::Blobs;
use blob::s3::{self, Bucket};
use kv::Kv;
use kv::postgres::{Postgres, Settings};
use kv::sqlite::Sqlite;
use segments::Log;
use store::Store;

/// A store, and the servers that it needs, on this machine.
pub(crate) struct Place {
    pub(crate) store: Store,
    /// They go with this.
    pub(crate) servers: (Option<testbed::Postgres>, Option<testbed::Garage>),
}

impl Place {
    /// `embedded` (all in the folder), `database` (the index in PostgreSQL), `bucket` (the
    /// bodies in garage, of one node), or `nodes` (both).
    pub(crate) async fn named(name: &str, folder: &Path) -> Place {
        let (database, bucket) = match name {
            "embedded" => (false, false),
            "database" => (true, false),
            "bucket" => (false, true),
            "nodes" => (true, true),
            other => panic!("no place {other:?}"),
        };
        let index = database.then(testbed::Postgres::start);
        let bodies = bucket.then(|| testbed::Garage::start(1));
        let store = match (&index, &bodies) {
            (None, None) => embedded(folder),
            (Some(index), None) => Store::new(
                postgres(index).await,
                Blobs::open(&folder.join("bodies")).unwrap(),
            ),
            (None, Some(bodies)) => {
                let kv = Sqlite::open(&folder.join("index")).unwrap();
                Store::new(Arc::new(kv), garage(bodies).await)
            }
            (Some(index), Some(bodies)) => Store::new(postgres(index).await, garage(bodies).await),
        };
        Place {
            store,
            servers: (index, bodies),
        }
    }
}

/// All in this folder.
pub(crate) fn embedded(folder: &Path) -> Store {
    let log = Log::open(&folder.join("bodies")).unwrap();
    let kv = Sqlite::on(&folder.join("index"), log.clone()).unwrap();
    Store::new(Arc::new(kv), Blobs::on(log).unwrap())
}

async fn postgres(index: &testbed::Postgres) -> Arc<dyn Kv> {
    let settings = Settings::new(&index.address(), None).unwrap();
    Arc::new(Postgres::open(settings).await.unwrap())
}

async fn garage(bodies: &testbed::Garage) -> Blobs {
    let secret = Password::new(bodies.secret_key());
    let endpoint = bodies.endpoints().join(",");
    let settings = s3::Settings::new(&endpoint, "mail", bodies.access_key(), secret);
    Blobs::in_bucket(Bucket::open(&settings).await.unwrap())
}
