//! How a connection is set up, what SQLite's errors mean to us, and the marks that the
//! database carries of itself.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, OptionalExtension, ffi, params};
use segments::{Marked, Place, SegmentId};

use crate::{KvError, Partition};

/// How long a connection waits where SQLite locks its files for a moment (a reader
/// while the log is recovered or begun anew).
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// Page cache of the writer, in KiB.
const WRITER_CACHE: i64 = 32 * 1024;
/// Page cache of one reader, in KiB.
const READER_CACHE: i64 = 4 * 1024;
/// Pages of SQLite's own log after which they are brought into the database: 16 MiB, so
/// that pages that many transactions touch are written there once for all of them.
const CHECKPOINT_PAGES: u32 = 4096;
/// What that log is cut to after a checkpoint, in octets.
const LOG_OCTETS: u32 = 64 * 1024 * 1024;

/// The name of the database in its folder.
pub const INDEX_FILE: &str = "index.sqlite";

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
    folder: Arc<Marked>,
    /// Most pages that the database may have, where a test plays a full disk.
    pages: Option<u32>,
}

impl Database {
    pub(super) fn new(folder: Arc<Marked>, pages: Option<u32>) -> Database {
        Database { folder, pages }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(INDEX_FILE)
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

    /// All partitions that something is in, ascending.
    pub(super) fn partitions(&self) -> Result<Vec<Partition>, KvError> {
        let connection = self.reader()?;
        let mut partitions = Vec::new();
        let mut last = Vec::new();
        // One look into the tree for each.
        let sql = "SELECT part FROM kv WHERE part > ?1 ORDER BY part LIMIT 1";
        let next = |last: &[u8]| {
            let mut statement = connection.prepare_cached(sql)?;
            statement
                .query_row(params![last], |row| row.get(0))
                .optional()
        };
        while let Some(part) = next(&last).map_err(meaning)? {
            last = part;
            let partition = Partition::from_bytes(&last);
            let odd = || KvError::Damaged(format!("a partition: {last:02x?}"));
            partitions.push(partition.ok_or_else(odd)?);
        }
        Ok(partitions)
    }

    /// Writes what there is to another file, durably.
    pub(super) fn save(&self, file: &Path) -> Result<(), KvError> {
        let connection = self.connect(OpenFlags::empty())?;
        // In one transaction, in which nothing of this database changes.
        let name = file.as_os_str().to_string_lossy();
        connection
            .execute("VACUUM INTO ?1", params![name])
            .map_err(meaning)?;
        File::open(file)
            .and_then(|file| file.sync_all())
            .map_err(|error| KvError::Broken(format!("{}: {error}", file.display())))
    }

    /// Looks whether the database is whole as SQLite sees it.
    pub(super) fn check(&self) -> Result<(), KvError> {
        let found: Result<String, _> =
            self.reader()?
                .query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        match found.map_err(meaning)?.as_str() {
            "ok" => Ok(()),
            found => Err(KvError::Damaged(format!("the index: {found}"))),
        }
    }

    /// How far the database has come.
    pub(super) fn mark(&self) -> Result<Mark, KvError> {
        let mark = Mark::read(&self.reader()?).map_err(meaning)?;
        mark.ok_or_else(|| KvError::Damaged("the index has no mark".into()))
    }

    /// Makes what was written so far durable, and gives the mark that then is.
    pub(super) fn settle(&self) -> Result<Mark, KvError> {
        let mark = self.mark()?;
        // The mark is in SQLite's own log or, if that was begun anew meanwhile, in the
        // database, which was synced before.
        let log = self.path().with_extension("sqlite-wal");
        for file in [&*log, &*self.path(), self.folder.path()] {
            let synced = File::open(file).and_then(|file| file.sync_all());
            synced.map_err(|error| KvError::Broken(format!("{}: {error}", file.display())))?;
        }
        Ok(mark)
    }

    fn connect(&self, more: OpenFlags) -> Result<Connection, KvError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let connection = Connection::open_with_flags(self.path(), flags).map_err(meaning)?;
        connection.busy_timeout(LOCK_PATIENCE).map_err(meaning)?;
        // The last to close would remove the log and its map, and the next to open have to
        // make them: on a full disk it could not, and mail could not even be read.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(meaning)?;
        Ok(connection)
    }

    fn set_up_writer(&self, connection: &Connection) -> Result<(), Error> {
        // In write-ahead mode NORMAL syncs at checkpoints alone. After a power cut the
        // database is whole, as it was at some commit not long ago; what it then lacks is
        // in our own log, from the mark on that the database carries.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
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

/// How far the database has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The version of the last commit that it holds.
    pub(super) version: i64,
    /// Where in the log the commits begin that it does not hold.
    pub(super) place: Place,
}

impl Mark {
    /// The mark of a database; none in one that has none yet.
    pub(super) fn read(connection: &Connection) -> Result<Option<Mark>, Error> {
        let number = |name| meta(connection, name);
        let (Some(version), Some(segment), Some(offset)) =
            (number("version")?, number("segment")?, number("offset")?)
        else {
            return Ok(None);
        };
        let place = Place {
            segment: SegmentId::from_number(segment.cast_unsigned()),
            offset: offset.cast_unsigned(),
        };
        Ok(Some(Mark { version, place }))
    }

    /// Writes it, as part of the transaction that is under way.
    pub(super) fn write(self, connection: &Connection) -> Result<(), Error> {
        let mut put = connection
            .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
        put.execute(params!["version", self.version])?;
        let segment = self.place.segment.number().cast_signed();
        put.execute(params!["segment", segment])?;
        put.execute(params!["offset", self.place.offset.cast_signed()])?;
        Ok(())
    }
}

/// The version after all that a database of format 1 gave.
pub(super) fn versions_before_the_log(connection: &Connection) -> Result<i64, Error> {
    Ok(meta(connection, "versions")?.unwrap_or(0))
}

fn meta(connection: &Connection, name: &str) -> Result<Option<i64>, Error> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row(params![name], |row| row.get(0))
        .optional()
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
