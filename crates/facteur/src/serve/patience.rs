//! A connection on which something must move.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A stream that breaks when for some time not one octet went either way, whoever waits
/// for what: a browser that is silent, or one that takes none of its page.
pub(crate) struct Patient<T> {
    stream: T,
    patience: Duration,
    end: Pin<Box<Sleep>>,
}

impl<T> Patient<T> {
    pub(crate) fn new(stream: T, patience: Duration) -> Patient<T> {
        Patient {
            stream,
            patience,
            end: Box::pin(sleep(patience)),
        }
    }

    /// Something moved, or the time runs on.
    fn watch<R>(
        &mut self,
        cx: &mut Context<'_>,
        moved: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if moved.is_ready() {
            let end = Instant::now() + self.patience;
            self.end.as_mut().reset(end);
            return moved;
        }
        match self.end.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        this.watch(cx, read)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, octets);
        this.watch(cx, written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.watch(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::advance;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn what_is_silent_breaks_and_what_moves_does_not() {
        let (mut far, near) = tokio::io::duplex(4);
        let mut near = Patient::new(near, PATIENCE);
        let mut octet = [0];
        for _ in 0..5 {
            advance(PATIENCE / 2).await;
            far.write_all(b"a").await.unwrap();
            near.read_exact(&mut octet).await.unwrap();
        }
        let began = Instant::now();
        let broken = near.read(&mut octet).await.unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_breaks_it() {
        let (_far, near) = tokio::io::duplex(4);
        let mut near = Patient::new(near, PATIENCE);
        near.write_all(b"four").await.unwrap();
        let broken = near.write_all(b"more").await.unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::TimedOut);
    }
}
