//! What a transcript is played on.

use std::io;
use std::time::Duration;

/// What came of waiting for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// So many octets, at least one, are at the start of the buffer.
    Octets(usize),
    /// Nothing came within the patience.
    Nothing,
    /// The server has ended the stream, and properly so where it is encrypted.
    End,
}

/// The client's end of one connection.
pub trait Wire {
    /// Sends all of these octets.
    ///
    /// # Errors
    /// When the connection no longer takes them.
    fn send(&mut self, octets: &[u8]) -> io::Result<()>;

    /// Reads what is there, waiting for it no longer than `patience`.
    ///
    /// # Errors
    /// When the connection broke, which is not the same as having ended.
    fn receive(&mut self, room: &mut [u8], patience: Duration) -> io::Result<Received>;

    /// Begins TLS as the client; what comes back speaks inside it.
    ///
    /// # Errors
    /// When the other end does not join in, or its certificate is not believed.
    fn secure(self: Box<Self>) -> io::Result<Box<dyn Wire>>;
}
