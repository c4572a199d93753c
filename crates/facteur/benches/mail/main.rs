//! Mail from others to mailboxes here, and from accounts here to others, by this service and
//! by Debian's Postfix with Dovecot behind it: the same octets from the same sessions.
//!
//! `cargo xtask bench mail` runs it. Each call measures one thing on a server of its own, in a
//! new folder, and prints a row of a table without its first columns.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement ends with whatever goes wrong, and what it says is its result"
)]

mod cost;
mod load;
mod ours;
mod server;
mod sink;
mod theirs;

use std::path::PathBuf;
use std::time::Instant;

use cost::Cost;
use load::{Load, Sizes};
use ours::Ours;
use server::Server;
use sink::Sink;
use theirs::Theirs;

/// Mailboxes that mail is for.
const MAILBOXES: u64 = 30;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // What cargo adds to every call of a benchmark.
    let words: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench")
        .collect();
    match words[..] {
        ["taking", who, sizes, sessions, each, seconds] => taking(
            who,
            &Load {
                sizes: Sizes::named(sizes),
                sessions: sessions.parse().unwrap(),
                each: each.parse().unwrap(),
                seconds: seconds.parse().unwrap(),
            },
        ),
        ["relaying", who, sessions, seconds] => relaying(
            who,
            &Load {
                sizes: Sizes::Small,
                sessions: sessions.parse().unwrap(),
                each: u64::MAX,
                seconds: seconds.parse().unwrap(),
            },
        ),
        _ => panic!("no such measurement: {words:?}"),
    }
}

/// The library that counts syncs, if they are to be counted: what xtask has built.
fn counter() -> Option<PathBuf> {
    std::env::var_os("SYNCS_LIBRARY").map(PathBuf::from)
}

/// Mail from another host, until it is in the mailboxes.
fn taking(who: &str, load: &Load) {
    let server: Box<dyn Server> = match who {
        "postfix" => Box::new(Theirs::start(None)),
        "stranger" => Box::new(Ours::start(who, None)),
        "trusted" => Box::new(Ours::start(who, None)),
        _ => panic!("who is {who}?"),
    };
    let before = Cost::of(server.pid());
    let begin = Instant::now();
    let sent = load.send(&server.taking(), &|number| {
        format!("user{}@mx.test", number % MAILBOXES)
    });
    let accepted = begin.elapsed();
    server.wait_until_kept(sent.messages);
    let visible = begin.elapsed();
    let cost = Cost::of(server.pid()) - before;
    assert_eq!(server.kept(), sent.messages);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (messages, octets) = (sent.messages as f64, sent.octets as f64);
    println!(
        "{:.0} | {:.0} | {:.1} | {:.2} | {:.2} | {:.3} | {:.0}",
        messages / accepted.as_secs_f64(),
        messages / visible.as_secs_f64(),
        sent.slow_ms,
        cost.cpu * 1e3 / messages,
        cost.written / octets,
        cost.syncs / messages,
        cost.memory,
    );
}

/// Mail for another host, until that has it.
fn relaying(who: &str, load: &Load) {
    let sink = Sink::start();
    let server: Box<dyn Server> = match who {
        "postfix" => Box::new(Theirs::start(Some(sink.address()))),
        "ours" => Box::new(Ours::start("trusted", Some(sink.address()))),
        _ => panic!("who is {who}?"),
    };
    let before = Cost::of(server.pid());
    let begin = Instant::now();
    let sent = load.send(&server.submitting(), &|number| {
        format!("paul{number}@sink.test")
    });
    let accepted = begin.elapsed();
    sink.wait_for(sent.messages);
    let arrived = begin.elapsed();
    let cost = Cost::of(server.pid()) - before;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let messages = sent.messages as f64;
    println!(
        "{:.0} | {:.0} | {:.2} | {:.3} | {:.0}",
        messages / accepted.as_secs_f64(),
        messages / arrived.as_secs_f64(),
        cost.cpu * 1e3 / messages,
        cost.syncs / messages,
        cost.memory,
    );
}
