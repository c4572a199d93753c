//! Other people's mail servers: Debian's Postfix and OpenSMTPD, each as if it were
//! installed, in name spaces of its own, taking mail for `paul@mx.test` on a port of
//! 127.0.0.1; or, within a network of the test's own, at an address that has a name, and
//! sending mail on from there. And Postfix with Dovecot behind it, taking mail for anybody.

mod dovecot;
mod opensmtpd;
mod postfix;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use postfix::postfix_tool;

use crate::child::Child;
use crate::debian::{as_root, unpacked};
use crate::{Authority, Identity, free_port};

/// How long a start, or a delivery, may take on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// The users that the servers are, and the one who gets the mail. Nobody else has these
/// numbers.
const USERS: [(&str, u32); 8] = [
    ("postfix", 7001),
    ("postdrop", 7002),
    ("opensmtpd", 7003),
    ("opensmtpq", 7004),
    ("paul", PAUL),
    ("vmail", VMAIL),
    ("dovecot", 7007),
    ("dovenull", 7008),
];
const PAUL: u32 = 7005;
const VMAIL: u32 = 7006;

/// A mail server. It is stopped, and its folder removed, when this is dropped.
pub struct Mta {
    folder: TempDir,
    address: SocketAddr,
    child: Option<Child>,
}

/// Where one is in a network of the test's own.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its address, at whose port 25 it listens and from which it sends.
    pub address: Ipv4Addr,
    /// Its name, which is the domain of `paul` too.
    pub name: &'a str,
}

impl Place<'_> {
    /// As the world without a network of the test's own has it.
    fn somewhere() -> (Place<'static>, SocketAddr) {
        let (address, name) = (Ipv4Addr::LOCALHOST, "mx.test");
        (Place { address, name }, (address, free_port()).into())
    }
}

impl Mta {
    /// Debian's Postfix. It offers STARTTLS if it is given a certificate.
    pub fn postfix(identity: Option<&Identity<'_>>) -> Mta {
        let (place, address) = Place::somewhere();
        let mut server = Mta::nowhere(address, identity);
        let script = postfix::prepare(&server, place, identity.is_some(), None);
        server.start(&["postfix"], &script);
        server
    }

    /// Debian's Postfix, within a network of the test's own. It takes mail from there for
    /// everywhere, and sends it on to hosts that this authority vouches for, alone.
    pub fn postfix_at(place: Place<'_>, identity: &Identity<'_>, authority: Authority<'_>) -> Mta {
        let mut server = Mta::nowhere((place.address, 25).into(), Some(identity));
        let script = postfix::prepare(&server, place, true, Some(authority));
        server.start(&["postfix"], &script);
        server
    }

    /// Debian's Postfix, which hands what comes for anybody at `mx.test` to Debian's Dovecot by
    /// LMTP: [`Mta::kept`] counts what that keeps. Everything else they hand to this relay, if
    /// there is one. The library is loaded into every program of theirs.
    pub fn postfix_and_dovecot(relay: Option<SocketAddr>, preloaded: Option<&Path>) -> Mta {
        let (place, address) = Place::somewhere();
        let mut server = Mta::nowhere(address, None);
        let script = dovecot::prepare(&server, place.name, relay);
        if let Some(library) = preloaded {
            let line = format!("{}\n", library.display());
            fs::write(server.path("etc/ld.so.preload"), line).unwrap();
        }
        server.start(&["postfix", "dovecot-lmtpd"], &script);
        server
    }

    /// The same of OpenSMTPD, which asks nobody for a certificate.
    pub fn opensmtpd_at(place: Place<'_>) -> Mta {
        let mut server = Mta::nowhere((place.address, 25).into(), None);
        let script = opensmtpd::prepare(&server, place, true);
        server.start(&["opensmtpd"], &script);
        server
    }

    /// Debian's OpenSMTPD. It offers no TLS: that of Debian 12 answers every handshake with
    /// `internal error`, whatever the key is.
    pub fn opensmtpd() -> Mta {
        let (place, address) = Place::somewhere();
        let mut server = Mta::nowhere(address, None);
        let script = opensmtpd::prepare(&server, place, false);
        server.start(&["opensmtpd"], &script);
        server
    }

    /// One with a folder, and the files that each of them needs.
    fn nowhere(address: SocketAddr, identity: Option<&Identity<'_>>) -> Mta {
        let folder = tempfile::Builder::new().prefix("mta").tempdir().unwrap();
        let server = Mta {
            folder,
            address,
            child: None,
        };
        // Others than root pass through it.
        fs::set_permissions(server.folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        fs::create_dir(server.path("mail")).unwrap();
        fs::create_dir(server.path("etc")).unwrap();
        let (mut users, mut groups) = (read("/etc/passwd"), read("/etc/group"));
        for (name, number) in USERS {
            writeln!(users, "{name}:x:{number}:{number}::/nonexistent:/bin/false").unwrap();
            writeln!(groups, "{name}:x:{number}:").unwrap();
        }
        fs::write(server.path("etc/passwd"), users).unwrap();
        fs::write(server.path("etc/group"), groups).unwrap();
        let servers = read("/etc/resolv.conf");
        fs::write(server.path("etc/resolv.conf"), servers).unwrap();
        if let Some(identity) = identity {
            fs::write(server.path("certificate.pem"), identity.certificate).unwrap();
            let key = server.path("key.pem");
            fs::write(&key, identity.key).unwrap();
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        }
        server
    }

    /// Starts it where its packages look as if they were installed, and waits for its greeting.
    fn start(&mut self, packages: &[&str], script: &str) {
        let usr: String = packages
            .iter()
            .map(|package| format!("{}:", unpacked(package).join("usr").display()))
            .collect();
        let script = format!(
            "set -e\n\
             mount -t overlay -o lowerdir={usr}/usr none /usr\n\
             mount -t overlay -o lowerdir={}:/etc none /etc\n{script}",
            self.path("etc").display(),
        );
        let mut command = as_root("unshare");
        // All that it starts ends with it.
        command.args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--",
            "sh",
            "-c",
        ]);
        command.arg(script);
        self.child = Some(Child::start(command, &self.path("output")));
        let deadline = Instant::now() + PATIENCE;
        while !self.greets() {
            let runs = self.child.as_ref().is_some_and(Child::is_running);
            assert!(
                runs && Instant::now() < deadline,
                "{packages:?} did not start: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn greets(&self) -> bool {
        let Ok(stream) = TcpStream::connect(self.address()) else {
            return false;
        };
        let mut greeting = String::new();
        let heard = BufReader::new(stream).read_line(&mut greeting);
        heard.is_ok() && greeting.starts_with("220 ")
    }

    /// Where it takes mail.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The messages that Paul has got, once there are so many, with what the server put
    /// above them.
    pub fn mail(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let files = self.files();
            if files.len() >= count {
                return files.iter().map(|file| self.ask(&["cat", file])).collect();
            }
            assert!(Instant::now() < deadline, "{files:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn files(&self) -> Vec<String> {
        let mail = self.path("mail").display().to_string();
        let found = self.ask(&["find", &mail, "-path", "*/new/*", "-type", "f"]);
        let mut files: Vec<String> = found.lines().map(str::to_owned).collect();
        files.sort();
        files
    }

    /// Where the mail of Paul is kept: files in folders called `new`, below.
    pub fn mail_folder(&self) -> PathBuf {
        self.path("mail")
    }

    /// How many messages Dovecot keeps.
    pub fn kept(&self) -> usize {
        let mail = self.mail_folder().display().to_string();
        self.ask(&["find", &mail, "-name", "u.*", "-type", "f"])
            .lines()
            .count()
    }

    /// The process from which all of its processes come.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::pid)
    }

    /// What it wrote down.
    pub fn log(&self) -> String {
        let text = |name| fs::read_to_string(self.path(name)).unwrap_or_default();
        ["output", "log", "dovecot.log"].map(text).concat()
    }

    /// What a command says that may read what is the server's.
    fn ask(&self, words: &[&str]) -> String {
        let [program, arguments @ ..] = words else {
            return String::new();
        };
        let output = as_root(program).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Mta {
    fn drop(&mut self) {
        self.child = None;
        // Some of it belongs to others; what is left goes with the folder.
        let folder = self.folder.path().display().to_string();
        self.ask(&["find", &folder, "-mindepth", "1", "-delete"]);
    }
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}
