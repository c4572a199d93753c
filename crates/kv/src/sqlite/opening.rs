//! Opening: what the database lacks is read from the log.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use segments::{Log, Marked, Place};

use super::Tuning;
use super::connection::{Database, Mark, meaning, versions_before_the_log};
use super::flusher;
use super::group::{Group, decode};
use super::layers::Layers;
use super::writer::Ground;
use crate::KvError;

/// What stands in the FORMAT file before the number.
const FORMAT_NAME: &str = "facteur-index";
/// The format that is written, and the newest that is read.
///
/// 1: `index.sqlite` alone, with a sync at every commit. 2: `index.sqlite`, and what the
/// log has after its mark.
const FORMAT: u32 = 2;

/// An index that was opened.
pub(super) struct Opened {
    pub(super) database: Database,
    /// The connection that writes.
    pub(super) connection: Connection,
    pub(super) ground: Ground,
    /// Where the log ends that the layers hold.
    pub(super) place: Place,
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
        layers: Arc::new(Layers::new(mark.version)),
    };
    let place = catch_up(&mut ground, &mut connection, log, mark, tuning.layer_octets)?;
    Ok(Opened {
        database,
        connection,
        ground,
        place,
    })
}

/// True when all that ever was in the index can be read in the log.
fn begins_here(log: &Log) -> Result<bool, KvError> {
    if log.was_empty() {
        return Ok(true);
    }
    let first = log.changes(log.start())?.next_frame()?;
    let first = first.as_deref().and_then(decode);
    Ok(first.is_some_and(|group| group.first == 1))
}

fn missing(path: &Path) -> KvError {
    KvError::Damaged(format!(
        "{} has no index, and messages are there that one has known: put it back as it was",
        path.display()
    ))
}

/// Gives a database its first mark, durably.
fn first_mark(connection: &mut Connection, place: Place, version: i64) -> Result<Mark, KvError> {
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

/// Reads in the log what the database lacks. Gives the place after it.
fn catch_up(
    ground: &mut Ground,
    connection: &mut Connection,
    log: &Log,
    mark: Mark,
    layer_octets: usize,
) -> Result<Place, KvError> {
    if log.end() < mark.place {
        return Err(KvError::Damaged(format!(
            "the index knows what was kept up to {}, and the log ends before that: {}",
            mark.place,
            log.end()
        )));
    }
    let layers = ground.layers.clone();
    let mut version = mark.version;
    let mut changes = log.changes(mark.place)?;
    while let Some(frame) = changes.next_frame()? {
        let group = decode(&frame).filter(|group| group.first == version + 1);
        let Some(Group { commits, .. }) = group else {
            return Err(KvError::Damaged(format!(
                "what follows change {version} of the index is not in the log, before {}",
                changes.place()
            )));
        };
        for (partition, operations) in commits {
            version += 1;
            ground.again(partition, operations, version)?;
        }
        layers.publish(version);
        if layers.active().octets() >= layer_octets
            && let Some(layer) = layers.rest()
        {
            let place = changes.place();
            let written = flusher::write(connection, &layer, Mark { version, place });
            layers.settle(written.map_err(meaning));
            layers.wait()?;
        }
    }
    Ok(changes.place())
}
