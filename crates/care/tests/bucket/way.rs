//! A way to the server that can be cut, while the server keeps what it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// So many requests and more never come.
const NEVER: usize = usize::MAX / 2;

/// A way to a server.
pub(crate) struct Way {
    port: u16,
    cut: Arc<Cut>,
    carrying: AbortHandle,
}

struct Cut {
    /// Requests that still come through.
    left: AtomicUsize,
    /// Whether the next request to remove is the last that comes through, unanswered.
    at_removal: AtomicBool,
}

impl Way {
    pub(crate) async fn to(server: &testbed::S3) -> Way {
        let there = server.endpoint().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(Cut {
            left: AtomicUsize::new(NEVER),
            at_removal: AtomicBool::new(false),
        });
        let carrying = tokio::spawn(carry_all(listener, there, cut.clone())).abort_handle();
        Way {
            port,
            cut,
            carrying,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn cut_after(&self, requests: usize) {
        self.cut.left.store(requests, Ordering::SeqCst);
    }

    pub(crate) fn cut_after_removal(&self) {
        self.cut.at_removal.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.cut.at_removal.store(false, Ordering::SeqCst);
        self.cut.left.store(NEVER, Ordering::SeqCst);
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry_all(listener: TcpListener, there: String, cut: Arc<Cut>) {
    let mut carried = tokio::task::JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        carried.spawn(carry(near, there.clone(), cut.clone()));
    }
}

impl Cut {
    fn is_open(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        left.is_ok()
    }
}

async fn carry(mut near: TcpStream, there: String, cut: Arc<Cut>) {
    let Ok(mut far) = TcpStream::connect(there).await else {
        return;
    };
    let (mut ask, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            asked = near.read(&mut ask) => {
                let Ok(count @ 1..) = asked else { return };
                let begins = |word: &[u8]| ask[..count].starts_with(word);
                let is_request = [&b"GET "[..], b"PUT ", b"HEAD ", b"POST "].into_iter().any(begins);
                if is_request && !cut.is_open() {
                    return;
                }
                far.write_all(&ask[..count]).await.unwrap();
                if begins(b"POST ") && cut.at_removal.load(Ordering::SeqCst) {
                    cut.left.store(0, Ordering::SeqCst);
                    // It does its work all the same.
                    let _ = far.read(&mut answer).await;
                    return;
                }
            }
            answered = far.read(&mut answer) => {
                let Ok(count @ 1..) = answered else { return };
                if near.write_all(&answer[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
