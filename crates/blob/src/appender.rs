//! The thread that appends small bodies to the log: it takes all that wait, writes them in
//! one go, and answers all.

use std::io::IoSlice;
use std::thread::JoinHandle;

use segments::{Log, Place};
use tokio::sync::{mpsc, oneshot};

use crate::{BlobError, BodyRef};

/// Most frames of one group; so many pieces one system call takes.
const GROUP_FRAMES: usize = 1024;
/// A group takes no more frames once it has so many octets.
const GROUP_OCTETS: usize = 16 * 1024 * 1024;
/// Frames that may wait for the thread; those beyond wait to be let in.
const WAITING_FRAMES: usize = 1024;

/// When a body that was appended is on stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durable {
    /// When its place is given.
    AtOnce,
    /// When something is committed to the index, which shares the log.
    WithTheNextCommit,
}

/// A frame that waits to be appended.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Header and body.
    pub(crate) octets: Vec<u8>,
    /// What the header says.
    pub(crate) length: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) reply: oneshot::Sender<Result<BodyRef, BlobError>>,
}

/// The way to the thread. Dropping it waits for the frames under way.
#[derive(Debug)]
pub(crate) struct Appender {
    /// There until it is dropped.
    frames: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

impl Appender {
    pub(crate) fn start(log: Log, durable: Durable) -> Result<Appender, BlobError> {
        let (frames, waiting) = mpsc::channel(WAITING_FRAMES);
        let full = false;
        let work = Work { log, durable, full };
        let thread = std::thread::Builder::new()
            .name("blob-appender".into())
            .spawn(move || work.run(waiting))?;
        Ok(Appender {
            frames: Some(frames),
            thread: Some(thread),
        })
    }

    /// Hands a frame in; the reply comes by its own way.
    pub(crate) async fn append(&self, frame: Waiting) -> Result<(), BlobError> {
        let stopped = || BlobError::Broken("the appender has stopped".into());
        let frames = self.frames.as_ref().ok_or_else(stopped)?;
        frames.send(frame).await.map_err(|_| stopped())
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        // Without its channel the thread ends when it has answered all that waits.
        self.frames = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the appender of bodies ended by a fault");
        }
    }
}

/// The state of the thread.
struct Work {
    log: Log,
    durable: Durable,
    /// The disk had no room for the last group.
    full: bool,
}

impl Work {
    /// Works until nobody can hand in frames any more and all are answered.
    fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.blocking_recv() {
            let group = gather(first, &mut waiting);
            match self.append(&group) {
                Ok(start) => {
                    self.full = false;
                    answer(group, start);
                }
                Err(error) => {
                    // A full disk is told once, lest the log fill what is left of it.
                    if error != BlobError::Full || !std::mem::replace(&mut self.full, true) {
                        tracing::error!(%error, bodies = group.len(), "bodies could not be kept");
                    }
                    for frame in group {
                        let _ = frame.reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    /// Appends the frames to one segment. Gives where the first begins.
    fn append(&self, group: &[Waiting]) -> Result<Place, BlobError> {
        let mut pieces: Vec<IoSlice<'_>> = group
            .iter()
            .map(|frame| IoSlice::new(&frame.octets))
            .collect();
        let start = self.log.append(&mut pieces)?;
        if self.durable == Durable::AtOnce {
            self.log.sync()?;
        }
        Ok(start)
    }
}

/// The frame that came and those that wait behind it.
fn gather(first: Waiting, waiting: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut octets = first.octets.len();
    let mut group = vec![first];
    while group.len() < GROUP_FRAMES && octets < GROUP_OCTETS {
        let Ok(next) = waiting.try_recv() else { break };
        octets += next.octets.len();
        group.push(next);
    }
    group
}

fn answer(group: Vec<Waiting>, start: Place) {
    let mut offset = start.offset;
    for frame in group {
        let body = BodyRef {
            segment: start.segment,
            offset,
            length: frame.length,
            hash: frame.hash,
        };
        offset += frame.octets.len() as u64;
        // Whoever asked may be gone; the body then is one that no record names.
        let _ = frame.reply.send(Ok(body));
    }
}
