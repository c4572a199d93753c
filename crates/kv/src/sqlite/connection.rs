//! How a connection is set up, and what SQLite's errors mean to us.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, ffi};

use super::folder::Folder;
use crate::KvError;

/// How long a connection waits where SQLite locks its files for a moment (a reader
/// while the log is recovered or begun anew).
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// Page cache of the writer, in KiB.
const WRITER_CACHE: i64 = 32 * 1024;
/// Page cache of one reader, in KiB.
const READER_CACHE: i64 = 4 * 1024;
/// Pages of log after which they are brought into the database: 16 MiB, so that pages
/// that every commit touches are written there once for many commits.
const CHECKPOINT_PAGES: u32 = 4096;
/// What the log file is cut to after a checkpoint, in octets.
const LOG_OCTETS: u32 = 64 * 1024 * 1024;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS kv (
        part BLOB NOT NULL, k BLOB NOT NULL, v BLOB NOT NULL, ver INTEGER NOT NULL,
        PRIMARY KEY (part, k)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS meta (
        name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// Where the database is. Whoever holds it keeps the folder locked.
#[derive(Clone, Debug)]
pub(super) struct Database {
    folder: Arc<Folder>,
    /// Most pages that the database may have, where a test plays a full disk.
    pages: Option<u32>,
}

impl Database {
    pub(super) fn new(folder: Arc<Folder>, pages: Option<u32>) -> Database {
        Database { folder, pages }
    }

    /// The connection that writes; it makes the tables.
    pub(super) fn writer(&self) -> Result<Connection, KvError> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_CREATE)?;
        self.set_up_writer(&connection).map_err(meaning)?;
        Ok(connection)
    }

    /// One more connection that reads. The writer's must have been there before.
    pub(super) fn reader(&self) -> Result<Connection, KvError> {
        // A reader, too, writes the shared map of the log; `query_only` keeps it from
        // everything else.
        let connection = self.connect(OpenFlags::empty())?;
        connection
            .pragma_update(None, "query_only", true)
            .and_then(|()| connection.pragma_update(None, "cache_size", -READER_CACHE))
            .map_err(meaning)?;
        Ok(connection)
    }

    fn connect(&self, more: OpenFlags) -> Result<Connection, KvError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let connection =
            Connection::open_with_flags(self.folder.database(), flags).map_err(meaning)?;
        connection.busy_timeout(LOCK_PATIENCE).map_err(meaning)?;
        // The last to close would remove the log and its map, and the next to open have to
        // make them: on a full disk it could not, and mail could not even be read.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(meaning)?;
        Ok(connection)
    }

    fn set_up_writer(&self, connection: &Connection) -> Result<(), Error> {
        // In write-ahead mode FULL syncs the log at each commit, before COMMIT returns.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", LOG_OCTETS)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        if let Some(pages) = self.pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        connection.execute_batch(SCHEMA)
    }
}

/// What an error of SQLite means to us.
#[allow(clippy::needless_pass_by_value, reason = "it is made for map_err")]
pub(super) fn meaning(error: Error) -> KvError {
    let Error::SqliteFailure(code, _) = &error else {
        return KvError::Broken(error.to_string());
    };
    match code.code {
        ErrorCode::DiskFull => KvError::Full,
        // The shared map of the log could not grow: a full disk, said otherwise.
        _ if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => KvError::Full,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => KvError::Damaged(error.to_string()),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => KvError::Busy,
        _ => KvError::Broken(error.to_string()),
    }
}
