//! The two directions of a connection, each with its bounded buffer.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use session::{Encryption, READ_AHEAD};
use tls::Greeter;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::timeout;

use crate::Wire;

/// Output that is gathered before it is written without waiting for more.
pub(crate) const GATHER: usize = 64 * 1024;
/// How long a peer may take no octet of what it asked for. As long as RFC 5321 section
/// 4.5.3.2.7 has a server wait for a command.
pub(crate) const STALL: Duration = Duration::from_secs(300);
/// How long a handshake may take. Old devices on slow lines need several seconds.
pub const HANDSHAKE: Duration = Duration::from_secs(60);
/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long we go on reading, to throw away, after our last word: a connection that is
/// closed with octets unread takes the last reply with it.
const LINGER: Duration = Duration::from_secs(2);
/// What a connection that says little reads at once; it grows to [`READ_AHEAD`] while
/// reads come full.
const SMALL_READ: usize = 2 * 1024;

/// What comes in.
pub(crate) struct Incoming {
    /// None once a handshake has failed.
    half: Option<ReadHalf<Wire>>,
    buffer: BytesMut,
    size: usize,
    /// One read that nobody has asked for yet.
    pub(crate) ahead: Option<Bytes>,
    /// The peer sends nothing more.
    pub(crate) ended: bool,
    /// Octets since the connection began.
    pub(crate) octets: u64,
}

impl Incoming {
    /// Reads once, into `ahead`. Nothing is lost when it is dropped.
    pub(crate) async fn read(&mut self) -> io::Result<()> {
        self.buffer.reserve(self.size);
        let half = self.half.as_mut().ok_or_else(gone)?;
        let mut window = half.take(self.size as u64);
        let count = match window.read_buf(&mut self.buffer).await {
            Ok(count) => count,
            // Many devices leave without TLS's goodbye. Nothing of ours takes the end of
            // the stream for the end of a message, so it can't be used to cut one short.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        self.octets += count as u64;
        self.size = match count == self.size {
            true => (self.size * 2).min(READ_AHEAD),
            false => SMALL_READ.max(self.size / 2),
        };
        match count {
            0 => self.ended = true,
            _ => self.ahead = Some(self.buffer.split().freeze()),
        }
        Ok(())
    }
}

/// What goes out.
pub(crate) struct Outgoing {
    /// None once a handshake has failed.
    half: Option<WriteHalf<Wire>>,
    queue: VecDeque<Bytes>,
    length: usize,
    unflushed: bool,
    /// Octets since the connection began.
    pub(crate) octets: u64,
}

impl Outgoing {
    /// Gathers what is to be sent.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.length += bytes.len();
            self.queue.push_back(bytes);
        }
    }

    /// So much waits that it must go before more is made.
    pub(crate) fn is_full(&self) -> bool {
        self.length >= GATHER
    }

    /// Nothing waits to be written or flushed.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.unflushed
    }

    /// Writes or flushes once. Nothing is lost when it is dropped.
    pub(crate) async fn advance(&mut self) -> io::Result<()> {
        let small = self.queue.front().is_some_and(|first| first.len() < GATHER);
        if small && self.queue.len() > 1 {
            self.join();
        }
        let half = self.half.as_mut().ok_or_else(gone)?;
        let Some(first) = self.queue.front_mut() else {
            // With TLS the last of it waits here, not in the write.
            timeout(STALL, half.flush()).await??;
            self.unflushed = false;
            return Ok(());
        };
        let count = timeout(STALL, half.write(first)).await??;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.unflushed = true;
        self.length -= count;
        self.octets += count as u64;
        first.advance(count);
        if first.is_empty() {
            self.queue.pop_front();
        }
        Ok(())
    }

    /// Makes one piece of the small ones in front: one call to the system, one record of
    /// TLS.
    fn join(&mut self) {
        let mut joined = BytesMut::new();
        while let Some(next) = self.queue.front()
            && joined.len() + next.len() <= GATHER
        {
            joined.extend_from_slice(next);
            self.queue.pop_front();
        }
        if !joined.is_empty() {
            self.queue.push_front(joined.freeze());
        }
    }

    /// Writes all that waits.
    pub(crate) async fn drain(&mut self) -> io::Result<()> {
        while !self.is_idle() {
            self.advance().await?;
        }
        Ok(())
    }
}

/// Cuts a connection into its two directions.
pub(crate) fn split(wire: Wire) -> (Incoming, Outgoing) {
    let (read, write) = tokio::io::split(wire);
    let incoming = Incoming {
        half: Some(read),
        buffer: BytesMut::new(),
        size: SMALL_READ,
        ahead: None,
        ended: false,
        octets: 0,
    };
    let outgoing = Outgoing {
        half: Some(write),
        queue: VecDeque::new(),
        length: 0,
        unflushed: false,
        octets: 0,
    };
    (incoming, outgoing)
}

/// Encrypts a connection on which all was said that had to be. What was read and not
/// yet asked for is dropped: it was said in the clear.
pub(crate) async fn secure(
    incoming: &mut Incoming,
    outgoing: &mut Outgoing,
    greeter: &Greeter,
) -> io::Result<Encryption> {
    let (Some(read), Some(write)) = (incoming.half.take(), outgoing.half.take()) else {
        return Err(gone());
    };
    incoming.ahead = None;
    let greeted = timeout(HANDSHAKE, read.unsplit(write).secure(greeter)).await;
    let (wire, encryption) = greeted??;
    let (read, write) = tokio::io::split(wire);
    (incoming.half, outgoing.half) = (Some(read), Some(write));
    Ok(encryption)
}

fn gone() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

/// Says what is left to say, then closes so that the peer can read it.
pub(crate) async fn close(incoming: &mut Incoming, outgoing: &mut Outgoing) -> io::Result<()> {
    let last = async {
        outgoing.drain().await?;
        outgoing.half.as_mut().ok_or_else(gone)?.shutdown().await
    };
    timeout(LAST_WORDS, last).await??;
    let throw_away = async {
        while !incoming.ended && incoming.read().await.is_ok() {
            incoming.ahead = None;
        }
    };
    // The peer has had its time; what it still says is of no interest.
    let _ = timeout(LINGER, throw_away).await;
    Ok(())
}
