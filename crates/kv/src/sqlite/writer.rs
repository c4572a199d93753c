//! The one thread that commits, and that lets many commits share one sync.
//!
//! It takes all commits that wait, judges each on top of those before it, and says what
//! they change in the active layer, where nobody sees it yet. Then the whole group goes to
//! the log as one frame; when that is on stable storage, everybody sees it and is answered.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use segments::Log;

use super::connection::{Database, Mark, meaning};
use super::flusher::Work;
use super::group::Encoder;
use super::layer::{Layer, Seen};
use super::layers::Layers;
use crate::counter::{Counter, Lately, Waiting};
use crate::{Condition, Direction, KvError, Operation, Outcome, Partition, Watches};

/// A range that is cleared is cleared key by key as long as the database has no more than
/// this in it; a larger one is remembered as a range.
const CLEARED_KEYS: usize = 1000;

/// The state of the thread.
pub(super) struct Writer {
    pub(super) ground: Ground,
    pub(super) log: Log,
    pub(super) watches: Watches,
    /// The way to whoever brings layers into the database.
    pub(super) flusher: SyncSender<Work>,
    /// Octets of a layer that is full.
    pub(super) layer_octets: usize,
    /// The disk was full at the last commit.
    pub(super) full: bool,
}

impl Writer {
    /// Works until nobody can hand in commits any more and all are answered.
    pub(super) fn run(mut self, counter: &Counter) {
        let mut lately = Lately::default();
        while let Some(group) = counter.group(lately.expected()) {
            lately.came(group.len());
            match self.make_room(counter.is_rest_asked_for()) {
                Ok(()) => self.commit(group),
                Err(error) => self.refuse(group, &error),
            }
        }
        // A stopped store needs no log to be read at the next opening. What of it can't be
        // brought into the database now is read there.
        if self.ground.layers.wait().is_ok() {
            self.rest();
        }
    }

    /// Sees to it that the active layer has room for a group. It rests when it is full, or
    /// when that is asked for; if the one before it has not come to the database when it is
    /// full twice, whoever commits waits.
    fn make_room(&mut self, rest: bool) -> Result<(), KvError> {
        let octets = self.ground.layers.active().octets();
        if octets >= 2 * self.layer_octets {
            self.ground.layers.wait()?;
        }
        if rest || octets >= self.layer_octets {
            self.rest();
        }
        Ok(())
    }

    fn rest(&mut self) {
        if let Some(layer) = self.ground.layers.rest() {
            let mark = self.ground.layers.mark();
            let _ = self.flusher.send(Work { layer, mark });
        }
    }

    fn commit(&mut self, group: Vec<Waiting>) {
        let before = self.ground.layers.visible();
        let layer = self.ground.layers.active();
        let mut version = before;
        let mut frame = Encoder::new(before + 1);
        let mut judged = Vec::with_capacity(group.len());
        for mut waiting in group {
            let outcome = self
                .ground
                .commit(&layer, &mut waiting, version + 1, &mut frame);
            if outcome == Ok(Outcome::Committed) {
                version += 1;
            }
            judged.push((waiting, outcome));
        }
        let place = self.ground.layers.mark().place;
        let kept = frame
            .finish()
            .map_or(Ok(place), |frame| self.log.append_changes(&frame));
        match kept {
            Ok(place) => {
                self.ground.layers.publish(Mark { version, place });
                self.answer(judged);
            }
            Err(error) => {
                for (waiting, _) in &judged {
                    layer.undo(waiting.partition, before);
                }
                let group = judged.into_iter().map(|(waiting, _)| waiting).collect();
                self.refuse(group, &error.into());
            }
        }
    }

    fn answer(&mut self, judged: Vec<(Waiting, Result<Outcome, KvError>)>) {
        if std::mem::take(&mut self.full) {
            tracing::info!("the disk has room again");
        }
        for (waiting, outcome) in judged {
            let partition = waiting.partition;
            let committed = outcome == Ok(Outcome::Committed);
            waiting.answer(outcome);
            if committed {
                self.watches.notify(partition);
            }
        }
    }

    fn refuse(&mut self, group: Vec<Waiting>, error: &KvError) {
        // A full disk is told once, lest the log fill what is left of it.
        if *error != KvError::Full || !std::mem::replace(&mut self.full, true) {
            tracing::error!(%error, commits = group.len(), "commits failed");
        }
        for waiting in group {
            waiting.answer(Err(error.clone()));
        }
    }
}

/// What commits are judged on: the newest of everything.
pub(super) struct Ground {
    pub(super) database: Database,
    pub(super) connection: Connection,
    pub(super) layers: Arc<Layers>,
}

impl Ground {
    /// Judges a commit, and says in the layer and in the frame what it changes.
    fn commit(
        &mut self,
        layer: &Layer,
        waiting: &mut Waiting,
        version: i64,
        frame: &mut Encoder,
    ) -> Result<Outcome, KvError> {
        let partition = waiting.partition;
        for condition in &waiting.conditions {
            if !self.holds(partition, condition)? {
                return Ok(Outcome::Conflict);
            }
        }
        let operations = std::mem::take(&mut waiting.operations);
        // Only now, so that a commit that can't be judged leaves nothing behind.
        let cleared = self.cleared(partition, &operations)?;
        frame.add(&partition.to_bytes(), &operations);
        apply(layer, partition, operations, cleared, version);
        Ok(Outcome::Committed)
    }

    /// Applies a commit that was read in the log.
    pub(super) fn again(
        &mut self,
        partition: Partition,
        operations: Vec<Operation>,
        version: i64,
    ) -> Result<(), KvError> {
        let cleared = self.cleared(partition, &operations)?;
        let layer = self.layers.active();
        apply(&layer, partition, operations, cleared, version);
        Ok(())
    }

    fn holds(&mut self, partition: Partition, condition: &Condition) -> Result<bool, KvError> {
        let (Condition::Absent(key) | Condition::Version(key, _)) = condition;
        let found = match self.layers.newest(partition).get(key) {
            Some(Seen::Value(version, _)) => Some(version),
            Some(Seen::Gone) => None,
            None => self.stored(partition, key)?,
        };
        Ok(match condition {
            Condition::Absent(_) => found.is_none(),
            Condition::Version(_, version) => found == Some(version.0),
        })
    }

    /// The version of what the database has under a key.
    fn stored(&mut self, partition: Partition, key: &[u8]) -> Result<Option<i64>, KvError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT ver FROM kv WHERE part = ?1 AND k = ?2")?
                .query_row(params![partition.to_bytes(), key], |row| row.get(0))
                .optional()
        })
    }

    /// For each range that is cleared, the keys in it; none where they are too many to be
    /// named.
    fn cleared(
        &mut self,
        partition: Partition,
        operations: &[Operation],
    ) -> Result<Vec<Option<Vec<Vec<u8>>>>, KvError> {
        let mut cleared = Vec::new();
        for operation in operations {
            if let Operation::ClearRange(range) = operation {
                cleared.push(self.keys(partition, range)?);
            }
        }
        Ok(cleared)
    }

    fn keys(
        &mut self,
        partition: Partition,
        range: &Range<Vec<u8>>,
    ) -> Result<Option<Vec<Vec<u8>>>, KvError> {
        let most = CLEARED_KEYS + 1;
        // First the layers: what leaves them meanwhile is in the database when that is read.
        let above = self.layers.newest(partition);
        let mut keys = self.read(|connection| {
            let sql = "SELECT k FROM kv WHERE part = ?1 AND k >= ?2 AND k < ?3 LIMIT ?4";
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            let range = params![partition.to_bytes(), range.start, range.end, limit];
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(range, |row| row.get(0))?;
            rows.collect::<Result<Vec<Vec<u8>>, _>>()
        })?;
        for part in above.parts() {
            let rows = part.scan(range, Direction::Forward, most, i64::MAX);
            keys.extend(rows.into_iter().map(|(key, _)| key));
        }
        Ok(Some(keys).filter(|keys| keys.len() <= CLEARED_KEYS))
    }

    fn read<T>(
        &mut self,
        read: impl Fn(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, KvError> {
        let error = match read(&self.connection) {
            Ok(found) => return Ok(found),
            Err(error) => meaning(error),
        };
        // A fresh connection takes no belief over from before.
        if let Ok(connection) = self.database.reader() {
            self.connection = connection;
        }
        Err(error)
    }
}

/// Says in a layer what a commit changes.
fn apply(
    layer: &Layer,
    partition: Partition,
    operations: Vec<Operation>,
    cleared: Vec<Option<Vec<Vec<u8>>>>,
    version: i64,
) {
    let mut cleared = cleared.into_iter();
    for operation in operations {
        match operation {
            Operation::Put(key, value) => {
                layer.set(partition, key, version, Some(Bytes::from(value)));
            }
            Operation::Delete(key) => layer.set(partition, key, version, None),
            Operation::ClearRange(range) => {
                layer.clear(partition, range, version, cleared.next().flatten());
            }
        }
    }
}
