//! Which Debian packages are needed, and installing them.

use std::env;
use std::process::Command;

use crate::shell::{Failure, output, step, succeeds};

/// A Debian package that something needs.
pub(crate) struct Package {
    name: &'static str,
    /// The program by which it is known to be there, however it came; without one,
    /// Debian's list of packages is asked.
    program: Option<&'static str>,
}

const fn program(name: &'static str, program: &'static str) -> Package {
    Package {
        name,
        program: Some(program),
    }
}

const fn package(name: &'static str) -> Package {
    Package {
        name,
        program: None,
    }
}

/// What building the service needs: a C compiler for SQLite and the cryptography. Both
/// bring their sources; no library of the system is linked but the C library.
pub(crate) const BUILD: &[Package] = &[program("gcc", "cc"), package("libc6-dev")];

/// The foreign mail programs that the tests let loose on the service, and the servers that
/// they start for it.
pub(crate) const TESTS: &[Package] = &[
    program("curl", "curl"),
    program("fetchmail", "fetchmail"),
    program("isync", "mbsync"),
    program("mpop", "mpop"),
    program("msmtp", "msmtp"),
    program("neomutt", "neomutt"),
    // imaplib, poplib and smtplib.
    program("python3", "python3"),
    // dkimpy, which verifies our signatures, Ed25519 too.
    package("python3-dkim"),
    // With which dkimpy seals by ARC.
    package("python3-authres"),
    package("python3-nacl"),
    program("swaks", "swaks"),
    // swaks over TLS.
    package("libnet-ssleay-perl"),
    // mbsync with AUTH=PLAIN.
    package("libsasl2-modules"),
    // Root's part, played by whoever is not root.
    program("uidmap", "newuidmap"),
    // The terminal that neomutt insists on.
    program("bsdutils", "script"),
    // The small S3 server, which comes from PyPI.
    package("python3-venv"),
    // The distributed engine. Debian keeps the server's programs out of every path.
    package("postgresql"),
    // The name server, and the tools that sign its zones.
    program("nsd", "nsd"),
    program("ldnsutils", "ldns-signzone"),
    // A small disk to be filled, in name spaces of its own; a process with few descriptors.
    program("mount", "mount"),
    program("util-linux", "unshare"),
    // A network in name spaces of its own.
    program("iproute2", "ip"),
    // Certificates as other people make them. Postfix and OpenSMTPD, which have them, are
    // fetched and unpacked by the tests themselves: as packages they exclude each other.
    program("openssl", "openssl"),
];

/// What the proof `fuzz` builds its engine with.
pub(crate) const FUZZ: &[Package] = &[program("g++", "c++")];

/// What the proof `fresh` makes a fresh machine with.
pub(crate) const FRESH: &[Package] = &[
    program("debootstrap", "debootstrap"),
    package("debian-archive-keyring"),
];

/// Sees to it that these are there: installs what is missing where it may, else fails
/// with the one line that does it.
pub(crate) fn ensure(needed: &[Package]) -> Result<(), Failure> {
    let missing = missing(needed);
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !on_path("apt-get") {
        return Err(Failure(format!("please install what Debian calls {names}")));
    }
    let Some(prefix) = right_to_install() else {
        return Err(Failure(format!(
            "packages are missing; please run\n\n    \
             sudo apt-get update && sudo apt-get install --no-install-recommends {names}\n"
        )));
    };
    install(prefix, &missing)
}

fn missing(needed: &[Package]) -> Vec<&'static str> {
    needed
        .iter()
        .filter(|package| !is_there(package))
        .map(|package| package.name)
        .collect()
}

fn is_there(package: &Package) -> bool {
    match package.program {
        Some(program) => on_path(program),
        // Elsewhere than on Debian nobody can be asked: then what needs it will tell.
        None if !on_path("dpkg-query") => true,
        None => {
            let mut query = Command::new("dpkg-query");
            query.args(["--show", "--showformat=${db:Status-Status}", package.name]);
            output(&mut query).is_ok_and(|status| status == "installed")
        }
    }
}

fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian keeps some programs out of the path of everybody but root.
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders
        .map(|folder| folder.join(program))
        .any(|file| file.is_file())
}

/// What to put before apt-get so that it may install; none where it may not without a
/// question being asked.
fn right_to_install() -> Option<&'static [&'static str]> {
    if is_root() {
        Some(&[])
    } else if succeeds("sudo", &["-n", "true"]) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn install(prefix: &[&str], names: &[&str]) -> Result<(), Failure> {
    let what = format!("installing {}", names.join(" "));
    let apt_get = |arguments: &[&str]| {
        let mut words = prefix.to_vec();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]);
        // Another installation on the machine may hold the lock for a while.
        words.extend(["-o", "DPkg::Lock::Timeout=120"]);
        words.extend(arguments);
        let mut command = Command::new(words.remove(0));
        command.args(words);
        command
    };
    let wanted = [&["install", "--yes", "--no-install-recommends"], names].concat();
    if step(&what, &mut apt_get(&wanted)).is_ok() {
        return Ok(());
    }
    // Old lists name versions that are gone, and a fresh machine has none.
    step(
        "refreshing the lists of packages",
        &mut apt_get(&["update"]),
    )?;
    step(&what, &mut apt_get(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_missing() {
        let needed = [
            program("nothing", "sh"),
            program("such-a-package", "such-a-program"),
        ];
        assert_eq!(missing(&needed), ["such-a-package"]);
    }

    #[test]
    fn each_package_is_named_once() {
        let mut names: Vec<_> = TESTS
            .iter()
            .chain(BUILD)
            .map(|package| package.name)
            .collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
