//! Those who bring mail.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::server::Door;

/// How large messages are; all are noise in base64.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sizes {
    /// 2 KB.
    Small,
    /// 80, 15 and 5 of a hundred have 2, 20 and 200 KB.
    Mix,
    /// 200 KB.
    Large,
}

impl Sizes {
    pub(crate) fn named(name: &str) -> Sizes {
        match name {
            "small" => Sizes::Small,
            "mix" => Sizes::Mix,
            "large" => Sizes::Large,
            other => panic!("no sizes {other:?}"),
        }
    }

    fn octets(self, number: u64) -> usize {
        // Numbers follow each other; their sizes do not.
        match (self, number * 37 % 100) {
            (Sizes::Small, _) | (Sizes::Mix, 0..80) => 2_000,
            (Sizes::Mix, 80..95) => 20_000,
            (Sizes::Mix | Sizes::Large, _) => 200_000,
        }
    }
}

/// What is sent, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) sizes: Sizes,
    pub(crate) sessions: u64,
    /// Messages that a connection brings before the next one.
    pub(crate) each: u64,
    /// How long messages begin.
    pub(crate) seconds: u64,
}

/// What was sent.
pub(crate) struct Sent {
    pub(crate) messages: u64,
    pub(crate) octets: u64,
    /// Milliseconds within which 99 of 100 messages were acknowledged, each from its first
    /// command.
    pub(crate) slow_ms: f64,
}

impl Load {
    /// Sends until the time is over, and returns when the last one is acknowledged.
    pub(crate) fn send(&self, door: &Door, to: &(dyn Fn(u64) -> String + Sync)) -> Sent {
        let numbers = AtomicU64::new(0);
        let deadline = Instant::now() + Duration::from_secs(self.seconds);
        let (mut octets, mut times) = (0, Vec::new());
        std::thread::scope(|scope| {
            let session = || self.session(door, to, &numbers, deadline);
            let sessions: Vec<_> = (0..self.sessions).map(|_| scope.spawn(session)).collect();
            for session in sessions {
                let (sent, took) = session.join().unwrap();
                octets += sent;
                times.extend(took);
            }
        });
        times.sort_unstable();
        let slow = times[times.len() * 99 / 100];
        Sent {
            messages: times.len() as u64,
            octets,
            slow_ms: slow.as_secs_f64() * 1e3,
        }
    }

    fn session(
        &self,
        door: &Door,
        to: &(dyn Fn(u64) -> String + Sync),
        numbers: &AtomicU64,
        deadline: Instant,
    ) -> (u64, Vec<Duration>) {
        let (mut octets, mut times) = (0, Vec::new());
        let mut text = Vec::new();
        while Instant::now() < deadline {
            let mut peer = Peer::connect(door);
            for _ in 0..self.each {
                if Instant::now() >= deadline {
                    break;
                }
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                compose(&mut text, &door.sender, self.sizes.octets(number), number);
                let begin = Instant::now();
                peer.bring(&door.sender, &to(number), &text);
                times.push(begin.elapsed());
                octets += text.len() as u64;
            }
            peer.say("QUIT\r\n", "221");
        }
        (octets, times)
    }
}

/// One connection.
struct Peer {
    replies: BufReader<TcpStream>,
    reply: String,
}

impl Peer {
    fn connect(door: &Door) -> Peer {
        let stream = TcpStream::connect(door.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut peer = Peer {
            replies: BufReader::new(stream),
            reply: String::new(),
        };
        peer.expect("220");
        peer.say("EHLO mail.sender.test\r\n", "250");
        if let Some(line) = &door.sign_in {
            peer.say(&format!("{line}\r\n"), "235");
        }
        peer
    }

    /// As a host that pipelines does.
    fn bring(&mut self, from: &str, to: &str, text: &[u8]) {
        self.send(format!("MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n").as_bytes());
        self.expect("250");
        self.expect("250");
        self.expect("354");
        self.send(text);
        self.expect("250");
    }

    fn say(&mut self, line: &str, reply: &str) {
        self.send(line.as_bytes());
        self.expect(reply);
    }

    fn send(&mut self, octets: &[u8]) {
        self.replies.get_mut().write_all(octets).unwrap();
    }

    fn expect(&mut self, code: &str) {
        loop {
            self.reply.clear();
            self.replies.read_line(&mut self.reply).unwrap();
            assert!(self.reply.starts_with(code), "{:?}", self.reply);
            if self.reply.as_bytes().get(3) != Some(&b'-') {
                return;
            }
        }
    }
}

/// A message of so many octets, with its end as the protocol has it.
fn compose(text: &mut Vec<u8>, from: &str, octets: usize, number: u64) {
    text.clear();
    let header = format!(
        "From: L\u{e9}a <{from}>\r\nTo: Jean <jean@mx.test>\r\n\
         Subject: Nouvelles {number}\r\nDate: Sat, 28 Nov 2026 04:00:00 +0000\r\n\
         Message-ID: <{number:016x}@sender.test>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    );
    text.extend_from_slice(header.replace('\u{e9}', "e").as_bytes());
    let mut noise = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    while text.len() < octets {
        for _ in 0..76 {
            // xorshift64, George Marsaglia 2003.
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let letter = usize::try_from(noise >> 58).unwrap();
            text.push(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[letter]);
        }
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b".\r\n");
}
