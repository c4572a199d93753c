//! Debian's PostgreSQL in a folder of its own; in `standby.rs` a second one that follows it.

mod standby;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Uid;
use tempfile::TempDir;

use crate::child::{Child, NOBODY, unprivileged};
use crate::free_port;

/// Where Debian puts the programs, in a folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
const PASSWORD: &str = "only-for-tests";
/// How long a start or a stop may take on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);
/// The port is a part of the socket's name, and of nothing else unless TCP is asked for.
const SOCKET_PORT: u16 = 5432;

/// A server. It is stopped, and its folder removed, when this is dropped.
pub struct Postgres {
    folder: TempDir,
    /// On 127.0.0.1, besides the socket in the folder.
    port: Option<u16>,
    child: Option<Child>,
}

/// A certificate and its key in PEM, by which a server is to be spoken to over TLS.
pub struct Identity<'a> {
    /// The certificate.
    pub certificate: &'a str,
    /// Its key.
    pub key: &'a str,
}

impl Postgres {
    /// Starts one that is reached by a socket in its folder.
    pub fn start() -> Postgres {
        Postgres::make(None)
    }

    /// Starts one that is also reached by TCP on 127.0.0.1, encrypted.
    pub fn start_encrypted(identity: &Identity<'_>) -> Postgres {
        Postgres::make(Some(identity))
    }

    fn make(identity: Option<&Identity<'_>>) -> Postgres {
        let mut server = Postgres::nowhere();
        fs::write(server.path("password"), PASSWORD).unwrap();
        server.hand_over();
        server.init();
        if let Some(identity) = identity {
            server.add("server.crt", identity.certificate);
            server.add("server.key", identity.key);
            server.port = Some(free_port());
        }
        server.hand_over();
        server.start_again();
        server
    }

    /// One with an empty folder.
    fn nowhere() -> Postgres {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        Postgres {
            folder,
            port: None,
            child: None,
        }
    }

    /// The address of its database, for its owner.
    pub fn address(&self) -> String {
        format!("{} password={PASSWORD}", self.place())
    }

    /// The same without the password.
    pub fn place(&self) -> String {
        let (folder, port) = (self.folder.path().display(), self.socket_port());
        format!("host={folder} port={port} user=facteur dbname=postgres")
    }

    /// The password of its owner.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The same by TCP, where it is reached so.
    pub fn tcp_address(&self) -> String {
        let port = self.port.unwrap();
        format!("postgres://facteur:{PASSWORD}@127.0.0.1:{port}/postgres")
    }

    /// The socket that it listens on.
    pub fn socket(&self) -> PathBuf {
        self.path(&format!(".s.PGSQL.{}", self.socket_port()))
    }

    /// The number in the name of its socket.
    fn socket_port(&self) -> u16 {
        self.port.unwrap_or(SOCKET_PORT)
    }

    /// Ends it at once, as a fault would: no process of it has time to finish anything.
    pub fn crash(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.signal(Signal::SIGQUIT);
            child.wait();
        }
    }

    /// Ends its first process by `kill -9`. The others end when they notice.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.signal(Signal::SIGKILL);
            child.wait();
        }
    }

    /// Stops it in good order, without waiting for those who are connected.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.signal(Signal::SIGINT);
            child.wait();
        }
    }

    /// Starts it again after one of the above, with all that it kept.
    pub fn start_again(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        // Those that a `kill -9` left behind keep a new one from starting until they end.
        while !self.try_start(deadline) {
            assert!(Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn try_start(&mut self, deadline: Instant) -> bool {
        let mut command = unprivileged(program("postgres"));
        command.arg("-D").arg(self.path("data"));
        let set = |command: &mut Command, name: &str, value: &str| {
            command.args(["-c", &format!("{name}={value}")]);
        };
        set(
            &mut command,
            "unix_socket_directories",
            &self.folder.path().display().to_string(),
        );
        set(&mut command, "shared_buffers", "64MB");
        set(&mut command, "fsync", "on");
        set(&mut command, "port", &self.socket_port().to_string());
        let is_encrypted = self.port.is_some();
        set(
            &mut command,
            "listen_addresses",
            if is_encrypted { "127.0.0.1" } else { "" },
        );
        set(&mut command, "ssl", if is_encrypted { "on" } else { "off" });
        let child = Child::start(command, &self.path("log"));
        while child.is_running() && Instant::now() < deadline {
            if self.is_ready() {
                self.child = Some(child);
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Whether it takes work, which it says in the last line of its file.
    fn is_ready(&self) -> bool {
        let state = fs::read_to_string(self.path("data/postmaster.pid")).unwrap_or_default();
        let last = state.lines().last().unwrap_or_default();
        let ready = ["ready", "standby"].contains(&last.trim());
        ready && UnixStream::connect(self.socket()).is_ok()
    }

    fn init(&self) {
        let mut init = unprivileged(program("initdb"));
        init.arg("-D").arg(self.path("data"));
        init.args(["--username=facteur", "--auth=scram-sha-256"]);
        init.args(["--encoding=UTF8", "--locale=C"]);
        init.arg("--pwfile").arg(self.path("password"));
        // What it makes here is thrown away if the machine loses power meanwhile.
        init.arg("--no-sync");
        let made = init.stdout(Stdio::null()).stderr(Stdio::piped()).output();
        let made = made.unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "initdb: {said}");
    }

    fn add(&self, name: &str, text: &str) {
        let path = self.path("data").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Runs one of the server's programs, as whom the server runs as, to its good end; what
    /// it printed.
    fn run(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = unprivileged(program(name));
        command.args(arguments).env("PGPASSWORD", PASSWORD);
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{name}: {said}\n{}", self.log());
        String::from_utf8(done.stdout).unwrap()
    }

    /// Gives what is in the folder to whom the server runs as.
    fn hand_over(&self) {
        if Uid::effective().is_root() {
            give(self.folder.path());
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its processes must have ended before their folder goes.
        self.crash();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!(
                "the last that PostgreSQL said, latest first:\n{}",
                lines.join("\n")
            );
        }
    }
}

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

/// One of the server's programs, of the newest version that is there.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let version = |path: &PathBuf| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    let newest = versions.map(|entry| entry.path()).max_by_key(version);
    let there = newest.map(|folder| folder.join("bin").join(name));
    // Elsewhere than on Debian it is where programs are.
    there
        .filter(|path| path.is_file())
        .unwrap_or_else(|| name.into())
}
