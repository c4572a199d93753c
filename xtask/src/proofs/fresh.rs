//! The README's two commands, on a Debian 12 that has Rust and a C compiler and nothing
//! else.
//!
//! The machine is a folder made by debootstrap, entered by pivot_root inside name spaces of
//! its own, so that whatever was started or mounted in it ends with it. It gets a clone
//! of what is committed, this machine's Rust toolchain, and the way to the network: the
//! resolver's file and the certificates believed here (pip, which brings its own, is told of
//! them). It needs root.

use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use super::Proof;
use crate::packages::{self, is_root};
use crate::shell::{Failure, announce, output, step, succeeds};
use crate::workspace::Workspace;

pub(super) const PROOF: Proof = Proof {
    name: "fresh",
    shows: "the README's two commands work on a fresh Debian 12 with Rust and a C compiler",
    run,
};

/// What a machine has on which one can build Rust at all.
const PACKAGES: &str = "--include=gcc,libc6-dev,ca-certificates";

/// The ports that answer after `cargo xtask run`, with what a greeting begins with;
/// where there is none, the client speaks first.
const PORTS: &[(u16, &str)] = &[
    (10025, "220 "),
    (10110, "+OK"),
    (10143, "* OK"),
    (10587, "220 "),
    (10465, ""),
    (10993, ""),
    (10995, ""),
    (10443, ""),
    (10080, ""),
];

/// How long the first command may take until the ports answer: it builds a release.
const BUILDING: Duration = Duration::from_secs(45 * 60);

/// How long the service may take to drain and end when it is told to.
const ENDING: Duration = Duration::from_secs(60);

fn run(workspace: &Workspace) -> Result<(), Failure> {
    if !is_root() {
        return Err(Failure(
            "a fresh machine is made by chroot, which only root may do".to_owned(),
        ));
    }
    packages::ensure(packages::FRESH)?;
    let machine = Machine::make(workspace)?;
    machine.serves()?;
    machine.tests()?;
    fs::remove_dir_all(&machine.root).map_err(Failure::from)
}

/// A folder that is a machine.
struct Machine {
    root: PathBuf,
    toolchain: PathBuf,
}

impl Machine {
    fn make(workspace: &Workspace) -> Result<Machine, Failure> {
        let root = workspace.target.join("proofs/fresh");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        let mut debootstrap = Command::new("debootstrap");
        debootstrap
            .args(["--variant=minbase", PACKAGES, "bookworm"])
            .arg(&root);
        step("making a fresh Debian 12", &mut debootstrap)?;
        for file in [
            "etc/resolv.conf",
            "etc/hosts",
            "etc/ssl/certs/ca-certificates.crt",
        ] {
            fs::copy(Path::new("/").join(file), root.join(file))?;
        }
        let mut clone = Command::new("git");
        clone.args(["clone", "--quiet", "--no-hardlinks"]);
        step(
            "cloning",
            clone.arg(&workspace.root).arg(root.join("root/facteur")),
        )?;
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
        fs::create_dir_all(root.join("opt/rust"))?;
        Ok(Machine {
            root,
            toolchain: sysroot.trim().into(),
        })
    }

    /// A command line of the README, typed in the clone on this machine. It ends, with
    /// all that it started, when this program does, however that comes: the name space
    /// ends with `unshare`, and `unshare` with us.
    fn type_in(&self, line: &str) -> Command {
        // Not by chroot alone: in a folder that is no mount of its own, nobody gets name
        // spaces, which some tests need and a machine of its own gives.
        const ENTER: &str = "set -e
            mount --bind \"$1\" \"$1\"
            mount --bind -o ro \"$2\" \"$1/opt/rust\"
            mount --rbind /dev \"$1/dev\"
            mount -t proc proc \"$1/proc\"
            cd \"$1\"
            pivot_root . mnt
            exec chroot . env -i HOME=/root LANG=C.UTF-8 PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                PIP_CERT=/etc/ssl/certs/ca-certificates.crt sh -c \"umount -l /mnt && cd /root/facteur && exec $3\"";
        let mut command = Command::new("setpriv");
        command.args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            ENTER,
            "sh",
        ]);
        command.arg(&self.root).arg(&self.toolchain).arg(line);
        command
    }

    /// The first command ends with mail service on all ports.
    fn serves(&self) -> Result<(), Failure> {
        announce("cargo xtask run");
        let mut service = Running(self.type_in("cargo xtask run").spawn()?);
        let begun = Instant::now();
        for (port, greeting) in PORTS {
            while !greets(*port, greeting) {
                if let Some(status) = service.0.try_wait()? {
                    return Err(Failure(format!("cargo xtask run ended: {status}")));
                }
                if begun.elapsed() > BUILDING {
                    return Err(Failure(format!("port {port} does not answer")));
                }
                thread::sleep(Duration::from_secs(1));
            }
            println!("    port {port} answers");
        }
        service.end()
    }

    /// The second passes.
    fn tests(&self) -> Result<(), Failure> {
        step("cargo xtask test", &mut self.type_in("cargo xtask test"))
    }
}

/// A service that does not outlive the proof.
struct Running(Child);

impl Running {
    /// Asks it to end, as a machine that shuts down does.
    fn end(&mut self) -> Result<(), Failure> {
        // The child is unshare; its own child is the first process of the name space.
        let id = output(Command::new("pgrep").args(["--parent", &self.0.id().to_string()]))?;
        if !succeeds("kill", &["-TERM", id.trim()]) {
            return Err(Failure("the service could not be told to end".to_owned()));
        }
        let begun = Instant::now();
        while begun.elapsed() < ENDING {
            match self.0.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(Failure(format!("told to end, it ended: {status}"))),
                None => thread::sleep(Duration::from_millis(200)),
            }
        }
        Err(Failure("told to end, it went on".to_owned()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a port of this machine answers with what is expected.
fn greets(port: u16, greeting: &str) -> bool {
    const PATIENCE: Duration = Duration::from_secs(5);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, PATIENCE) else {
        return false;
    };
    let mut said = vec![0; greeting.len()];
    let heard = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.read_exact(&mut said));
    match heard {
        Ok(()) => said == greeting.as_bytes(),
        Err(error) => error.kind() == ErrorKind::Interrupted && greets(port, greeting),
    }
}
