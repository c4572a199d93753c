//! A name server: NSD, with the zones that a test writes, below a root of its own that is
//! signed; and one that says nothing.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::child::{Child, tied};
use crate::free_port;

/// How long a start may take on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long records may be kept, in seconds.
const TTL: u32 = 300;
/// The algorithm of all keys (13).
const ALGORITHM: &str = "ECDSAP256SHA256";

/// A zone, right below the root; none of them is inside another.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    records: String,
    signing: Signing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signing {
    Unsigned,
    Signed,
    /// Signed, with hashed names in what denies (NSEC3, RFC 5155).
    Hashed,
    /// The root vouches for its key, and its signatures are years old.
    Expired,
}

impl Zone {
    /// A zone without DNSSEC. Each line is a record as zone files have it (RFC 1035 section
    /// 5), beginning with its name, which is relative to the zone's (`@` is the zone
    /// itself): `www A 192.0.2.1`. SOA and NS are added.
    pub fn plain(name: &str, records: &str) -> Zone {
        Zone::new(name, records, Signing::Unsigned)
    }

    /// A signed one, vouched for by the root.
    pub fn signed(name: &str, records: &str) -> Zone {
        Zone::new(name, records, Signing::Signed)
    }

    /// A signed one that denies by hashed names (NSEC3).
    pub fn hashed(name: &str, records: &str) -> Zone {
        Zone::new(name, records, Signing::Hashed)
    }

    /// A signed one whose signatures have expired: all that it says is bogus.
    pub fn bogus(name: &str, records: &str) -> Zone {
        Zone::new(name, records, Signing::Expired)
    }

    fn new(name: &str, records: &str, signing: Signing) -> Zone {
        Zone {
            name: format!("{}.", name.trim_end_matches('.')),
            records: records
                .lines()
                .map(|line| line.trim().to_owned() + "\n")
                .collect(),
            signing,
        }
    }

    fn text(&self) -> String {
        let head = format!(
            "$ORIGIN {0}\n$TTL {TTL}\n\
             @ SOA ns.facteur-root. hostmaster.facteur-root. 1 3600 600 86400 {TTL}\n\
             @ NS ns.facteur-root.\n",
            self.name
        );
        head + &self.records
    }
}

/// A running server, at a port of its own on the loopback interface.
pub struct Dns {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Dns {
    /// Starts one that serves these zones.
    pub fn start(zones: &[Zone]) -> Dns {
        Dns::start_at(free_port(), zones)
    }

    /// Starts one at a port that is free: 53, within a network of the test's own.
    pub fn start_at(port: u16, zones: &[Zone]) -> Dns {
        let folder = tempfile::Builder::new().prefix("dns").tempdir().unwrap();
        let mut server = Dns {
            folder,
            port,
            child: None,
        };
        server.make_key(".");
        server.publish(zones);
        server
    }

    /// Where it is, by UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// A file with the key of its root, for who validates.
    pub fn trust_anchors(&self) -> PathBuf {
        self.key(".", "key")
    }

    /// Serves other zones from now on, at the same place. Those that stay keep their keys.
    pub fn publish(&mut self, zones: &[Zone]) {
        self.stop();
        let mut below = "ns.facteur-root. A 127.0.0.1\n".to_owned();
        for zone in zones {
            writeln!(below, "{} NS ns.facteur-root.", zone.name).unwrap();
            if zone.signing != Signing::Unsigned {
                self.make_key(&zone.name);
                let ds = self.key(&zone.name, "ds");
                below += &fs::read_to_string(ds).unwrap();
            }
            self.write(zone);
        }
        let root = Zone {
            name: ".".to_owned(),
            records: below,
            signing: Signing::Signed,
        };
        self.write(&root);
        let names = zones.iter().map(|zone| zone.name.as_str());
        self.write_settings(names.chain(["."]));
        self.run();
    }

    /// Stops it: from then on whoever asks is told that nobody is there.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Its helpers end with it only when it is asked to end.
            child.signal(Signal::SIGTERM);
            child.wait();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of a zone's key: `key`, `private` or `ds`.
    fn key(&self, zone: &str, extension: &str) -> PathBuf {
        self.path(&format!("{zone}key.{extension}"))
    }

    fn make_key(&self, zone: &str) {
        if self.key(zone, "key").is_file() {
            return;
        }
        let mut make = Command::new("ldns-keygen");
        make.args(["-a", ALGORITHM, "-k", "-r", "/dev/urandom", zone]);
        let base = run(make.current_dir(self.folder.path()));
        for extension in ["key", "private", "ds"] {
            let made = self.path(&format!("{}.{extension}", base.trim()));
            fs::rename(made, self.key(zone, extension)).unwrap();
        }
    }

    /// Writes the file of a zone, signed if it is to be.
    fn write(&self, zone: &Zone) {
        let file = self.path(&format!("{}zone", zone.name));
        fs::write(&file, zone.text()).unwrap();
        if zone.signing == Signing::Unsigned {
            return;
        }
        let mut sign = Command::new("ldns-signzone");
        match zone.signing {
            Signing::Expired => sign.args(["-i", "20200101000000", "-e", "20200201000000"]),
            Signing::Hashed => sign.args(["-n", "-t", "0"]),
            Signing::Signed | Signing::Unsigned => &mut sign,
        };
        sign.args(["-o", &zone.name, "-f"]).arg(&file);
        run(sign.arg(&file).arg(self.path(&format!("{}key", zone.name))));
    }

    fn write_settings<'a>(&self, zones: impl Iterator<Item = &'a str>) {
        let folder = self.folder.path().display();
        let mut settings = format!(
            "server:\n ip-address: 127.0.0.1\n port: {}\n server-count: 1\n\
             \x20zonesdir: \"{folder}\"\n database: \"\"\n pidfile: \"{folder}/pid\"\n\
             \x20xfrdfile: \"{folder}/xfrd\"\n zonelistfile: \"{folder}/list\"\n\
             \x20xfrdir: \"{folder}\"\n username: \"\"\n chroot: \"\"\n\
             \x20rrl-ratelimit: 0\nremote-control:\n control-enable: no\n",
            self.port
        );
        for zone in zones {
            writeln!(
                settings,
                "zone:\n name: \"{zone}\"\n zonefile: \"{zone}zone\""
            )
            .unwrap();
        }
        fs::write(self.path("nsd.conf"), settings).unwrap();
    }

    fn run(&mut self) {
        // Debian keeps it out of the path of everybody but root.
        let program = ["/usr/sbin/nsd", "/usr/local/sbin/nsd"]
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .unwrap_or("nsd");
        let mut command = tied(program);
        command.args(["-d", "-c"]).arg(self.path("nsd.conf"));
        let log = self.path("log");
        self.child = Some(Child::start(command, &log));
        let deadline = Instant::now() + PATIENCE;
        while !self.answers() {
            let runs = self.child.as_ref().is_some_and(Child::is_running);
            let log = fs::read_to_string(&log).unwrap_or_default();
            assert!(
                runs && Instant::now() < deadline,
                "NSD did not start: {log}"
            );
        }
    }

    /// Asks for the servers of the root.
    fn answers(&self) -> bool {
        let question = *b"\x12\x34\0\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01";
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let patience = Some(Duration::from_millis(50));
        socket.set_read_timeout(patience).unwrap();
        let mut answer = [0; 512];
        socket.send_to(&question, self.address()).is_ok() && {
            let answered = socket.recv(&mut answer).is_ok();
            if !answered {
                std::thread::sleep(Duration::from_millis(20));
            }
            answered && answer[3] & 0x0f == 0
        }
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs a tool to its end, and gives what it said.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server that takes every question and answers none.
pub struct SilentDns {
    socket: UdpSocket,
    /// Connections to it are made by the system, and nobody takes them.
    _listener: TcpListener,
}

impl SilentDns {
    /// Starts one.
    pub fn start() -> SilentDns {
        loop {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            // The port may be somebody's by UDP.
            let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) else {
                continue;
            };
            socket.set_nonblocking(true).unwrap();
            return SilentDns {
                socket,
                _listener: listener,
            };
        }
    }

    /// Where it is, by UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// How many questions have come by UDP since this was last asked.
    pub fn asked(&self) -> usize {
        let mut question = [0; 512];
        std::iter::from_fn(|| self.socket.recv(&mut question).ok()).count()
    }
}
