//! The verbs for the sake of the data folder, on one that holds some of everything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

use crate::common::{Facteur, scripts};

/// A service that holds some of everything, and what must be found in it.
pub(crate) struct World {
    pub(crate) facteur: Facteur,
    found: PathBuf,
}

impl World {
    pub(crate) fn new() -> World {
        let facteur = Facteur::start();
        let mut make = scripts("folders");
        let made = well(make.arg("make").arg(facteur.setting()));
        let found = facteur.folder.path().join("found.json");
        fs::write(&found, made.stdout).unwrap();
        World { facteur, found }
    }

    /// All is there that was; some of it is then changed.
    pub(crate) fn check(&self) {
        let mut check = scripts("folders");
        check.arg("check").arg(self.facteur.setting());
        well(check.arg(&self.found));
    }

    fn verb(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.facteur.facteur(&words).output().unwrap()
    }

    fn told(&self, line: &str) -> serde_json::Value {
        let words: Vec<&str> = line.split_whitespace().chain(["--json"]).collect();
        let done = well(&mut self.facteur.facteur(&words));
        assert_eq!(done.stderr, b"");
        serde_json::from_slice(&done.stdout).unwrap()
    }
}

fn well(command: &mut Command) -> Output {
    let done = command.output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}\n{errors}");
    done
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn what_is_kept_is_counted_and_compacted_beside_a_server_and_without_one() {
    let mut world = World::new();
    for serving in [true, false] {
        let before = world.told("store stats");
        assert_eq!(before["accounts"], 3);
        assert!(before["bodies"].as_u64().unwrap() > 3, "{before}");
        let done = world.told("store compact");
        assert!(done["copied"].as_u64().unwrap() > 1000, "{done}");
        assert_eq!(done["untidy"], json!([]));
        let after = world.told("store stats");
        assert_eq!(after["bodies"], before["bodies"]);
        assert!(after["copied"].as_u64().is_some());
        for line in ["store stats", "store compact"] {
            let said = world.verb(line);
            assert!(said.status.success());
            assert!(
                !said.stdout.is_empty() && said.stderr.is_empty(),
                "{said:?}"
            );
        }
        if serving {
            assert!(world.facteur.stop().success());
        }
    }
    world.facteur.kill_and_restart();
    world.check();
}

#[test]
fn a_backup_made_while_serving_is_gone_back_to() {
    let mut world = World::new();
    let to = world.facteur.folder.path().join("backup");
    let line = format!("backup {}", to.display());
    assert!(world.told(&line)["written"].as_u64().unwrap() > 1000);
    let again = world.told(&line);
    assert!(again["written"].as_u64() < again["all"].as_u64().map(|all| all + 500_000));
    let inside = world.verb(&format!(
        "backup {}",
        world.facteur.data().join("b").display()
    ));
    let said = String::from_utf8(inside.stderr).unwrap();
    assert!(said.contains("is in the data folder"), "{said}");
    world.facteur.kill();
    fs::remove_dir_all(world.facteur.data()).unwrap();
    copy_folder(&to, &world.facteur.data());
    world.facteur.restart();
    world.check();
}

#[test]
fn what_is_wrong_is_found_and_named_while_serving() {
    let world = World::new();
    let well = world.told("store check");
    assert_eq!(well["faults"], json!([]));
    assert_eq!(well["accounts"], 3);
    let all = well["messages"].as_u64().unwrap();
    assert!(
        all > 3 && well["octets"].as_u64().unwrap() > 100_000,
        "{well}"
    );
    assert_eq!(world.told("store check --records")["messages"], all);
    let said = String::from_utf8(world.verb("store check").stdout).unwrap();
    assert!(said.ends_with("all is well\n"), "{said}");
    // A bit of the largest message.
    let bodies = world.facteur.data().join("bodies");
    let mut large = bodies
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let single = |path: &PathBuf| path.extension().is_some_and(|end| end == "single");
    let path = large.find(single).unwrap();
    let mut octets = fs::read(&path).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 4;
    fs::write(&path, octets).unwrap();
    assert_eq!(world.told("store check --records")["faults"], json!([]));
    let found = world.verb("store check");
    assert_eq!(found.status.code(), Some(1));
    let said = String::from_utf8(found.stdout).unwrap();
    assert!(said.contains("@facteur.test, "), "{said}");
    assert!(said.contains("INBOX"), "{said}");
}

/// Deletes a file, or leaves something else in its place.
fn harm(file: &Path, delete: bool) {
    if delete {
        fs::remove_file(file).unwrap();
    } else {
        let octets = file.metadata().unwrap().len().max(100);
        let noise = (0..octets).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 11) as u8);
        fs::write(file, noise.collect::<Vec<u8>>()).unwrap();
    }
}

/// Places in the log at which a bit is flipped, one after the other: so many in its second half.
const HARMS: usize = 24;

#[test]
fn what_a_salvage_of_a_harmed_log_left_wrong_is_mended() {
    let mut world = World::new();
    assert!(world.facteur.stop().success());
    let data = world.facteur.data();
    let whole = world.facteur.folder.path().join("whole");
    copy_folder(&data, &whole);
    let mut mended = 0;
    for harm in 0..HARMS {
        fs::remove_dir_all(&data).unwrap();
        copy_folder(&whole, &data);
        let bodies = data.join("bodies").read_dir().unwrap();
        let mut files = bodies.map(|entry| entry.unwrap().path());
        let log = files.find(|path| path.extension().is_some_and(|end| end == "shared"));
        let log = log.unwrap();
        let mut octets = fs::read(&log).unwrap();
        let half = octets.len() / 2;
        octets[half + harm * half / HARMS] ^= 4;
        fs::write(&log, octets).unwrap();
        fs::remove_dir_all(data.join("index")).unwrap();
        let said = String::from_utf8(world.verb("store salvage").stdout).unwrap();
        if said.ends_with("nothing is lost\n") {
            continue;
        }
        let line = format!("facteur --data {} store check --mend\n", data.display());
        assert!(said.ends_with(&line), "{said}");
        let wrong = |line| {
            let done = world.verb(line);
            let mut told = serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap();
            let faults = told["faults"].as_array_mut().unwrap();
            assert_eq!(done.status.success(), faults.is_empty(), "{faults:?}");
            // The log itself stays as it is.
            faults.retain(|fault| !fault.as_str().unwrap().contains(".shared at "));
            told
        };
        let before = wrong("store check --records --json");
        let told = wrong("store check --records --mend --json");
        assert_eq!(told["mended"], before["faults"]);
        assert_eq!(told["faults"], json!([]), "{before}");
        let after = wrong("store check --records --json");
        assert_eq!(after["faults"], json!([]), "{told}");
        mended += told["mended"].as_array().unwrap().len();
    }
    assert!(mended > 0);
    // The same while serving, with nothing to do.
    fs::remove_dir_all(&data).unwrap();
    copy_folder(&whole, &data);
    world.facteur.restart();
    let told = world.told("store check --mend");
    assert_eq!((&told["mended"], &told["faults"]), (&json!([]), &json!([])));
    world.check();
}

#[test]
fn a_harmed_index_is_made_again_with_all_that_there_was() {
    let mut world = World::new();
    world.told("store compact");
    let refused = world.verb("store salvage");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("in use by another process"), "{said}");
    assert!(world.facteur.stop().success());
    let data = world.facteur.data();
    let whole = world.facteur.folder.path().join("whole");
    copy_folder(&data, &whole);
    for file in [
        "FORMAT",
        "index.sqlite",
        "index.sqlite-wal",
        "index.sqlite-shm",
    ] {
        for delete in [true, false] {
            fs::remove_dir_all(&data).unwrap();
            copy_folder(&whole, &data);
            harm(&data.join("index").join(file), delete);
            // It is opened with all there is, or refused with what helps.
            let opened = world.verb("account list");
            let said = String::from_utf8(opened.stderr).unwrap();
            assert!(
                opened.status.success() || said.contains("store salvage"),
                "{file}: {said}"
            );
            let salvaged = world.told("store salvage");
            assert_eq!(salvaged["lost"], json!([]), "{file}");
            // What there was is put aside.
            assert!(data.join("index.broken-1").is_dir());
            world.facteur.restart();
            world.check();
            assert!(world.facteur.stop().success());
        }
    }
}
