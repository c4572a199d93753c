//! One connection: in the clear, then perhaps encrypted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use session::Encryption;
use tls::{Caller, Greeter, HandshakeError, Trust};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A connection with its encryption, if any.
#[derive(Debug)]
pub enum Wire {
    /// In the clear.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// Encrypts a connection that is in the clear.
    ///
    /// # Errors
    /// When the handshake fails, or the connection is encrypted already.
    pub async fn secure(self, greeter: &Greeter) -> io::Result<(Wire, Encryption)> {
        let Wire::Plain(stream) = self else {
            return Err(io::Error::other("encrypted already"));
        };
        let stream = greeter.accept(stream).await?;
        let encryption = tls::encryption(&stream);
        Ok((Wire::Tls(Box::new(stream.into())), encryption))
    }

    /// The same as the client of a host that is called so.
    ///
    /// # Errors
    /// When the handshake fails, its certificate is not as `trust` wants it, or the
    /// connection is encrypted already.
    pub async fn call(
        self,
        caller: &Caller,
        host: &str,
        trust: &Trust,
    ) -> Result<(Wire, Encryption), HandshakeError> {
        let Wire::Plain(stream) = self else {
            let error = io::Error::other("encrypted already");
            return Err(HandshakeError::Failed(error));
        };
        let (stream, encryption) = caller.connect(stream, host, trust).await?;
        Ok((Wire::Tls(Box::new(stream.into())), encryption))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Wire::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Wire::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
