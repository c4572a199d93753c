//! A message and its octets.

use std::future::Future;
use std::io;

use blob::BodyReader;
use bytes::Bytes;
use smtp::client::Envelope;

/// A message to be handed over.
#[derive(Debug)]
pub struct Message<B> {
    /// Whose it is and to whom it goes. Its size counts `top` too.
    pub envelope: Envelope,
    /// What stands above it: header fields that are ours.
    pub top: Bytes,
    /// The message itself.
    pub body: B,
}

/// Where the octets of a message come from, in pieces.
pub trait Body: Send {
    /// The next piece; none at the end.
    fn next(&mut self) -> impl Future<Output = Option<io::Result<Bytes>>> + Send;
}

impl Body for BodyReader {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let piece = BodyReader::next(self).await?;
        Some(piece.map_err(io::Error::other))
    }
}

/// One that is in memory already: a report.
impl Body for Option<Bytes> {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.take().map(Ok)
    }
}
