//! kill -9 under load: all that was acknowledged is there, once, whole, with its UID and
//! flags.
//!
//! The load and the proof are in `kill/`; here is what starts, kills and starts again.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::common::{Facteur, scripts};

/// How often the service is killed.
const KILLS: u64 = 20;

/// Those who use the service for as long as the test runs.
struct Load {
    child: Child,
    input: Option<ChildStdin>,
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn script(verb: &str, setting: &PathBuf) -> Command {
    let mut command = scripts("kill");
    command.arg(verb).arg(setting);
    command
}

/// What the scripts must know of the service.
fn setting(facteur: &Facteur) -> PathBuf {
    let logs = facteur.folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    facteur.setting()
}

#[test]
fn what_was_acknowledged_holds_after_twenty_kills_under_mixed_load() {
    let mut facteur = Facteur::start();
    let setting = setting(&facteur);
    let mut child = script("load", &setting)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let input = child.stdin.take();
    let mut load = Load { child, input };
    for kill in 0..KILLS {
        // Each of them does something before the next kill, and is then hit in the middle
        // of something else, at another moment each time.
        load.input.as_mut().unwrap().write_all(b"\n").unwrap();
        assert_eq!(said.next().unwrap().unwrap(), "busy");
        std::thread::sleep(Duration::from_millis(kill * 37 % 100));
        facteur.kill_and_restart();
    }
    drop(load.input.take());
    assert!(load.child.wait().unwrap().success());
    let done = script("verify", &setting).output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    println!("{KILLS} kills; {told}");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}{errors}");
}
