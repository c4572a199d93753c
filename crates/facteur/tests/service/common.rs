//! A service of one's own for a test: the real binary, started by its quick start on
//! ports of its own, and stopped at the end.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a test waits for ports that others have.
const BASE_PATIENCE: Duration = Duration::from_secs(120);

/// The service's processes end with the test, whatever becomes of it.
pub(crate) struct Facteur {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) base: u16,
    child: Child,
    given: Given,
    _base_lock: File,
}

/// How a service is started.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The domain of its two people.
    pub(crate) domain: &'static str,
    /// Its name, and where it listens.
    pub(crate) host: (&'static str, &'static str),
    /// How its store is cared for.
    pub(crate) care: Care,
    /// Settings, by their names in the environment.
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl Default for Given {
    fn default() -> Given {
        Given {
            domain: DOMAIN,
            host: HOST,
            care: Care::Usual,
            settings: Vec::new(),
        }
    }
}

/// The domain of the quick start.
const DOMAIN: &str = "facteur.test";
/// The name and the address of a service in no network of its own.
const HOST: (&str, &str) = ("localhost", "127.0.0.1");

/// How the store is cared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// As usual: not within a test.
    Usual,
    /// All the time, on small files: see [`restlessly`].
    Restless,
}

/// An address with its password, as the sheet shows them.
pub(crate) struct Person {
    pub(crate) address: String,
    pub(crate) password: String,
}

impl Facteur {
    /// Starts a new one.
    pub(crate) fn start() -> Facteur {
        Facteur::start_logging_to(Stdio::null())
    }

    /// Starts a new one whose store is cared for all the time.
    pub(crate) fn start_restless() -> Facteur {
        let care = Care::Restless;
        Facteur::begin(
            Stdio::null(),
            Given {
                care,
                ..Given::default()
            },
        )
    }

    /// Starts a new one whose log goes there.
    pub(crate) fn start_logging_to(log: Stdio) -> Facteur {
        Facteur::begin(log, Given::default())
    }

    fn begin(log: Stdio, given: Given) -> Facteur {
        Facteur::begin_at(free_base(), log, given)
    }

    /// Starts a new one on ports that are its own already.
    pub(crate) fn begin_at((base, lock): (u16, File), log: Stdio, given: Given) -> Facteur {
        let folder = tempfile::tempdir().unwrap();
        let child = serve(&folder.path().join("data"), base, log, &given);
        Facteur {
            folder,
            base,
            child,
            given,
            _base_lock: lock,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.data().join("tls/authority.pem")
    }

    pub(crate) fn port(&self, standard: u16) -> u16 {
        self.base + standard
    }

    /// The two people of the quick start.
    pub(crate) fn people(&self) -> [Person; 2] {
        people_of(self.given.domain, &self.data())
    }

    /// A file that tells scripts what they must know of the service.
    pub(crate) fn setting(&self) -> PathBuf {
        let people = self.people().map(
            |person| serde_json::json!({ "address": person.address, "password": person.password }),
        );
        let setting = serde_json::json!({
            "authority": self.authority(),
            "base": self.base,
            "binary": env!("CARGO_BIN_EXE_facteur"),
            "data": self.data(),
            "host": self.given.host.0,
            "people": people,
        });
        let path = self.folder.path().join("setting.json");
        std::fs::write(&path, setting.to_string()).unwrap();
        path
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A new start, after its end, on the same folder and ports.
    pub(crate) fn restart(&mut self) {
        self.child = serve(&self.data(), self.base, Stdio::null(), &self.given);
    }

    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        self.restart();
    }

    /// One whose data folder is complete and that does not run: [`crate::served::Served`]
    /// runs it as a test wants it run.
    pub(crate) fn prepared() -> Facteur {
        let mut facteur = Facteur::start();
        assert!(facteur.stop().success());
        facteur
    }

    /// SIGTERM, and what the process said at its end.
    pub(crate) fn stop(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        // The shell's own `kill`: a machine need not have the program of that name.
        let mut kill = Command::new("sh");
        let told = kill
            .args(["-c", "kill -TERM \"$0\"", &pid])
            .status()
            .unwrap();
        assert!(told.success());
        self.child.wait().unwrap()
    }

    /// A command line beside the running service.
    pub(crate) fn facteur(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
        command.arg("--data").arg(self.data()).args(arguments);
        command
    }
}

impl Drop for Facteur {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The two people of a quick start, from the sheet that it keeps.
pub(crate) fn people(data: &Path) -> [Person; 2] {
    people_of(DOMAIN, data)
}

fn people_of(domain: &str, data: &Path) -> [Person; 2] {
    let sheet = std::fs::read_to_string(data.join("quickstart.txt")).unwrap();
    ["jeanne", "paul"].map(|name| {
        let address = format!("{name}@{domain}");
        let words = |line: &str| {
            let mut words = line.split_whitespace();
            let named = words.next() == Some(address.as_str());
            let password = words.next().map(str::to_owned);
            password.filter(|_| named && words.next().is_none())
        };
        let password = sheet.lines().find_map(words).unwrap();
        Person { address, password }
    })
}

/// The scripts of one of the Python packages beside this file.
pub(crate) fn scripts(package: &str) -> Command {
    let mut command = Command::new("python3");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service");
    command.env("PYTHONPATH", folder).args(["-m", package]);
    command
}

/// Starts the binary and waits until it says that it serves.
fn serve(data: &Path, base: u16, log: Stdio, given: &Given) -> Child {
    let mut command = quickstart_at(data, base, given.host);
    command.args(["--domain", given.domain]);
    command.envs(given.settings.iter().map(|(name, value)| (name, value)));
    if given.care == Care::Restless {
        restlessly(&mut command);
    }
    let mut child = command.stderr(log).spawn().unwrap();
    assert!(serves(&mut child), "the service did not start");
    child
}

/// What lets people send as much in an hour as a load does in a minute.
pub(crate) const BUSY_PEOPLE: [(&str, &str); 2] = [
    ("FACTEUR_SUBMISSION__MESSAGES_PER_HOUR", "1000000"),
    ("FACTEUR_SUBMISSION__RECIPIENTS_PER_DAY", "1000000"),
];

/// Has a service care for its store all the time, on files so small that many come and go
/// within a test, and take whatever is sent.
pub(crate) fn restlessly(command: &mut Command) {
    command
        .envs(BUSY_PEOPLE)
        .env("FACTEUR_CARE__PAUSE_SECONDS", "0")
        .env("FACTEUR_CARE__GRACE_SECONDS", "0")
        .env("FACTEUR_CARE__FILE_BYTES", (256 * 1024).to_string());
}

/// How many files of messages were ever begun in a data folder, and how many are there.
pub(crate) fn files_of_messages(data: &Path) -> (usize, usize) {
    let folder = data.join("bodies").read_dir().unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let shared = names.filter_map(|name| {
        let number = name.strip_suffix(".shared")?;
        usize::from_str_radix(number, 16).ok()
    });
    let numbers: Vec<usize> = shared.collect();
    // Every other number is one of a large message.
    (numbers.iter().max().unwrap() / 2, numbers.len())
}

/// The binary's quick start, not yet running.
pub(crate) fn quickstart(data: &Path, base: u16) -> Command {
    quickstart_at(data, base, HOST)
}

fn quickstart_at(data: &Path, base: u16, (name, address): (&str, &str)) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
    command
        .arg("--data")
        .arg(data)
        .args(["quickstart", "--listen", address, "--hostname", name])
        .args(["--port-base", &base.to_string()])
        // A folder from elsewhere was made for other ports.
        .env("FACTEUR_PORT_BASE", base.to_string())
        // Nothing that a test sends leaves this machine: nobody is there to be asked where to.
        .env("FACTEUR_DNS__SERVERS", "[\"127.0.0.1:9\"]")
        .stdout(Stdio::piped());
    command
}

/// Waits until a quick start says that it serves; not so if it ends before.
pub(crate) fn serves(child: &mut Child) -> bool {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = |line: &std::io::Result<String>| {
        line.as_ref()
            .is_ok_and(|line| line.contains("quickstart.txt"))
    };
    lines.any(|line| told(&line))
}

/// A base under which every port of the service is free just now, and the lock that keeps
/// it from other tests, whatever process they run in. Where many tests run side by side it
/// waits until one of them ends.
pub(crate) fn free_base() -> (u16, File) {
    let deadline = Instant::now() + BASE_PATIENCE;
    loop {
        if let Some(found) = find_base() {
            return found;
        }
        assert!(Instant::now() < deadline, "no ports are free");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn find_base() -> Option<(u16, File)> {
    let ports = [25, 80, 110, 143, 443, 465, 587, 993, 995];
    let free = |base: u16| {
        let open = |port: &u16| TcpListener::bind(("127.0.0.1", base + port)).ok();
        ports.iter().map(open).collect::<Option<Vec<_>>>().is_some()
    };
    let lock = |base: u16| {
        let path = std::env::temp_dir().join(format!("facteur-test-{base}.lock"));
        // Another user of this machine may have made it.
        let file = File::create(path).ok()?;
        file.try_lock().is_ok().then_some((base, file))
    };
    // Below the ports that the system gives to whoever connects.
    (11..32)
        .filter_map(|thousand| lock(thousand * 1000))
        .find(|(base, _)| free(*base))
}
