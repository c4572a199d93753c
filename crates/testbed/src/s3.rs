//! A small S3 server: moto, a Python program that answers as S3 does and keeps
//! everything in memory. It is for what is said over the wire, not for durability.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::child::{Child, tied};
use crate::free_port;

/// What is installed, once for each checkout, under `target/testbed`.
const MOTO: &str = "moto[server]==5.2.1";
/// How long a start may take on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server. It is stopped when this is dropped, and all that it kept is gone.
pub struct S3 {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl S3 {
    /// Starts one with an empty bucket named `mail`.
    pub fn start() -> S3 {
        let folder = tempfile::Builder::new().prefix("s3").tempdir().unwrap();
        let mut server = S3 {
            folder,
            port: free_port(),
            child: None,
        };
        server.start_again();
        server
    }

    /// Where it is. It takes any key and any secret.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops it. What it kept is gone.
    pub fn stop(&mut self) {
        self.child = None;
    }

    /// Starts it after it was stopped, empty, at the same place.
    pub fn start_again(&mut self) {
        let mut command = tied(installed());
        command.args(["-m", "moto.server", "--host", "127.0.0.1", "--port"]);
        command.arg(self.port.to_string());
        let log = self.folder.path().join("log");
        self.child = Some(Child::start(command, &log));
        let deadline = Instant::now() + PATIENCE;
        while !self.has_bucket() {
            let log = fs::read_to_string(&log).unwrap_or_default();
            let runs = self.child.as_ref().is_some_and(Child::is_running);
            assert!(
                runs && Instant::now() < deadline,
                "moto did not start: {log}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes the bucket, once the server answers.
    fn has_bucket(&self) -> bool {
        let put = "PUT /mail HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
                   Connection: close\r\n\r\n";
        self.ask(put)
            .is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    fn ask(&self, request: &str) -> Option<String> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let mut stream = TcpStream::connect(address).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

/// The Python that knows moto; it is installed if it is not.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/testbed");
    fs::create_dir_all(&target).unwrap();
    // Tests run side by side; one of them installs.
    let lock = File::create(target.join("moto.lock")).unwrap();
    lock.lock().unwrap();
    let folder = target.join("moto");
    let mark = folder.join(MOTO);
    let python = folder.join("bin/python");
    if !mark.is_file() {
        let _ = fs::remove_dir_all(&folder);
        // What Debian brings, whatever else is called so on this machine.
        run(Command::new("/usr/bin/python3")
            .args(["-m", "venv"])
            .arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", MOTO]));
        fs::write(mark, "").unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
