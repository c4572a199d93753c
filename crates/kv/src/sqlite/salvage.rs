//! Making an index again from the log alone.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use segments::{Frame, IndexKind, Kind, Log, LogError, Marked, Place};

use super::connection::{Database, Mark, meaning};
use super::copy::{Copied, read_page};
use super::flusher::Rows;
use super::layers::Layers;
use super::opening::{FORMAT, FORMAT_NAME, first_mark};
use super::replay::{Replay, bring};
use super::writer::Ground;
use super::{LAYER_OCTETS, group};
use crate::KvError;

/// What came of a salvage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Changes that the index has now: how many there ever were.
    pub changes: u64,
    /// What could not be read, in words for the operator. Nothing is lost when it is empty.
    pub lost: Vec<String>,
    /// Where the old index was put, if there was one.
    pub aside: Option<PathBuf>,
}

/// Makes the index in this folder again from the log, which nobody else may have open: from
/// the newest copy that is whole, and what changed since. What can't be read is passed over
/// and named. What the folder was before is put aside.
///
/// # Errors
/// What the disk says. The folder is then as it was.
pub fn salvage(path: &Path, log: &Log) -> Result<Salvaged, KvError> {
    let broken = |error: io::Error| KvError::Broken(format!("{}: {error}", path.display()));
    let making = beside(path, "salvaged");
    // Of a salvage that was cut short.
    match std::fs::remove_dir_all(&making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(error)),
        _ => {}
    }
    log.raise()?;
    let mut salvaged = make(&making, log)?;
    salvaged.aside = put_aside(path).map_err(broken)?;
    std::fs::rename(&making, path)
        .and_then(|()| sync_parent(path))
        .map_err(broken)?;
    Ok(salvaged)
}

/// The newest copy in the log whose end can be read.
///
/// # Errors
/// What the disk says.
pub fn newest_copy(log: &Log) -> Result<Option<Copied>, KvError> {
    Ok(copies(log)?.next())
}

/// All copies whose ends can be read, the newest first, as they are asked for.
fn copies(log: &Log) -> Result<impl Iterator<Item = Copied>, KvError> {
    let mut segments = log.segments()?;
    segments.retain(|(segment, _)| segment.is_shared());
    let log = log.clone();
    Ok(segments.into_iter().rev().flat_map(move |(segment, _)| {
        let frames = log.survey(segment).map(|survey| survey.frames);
        // One that can't be read has no end that can.
        let mut frames = frames.unwrap_or_default();
        frames.retain(|frame| frame.kind == Kind::Index(IndexKind::End));
        let log = log.clone();
        let read = move |frame: Frame| Copied::read(&log.content(&frame).ok()?);
        frames.into_iter().rev().filter_map(read)
    }))
}

fn make(path: &Path, log: &Log) -> Result<Salvaged, KvError> {
    let mut salvaged = Salvaged::default();
    let folder = Arc::new(Marked::open(path, FORMAT_NAME, FORMAT)?);
    let database = Database::new(folder, None);
    let mut connection = database.writer()?;
    let mark = ground(&mut connection, log, &mut salvaged.lost)?;
    let mark = first_mark(&mut connection, mark.place, mark.version)?;
    let mut ground = Ground {
        connection: database.reader()?,
        database: database.clone(),
        layers: Arc::new(Layers::new(mark)),
    };
    let layers = ground.layers.clone();
    Replay {
        ground: &mut ground,
        connection: &mut connection,
        layer_octets: LAYER_OCTETS,
        on_trouble: &mut |trouble| {
            salvaged.lost.push(trouble.to_string());
            Ok(())
        },
    }
    .run(log)?;
    bring(&layers, &mut connection)?;
    let mark = database.settle()?;
    salvaged.changes = u64::try_from(mark.version).unwrap_or(0);
    Ok(salvaged)
}

/// Puts into an empty database what a copy holds, the newest that is whole. Gives from
/// where on changes are to be read.
fn ground(connection: &mut Connection, log: &Log, lost: &mut Vec<String>) -> Result<Mark, KvError> {
    let mut newest = None;
    for copied in copies(log)? {
        match pages(log, &copied)? {
            Ok(pages) => return fill(connection, log, &copied, pages, lost),
            Err(trouble) => lost.push(format!("of a copy of the index, {trouble}")),
        }
        newest = newest.or(Some(copied));
    }
    let start = Mark {
        version: 0,
        place: log.start(),
    };
    if begins(log)? {
        return Ok(start);
    }
    // None is whole, and the log alone does not go back far enough: what of the newest can
    // be read is better than nothing.
    let Some(copied) = newest else {
        return Ok(start);
    };
    let pages = index_frames(log, copied.first)?;
    let pages = pages.into_iter().filter(is_page).collect();
    fill(connection, log, &copied, pages, lost)
}

/// True when all that ever was in the index can be read in the log.
///
/// # Errors
/// What the disk says.
pub fn begins(log: &Log) -> Result<bool, KvError> {
    match log.changes(log.start())?.next_frame() {
        Ok(first) => {
            let first = first.as_deref().and_then(group::decode);
            Ok(first.is_some_and(|group| group.first == 1))
        }
        Err(LogError::Damaged(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The pages of a copy, or why they are not all there.
fn pages(log: &Log, copied: &Copied) -> Result<Result<Vec<Frame>, String>, KvError> {
    let mut frames = index_frames(log, copied.first)?;
    let end = frames
        .iter()
        .position(|frame| is_end_of(log, frame, copied));
    frames.truncate(end.unwrap_or(frames.len()));
    frames.retain(is_page);
    if frames.len() as u64 != copied.pages {
        let there = frames.len();
        return Ok(Err(format!(
            "only {there} of {} pages are there",
            copied.pages
        )));
    }
    for frame in &frames {
        match log.content(frame) {
            Ok(_) => {}
            Err(LogError::Damaged(what)) => return Ok(Err(format!("a page is damaged: {what}"))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Ok(frames))
}

fn is_page(frame: &Frame) -> bool {
    frame.kind == Kind::Index(IndexKind::Page)
}

fn is_end_of(log: &Log, frame: &Frame, copied: &Copied) -> bool {
    frame.kind == Kind::Index(IndexKind::End)
        && log
            .content(frame)
            .is_ok_and(|content| Copied::read(&content) == Some(*copied))
}

/// The frames of the index from a place on, but for changes.
fn index_frames(log: &Log, from: Place) -> Result<Vec<Frame>, KvError> {
    let mut found = Vec::new();
    for (segment, _) in log.segments()? {
        if segment.is_shared() && segment >= from.segment {
            let frames = log.survey(segment)?.frames.into_iter();
            let wanted = [IndexKind::Page, IndexKind::End].map(Kind::Index);
            found
                .extend(frames.filter(|frame| frame.place >= from && wanted.contains(&frame.kind)));
        }
    }
    Ok(found)
}

fn fill(
    connection: &mut Connection,
    log: &Log,
    copied: &Copied,
    pages: Vec<Frame>,
    lost: &mut Vec<String>,
) -> Result<Mark, KvError> {
    let mut rows = Rows::new(connection).map_err(meaning)?;
    for frame in pages {
        let page = log.content(&frame).ok();
        let Some((partition, page)) = page.as_deref().and_then(read_page) else {
            lost.push(format!("a page of the index in {}", frame.place));
            continue;
        };
        rows.page(partition, page).map_err(meaning)?;
    }
    rows.end().map_err(meaning)?;
    Ok(Mark {
        version: copied.version,
        place: copied.start,
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Puts a folder aside, under the first name that is free.
fn put_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    if !path.try_exists()? {
        return Ok(None);
    }
    let mut number = 1;
    loop {
        let aside = beside(path, &format!("broken-{number}"));
        if !aside.try_exists()? {
            std::fs::rename(path, &aside)?;
            return Ok(Some(aside));
        }
        number += 1;
    }
}

/// Makes the names in the folder above durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
