//! Reading in the log what the database lacks.

use std::fmt;

use rusqlite::Connection;
use segments::{Changes, Log, LogError, Place};

use super::connection::{Mark, meaning};
use super::flusher;
use super::group::{Group, decode};
use super::layers::Layers;
use super::writer::Ground;
use crate::KvError;

/// What of the log could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// These changes are not what was once written.
    Damaged(String),
    /// Changes are not there: from the one after this version to the one before that.
    Missing {
        /// The last that was read.
        after: i64,
        /// The next that was found.
        before: i64,
        /// Where it ends.
        place: Place,
    },
    /// These changes are of no kind that this program knows.
    Unknown(Place),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Damaged(what) => f.write_str(what),
            Trouble::Missing {
                after,
                before,
                place,
            } => {
                let (first, last) = (after + 1, before - 1);
                write!(
                    f,
                    "changes {first} to {last} of the index are not in the log, before {place}"
                )
            }
            Trouble::Unknown(place) => write!(f, "changes that end in {place} can't be read"),
        }
    }
}

/// A replay of the log on top of what the layers and the database hold.
pub(super) struct Replay<'a> {
    pub(super) ground: &'a mut Ground,
    /// The connection that writes.
    pub(super) connection: &'a mut Connection,
    /// Octets at which a layer is brought into the database.
    pub(super) layer_octets: usize,
    /// Whether to go on.
    pub(super) on_trouble: &'a mut dyn FnMut(Trouble) -> Result<(), KvError>,
}

impl Replay<'_> {
    /// Reads all that comes after the mark of the layers.
    pub(super) fn run(mut self, log: &Log) -> Result<(), KvError> {
        let mut changes = log.changes(self.ground.layers.mark().place)?;
        loop {
            match changes.next_frame() {
                Ok(Some(frame)) => self.frame(&frame, &changes)?,
                Ok(None) => return Ok(()),
                Err(LogError::Damaged(what)) => (self.on_trouble)(Trouble::Damaged(what))?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn frame(&mut self, frame: &[u8], changes: &Changes) -> Result<(), KvError> {
        let place = changes.place();
        let Some(Group { first, commits }) = decode(frame) else {
            return (self.on_trouble)(Trouble::Unknown(place));
        };
        let known = self.ground.layers.visible();
        if first != known + 1 {
            (self.on_trouble)(Trouble::Missing {
                after: known,
                before: first,
                place,
            })?;
        }
        let mut version = first - 1;
        for (partition, operations) in commits {
            version += 1;
            self.ground.again(partition, operations, version)?;
        }
        // A version is never given twice, whatever the log says.
        let version = version.max(known);
        self.ground.layers.publish(Mark { version, place });
        self.make_room()
    }

    /// Brings the layer into the database when it is full.
    fn make_room(&mut self) -> Result<(), KvError> {
        if self.ground.layers.active().octets() >= self.layer_octets {
            bring(&self.ground.layers, self.connection)?;
        }
        Ok(())
    }
}

/// Brings what the layers hold into the database.
pub(super) fn bring(layers: &Layers, connection: &mut Connection) -> Result<(), KvError> {
    if let Some(layer) = layers.rest() {
        let written = flusher::write(connection, &layer, layers.mark());
        layers.settle(written.map_err(meaning));
        layers.wait()?;
    }
    Ok(())
}
