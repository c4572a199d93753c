//! Opening: what the database lacks is read from the log.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use segments::{Log, Marked, Place};

use super::Tuning;
use super::connection::{Database, Mark, meaning, versions_before_the_log};
use super::layers::Layers;
use super::replay::{Replay, Trouble};
use super::salvage::begins;
use super::writer::Ground;
use crate::KvError;

/// What stands in the FORMAT file before the number.
pub(super) const FORMAT_NAME: &str = "facteur-index";
/// The format that is written, and the newest that is read.
///
/// 1: `index.sqlite` alone, with a sync at every commit. 2: `index.sqlite`, and what the
/// log has after its mark.
pub(super) const FORMAT: u32 = 2;

/// An index that was opened.
pub(super) struct Opened {
    pub(super) database: Database,
    /// The connection that writes.
    pub(super) connection: Connection,
    pub(super) ground: Ground,
}

/// Opens the index in a folder over its log.
pub(super) fn open(path: &Path, log: &Log, tuning: Tuning) -> Result<Opened, KvError> {
    let folder = Arc::new(Marked::open(path, FORMAT_NAME, FORMAT)?);
    let database = Database::new(folder.clone(), tuning.pages);
    let mut connection = database.writer()?;
    // The log is raised first: what will be in it must never be opened by a program that
    // knows nothing of changes.
    log.raise()?;
    let older = folder.format() < FORMAT;
    let mark = match Mark::read(&connection).map_err(meaning)? {
        Some(mark) => mark,
        // Nothing of a database of format 1 is in the log.
        None if older => {
            let version = versions_before_the_log(&connection).map_err(meaning)?;
            first_mark(&mut connection, log.end(), version)?
        }
        None if begins_here(log)? => first_mark(&mut connection, log.start(), 0)?,
        None => return Err(missing(path)),
    };
    folder
        .raise()
        .map_err(|error| KvError::Broken(format!("{}: {error}", path.display())))?;
    let mut ground = Ground {
        connection: database.reader()?,
        database: database.clone(),
        layers: Arc::new(Layers::new(mark)),
    };
    if log.end() < mark.place {
        return Err(KvError::Damaged(format!(
            "the index knows what was kept up to {}, and the log ends before that: {}",
            mark.place,
            log.end()
        )));
    }
    Replay {
        ground: &mut ground,
        connection: &mut connection,
        layer_octets: tuning.layer_octets,
        // Mail would be missing, and nobody told.
        on_trouble: &mut |trouble| Err(refused(&trouble)),
    }
    .run(log)?;
    Ok(Opened {
        database,
        connection,
        ground,
    })
}

fn refused(trouble: &Trouble) -> KvError {
    KvError::Damaged(trouble.to_string())
}

/// True when all that ever was in the index can be read in the log.
fn begins_here(log: &Log) -> Result<bool, KvError> {
    Ok(log.was_empty() || begins(log)?)
}

fn missing(path: &Path) -> KvError {
    KvError::Damaged(format!(
        "{} has no index, and messages are there that one has known",
        path.display()
    ))
}

/// Gives a database its first mark, durably.
pub(super) fn first_mark(
    connection: &mut Connection,
    place: Place,
    version: i64,
) -> Result<Mark, KvError> {
    let mark = Mark { version, place };
    let mut begin = || {
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        mark.write(&transaction)?;
        transaction.commit()?;
        connection.pragma_update(None, "synchronous", "NORMAL")
    };
    begin().map_err(meaning)?;
    Ok(mark)
}
