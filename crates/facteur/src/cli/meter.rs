//! How far something has come, on the terminal of whoever waits for it.

use std::io::{self, IsTerminal, Write};

use care::Step;

/// One line on the standard error, written over. Where that is no terminal nothing is shown.
pub(super) struct Meter {
    shown: bool,
}

impl Meter {
    pub(super) fn new() -> Meter {
        let shown = io::stderr().is_terminal();
        Meter { shown }
    }

    pub(super) fn show(&self, step: &Step) {
        if self.shown {
            // Whoever looks away misses nothing.
            let _ = write!(io::stderr(), "\r\x1b[K{}", words(step));
        }
    }

    pub(super) fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn words(step: &Step) -> String {
    match step {
        Step::Tidying { done, all } => format!("tidying: account {done} of {all}"),
        Step::Copying { octets } => format!("copying the index: {}", size(*octets)),
        Step::Looking { done, all } => format!("looking what is needed: account {done} of {all}"),
        Step::Listing { done, all, bodies } => {
            format!("listing the bucket: folder {done} of {all}, {bodies} messages")
        }
        Step::Rewriting { done, all } => format!("writing again: file {done} of {all}"),
        Step::Checking {
            done,
            all,
            messages,
            octets,
        } => {
            let read = size(*octets);
            format!("checking: account {done} of {all}, {messages} messages, {read} read")
        }
        Step::Moving { done, all, octets } => {
            format!("moving: account {done} of {all}, {}", size(*octets))
        }
        Step::Saving { octets, all } => {
            format!("saving: {} of {}", size(*octets), size(*all))
        }
        Step::Flushed { recipients } => format!("to be tried now: {recipients} recipients"),
    }
}

/// Octets for people.
pub(super) fn size(octets: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut amount = octets as f64 / 1024.0;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_shown_for_people() {
        assert_eq!(size(512), "0.5 KiB");
        assert_eq!(size(64 * 1024 * 1024), "64.0 MiB");
        assert_eq!(size(u64::MAX), "16384.0 PiB");
    }
}
