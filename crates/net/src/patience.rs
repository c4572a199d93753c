//! An end to waiting, for connections that no session watches.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A stream that fails with [`io::ErrorKind::TimedOut`] once no octet has passed, in either
/// direction, for as long as it was given. A session's own times rule where there is a
/// session; this is for what speaks HTTP.
#[derive(Debug)]
pub struct Patient<T> {
    inner: T,
    patience: Duration,
    until: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl<T> Patient<T> {
    /// Gives a stream that much patience, from now on.
    pub fn new(inner: T, patience: Duration) -> Self {
        Self {
            inner,
            patience,
            until: Instant::now() + patience,
            alarm: Box::pin(sleep(patience)),
        }
    }

    /// What became of a step of the stream: time begins anew if it was one, else it may
    /// be over.
    fn judge<R>(&mut self, cx: &mut Context<'_>, step: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if step.is_ready() {
            self.until = Instant::now() + self.patience;
            return step;
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if self.until <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(self.until);
        }
        Poll::Pending
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let step = Pin::new(&mut this.inner).poll_read(cx, buffer);
        this.judge(cx, step)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let step = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.judge(cx, step)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A flush that has nothing to do says nothing about the peer.
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_flush(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => this.judge(cx, Poll::Pending),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let step = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.judge(cx, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn silence_ends_and_each_octet_begins_it_anew() {
        let (near, mut far) = duplex(64);
        let mut near = Patient::new(near, PATIENCE);
        let began = Instant::now();
        let talk = async {
            for _ in 0..3 {
                sleep(PATIENCE / 2).await;
                far.write_all(b"x").await.unwrap();
            }
            // Held open, and silent.
            std::future::pending::<()>().await;
        };
        let listen = async {
            let mut octet = [0];
            for _ in 0..3 {
                near.read_exact(&mut octet).await.unwrap();
            }
            near.read_exact(&mut octet).await.unwrap_err().kind()
        };
        let kind = tokio::select! {
            kind = listen => kind,
            () = talk => unreachable!("it never ends"),
        };
        assert_eq!(kind, io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), 90 + 60);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_left() {
        let (near, _far) = duplex(8);
        let mut near = Patient::new(near, PATIENCE);
        let error = near.write_all(&[b'x'; 9]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
