//! What the store costs: `cargo xtask bench store`.
//!
//! Each part prints a row of a table.
//!
//! * `deliver PLACE SIZES SESSIONS SECONDS`: deliveries a second, the median and the 99th percentile
//!   of the wait for each, CPU for each, and octets written for each octet of a body. CPU and
//!   octets are those that the system counts for this process, the last layer brought into the
//!   database included. The syncs are counted from outside.
//! * `read SIZES`, embedded as what follows: CPU for each of a thousand messages of 20 KB that
//!   are read whole, one after the other, and what is on the disk of each octet of them.
//! * `mailbox MESSAGES`: milliseconds of what is done with one mailbox of so many messages.
//! * `make FOLDER MAILBOXES MESSAGES`, then `look FOLDER`: opening many mailboxes.
//! * `fill FOLDER OCTETS`, which ends as a crash does, then `reopen FOLDER`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::large_futures,
    reason = "this is a benchmark only"
)]

mod cost;
mod deliver;
mod folders;
mod mailbox;
mod places;
mod reading;
mod world;

use std::path::{Path, PathBuf};

use world::Sizes;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let number = |word: &str| word.parse().unwrap();
    match words[..] {
        ["deliver", place, sizes, sessions, seconds, ..] => {
            let (folder, sizes) = (own_folder(), Sizes::named(sizes));
            let (sessions, seconds) = (number(sessions), number(seconds));
            let delivering = deliver::deliver(place, folder.path(), sizes, sessions, seconds);
            runtime.block_on(delivering);
        }
        ["read", sizes, ..] => {
            let (folder, sizes) = (own_folder(), Sizes::named(sizes));
            runtime.block_on(reading::read(folder.path(), sizes));
        }
        ["mailbox", messages, ..] => {
            let messages = messages.parse().unwrap();
            runtime.block_on(mailbox::mailbox(own_folder().path(), messages));
        }
        ["make", folder, mailboxes, messages, ..] => {
            let messages = messages.parse().unwrap();
            runtime.block_on(folders::make(
                Path::new(folder),
                number(mailboxes),
                messages,
            ));
        }
        ["look", folder, ..] => runtime.block_on(folders::look(Path::new(folder))),
        ["fill", folder, octets, ..] => {
            runtime.block_on(folders::fill(Path::new(folder), number(octets)));
        }
        ["reopen", folder, ..] => runtime.block_on(folders::reopen(Path::new(folder))),
        _ => panic!("no part {words:?}"),
    }
}

/// A folder that goes at the end.
fn own_folder() -> tempfile::TempDir {
    let above = std::env::var("BENCH_FOLDER").map_or(".".into(), PathBuf::from);
    tempfile::tempdir_in(above).unwrap()
}
