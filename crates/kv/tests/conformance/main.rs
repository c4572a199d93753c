//! Each engine, held to what every engine must do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

mod suite;

use std::sync::Arc;

use kv::memory::Memory;
use kv::sqlite::Sqlite;
use suite::{Engine, hold_to_it};

#[test]
fn memory_conforms() {
    let kv: Engine = Arc::new(Memory::default());
    hold_to_it(&kv);
}

#[test]
fn sqlite_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let kv: Engine = Arc::new(Sqlite::open(dir.path()).unwrap());
    hold_to_it(&kv);
}

#[cfg(feature = "redb")]
#[test]
fn redb_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let kv: Engine = Arc::new(kv::redb::Redb::open(dir.path()).unwrap());
    hold_to_it(&kv);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_conforms() {
    use kv::postgres::{Postgres, Settings};
    let server = testbed::Postgres::start();
    // The engine lives on this one, whatever the tests run on.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let settings = Settings::new(&server.address(), None).unwrap();
    let kv: Engine = Arc::new(runtime.block_on(Postgres::open(settings)).unwrap());
    hold_to_it(&kv);
}
