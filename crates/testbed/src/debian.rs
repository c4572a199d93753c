//! Debian's packages, unpacked into folders of their own. So two that exclude each other
//! can both be there, and none becomes a service of the machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;

use crate::child::tied;

/// Where a package is, with those that it needs and the machine lacks; it is fetched if it
/// is not there. Once for each checkout, under `target/testbed`.
pub(crate) fn unpacked(package: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/testbed/debian");
    fs::create_dir_all(&target).unwrap();
    let target = target.canonicalize().unwrap();
    // Tests run side by side; one of them fetches.
    let lock = File::create(target.join(format!("{package}.lock"))).unwrap();
    lock.lock().unwrap();
    let folder = target.join(package);
    let mark = folder.join("unpacked");
    if !mark.is_file() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("archives/partial")).unwrap();
        if !fetch(package, &folder) && Uid::effective().is_root() {
            // Old lists name versions that are gone, and a fresh machine has none.
            let _ = Command::new("apt-get").args(["-q", "update"]).status();
            fetch(package, &folder);
        }
        unpack(package, &folder);
        fs::write(mark, "").unwrap();
    }
    folder
}

fn fetch(package: &str, folder: &Path) -> bool {
    let archives = folder.join("archives");
    let mut apt_get = Command::new("apt-get");
    apt_get.args(["-q", "--yes", "--no-install-recommends", "--download-only"]);
    // Nothing is installed, so whoever installs something meanwhile is not in the way.
    apt_get.args(["--reinstall", "-o", "Debug::NoLocking=1", "-o"]);
    apt_get.arg(format!("Dir::Cache::archives={}", archives.display()));
    apt_get
        .args(["install", package])
        .status()
        .unwrap()
        .success()
}

fn unpack(package: &str, folder: &Path) {
    let mut found = 0;
    for archive in fs::read_dir(folder.join("archives")).unwrap() {
        let archive = archive.unwrap().path();
        if archive
            .extension()
            .is_some_and(|extension| extension == "deb")
        {
            let unpacked = Command::new("dpkg")
                .arg("-x")
                .arg(archive)
                .arg(folder)
                .status();
            assert!(unpacked.unwrap().success());
            found += 1;
        }
    }
    assert!(
        found > 0,
        "Debian's {package} can't be had; is `apt-get update` needed?"
    );
}

/// A command as root, or as who is root in a name space of our own, with users to become.
pub(crate) fn as_root(program: &str) -> Command {
    if Uid::effective().is_root() {
        return tied(program);
    }
    let mut command = tied("unshare");
    command.args(["--user", "--map-auto", "--map-root-user", "--", program]);
    command
}
