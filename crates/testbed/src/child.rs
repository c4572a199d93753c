//! A server as a process that is never left behind.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

/// The user that servers run as when the tests run as root, as some refuse to be root:
/// Debian's `nobody`.
pub(crate) const NOBODY: u32 = 65534;

/// A command that runs as somebody who is not root.
pub(crate) fn unprivileged(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    if Uid::effective().is_root() {
        let nobody = NOBODY.to_string();
        command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups"]);
    }
    end_with_us(command, program)
}

/// A command that runs as whoever the tests run as.
pub(crate) fn tied(program: impl AsRef<OsStr>) -> Command {
    end_with_us(Command::new("setpriv"), program)
}

fn end_with_us(mut command: Command, program: impl AsRef<OsStr>) -> Command {
    // Whatever becomes of the tests, the server ends with them.
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    // A server keeps nothing of where the tests run.
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// A running server.
pub(crate) struct Child {
    pid: Pid,
    /// Waits for its end.
    keeper: Option<JoinHandle<()>>,
}

impl Child {
    /// Starts it; what it says goes to the end of this file.
    pub(crate) fn start(mut command: Command, log: &Path) -> Child {
        let log = File::options().append(true).create(true).open(log).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let (started, start) = mpsc::channel();
        // The system ends it with the thread that started it; so that thread stays.
        let keeper = std::thread::spawn(move || {
            let mut process = command.spawn();
            started
                .send(
                    process
                        .as_ref()
                        .map(Process::id)
                        .map_err(ToString::to_string),
                )
                .unwrap();
            if let Ok(process) = &mut process {
                process.wait().unwrap();
            }
        });
        let id = start.recv().unwrap().unwrap();
        Child {
            pid: Pid::from_raw(id.try_into().unwrap()),
            keeper: Some(keeper),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// Sends it a signal, while it is there.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_running() {
            kill(self.pid, signal).unwrap();
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.keeper
            .as_ref()
            .is_some_and(|keeper| !keeper.is_finished())
    }

    /// Returns when it has ended.
    pub(crate) fn wait(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.join().unwrap();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        self.wait();
    }
}
