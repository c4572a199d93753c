//! What happens when there is too much of something: too little disk, mail over a quota,
//! lines without end.

use std::fs::OpenOptions;
use std::process::{Command, Output, Stdio};

use crate::common::{Facteur, free_base};

/// A Python script of this folder.
fn script(name: &str) -> Command {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service");
    let mut python = Command::new("python3");
    python.args(["-B", &format!("{folder}/{name}")]);
    python
}

fn passes(done: &Output) {
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
}

/// The way to mount a disk of one's own, in name spaces that end with the program: as root,
/// or as root of a user name space.
fn mounting() -> Option<Command> {
    let ways: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    let unshare = |way: &&[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(*way);
        unshare.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        unshare
    };
    let mounts = |unshare: &mut Command| {
        let tried = unshare.args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
        tried.output().is_ok_and(|done| done.status.success())
    };
    ways.iter()
        .find(|way| mounts(&mut unshare(way)))
        .map(unshare)
}

#[test]
fn a_full_disk_refuses_new_mail_and_loses_none() {
    let mut mounting = mounting().expect(
        "this test mounts a small disk of its own: run it as root, or where users may have name \
         spaces of their own (sysctl kernel.unprivileged_userns_clone=1)",
    );
    let folder = tempfile::tempdir().unwrap();
    let (base, _lock) = free_base();
    const ENTER: &str = "mount -t tmpfs -o size=100m,mode=700 tmpfs \"$1\" && shift && exec \"$@\"";
    let python = script("full_disk.py");
    mounting
        .args(["sh", "-c", ENTER, "sh"])
        .arg(folder.path())
        .arg(python.get_program())
        .args(python.get_args())
        .arg(env!("CARGO_BIN_EXE_facteur"))
        .arg(folder.path())
        .arg(base.to_string());
    passes(&mounting.output().unwrap());
}

#[test]
fn a_log_that_can_not_be_written_stops_nothing() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut facteur = Facteur::start_logging_to(Stdio::from(full));
    let [jeanne, paul] = facteur.people();
    let mut libraries = script("everyday.py");
    libraries
        .arg(facteur.authority())
        .arg(facteur.base.to_string());
    libraries.args([
        &jeanne.address,
        &jeanne.password,
        &paul.address,
        &paul.password,
    ]);
    passes(&libraries.output().unwrap());
    assert!(facteur.stop().success());
}

#[test]
fn an_account_over_its_quota_takes_no_more_and_loses_nothing() {
    let facteur = Facteur::start();
    let [jeanne, paul] = facteur.people();
    let mut quota = script("quota.py");
    quota.arg(env!("CARGO_BIN_EXE_facteur")).arg(facteur.data());
    quota.arg(facteur.base.to_string()).arg(facteur.authority());
    quota.args([
        &jeanne.address,
        &jeanne.password,
        &paul.address,
        &paul.password,
    ]);
    passes(&quota.output().unwrap());
}

#[test]
fn a_refused_sign_in_says_the_same_whoever_is_named() {
    let facteur = Facteur::start();
    let [jeanne, _] = facteur.people();
    let mut allow = facteur.facteur(&["account", "set", &jeanne.address, "--old-devices", "on"]);
    passes(&allow.output().unwrap());
    let mut replies = script("sign_in.py");
    replies
        .args(["replies", env!("CARGO_BIN_EXE_facteur")])
        .arg(facteur.data());
    replies.arg(facteur.base.to_string());
    passes(&replies.output().unwrap());
}

#[test]
fn endless_lines_and_too_many_peers_leave_the_service_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (base, _lock) = free_base();
    let mut flood = script("flood.py");
    flood
        .arg(env!("CARGO_BIN_EXE_facteur"))
        .arg(folder.path().join("data"));
    flood.arg(base.to_string());
    passes(&flood.output().unwrap());
}
