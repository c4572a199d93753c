//! A wire between a node and the database that can be cut at the worst moment: when the
//! end of a transaction is on its way.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// What becomes of the end of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// Nothing: it passes.
    Not,
    /// It never reaches the database.
    Before,
    /// It reaches the database; the answer does not come back.
    After,
    /// It reaches the database only when the node has long given up the connection.
    Late,
}

/// The frontend message that ends a transaction, as it is sent.
const COMMIT: &[u8] = b"COMMIT\0";
const ROUNDS: [Cut; 8] = [
    Cut::Not,
    Cut::Before,
    Cut::Not,
    Cut::After,
    Cut::Not,
    Cut::Late,
    Cut::Not,
    Cut::Not,
];

/// A socket that stands for the database's. It is gone when this is dropped.
pub(crate) struct Wire {
    folder: tempfile::TempDir,
    accepting: JoinHandle<()>,
    ends: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) fn to(server: &testbed::Postgres) -> Wire {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let ends = Arc::new(AtomicUsize::new(0));
        let (socket, counted) = (server.socket(), ends.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                tokio::spawn(carry(node, socket.clone(), counted.clone()));
            }
        });
        Wire {
            folder,
            accepting,
            ends,
        }
    }

    /// Where to find it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many ends of transactions have come by.
    pub(crate) fn ends(&self) -> usize {
        self.ends.load(Ordering::Relaxed)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(node: UnixStream, socket: PathBuf, ends: Arc<AtomicUsize>) {
    let Ok(database) = UnixStream::connect(socket).await else {
        return;
    };
    let (mut from_node, mut to_node) = node.into_split();
    let (mut from_database, mut to_database) = database.into_split();
    let answers = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_database, &mut to_node).await;
    });
    let mut buffer = vec![0; 64 * 1024];
    // What may be the beginning of the end.
    let mut last: Vec<u8> = Vec::new();
    while let Ok(count @ 1..) = from_node.read(&mut buffer).await {
        let bytes = &buffer[..count];
        last.extend_from_slice(bytes);
        let is_end = last.windows(COMMIT.len()).any(|some| some == COMMIT);
        let keep = last.len().saturating_sub(COMMIT.len() - 1);
        last.drain(..keep);
        let cut = match is_end {
            true => ROUNDS[ends.fetch_add(1, Ordering::Relaxed) % ROUNDS.len()],
            false => Cut::Not,
        };
        match cut {
            Cut::Not => {}
            Cut::Before => break,
            Cut::After => {
                answers.abort();
                let _ = to_database.write_all(bytes).await;
                // Dropped only when it was read.
                tokio::time::sleep(Duration::from_millis(50)).await;
                break;
            }
            Cut::Late => {
                answers.abort();
                let _ = answers.await;
                drop(from_node);
                tokio::time::sleep(Duration::from_millis(400)).await;
                let _ = to_database.write_all(bytes).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
                return;
            }
        }
        if to_database.write_all(bytes).await.is_err() {
            break;
        }
    }
    answers.abort();
}
