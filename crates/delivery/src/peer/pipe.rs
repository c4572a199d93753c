//! The two directions of a connection.
//!
//! It is read while it is written: a host that answers each of a thousand recipients before
//! it reads on would else wait for us, and we for it.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use net::Wire;
use smtp::client::limits::BLOCK;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until, timeout};

/// Output that is gathered before it is written without waiting for more: a small message
/// goes out in one piece.
const GATHER: usize = 64 * 1024;
/// Octets that are read at once.
const READ: usize = 4 * 1024;
/// How long the last words may take, ours and those of a host that takes nothing more.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// One connection.
#[derive(Debug)]
pub(super) struct Pipe {
    /// None once it was given up for TLS.
    halves: Option<(ReadHalf<Wire>, WriteHalf<Wire>)>,
    buffer: BytesMut,
    out: BytesMut,
    unflushed: bool,
    /// When the host last took something, or something was there for it to take.
    moved: Instant,
    /// The host sends nothing more.
    ended: bool,
    /// It takes nothing more, and until when it is heard all the same: it may have said
    /// why.
    broken: Option<(io::ErrorKind, Instant)>,
}

/// What happened on it.
#[derive(Debug)]
pub(super) enum Happened {
    /// The host said this.
    Heard(Bytes),
    /// It says nothing more.
    Ended,
    /// Nothing more goes out or comes in.
    Broke(io::ErrorKind),
    /// The host takes nothing of what is sent.
    Stalled,
    /// The moment has come.
    TimeUp,
}

impl Pipe {
    pub(super) fn new(wire: Wire) -> Pipe {
        Pipe {
            halves: Some(tokio::io::split(wire)),
            buffer: BytesMut::new(),
            out: BytesMut::new(),
            unflushed: false,
            moved: Instant::now(),
            ended: false,
            broken: None,
        }
    }

    /// The connection itself, for TLS. What was read and not asked for is dropped with the
    /// rest.
    pub(super) fn take(&mut self) -> Option<Wire> {
        let (read, write) = self.halves.take()?;
        Some(read.unsplit(write))
    }

    /// Gathers what is to be sent.
    pub(super) fn push(&mut self, octets: &[u8]) {
        if self.is_idle() {
            self.moved = Instant::now();
        }
        if self.broken.is_none() {
            self.out.extend_from_slice(octets);
        }
    }

    /// So much waits that it must go before more is made; or nothing goes any more.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= GATHER || self.broken.is_some()
    }

    /// Nothing waits to be written or flushed.
    fn is_idle(&self) -> bool {
        self.out.is_empty() && !self.unflushed
    }

    /// Sends some of what waits, or hears something, or lets time pass until that moment;
    /// none when it only sent.
    pub(super) async fn turn(&mut self, until: Instant) -> Option<Happened> {
        let idle = self.is_idle();
        let stalled = self.moved + BLOCK;
        let last_words = self.broken.map(|(_, until)| until);
        let until = last_words.unwrap_or(until);
        let Some((read, write)) = &mut self.halves else {
            return Some(Happened::Ended);
        };
        tokio::select! {
            // What it says may end what we send, so that comes first.
            biased;
            count = fill(read, &mut self.buffer), if !self.ended => Some(self.heard(count)),
            done = advance(write, &mut self.out), if !idle => {
                self.sent(done);
                None
            }
            () = sleep_until(stalled), if !idle => Some(Happened::Stalled),
            () = sleep_until(until) => Some(match self.broken {
                Some((kind, _)) => Happened::Broke(kind),
                None => Happened::TimeUp,
            }),
        }
    }

    /// Hears something, however long that takes; nothing, once the host says nothing more.
    pub(super) async fn hear(&mut self) -> Happened {
        match &mut self.halves {
            Some((read, _)) if !self.ended => {
                let count = fill(read, &mut self.buffer).await;
                self.heard(count)
            }
            _ => std::future::pending().await,
        }
    }

    /// What was said already.
    pub(super) async fn glance(&mut self) -> Option<Happened> {
        tokio::select! {
            biased;
            happened = self.hear() => Some(happened),
            () = std::future::ready(()) => None,
        }
    }

    fn heard(&mut self, count: io::Result<usize>) -> Happened {
        match count {
            Ok(0) => {
                self.ended = true;
                Happened::Ended
            }
            Ok(_) => Happened::Heard(self.buffer.split().freeze()),
            Err(error) => {
                self.ended = true;
                match error.kind() {
                    // Without TLS's goodbye: a reply that was cut short is none all the same.
                    io::ErrorKind::UnexpectedEof => Happened::Ended,
                    kind => Happened::Broke(kind),
                }
            }
        }
    }

    fn sent(&mut self, done: io::Result<bool>) {
        self.moved = Instant::now();
        match done {
            Ok(unflushed) => self.unflushed = unflushed,
            Err(error) => {
                let until = Instant::now() + LAST_WORDS;
                self.broken.get_or_insert((error.kind(), until));
                self.out.clear();
                self.unflushed = false;
            }
        }
    }

    /// Writes all that waits.
    ///
    /// # Errors
    /// When the host no longer takes it.
    pub(super) async fn drain(&mut self) -> io::Result<()> {
        let Some((_, write)) = &mut self.halves else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let all = async {
            write.write_all_buf(&mut self.out).await?;
            write.flush().await
        };
        timeout(BLOCK, all).await??;
        self.unflushed = false;
        Ok(())
    }

    /// Says what is left to say, and closes.
    pub(super) async fn close(&mut self) {
        let Some((_read, mut write)) = self.halves.take() else {
            return;
        };
        if self.broken.is_none() {
            let last = async {
                write.write_all_buf(&mut self.out).await?;
                write.shutdown().await
            };
            // Nothing depends on it.
            let _ = timeout(LAST_WORDS, last).await;
        }
    }
}

/// Writes or flushes once; tells whether there is still something to flush. Nothing is lost
/// when it is dropped.
async fn advance(write: &mut WriteHalf<Wire>, out: &mut BytesMut) -> io::Result<bool> {
    if out.is_empty() {
        // With TLS the last of it waits here, not in the write.
        write.flush().await?;
        return Ok(false);
    }
    match write.write_buf(out).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        _ => Ok(true),
    }
}

/// Reads once. Nothing is lost when it is dropped.
async fn fill(read: &mut ReadHalf<Wire>, buffer: &mut BytesMut) -> io::Result<usize> {
    buffer.reserve(READ);
    let mut window = read.take(READ as u64);
    window.read_buf(buffer).await
}
