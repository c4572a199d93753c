//! `facteur serve` as a test wants it run: by another user, with other variables, with
//! its log read.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::common::Facteur;

/// Far longer than anything waited for takes: past it the test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running service, which ends with the test.
pub(crate) struct Served {
    child: Child,
    lines: Receiver<String>,
    seen: String,
}

impl Served {
    /// Runs a command that serves, until it says that it does.
    pub(crate) fn start(mut command: Command) -> Served {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // The end of the process is the end of its log.
            for line in errors.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let seen = String::new();
        let mut served = Served { child, lines, seen };
        served.wait_for("serving");
        served
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Ends it at once; nothing of it has time to finish anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Reads the log on to a line with this text.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            assert!(line.is_ok(), "no {text:?} in\n{}", self.seen);
            let line = line.unwrap();
            self.seen.push_str(&line);
            self.seen.push('\n');
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        // The shell's own: not every machine has the program.
        let mut shell = Command::new("sh");
        shell.args(["-c", "kill -\"$1\" \"$2\"", "sh", name, &self.pid()]);
        let told = shell.status();
        assert!(told.unwrap().success());
    }

    /// Waits for the end; the status, and the whole log.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        (status, std::mem::take(&mut self.seen))
    }

    /// SIGTERM; the status, and the whole log.
    pub(crate) fn stop(&mut self) -> (ExitStatus, String) {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A script of these tests, which gets the authority, the base of the ports and more.
pub(crate) fn python(facteur: &Facteur, script: &str, arguments: &[&str]) -> Command {
    trusting(&facteur.authority(), facteur.base, script, arguments)
}

/// The same, with the authority elsewhere.
pub(crate) fn trusting(authority: &Path, base: u16, script: &str, arguments: &[&str]) -> Command {
    let mut python = Command::new("python3");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/");
    python.arg(format!("{folder}{script}"));
    python.arg(authority).arg(base.to_string()).args(arguments);
    python
}

/// Runs it to its end, which must be a good one; what it printed.
pub(crate) fn run(mut command: Command) -> String {
    let done = command.output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}\n{errors}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}
