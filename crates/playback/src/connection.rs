//! One connection while a transcript is played on it.

use std::io;
use std::mem;
use std::time::Duration;

use crate::body;
use crate::wire::{Received, Wire};

/// Longest line of a server that is still looked at. No RFC sets one for all; ours say
/// such long ones only inside a literal.
const LONGEST_LINE: usize = 1024 * 1024;

/// Octets read at once.
const ONE_READ: usize = 64 * 1024;

/// A wire, and what is on its way in both directions.
pub(crate) struct Connection {
    /// None once either side has closed.
    wire: Option<Box<dyn Wire>>,
    /// The server has closed, and no line of the transcript has said so yet.
    ended: bool,
    /// What the client says, until it goes out in one write.
    outgoing: Vec<u8>,
    /// What came and has not been looked at.
    incoming: Vec<u8>,
}

/// What waiting for a line came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A line with its end; without one if the stream ended inside it.
    Line(Vec<u8>),
    /// Nothing more within the patience. What a line began with is kept.
    Silence,
    /// The server has closed.
    End,
}

impl Connection {
    pub(crate) fn on(wire: Box<dyn Wire>) -> Connection {
        Connection {
            wire: Some(wire),
            ended: false,
            outgoing: Vec::new(),
            incoming: Vec::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.wire.is_some()
    }

    /// Whether the server has closed since the last call of this.
    pub(crate) fn take_end(&mut self) -> bool {
        mem::take(&mut self.ended)
    }

    /// Says this at the next [`Self::flush`].
    pub(crate) fn say(&mut self, octets: &[u8]) -> io::Result<()> {
        self.wire()?;
        self.outgoing.extend_from_slice(octets);
        Ok(())
    }

    /// Sends all that was said, in one write.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let octets = mem::take(&mut self.outgoing);
        self.wire()?.send(&octets)
    }

    /// Sends a generated body after what was said.
    pub(crate) fn send_body(&mut self, size: u64) -> io::Result<()> {
        self.flush()?;
        let mut offset = 0;
        while offset < size {
            let piece = body::piece(size, offset);
            self.wire()?.send(&piece)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// The server's next line.
    pub(crate) fn line(&mut self, patience: Duration) -> io::Result<Heard> {
        let mut looked_at = 0;
        loop {
            let fresh = self.incoming.get(looked_at..).unwrap_or_default();
            if let Some(at) = fresh.iter().position(|&octet| octet == b'\n') {
                return Ok(Heard::Line(
                    self.incoming.drain(..=looked_at + at).collect(),
                ));
            }
            looked_at = self.incoming.len();
            if looked_at > LONGEST_LINE {
                return Err(io::Error::other("the server's line has no end"));
            }
            match self.fill(patience)? {
                Received::Octets(_) => {}
                Received::Nothing => return Ok(Heard::Silence),
                Received::End if self.incoming.is_empty() => {
                    self.hang_up();
                    self.ended = true;
                    return Ok(Heard::End);
                }
                Received::End => return Ok(Heard::Line(mem::take(&mut self.incoming))),
            }
        }
    }

    /// What a line began with that did not end.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        (!self.incoming.is_empty()).then(|| mem::take(&mut self.incoming))
    }

    /// Reads a generated body; `Some` is the offset of the first octet that is another
    /// or did not come.
    pub(crate) fn check_body(&mut self, size: u64, patience: Duration) -> io::Result<Option<u64>> {
        let mut offset = 0;
        while offset < size {
            let expected = body::piece(size, offset);
            while self.incoming.len() < expected.len() {
                match self.fill(patience)? {
                    Received::Octets(_) => {}
                    Received::Nothing | Received::End => break,
                }
            }
            let same = self
                .incoming
                .iter()
                .zip(&expected)
                .take_while(|(a, b)| a == b)
                .count();
            self.incoming.drain(..same);
            offset += same as u64;
            if same < expected.len() {
                return Ok(Some(offset));
            }
        }
        Ok(None)
    }

    /// Begins TLS. Octets that came in the clear behind the server's consent would be a
    /// response injected by whoever sits between (RFC 3207 section 6), so they fail it.
    pub(crate) fn secure(&mut self) -> io::Result<()> {
        if !self.incoming.is_empty() {
            return Err(io::Error::other(
                "the server spoke on in the clear before TLS",
            ));
        }
        let wire = self.wire.take().ok_or_else(closed)?;
        self.wire = Some(wire.secure()?);
        Ok(())
    }

    /// Drops the connection.
    pub(crate) fn hang_up(&mut self) {
        self.wire = None;
    }

    fn fill(&mut self, patience: Duration) -> io::Result<Received> {
        let mut room = vec![0; ONE_READ];
        let received = self.wire()?.receive(&mut room, patience)?;
        if let Received::Octets(count) = received {
            self.incoming
                .extend_from_slice(room.get(..count).unwrap_or_default());
        }
        Ok(received)
    }

    fn wire(&mut self) -> io::Result<&mut Box<dyn Wire>> {
        self.wire.as_mut().ok_or_else(closed)
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection is closed")
}
