//! A wire between a node and the database that can be cut at the worst moment: when the
//! end of a transaction is on its way.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

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
    /// It reaches the database, and nothing comes back, though the connection stands.
    Silence,
}

/// The frontend message that ends a transaction, as it is sent.
const COMMIT: &[u8] = b"COMMIT\0";
/// A socket that stands for the database's. It is gone when this is dropped.
pub(crate) struct Wire {
    folder: tempfile::TempDir,
    accepting: JoinHandle<()>,
    ends: Arc<AtomicUsize>,
}

impl Wire {
    /// A wire to this server. Of the ends of transactions one after the other meets what
    /// the plan says, which then begins anew.
    pub(crate) fn to(server: &testbed::Postgres, plan: &'static [Cut]) -> Wire {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let ends = Arc::new(AtomicUsize::new(0));
        let (socket, counted) = (server.socket(), ends.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                tokio::spawn(carry(node, socket.clone(), plan, counted.clone()));
            }
        });
        Wire {
            folder,
            accepting,
            ends,
        }
    }

    /// The address of the database behind it.
    pub(crate) fn address(&self, server: &testbed::Postgres) -> String {
        let there = server.socket().parent().unwrap().display().to_string();
        let here = self.folder.path().display().to_string();
        server.address().replace(&there, &here)
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

async fn carry(node: UnixStream, socket: PathBuf, plan: &'static [Cut], ends: Arc<AtomicUsize>) {
    let Ok(database) = UnixStream::connect(socket).await else {
        return;
    };
    let (mut from_node, mut to_node) = node.into_split();
    let (mut from_database, mut to_database) = database.into_split();
    let mute = Arc::new(AtomicBool::new(false));
    let muted = mute.clone();
    let answers = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_database.read(&mut buffer).await {
            if !muted.load(Ordering::Relaxed) && to_node.write_all(&buffer[..count]).await.is_err()
            {
                break;
            }
        }
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
            true => plan[ends.fetch_add(1, Ordering::Relaxed) % plan.len()],
            false => Cut::Not,
        };
        match cut {
            Cut::Not if to_database.write_all(bytes).await.is_ok() => continue,
            Cut::Not | Cut::Before => {}
            Cut::After => {
                answers.abort();
                deliver(&mut to_database, bytes).await;
            }
            Cut::Late => {
                answers.abort();
                let _ = answers.await;
                drop(from_node);
                sleep(Duration::from_millis(400)).await;
                deliver(&mut to_database, bytes).await;
                return;
            }
            Cut::Silence => {
                mute.store(true, Ordering::Relaxed);
                deliver(&mut to_database, bytes).await;
                while let Ok(1..) = from_node.read(&mut buffer).await {}
            }
        }
        break;
    }
    answers.abort();
}

/// Sends what is the last, and leaves time for it to be read.
async fn deliver(to_database: &mut OwnedWriteHalf, bytes: &[u8]) {
    let _ = to_database.write_all(bytes).await;
    sleep(Duration::from_millis(50)).await;
}
