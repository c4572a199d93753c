//! The load as a process, and whoever judges what it leaves.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::judge::{Judge, Verdict};
use crate::wire::{Line, lines};

/// How long an opening, or anything else, may take: far more than it does.
const PATIENCE: Duration = Duration::from_secs(60);

/// The load, while it runs, and what is known of its store.
pub(crate) struct Machine {
    /// Where it says what went wrong.
    log: PathBuf,
    running: Option<Running>,
    judge: Judge,
}

struct Running {
    process: Child,
    stream: UnixStream,
    lines: Receiver<Line>,
}

impl Machine {
    pub(crate) fn new(log: PathBuf) -> Machine {
        Machine {
            log,
            running: None,
            judge: Judge::default(),
        }
    }

    /// Starts it, which opens the store. Gives how long that took, or nothing if it ended
    /// before; then [`Machine::said`] may tell why.
    pub(crate) fn start(&mut self, command: Command) -> Option<Duration> {
        let begun = Instant::now();
        self.spawn(command);
        self.until(|line| *line == Line::Opened)?;
        Some(begun.elapsed())
    }

    /// Starts it, and does not wait until it is open.
    pub(crate) fn spawn(&mut self, mut command: Command) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut options = File::options();
        let log = options.create(true).append(true).open(&self.log).unwrap();
        command.stdin(OwnedFd::from(theirs));
        command.stdout(Stdio::null()).stderr(log);
        let process = command.spawn().unwrap();
        // It holds the other end of the socket, which must be open in the load alone.
        drop(command);
        let (sender, receiver) = channel();
        let from = ours.try_clone().unwrap();
        thread::spawn(move || lines(from).try_for_each(|line| sender.send(line)));
        self.running = Some(Running {
            process,
            stream: ours,
            lines: receiver,
        });
    }

    /// Hears until there comes such a line; nothing if the load ends before.
    fn until(&mut self, wanted: impl Fn(&Line) -> bool) -> Option<()> {
        let running = self.running.as_ref()?;
        loop {
            let line = running.lines.recv_timeout(PATIENCE).ok()?;
            let is_wanted = wanted(&line);
            self.judge.hear(line);
            if is_wanted {
                return Some(());
            }
        }
    }

    /// Hears all that is there, and judges it; nothing if the load ends before.
    pub(crate) fn look(&mut self) -> Option<Verdict> {
        self.until(|line| *line == Line::Ready)?;
        Some(self.judge.verdict())
    }

    /// What it has complained of, to whom it could.
    pub(crate) fn said(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let faults = self.judge.faults().iter().map(|fault| format!("{fault}\n"));
        faults.chain([log]).collect()
    }

    /// Lets it commit, or finish what it began.
    pub(crate) fn tell(&mut self, word: &str) {
        let running = self.running.as_mut().unwrap();
        // It may have ended, which is seen by whoever hears nothing more.
        let _ = running.stream.write_all(format!("{word}\n").as_bytes());
    }

    /// Returns when so many more commits are acknowledged, or the load has ended.
    pub(crate) fn wait_until_busy(&mut self, commits: u64) {
        let so_far = self
            .running
            .iter()
            .flat_map(|running| running.lines.try_iter());
        so_far.for_each(|line| self.judge.hear(line));
        let enough = self.judge.acknowledged() + commits;
        while self.judge.acknowledged() < enough {
            if self.until(|line| matches!(line, Line::Told(..))).is_none() {
                return;
            }
        }
    }

    /// Returns when it has ended, or after so long.
    pub(crate) fn wait_for_end(&mut self, most: Duration) {
        let begun = Instant::now();
        let running = self.running.as_mut().unwrap();
        while running.process.try_wait().unwrap().is_none() && begun.elapsed() < most {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Kills it, and hears what it said until then. It must have been there, or have ended
    /// with this code.
    pub(crate) fn kill(&mut self, or_ended: Option<i32>) -> Result<(), String> {
        let status = self.end().unwrap();
        match status.code() {
            code @ Some(_) if code != or_ended => {
                Err(format!("it ended by itself: {status}: {}", self.said()))
            }
            _ => Ok(()),
        }
    }

    /// Ends it, if it is there, in whatever way.
    pub(crate) fn end(&mut self) -> Option<ExitStatus> {
        let mut running = self.running.take()?;
        let _ = running.process.kill();
        let status = running.process.wait().unwrap();
        for line in &running.lines {
            self.judge.hear(line);
        }
        // A showing that was cut short says nothing.
        self.judge.forget_found();
        Some(status)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.end();
    }
}
