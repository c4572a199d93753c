//! A host that takes everything and keeps nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often it is looked at whether all is there.
const BETWEEN: Duration = Duration::from_millis(20);

pub(crate) struct Sink {
    address: SocketAddr,
    taken: Arc<AtomicU64>,
}

impl Sink {
    pub(crate) fn start() -> Sink {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        let counter = taken.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let counter = counter.clone();
                // A peer that goes away ends its session alone.
                std::thread::spawn(move || take(&stream.unwrap(), &counter));
            }
        });
        Sink { address, taken }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns once so many messages have come.
    pub(crate) fn wait_for(&self, messages: u64) {
        while self.taken.load(Ordering::Relaxed) < messages {
            std::thread::sleep(BETWEEN);
        }
    }
}

fn take(stream: &TcpStream, taken: &AtomicU64) -> Option<()> {
    let mut lines = BufReader::with_capacity(64 * 1024, stream);
    let mut writer = stream;
    writer.write_all(b"220 sink.test ESMTP\r\n").ok()?;
    let mut replies = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let verb = line.get(..4)?.to_ascii_uppercase();
        let reply: &[u8] = match verb.as_slice() {
            b"EHLO" => b"250-sink.test\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 8BITMIME\r\n",
            b"DATA" => b"354 go on\r\n",
            b"QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        replies.extend_from_slice(reply);
        if verb == b"DATA" {
            writer.write_all(&replies).ok()?;
            replies.clear();
            skip(&mut lines)?;
            taken.fetch_add(1, Ordering::Relaxed);
            replies.extend_from_slice(b"250 taken\r\n");
        }
        // Replies go together where commands came together.
        if lines.buffer().is_empty() {
            writer.write_all(&replies).ok()?;
            replies.clear();
        }
    }
}

/// Reads on to the end of a message.
fn skip(lines: &mut impl BufRead) -> Option<()> {
    let mut line = Vec::new();
    while line != b".\r\n" {
        line.clear();
        if lines.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
    }
    Some(())
}
